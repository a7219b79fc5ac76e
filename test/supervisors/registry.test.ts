/** Keyed actors in cells: placement, order, failed starts, retirement, crashes of a cell. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isStopped, type Judge, type Machine, type Parent, snapshot, spawn, stop, tell } from '../../actors/machine.ts';
import type { Address } from '../../messages/address.ts';
import { cell, type Member } from '../../supervisors/cell.ts';
import { createRegistry } from '../../supervisors/registry.ts';
import { drive, driveFor } from '../support/drive.ts';
import { type NoteMessage, noter, stage } from '../support/stage.ts';

type Start = (parent: Parent, key: string, judge: Judge) => Address<NoteMessage>;
const idle: Machine<undefined, { kind: 'none' }, never> = {
  initial: undefined,
  keepsChildren: true,
  decide: () => [undefined, []],
  perform: {},
};

function setup(start?: (log: string[]) => Start, cellMax = 3) {
  const base = stage();
  const log: string[] = [];
  const root = spawn(base.system.root, 'fleet', idle, base.judge);
  const plain: Start = (parent, key, judge) => spawn(parent, key, noter(log, key), judge);
  const registry = createRegistry<string, NoteMessage>({
    clock: base.clock,
    root,
    name: 'nodes',
    start: start?.(log) ?? plain,
    judge: base.judge,
    cellJudge: base.judge,
    cellMax,
  });
  return { ...base, log, root, registry };
}

test('actors start when first needed and hear everything in order; cells fill in order of arrival', async () => {
  const { system, registry, log, root } = setup();
  for (const key of ['a', 'b', 'c', 'd']) {
    registry.tell(key, { kind: 'first' });
    registry.tell(key, { kind: 'go' });
  }
  assert.is(registry.address('a'), undefined);
  await system.settled();
  registry.tell('a', { kind: 'go' });
  await system.settled();
  assert.equal(
    log.filter((line) => line.startsWith('a')),
    ['a first 0', 'a go 1', 'a go 2'],
  );
  assert.equal(
    snapshot(root).children.map(({ path, children }) => [path, children.length]),
    [
      ['/fleet/nodes-0', 3],
      ['/fleet/nodes-1', 1],
    ],
  );
  assert.is(registry.cellCount(), 2);
});

test('a place that becomes free is filled again; an empty cell ends', async () => {
  const { system, registry, root } = setup();
  for (const key of ['a', 'b', 'c', 'd']) registry.ensure(key);
  await system.settled();
  registry.forget('d');
  registry.forget('b');
  assert.is(registry.cellCount(), 1);
  registry.ensure('e');
  await system.settled();
  assert.equal(
    snapshot(root).children.flatMap(({ children }) => children.map(({ path }) => path)),
    ['/fleet/nodes-0/a', '/fleet/nodes-0/c', '/fleet/nodes-0/e'],
  );
  for (const key of ['a', 'c', 'e']) registry.forget(key);
  assert.is(registry.size(), 0);
  assert.equal(snapshot(root).children, []);
});

test('one with nothing to do may retire, but not while a message waits for it; the next message starts it anew', async () => {
  const { system, registry, log } = setup();
  registry.tell('a', { kind: 'go' });
  assert.is(registry.retire('a'), false);
  await system.settled();
  registry.tell('a', { kind: 'go' });
  assert.is(registry.retire('a'), false);
  await system.settled();
  const old = registry.address('a');
  assert.is(registry.retire('a'), true);
  assert.is(registry.has('a'), false);
  registry.tell('a', { kind: 'go' });
  await system.settled();
  assert.is.not(registry.address('a'), old);
  assert.equal(log, ['a go 0', 'a go 1', 'a go 0']);
  assert.is(system.counts.deadLetters, 0);
});

test('one that stopped by itself is started again by the next message', async () => {
  const { system, clock, registry, log } = setup();
  registry.tell('a', { kind: 'stopAndBoom' });
  await drive(system, clock, 10_000);
  registry.tell('a', { kind: 'go' });
  registry.tell('a', { kind: 'go' });
  await system.settled();
  assert.equal(log, ['a stopAndBoom 0', 'a go 0', 'a go 1']);
});

test('ten thousand that ask at once for one that is not started yet: none is lost', async () => {
  const { system, registry, log } = setup();
  for (let count = 0; count < 10_000; count += 1) registry.tell('a', { kind: 'go' });
  await system.settled();
  assert.is(registry.lostCount(), 0);
  assert.is(log.length, 10_000);
});

test('a constructor that throws is the crash of its own actor: judged, tried again, woken; its neighbours start', async () => {
  let broken = true;
  const { system, clock, registry, log, reports } = setup((notes) => (parent, key, judge) => {
    if (key === 'bad' && broken) throw new Error('constructor');
    return spawn(parent, key, noter(notes, key), judge);
  });
  for (const key of ['a', 'bad', 'b']) registry.tell(key, { kind: 'go' });
  await driveFor(system, clock, 5_000);
  assert.equal(log, ['a go 0', 'b go 0']);
  assert.ok(reports.length >= 2);
  assert.is(
    reports.every(({ path }) => path === '/fleet/nodes-0/bad'),
    true,
  );
  for (let count = 0; count < 60_000; count += 1) registry.tell('bad', { kind: 'go' });
  assert.is(registry.lostCount(), 60_001 - 50_000);
  broken = false;
  registry.wake('bad');
  await system.settled();
  assert.is(log.filter((line) => line.startsWith('bad')).length, 50_000);
  await driveFor(system, clock, 1_000_000);
  assert.is(clock.pendingCount(), 0);
});

test('one that cannot start is forgotten with its next try; what waited for it is counted', async () => {
  const { system, clock, registry } = setup(() => () => {
    throw new Error('constructor');
  });
  registry.tell('a', { kind: 'go' });
  await system.settled();
  assert.is(clock.pendingCount(), 1);
  registry.forget('a');
  assert.is(clock.pendingCount(), 0);
  assert.is(registry.lostCount(), 1);
});

test('a cell that crashes: its actors go on meanwhile, and after its restart it starts what is missing', async () => {
  const { system, clock, root, judge, reports } = setup();
  const log: string[] = [];
  const members = new Map<string, Member<NoteMessage>>();
  let broken = false;
  const faulty = new Proxy(members, {
    get: (target, property) => {
      if (broken && property === 'get') throw new Error('bug in the cell');
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const machine = cell(faulty, (parent, key) => spawn(parent, key, noter(log, key), judge), judge, clock);
  const home = spawn(root, 'cell-0', machine, judge);
  const add = (key: string): Member<NoteMessage> => {
    const member: Member<NoteMessage> = { key, address: undefined, pending: [], failedMs: [], cancelRetry: undefined };
    members.set(key, member);
    tell(home, { kind: 'start', key });
    return member;
  };
  const a = add('a');
  await system.settled();
  broken = true;
  const b = add('b');
  await system.settled();
  assert.equal(
    reports.map(({ path }) => path),
    ['/fleet/cell-0'],
  );
  if (a.address === undefined) throw new Error('a was started');
  tell(a.address, { kind: 'go' });
  await system.settled(); // The cell still waits for its restart.
  assert.equal(log, ['a go 0']);
  broken = false;
  await driveFor(system, clock, 10_000);
  assert.is(isStopped(a.address), false);
  assert.is(b.address !== undefined && !isStopped(b.address), true);
  tell(a.address, { kind: 'go' });
  await system.settled();
  assert.equal(log, ['a go 0', 'a go 1']);
});

test('what is told after the fleet has stopped is counted, not thrown', async () => {
  const { system, registry, root } = setup();
  registry.ensure('a');
  await system.settled();
  stop(root);
  registry.tell('a', { kind: 'go' });
  registry.tell('b', { kind: 'go' });
  registry.ensure('c');
  registry.wake('a');
  assert.is(registry.lostCount(), 2);
});

test.run();
