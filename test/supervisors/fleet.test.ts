/** The whole tree with toy containers: replay, isolation, quarantine, escalation, preemption, drain. */
import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Machine, type Snapshot, spawn } from '../../actors/machine.ts';
import type { ContainerUid } from '../../messages/ids.ts';
import { createFleet, type Fleet, type FleetOptions } from '../../supervisors/fleet.ts';
import type { CrashReport } from '../../supervisors/one-for-one.ts';
import { drive, driveFor } from '../support/drive.ts';
import { random } from '../support/seeded.ts';
import { type Stage, stage } from '../support/stage.ts';
import { startToy, type ToyMessage, type ToyWorld, toyContainer, toyWorld } from '../support/toy.ts';

interface Setup extends Stage {
  readonly world: ToyWorld;
  readonly fleet: Fleet<ToyMessage>;
  readonly fatal: CrashReport[];
}
type Start = (world: ToyWorld, clock: Stage['clock']) => FleetOptions<ToyMessage>['startContainer'];
function setup(seed = 'fleet', failsShare = 0, start: Start = startToy): Setup {
  const base = stage(seed);
  const world = toyWorld(base.clock, random(`${seed}/world`), failsShare);
  const fatal: CrashReport[] = [];
  const fleet = createFleet<ToyMessage>(base.system, {
    random: random(`${seed}/fleet`),
    startContainer: start(world, base.clock),
    report: (report) => base.reports.push(report),
    fatal: (report) => fatal.push(report),
  });
  return { ...base, world, fleet, fatal };
}
const uidOf = (index: number): ContainerUid => `c${index}` as ContainerUid;
const lookAgain = { kind: 'lookAgain' } as const;
const poison = 'c7' as ContainerUid;
/** Every message to `poison` throws. */
const withPoison: Start = (world, clock) => (parent, uid, judge) => {
  const machine = toyContainer(uid, world, clock);
  const faulty: typeof machine = {
    ...machine,
    decide: () => {
      throw new Error('bug');
    },
  };
  return spawn(parent, uid, uid === poison ? faulty : machine, judge);
};

async function story(seed: string): Promise<{ hash: string; setup: Setup }> {
  const all = setup(seed, 0.2);
  const chance = random(`${seed}/plan`);
  const { clock, world, fleet, system, trace } = all;
  for (let index = 0; index < 200; index += 1) {
    const uid = uidOf(index);
    clock.after(chance() * 5_000, () => fleet.route(uid, lookAgain));
    clock.after(chance() * 8_000, () => fleet.route(uid, lookAgain));
    if (chance() < 0.3) {
      clock.after(5_000 + chance() * 3_000, () => {
        world.deleting.add(uid);
        fleet.route(uid, lookAgain);
      });
    }
  }
  await drive(system, clock, 120_000);
  const hash = createHash('sha256').update(JSON.stringify(trace)).digest('hex');
  return { hash, setup: all };
}

test('the same seed gives the same trace, byte for byte; another seed another one; all reach their end', async () => {
  const [one, again, two] = [await story('one'), await story('one'), await story('two')];
  assert.is(one.hash, again.hash);
  assert.is.not(one.hash, two.hash);
  const { world, fleet, reports } = one.setup;
  for (let index = 0; index < 200; index += 1) {
    assert.is(world.settled.get(uidOf(index)), world.deleting.has(uidOf(index)) ? 'deleting' : 'active');
  }
  assert.ok(world.deleting.size > 20);
  assert.equal(fleet.counts(), { containers: 200, cells: 2, restarting: 0, quarantined: 0, busy: 0, lost: 0 });
  assert.equal(reports, []);
});

