/** Allocation where what is known lags behind what is written, and where the process starts over a fleet that has everything. Spec 05, 17. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { initial, type State } from '../../actors/node/state.ts';
import { decider } from '../../actors/node.ts';
import type { Grants } from '../../actors/rules/allocation/grants.ts';
import { FIRST_COMMANDS, settledFleet } from '../../benchmarks/settled-fleet.ts';
import type { Attempt, NodeName } from '../../messages/ids.ts';
import type { NodeAnswer, NodeMessage } from '../../messages/node.ts';
import type { Allocations, WekaContainer } from '../../messages/weka-container.ts';
import { type LaggingWorld, laggingWorld } from '../support/allocation-world.ts';
import { clusterOf, containerOf, NODE, nodeOf, uidOf } from '../support/containers.ts';
import { SETTINGS } from '../support/pass.ts';
import { simClock } from '../support/sim-clock.ts';

const DRIVES = { 'weka.io/weka-drives': '["S1","S2","S3"]' };
const wants = (name: string): WekaContainer =>
  containerOf('drive', { name, spec: { numDrives: 1 }, status: { nodeAffinity: NODE } });

interface Asking {
  readonly ask: (container: WekaContainer) => NodeAnswer | undefined;
}
/** One incarnation of the node's actor over that world. */
function actor({ view }: LaggingWorld): Asking {
  const grants = new Map<NodeName, Grants>();
  const newUuid = (): string => 'uuid';
  const decide = decider(NODE, { view, settings: SETTINGS, flagsOf: () => ({}), newUuid, grants });
  let state: State = initial;
  let turns = 0;
  const send = (msg: NodeMessage): void => {
    turns += 1;
    const [next, effects] = decide(state, msg, { fresh: turns as Attempt, ms: turns });
    state = next;
    for (const effect of effects) if (effect.kind === 'answer') effect.to(effect.answer);
  };
  return {
    ask: (container) => {
      let answer: NodeAnswer | undefined;
      const ask = { kind: 'allocate', uid: uidOf(container), flags: {} } as const;
      send({ kind: 'asked', ask, answer: (given) => (answer = given) });
      return answer;
    },
  };
}
const given = (answer: NodeAnswer | undefined): Allocations => {
  if (answer?.kind !== 'allocated') throw new Error(JSON.stringify(answer));
  return answer.allocations;
};
function worldOf(...containers: readonly WekaContainer[]): LaggingWorld {
  const world = laggingWorld([clusterOf()]);
  for (const object of [nodeOf(NODE, { annotations: DRIVES }), ...containers]) world.put(object);
  world.deliver(Number.POSITIVE_INFINITY);
  return world;
}
const stores = (world: LaggingWorld, container: WekaContainer, allocations: Allocations, answered: boolean): boolean =>
  world.write(
    uidOf(container),
    (before) => ({ ...before, status: { status: '', ...before.status, allocations } }),
    answered,
  );

for (const [name, answered] of [
  ['its events are late', true],
  ['the answer to its write was lost as well', false],
] as const) {
  test(`spec 05 §17 #27: what one was given is not given again while ${name}`, () => {
    const [a, b] = [wants('a'), wants('b')];
    const world = worldOf(a, b);
    const { ask } = actor(world);
    const first = given(ask(a));
    assert.ok(stores(world, a, first, answered));
    const second = given(ask(b));
    assert.equal([first.drives, second.drives], [['S1'], ['S2']]);
    assert.equal([first.wekaPort, second.wekaPort], [35000, 35100]);
  });
}

test('spec 05 §17 #28: a successor finds what was stored, also with no condition, and gives others the rest', () => {
  const [a, b] = [wants('a'), wants('b')];
  const world = worldOf(a, b);
  const first = given(actor(world).ask(a));
  assert.ok(stores(world, a, first, false));
  world.relist();
  const { ask } = actor(world);
  assert.equal(given(ask(a)), first);
  assert.equal(given(ask(b)).drives, ['S2']);
});

test('spec 05 §17 #30: a start over 1,000 allocated containers writes nothing and runs what verifies, once for each', async () => {
  const clock = simClock();
  const filling = settledFleet(1_000, clock);
  let fleet: Awaited<typeof filling> | undefined;
  void filling.then((ready) => {
    fleet = ready;
  });
  for (let steps = 0; fleet === undefined && steps < 100; steps += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.step(clock.monotonicMs() + 1);
  }
  if (fleet === undefined) throw new Error('the stores were not filled');
  const { controller, containers, counts, start } = fleet;
  start();
  for (const untilMs = clock.monotonicMs() + 20_000; ; ) {
    await controller.system.settled();
    if (!clock.step(untilMs)) break;
  }
  assert.is(counts.requests, 0);
  assert.is(counts.execs, FIRST_COMMANDS * containers.length);
  for (const { metadata, status } of containers)
    assert.equal(controller.stores.containers.get(metadata.uid)?.status?.allocations, status?.allocations);
  assert.is(controller.system.counts.crashes, 0);
  controller.stores.stop();
  controller.system.stop();
});

test('spec 05 §17 #50: a node that goes while its containers wait for their turn: the error, and nothing is given', () => {
  const a = wants('a');
  const world = worldOf(a);
  const { ask } = actor(world);
  world.remove(nodeOf(NODE));
  world.deliver(Number.POSITIVE_INFINITY);
  const reason = 'failed to get node node-1: not found';
  assert.equal(ask(a), { kind: 'refused', reason, plain: true, retryMs: 10_000, events: [] });
  world.put(nodeOf(NODE, { annotations: DRIVES }));
  world.deliver(Number.POSITIVE_INFINITY);
  assert.equal(given(ask(a)).drives, ['S1']);
});

test.run();
