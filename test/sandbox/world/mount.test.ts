/** The memory mount: latencies, failures with known and unknown outcomes, aborts, watches that break. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memoryMount } from '../../../deploy/sandbox/world/mount.ts';
import { CONFIG_MAPS, type KubeOutcome, type WatchEnd, type WatchEvent } from '../../../messages/kube.ts';
import { random } from '../../support/seeded.ts';
import { type Fleet, fleet } from './hand.ts';

const mountOf = (on: Fleet, failShare: number) =>
  memoryMount(on.world, { clock: on.clock, random: random('mount'), latencyMs: [10, 20], failShare });
const draft = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'weka' },
  data: {},
});
const exists = (on: Fleet, name: string): boolean =>
  on.world.store.get({ type: CONFIG_MAPS, namespace: 'weka', name }) !== undefined;

test('a request takes two ways of virtual time, and nothing happens before the first is over', async () => {
  const on = fleet('mount', 1);
  const startMs = on.clock.monotonicMs();
  const answer = mountOf(on, 0).kube.request({ verb: 'create', type: CONFIG_MAPS, object: draft('a') });
  assert.is(exists(on, 'a'), false);
  assert.is((await on.result('created', answer)).kind, 'ok');
  const tookMs = on.clock.monotonicMs() - startMs;
  assert.ok(tookMs >= 20 && tookMs <= 40, String(tookMs));
});

test('an abort before the server has it means not done, after it done; the caller cannot tell', async () => {
  const on = fleet('mount', 1);
  const { kube } = mountOf(on, 0);
  for (const [name, waitMs, done] of [
    ['early', 5, false],
    ['late', 20, true],
  ] as const) {
    const controller = new AbortController();
    const request = kube.request({ verb: 'create', type: CONFIG_MAPS, object: draft(name) }, controller.signal);
    await on.pass(waitMs);
    controller.abort();
    assert.equal(await request, { kind: 'transport', cause: 'aborted' });
    await on.pass(100);
    assert.is(exists(on, name), done);
  }
});

test('failures come in the given share, of every kind, and some of the failed creates were done', async () => {
  const on = fleet('mount', 1);
  const { kube } = mountOf(on, 0.5);
  const counts = new Map<string, number>();
  let doneInSecret = 0;
  for (let number = 0; number < 400; number++) {
    const name = `n${number}`;
    const request = kube.request({ verb: 'create', type: CONFIG_MAPS, object: draft(name) });
    const outcome: KubeOutcome = await on.result('it ends', request);
    counts.set(outcome.kind, (counts.get(outcome.kind) ?? 0) + 1);
    if (outcome.kind === 'throttled' || outcome.kind === 'refused') assert.is(exists(on, name), false);
    if (outcome.kind === 'transport' && exists(on, name)) doneInSecret += 1;
  }
  assert.equal([...counts.keys()].sort(), ['ok', 'refused', 'throttled', 'transport']);
  const okCount = counts.get('ok') ?? 0;
  assert.ok(okCount > 150 && okCount < 250, `${okCount} of 400 at a share of one half`);
  assert.ok(doneInSecret > 0, 'the unknown outcome is really unknown');
});

test('a watch delivers in order, breaks in a storm, and can be resumed without loss', async () => {
  const on = fleet('mount', 1);
  const mount = mountOf(on, 0.1);
  const seen: string[] = [];
  const ends: WatchEnd['kind'][] = [];
  let resourceVersion = on.world.store.resourceVersion();
  const controller = new AbortController();
  const take = (event: WatchEvent) => {
    if (event.kind === 'bookmark') resourceVersion = event.resourceVersion;
    if (event.kind === 'bookmark' || event.kind === 'error') return;
    resourceVersion = event.object.metadata.resourceVersion;
    seen.push(event.object.metadata.name);
  };
  const follow = async () => {
    while (!controller.signal.aborted) {
      const request = { type: CONFIG_MAPS, namespace: 'weka', resourceVersion };
      ends.push((await mount.kube.watch(request, take, controller.signal)).kind);
    }
  };
  const over = follow();
  const names = Array.from({ length: 200 }, (_, number) => `c${String(number).padStart(3, '0')}`);
  for (const name of names) {
    on.world.store.request({ verb: 'create', type: CONFIG_MAPS, object: draft(name) });
    await on.pass(3_000);
  }
  controller.abort();
  await on.result('the last watch ends', over);
  assert.equal(seen, names);
  assert.is(ends.at(-1), 'aborted');
  assert.ok(ends.includes('transport') && ends.includes('closed'), ends.join());
});

test('history that is gone ends a resume with gone', async () => {
  const on = fleet('mount', 1);
  const { kube } = mountOf(on, 0);
  on.world.store.request({ verb: 'create', type: CONFIG_MAPS, object: draft('a') });
  on.world.store.forgetHistory();
  const request = { type: CONFIG_MAPS, resourceVersion: '1' };
  const end = kube.watch(request, () => undefined, new AbortController().signal);
  assert.equal(await on.result('it ends', end), { kind: 'gone' });
});

test('calm weather: with the share set to 0 nothing fails', async () => {
  const on = fleet('mount', 1);
  const mount = mountOf(on, 1);
  mount.setFailShare(0);
  const outcome = await on.result('it ends', mount.kube.list({ verb: 'list', type: CONFIG_MAPS }));
  assert.is(outcome.kind, 'ok');
});

test.run();