test('one that throws on every message is quarantined while its 11 neighbours go on; wake tries it at once', async () => {
  const { system, clock, fleet, world, reports, fatal } = setup('poison', 0.1, withPoison);
  for (let index = 0; index < 12; index += 1) fleet.route(uidOf(index), lookAgain);
  for (let second = 1; second < 60; second += 1) clock.after(second * 1_000, () => fleet.route(poison, lookAgain));
  await drive(system, clock, 300_000);
  assert.is(world.settled.size, 11);
  assert.is(world.settled.has(poison), false);
  assert.is(fleet.stateOf(poison), 'quarantined');
  assert.is(fleet.stateOf(uidOf(1)), 'running');
  assert.is(fleet.stateOf(uidOf(99)), undefined);
  assert.equal(
    reports.map(({ path, verdict, count }) => [path, verdict, count]),
    [1, 2, 3, 4, 5, 6].map((count) => [`/fleet/cell-0/${poison}`, count > 5 ? 'quarantine' : 'restart', count]),
  );
  assert.is(fleet.counts().quarantined, 1);
  fleet.wake(poison);
  await system.settled();
  assert.is(reports.length, 7);
  await driveFor(system, clock, 900_000);
  assert.is(reports.length, 8); // Slowly, for ever.
  assert.equal(fatal, []);
});

test('a quarantined one that is mended works again after wake', async () => {
  let broken = true;
  const { system, clock, fleet, world } = setup('mended', 0, (toys, time) => (parent, uid, judge) => {
    const machine = toyContainer(uid, toys, time);
    const faulty: typeof machine = {
      ...machine,
      decide: (state, msg, now) => {
        if (broken) throw new Error('bug');
        return machine.decide(state, msg, now);
      },
    };
    return spawn(parent, uid, faulty, judge);
  });
  fleet.route(poison, lookAgain);
  await drive(system, clock, 100_000);
  assert.is(fleet.stateOf(poison), 'quarantined');
  broken = false;
  fleet.wake(poison);
  await driveFor(system, clock, 10_000);
  assert.is(fleet.stateOf(poison), 'running');
  assert.is(world.settled.get(poison), 'active');
});

test('a change that preempts acts within one turn of the container; nothing of the old flow is called afterwards', async () => {
  const { system, clock, fleet, world, trace } = setup();
  const uid = uidOf(1);
  fleet.route(uid, lookAgain);
  await drive(system, clock, 1); // Joining, its first command under way.
  const before = { turns: trace.length, execs: world.execs.length };
  for (let count = 0; count < 50; count += 1) fleet.route(uid, { kind: 'lookAgain', why: 'noise' });
  world.deleting.add(uid);
  fleet.route(uid, { kind: 'lookAgain', why: 'deleted' });
  await system.settled();
  const turns = trace.slice(before.turns).map(({ path, message, effects }) => `${path} ${message} ${effects}`);
  assert.equal(turns, [
    `/fleet/cell-0/${uid}/join stop `,
    `/fleet/cell-0/${uid} lookAgain abort:join,ask:leave`,
    `/fleet/cell-0/${uid}/leave begin call:exec`,
  ]);
  await driveFor(system, clock, 10_000);
  assert.equal(world.execs.slice(before.execs), [`${uid} leave begin`, `${uid} leave end`]);
  assert.is(world.settled.get(uid), 'deleting');
});

test('a cell that keeps crashing is escalated to the root, which ends nothing; its containers run on', async () => {
  const { system, clock, fleet, fatal, reports, world } = setup('escalate', 0, (toys, time) => {
    const start = startToy(toys, time);
    return (parent, uid, judge) => {
      if (typeof uid !== 'string') throw new Error('no uid');
      return start(parent, uid, judge);
    };
  });
  fleet.route(uidOf(1), lookAgain);
  await drive(system, clock, 10_000);
  assert.is(world.settled.get(uidOf(1)), 'active');
  // A key without a text: the cell itself fails while it reports the failed start, at every restart again.
  const nameless = Object.create(null) as ContainerUid;
  fleet.route(nameless, lookAgain);
  await driveFor(system, clock, 30_000);
  assert.equal(
    fatal.map(({ path, verdict, count }) => [path, verdict, count]),
    [['/fleet/cell-0', 'quarantine', 6]],
  );
  assert.is(reports.length, 6);
  world.deleting.add(uidOf(1));
  fleet.route(uidOf(1), lookAgain);
  await driveFor(system, clock, 5_000);
  assert.is(world.settled.get(uidOf(1)), 'deleting'); // While its cell is in quarantine.
  fleet.forget(nameless);
  fleet.route(uidOf(2), lookAgain);
  await driveFor(system, clock, 100_000);
  assert.is(world.settled.get(uidOf(2)), 'active');
});

