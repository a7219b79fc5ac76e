/** SIGTERM in the middle of a start: commands under way end, nothing new begins, a successor goes on. Source: README I8; design.md 5. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ExecRequest } from '../../io/outside.ts';
import { createScene, UP_MS_MAX } from './scene.ts';

const DRAIN_MS = 25_000;
/** What connections get to close, behind that. */
const POOLS_MS = 2_000;

for (const startedForMs of [8_000, 20_000, 31_000, 34_000, 46_000, 52_000]) {
  test(`a drain ${startedForMs / 1_000} s into a start ends in time, cuts no command that changes something, and a successor goes on`, async () => {
    const running = new Set<ExecRequest>();
    const aborted: ExecRequest[] = [];
    let requests = 0;
    const scene = createScene({
      seed: `drain ${startedForMs}`,
      nodes: 4,
      drive: 3,
      compute: 3,
      outside: {
        kube: (api) => ({
          ...api,
          request: (request, signal) => {
            requests += 1;
            return api.request(request, signal);
          },
        }),
        exec: (api) => ({
          run: async (request, signal) => {
            running.add(request);
            const outcome = await api.run(request, signal);
            running.delete(request);
            if (signal?.aborted === true) aborted.push(request);
            return outcome;
          },
        }),
      },
    });
    scene.start();
    await scene.forMs(startedForMs);
    assert.not(scene.allUp());
    const first = scene.controller();
    const fromMs = scene.clock.monotonicMs();
    let cut: { readonly aborted: number } | undefined;
    void first.drain(DRAIN_MS).then((end) => {
      cut = end;
    });
    const took = await scene.until(() => cut !== undefined, DRAIN_MS + 5_000);
    assert.type(took, 'number', 'the drain did not end');
    assert.ok(scene.clock.monotonicMs() - fromMs <= DRAIN_MS);
    assert.is(cut?.aborted, 0);
    assert.equal(aborted, []);
    assert.is(running.size, 0);
    assert.is(first.pools.exec.counts().running, 0);
    assert.equal(first.pools.exec.lingering(), []);

    scene.crash();
    const before = requests;
    await scene.forMs(60_000);
    assert.is(requests, before, 'a timer of it still does something');
    scene.start();
    assert.type(await scene.until(scene.allUp, UP_MS_MAX), 'number', scene.notUp().join('\n'));
    assert.is(scene.world.oracle.text(), '');
  });
}

test('a drain while commands hang ends at its time limit and says how many actors it cut short', async () => {
  const scene = createScene({ seed: 'drain hanging', nodes: 4, drive: 3, compute: 3 });
  scene.world.faults.add({ match: { channel: 'exec', name: 'WriteResources' }, action: { kind: 'hang' } });
  scene.start();
  const first = scene.controller();
  const writing = () => [...scene.world.exec.log].some(({ name }) => name === 'WriteResources');
  assert.type(await scene.until(writing, UP_MS_MAX), 'number');
  const fromMs = scene.clock.monotonicMs();
  let cut: { readonly aborted: number } | undefined;
  void first.drain(DRAIN_MS).then((end) => {
    cut = end;
  });
  assert.type(await scene.until(() => cut !== undefined, DRAIN_MS + POOLS_MS), 'number', 'the drain did not end');
  assert.ok(scene.clock.monotonicMs() - fromMs >= DRAIN_MS);
  assert.ok((cut?.aborted ?? 0) > 0);
  scene.crash();
});

test.run();
