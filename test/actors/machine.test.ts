/** The kernel: delivery, crashes in every order, coalescing, dead letters, the trace. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  actorName,
  CRASHES_KEPT,
  createSystem,
  isStopped,
  type Machine,
  snapshot,
  spawn,
  stateOf,
  stop,
  stopChild,
  stopWhenIdle,
  tell,
  waitingCount,
  wake,
} from '../../actors/machine.ts';
import { drive } from '../support/drive.ts';
import { simClock } from '../support/sim-clock.ts';
import { noter, stage } from '../support/stage.ts';

const FAR_MS = 1_000_000;

test('messages are handled in order, one at a time, and never inside tell', async () => {
  const { system, clock, judge } = stage();
  const log: string[] = [];
  const a = spawn(system.root, 'a', noter(log, 'a'), judge);
  tell(a, { kind: 'go' });
  tell(a, { kind: 'go' });
  assert.equal(log, []);
  assert.is(waitingCount(a), 2);
  await drive(system, clock, FAR_MS);
  assert.equal(log, ['a go 0', 'a go 1']);
});

test('a restart keeps address and waiting messages, forgets the state, ends with `first`', async () => {
  const { system, clock, judge } = stage();
  const log: string[] = [];
  const a = spawn(system.root, 'a', noter(log, 'a', true), judge);
  for (const kind of ['go', 'boom', 'go'] as const) tell(a, { kind });
  await system.settled(); // Held by the back-off: quiescent with one message waiting.
  assert.is(waitingCount(a), 1);
  assert.is(stateOf(a), 'restarting');
  tell(a, { kind: 'go' });
  await drive(system, clock, FAR_MS);
  assert.equal(log, ['a first 0', 'a go 1', 'a boom 2', 'a go 0', 'a go 1', 'a first 2']);
  assert.is(stateOf(a), 'running');
});

test('a throw in perform is a crash: effects before it stand, the state is lost', async () => {
  const { system, clock, judge, reports } = stage();
  const done: string[] = [];
  const machine: Machine<number, { kind: 'go' }, { kind: 'good' } | { kind: 'bad' }> = {
    initial: 0,
    decide: (count) => [count + 1, [{ kind: 'good' }, { kind: 'bad' }, { kind: 'good' }]],
    perform: {
      good: () => done.push('good'),
      bad: () => {
        throw new Error('bad');
      },
    },
  };
  const a = spawn(system.root, 'a', machine, judge);
  tell(a, { kind: 'go' });
  await drive(system, clock, FAR_MS);
  assert.equal(done, ['good']);
  assert.equal(
    reports.map(({ path, verdict, count }) => [path, verdict, count]),
    [['/a', 'restart', 1]],
  );
});

test('one that stops itself and then throws stays stopped; what waited is a dead letter', async () => {
  const { system, clock, judge, reports } = stage();
  const log: string[] = [];
  const a = spawn(system.root, 'a', noter(log, 'a'), judge);
  tell(a, { kind: 'stopAndBoom' });
  tell(a, { kind: 'go' });
  await drive(system, clock, FAR_MS);
  tell(a, { kind: 'go' });
  assert.equal(log, ['a stopAndBoom 0']);
  assert.is(system.counts.deadLetters, 2);
  assert.equal(reports, []);
});

test('stopped during the back-off; a successor of the same name hears nothing meant for its predecessor', async () => {
  const { system, clock, judge } = stage();
  const log: string[] = [];
  const parent = spawn(system.root, 'p', noter(log, 'p'), judge);
  const a = spawn(parent, 'a', noter(log, 'a'), judge);
  tell(a, { kind: 'boom' });
  tell(a, { kind: 'go' });
  await system.settled();
  stop(a);
  const successor = spawn(parent, 'a', noter(log, 'b'), judge);
  tell(successor, { kind: 'go' });
  await drive(system, clock, FAR_MS);
  tell(a, { kind: 'go' });
  wake(a);
  tell(successor, { kind: 'go' });
  await drive(system, clock, 2 * FAR_MS);
  assert.equal(log, ['a boom 0', 'b go 0', 'b go 1']);
  assert.is(system.counts.deadLetters, 2);
});

test('its parent is stopped during its back-off', async () => {
  const { system, clock, judge } = stage();
  const log: string[] = [];
  const parent = spawn(system.root, 'p', noter(log, 'p'), judge);
  const a = spawn(parent, 'a', noter(log, 'a'), judge);
  tell(a, { kind: 'boom' });
  await system.settled();
  stop(parent);
  assert.is(clock.pendingCount(), 0);
  wake(a);
  await drive(system, clock, FAR_MS);
  assert.equal(log, ['a boom 0']);
});

test('its parent crashes during its back-off: it is stopped with the other children', async () => {
  const { system, clock, judge } = stage();
  const log: string[] = [];
  const parent = spawn(system.root, 'p', noter(log, 'p'), judge);
  const a = spawn(parent, 'a', noter(log, 'a'), judge);
  tell(a, { kind: 'boom' });
  tell(parent, { kind: 'boom' });
  await drive(system, clock, FAR_MS);
  tell(parent, { kind: 'go' });
  tell(a, { kind: 'go' });
  await drive(system, clock, 2 * FAR_MS);
  assert.equal(log, ['a boom 0', 'p boom 0', 'p go 0']);
  assert.is(isStopped(a), true);
});

test('children of one that keeps them live through its crash, its back-off and its restart', async () => {
  const { system, clock, judge } = stage();
  const log: string[] = [];
  const parent = spawn(system.root, 'p', { ...noter(log, 'p'), keepsChildren: true }, judge);
  const a = spawn(parent, 'a', noter(log, 'a'), judge);
  tell(a, { kind: 'go' });
  tell(parent, { kind: 'boom' });
  await system.settled();
  assert.is(stateOf(parent), 'restarting');
  tell(a, { kind: 'go' });
  await system.settled(); // Without the clock moving: the child needs nothing of its parent.
  assert.equal(log, ['a go 0', 'p boom 0', 'a go 1']);
  await drive(system, clock, FAR_MS);
  tell(a, { kind: 'boom' });
  await drive(system, clock, 2 * FAR_MS);
  tell(a, { kind: 'go' });
  await drive(system, clock, 3 * FAR_MS);
  assert.equal(log.slice(3), ['a boom 2', 'a go 0']);
});

test('a judge that throws stops the actor, a clean-up or a sink that throws is counted, and the process goes on', async () => {
  const clock = simClock();
  const system = createSystem(clock, () => {
    throw new Error('sink');
  });
  const log: string[] = [];
  const a = spawn(system.root, 'a', noter(log, 'a'), () => {
    throw new Error('policy');
  });
  const cleanUp = () => {
    throw new Error('clean-up');
  };
  const b = spawn(system.root, 'b', { ...noter(log, 'b'), onStop: cleanUp }, () => ({ kind: 'stop' }));
  tell(a, { kind: 'boom' });
  tell(b, { kind: 'boom' });
  await drive(system, clock, FAR_MS);
  assert.is(isStopped(a), true);
  assert.is(isStopped(b), true);
  assert.is(system.counts.crashes, 4);
  assert.ok(system.counts.traceFaults > 0);
});

test('stop ends leaves first, grandchildren too', async () => {
  const { system, clock, judge } = stage();
  const ended: string[] = [];
  const named = (name: string) => ({ ...noter([], name), onStop: () => ended.push(name) });
  const a = spawn(system.root, 'a', named('a'), judge);
  const b = spawn(a, 'b', named('b'), judge);
  const c = spawn(b, 'c', named('c'), judge);
  stopChild(system.root, 'a');
  tell(c, { kind: 'go' });
  await drive(system, clock, FAR_MS);
  assert.equal(ended, ['c', 'b', 'a']);
  assert.is(system.counts.deadLetters, 1);
  assert.throws(() => spawn(a, 'd', named('d'), judge), /stopped actor: \/a\/d/);
});

test('of each coalesced kind one waits at most; one told during its turn is not lost', async () => {
  const { system, clock, judge } = stage();
  type Message = { readonly kind: 'look' | 'count' | 'plain' };
  const log: string[] = [];
  let again = true;
  const machine: Machine<number, Message, { readonly kind: 'tellSelf' }> = {
    initial: 0,
    coalesced: ['look', 'count'],
    decide: (state, { kind }) => {
      log.push(kind);
      return [state, kind === 'look' ? [{ kind: 'tellSelf' }] : []];
    },
    perform: {
      tellSelf: (_effect, self) => {
        if (again) tell(self, { kind: 'look' });
        again = false;
      },
    },
  };
  const a = spawn(system.root, 'a', machine, judge);
  for (const kind of ['look', 'count', 'look', 'plain', 'plain', 'count'] as const) tell(a, { kind });
  await drive(system, clock, FAR_MS);
  assert.equal(log, ['look', 'count', 'plain', 'plain', 'look']);
  assert.is(system.counts.coalesced, 2);
});

test('each turn is traced: who, what, why, from whom, waited, effects, error', async () => {
  const { system, clock, judge, trace } = stage();
  type Message = { readonly kind: 'go' | 'boom'; readonly why?: string };
  const machine: Machine<number, Message, { readonly kind: 'note'; readonly what?: string }> = {
    initial: 0,
    decide: (state, { kind }) => {
      if (kind === 'boom') throw new RangeError('bug');
      return [state, [{ kind: 'note' }, { kind: 'note' }, { kind: 'note', what: 'x' }]];
    },
    perform: { note: () => {} },
  };
  const a = spawn(system.root, 'a', machine, judge);
  tell(a, { kind: 'boom', why: 'test' });
  tell(a, { kind: 'go' });
  await drive(system, clock, FAR_MS);
  const [crash, verdict, restart, turn] = trace;
  assert.is(trace.length, 4);
  assert.equal(crash, {
    atMs: clock.wallMs() - FAR_MS,
    path: '/a',
    message: 'boom',
    from: 'io',
    waitedMs: 0,
    tookMs: 0,
    effects: '',
    cause: 'test',
    error: 'RangeError: bug',
  });
  assert.equal([verdict?.message, verdict?.effects], ['crash', 'restart']);
  assert.match(verdict?.cause ?? '', /^back-off \d+ ms$/);
  assert.is(restart?.message, 'restart');
  assert.is(turn?.effects, 'note x2,note:x');
  assert.ok((turn?.waitedMs ?? 0) >= 375);
});

test('a dead letter is counted and traced with its sender', async () => {
  const { system, clock, judge, trace } = stage();
  const a = spawn(system.root, 'a', noter([], 'a'), judge);
  const teller: Machine<number, { kind: 'go' }, { kind: 'tell' }> = {
    initial: 0,
    decide: (state) => [state, [{ kind: 'tell' }]],
    perform: { tell: () => tell(a, { kind: 'go' }) },
  };
  const b = spawn(system.root, 'b', teller, judge);
  stop(a);
  tell(b, { kind: 'go' });
  await drive(system, clock, FAR_MS);
  const dead = trace.filter(({ error }) => error === 'dead letter');
  assert.equal(
    dead.map(({ path, from }) => [path, from]),
    [['/a', '/b']],
  );
  assert.is(system.counts.deadLetters, 1);
});

test('stopWhenIdle lets the one at work finish, and stops the idle and the crashed at once', async () => {
  const { system, judge } = stage();
  type Message = { readonly kind: 'work' | 'rest' | 'boom' };
  const worker: Machine<boolean, Message, never> = {
    initial: false,
    busy: (working) => working,
    decide: (_working, { kind }) => {
      if (kind === 'boom') throw new Error('boom');
      return [kind === 'work', []];
    },
    perform: {},
  };
  const gone: string[] = [];
  const [a, b, c] = ['a', 'b', 'c'].map((name) => spawn(system.root, name, worker, judge));
  if (a === undefined || b === undefined || c === undefined) throw new Error('three were spawned');
  tell(a, { kind: 'work' });
  tell(c, { kind: 'work' });
  await system.settled();
  assert.is(system.busyCount(), 2);
  for (const [name, address] of Object.entries({ a, b, c })) stopWhenIdle(address, () => gone.push(name));
  assert.equal(gone, ['b']);
  tell(c, { kind: 'boom' });
  await system.settled();
  assert.equal(gone, ['b', 'c']);
  tell(a, { kind: 'rest' });
  await system.idle();
  assert.equal(gone, ['b', 'c', 'a']);
  assert.is(system.busyCount(), 0);
});

test('a busy actor that crashes is not busy while it waits for its restart', async () => {
  const { system, judge } = stage();
  const a = spawn(system.root, 'a', { ...noter([], 'a'), busy: () => true }, judge);
  tell(a, { kind: 'go' });
  await system.settled();
  assert.is(system.busyCount(), 1);
  tell(a, { kind: 'boom' });
  await system.idle();
  assert.is(stateOf(a), 'restarting');
});

test('one that is stopped by its own judge stays stopped, whatever the verdict', async () => {
  const { system, clock } = stage();
  const a = spawn(system.root, 'a', noter([], 'a', true), () => {
    stop(a);
    return { kind: 'restart', afterMs: 10, quarantined: false };
  });
  tell(a, { kind: 'boom' });
  await system.settled();
  assert.is(clock.pendingCount(), 0);
  assert.equal([system.counts.stops, system.counts.restarts], [1, 0]);
});

test('whoever hears of the end of a child may stop its parent meanwhile: each ends once', async () => {
  const { system, judge } = stage();
  const ended: string[] = [];
  const named = (name: string) => ({ ...noter([], name), busy: () => true, onStop: () => ended.push(name) });
  const parent = spawn(system.root, 'p', named('p'), judge);
  const [a, b] = ['a', 'b'].map((name) => spawn(parent, name, named(name), judge));
  if (a === undefined || b === undefined) throw new Error('two were spawned');
  tell(a, { kind: 'go' });
  await system.settled();
  stopWhenIdle(a, () => stop(parent));
  stop(parent);
  assert.equal(ended, ['a', 'b', 'p']);
  assert.is(system.counts.stops, 3);
});

test('a snapshot shows the tree; the history of crashes is bounded', async () => {
  const { system, clock, judge } = stage();
  const a = spawn(system.root, 'a', noter([], 'a'), judge);
  spawn(a, 'b', noter([], 'b'), judge);
  stop(spawn(a, 'c', noter([], 'c'), judge));
  const shape = snapshot(a);
  assert.equal(
    shape.children.map(({ path, state }) => [path, state]),
    [['/a/b', 'running']],
  );
  for (let crash = 0; crash < CRASHES_KEPT + 4; crash += 1) {
    tell(a, { kind: 'boom' });
    await system.settled();
    wake(a);
  }
  await system.settled();
  assert.is(snapshot(a).crashes, CRASHES_KEPT);
  assert.is(clock.pendingCount(), 0);
});

test('actorName gives every text a legal name, different ones for different texts', async () => {
  const { system, judge } = stage();
  const texts = ['a/b:c', 'a!002fb:c', 'ns,name', 'quay.io/weka/image:4.4@sha256:1', 'ü', '{}', ' '];
  for (const text of texts) spawn(system.root, actorName(text), noter([], text), judge);
  assert.is(new Set(texts.map(actorName)).size, texts.length);
  assert.is(actorName('ns,name'), 'ns,name');
  assert.throws(() => spawn(system.root, '', noter([], ''), judge), /without a name/);
});

test.run();