test('drain: passes under way end, nothing new starts, and everything has stopped', async () => {
  const { system, clock, fleet, world } = setup('drain', 0);
  for (let index = 0; index < 20; index += 1) fleet.route(uidOf(index), lookAgain);
  await drive(system, clock, 1);
  let aborted = -1;
  void fleet.drain(30_000).then((drained) => {
    aborted = drained.aborted;
  });
  fleet.route(uidOf(50), lookAgain);
  await driveFor(system, clock, 5_000);
  assert.is(aborted, 0);
  assert.is(world.settled.size, 20);
  assert.is(world.execs.length, 40);
  assert.is(fleet.counts().lost, 1);
  assert.is(clock.pendingCount(), 0);
  assert.is(system.counts.spawns, system.counts.stops);
});

test('drain: what does not end is aborted after the grace', async () => {
  const { system, clock, fleet, world } = setup('cut', 1); // Every command fails, so every pass is tried again.
  for (let index = 0; index < 5; index += 1) fleet.route(uidOf(index), lookAgain);
  await drive(system, clock, 1);
  let aborted = -1;
  void fleet.drain(2).then((drained) => {
    aborted = drained.aborted;
  });
  await driveFor(system, clock, 5_000);
  assert.is(aborted, 10); // Five containers, each with its worker.
  assert.is(world.settled.size, 0);
  assert.is(clock.pendingCount(), 0);
});

test('release lets one pass end, then the actor is gone', async () => {
  const { system, clock, fleet, world } = setup('release', 0);
  fleet.route(uidOf(1), lookAgain);
  await drive(system, clock, 1);
  const released: ContainerUid[] = [];
  fleet.release(uidOf(1), () => released.push(uidOf(1)));
  assert.equal(released, []);
  await driveFor(system, clock, 5_000);
  assert.equal(released, [uidOf(1)]);
  assert.is(world.settled.get(uidOf(1)), 'active');
  assert.is(fleet.has(uidOf(1)), false);
  fleet.release(uidOf(2), () => released.push(uidOf(2)));
  assert.is(released.length, 2);
});

test('shared services live in cells of their own beside the containers', async () => {
  const { system, fleet } = setup('service', 0);
  const heard: string[] = [];
  const node = (key: string): Machine<undefined, { kind: 'claim'; drive: string }, never> => ({
    initial: undefined,
    decide: (state, { drive: claimed }) => {
      heard.push(`${key} ${claimed}`);
      return [state, []];
    },
    perform: {},
  });
  const nodes = fleet.service('nodes', (parent, key: string, judge) => spawn(parent, key, node(key), judge));
  nodes.tell('node-1', { kind: 'claim', drive: 'a' });
  nodes.tell('node-1', { kind: 'claim', drive: 'b' });
  fleet.route(uidOf(1), lookAgain);
  await system.settled();
  assert.equal(heard, ['node-1 a', 'node-1 b']);
  const paths: string[] = [];
  const walk = ({ path, children }: Snapshot): void => {
    paths.push(path);
    children.forEach(walk);
  };
  walk(fleet.snapshot());
  assert.equal(paths, [
    '/fleet',
    '/fleet/nodes-0',
    '/fleet/nodes-0/node-1',
    '/fleet/cell-0',
    '/fleet/cell-0/c1',
    '/fleet/cell-0/c1/join',
  ]);
  system.stop();
});

test.run();
