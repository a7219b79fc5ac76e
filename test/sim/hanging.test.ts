/** A pod in which every command hangs, beside others that answer. Source: spec 06, 8.1 no. 8; I4, F18. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ExecApi } from '../../io/outside.ts';
import type { SimClock } from '../support/sim-clock.ts';
import { createScene, MINUTE_MS, UP_MS_MAX } from './scene.ts';

interface Ran {
  readonly pod: string;
  readonly argv: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly timeoutMs: number;
  readonly outcome: string;
}
const recorded =
  (ran: Ran[]) =>
  (api: ExecApi, { clock }: { readonly clock: SimClock }): ExecApi => ({
    run: async (request, signal) => {
      const startMs = clock.monotonicMs();
      const outcome = await api.run(request, signal);
      const { target, argv, timeoutMs } = request;
      ran.push({
        pod: target.pod,
        argv: argv.join(' '),
        startMs,
        endMs: clock.monotonicMs(),
        timeoutMs,
        outcome: outcome.kind,
      });
      return outcome;
    },
  });

test('spec 06 §10 #18: commands that hang are aborted at their limit; nobody else is looked at later for it', async () => {
  const ran: Ran[] = [];
  const scene = createScene({ seed: 'hanging', nodes: 4, drive: 3, compute: 3, outside: { exec: recorded(ran) } });
  const { world, clock } = scene;
  scene.start();
  assert.type(await scene.until(scene.allUp, UP_MS_MAX), 'number', scene.notUp().join('\n'));
  const sick = scene.own().find(({ spec }) => spec.mode === 'drive');
  assert.ok(sick);
  const { name, namespace } = sick.metadata;
  await scene.forMs(MINUTE_MS);
  const healthyLooks = (fromMs: number) =>
    ran.filter(({ pod, argv, startMs }) => startMs >= fromMs && pod !== name && argv === 'weka local ps --json');
  world.faults.add({ match: { channel: 'exec', pod: `${namespace}/${name}` }, action: { kind: 'hang' } });
  const fromMs = clock.monotonicMs();
  await scene.forMs(10 * MINUTE_MS);

  const hung = ran.filter(({ pod, startMs }) => pod === name && startMs >= fromMs);
  assert.ok(hung.length >= 5, `${hung.length}`);
  for (const { argv, startMs, endMs, timeoutMs, outcome } of hung)
    assert.equal([outcome, Math.round(endMs - startMs)], ['timeout', timeoutMs], argv);
  const others = scene.own().filter(({ metadata }) => metadata.name !== name);
  for (const { metadata, status } of others) {
    const looks = healthyLooks(fromMs).filter(({ pod }) => pod === metadata.name);
    assert.ok(looks.every(({ outcome }) => outcome === 'ok'));
    const gaps = looks.slice(1).map(({ startMs }, index) => startMs - (looks[index]?.startMs ?? 0));
    assert.ok(looks.length >= 17 && Math.max(...gaps) <= 40_000, `${metadata.name}: ${gaps.join(' ')}`);
    assert.is(status?.status, 'Running');
  }
  world.faults.clear();
  assert.type(await scene.until(scene.allUp, UP_MS_MAX), 'number', scene.notUp().join('\n'));
  assert.is(world.oracle.text(), '');
  scene.crash();
});

test.run();
