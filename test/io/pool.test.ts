/** The life of a job, with gates, rate and queue, on a virtual clock. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FairQueue, type Rank } from '../../io/fair-queue.ts';
import { type Gate, gate } from '../../io/gate.ts';
import { createPool, type Pool, type PoolCounts } from '../../io/pool.ts';
import { rateGate } from '../../io/rate.ts';
import type { WorkClass } from '../../io/submit.ts';
import { simClock } from '../support/sim-clock.ts';
import { flush } from './fake-jobs.ts';

type Outcome = { readonly kind: 'done'; readonly text: string };
const done = (text: string): Outcome => ({ kind: 'done', text });

function setUp(queueMax = 100) {
  const clock = simClock();
  const pool = createPool<Outcome>({ clock, queueMax, broken: (err) => done(`broken: ${(err as Error).message}`) });
  const told: string[] = [];
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const submit = (
    name: string,
    path: readonly Gate[],
    more: { workClass?: WorkClass; waitMsMax?: number; abortable?: boolean } = {},
  ) =>
    pool.submit(
      {
        path: () => path,
        workClass: 'activation',
        abortable: true,
        ...more,
        run: (signal) =>
          new Promise((resolve) => {
            started.push(name);
            ends.set(name, () => resolve(done(name)));
            signal?.addEventListener('abort', () => told.push(`${name} aborted`));
          }),
      },
      (end) => told.push(end.kind === 'dropped' ? `${name} ${end.why}` : end.text),
    );
  const end = async (name: string) => {
    ends.get(name)?.();
    await flush();
  };
  return { clock, pool, told, started, submit, end };
}
function booksBalance({ waiting, running, submitted, ended, dropped }: PoolCounts): boolean {
  const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0);
  return submitted === sum(waiting) + running + ended + sum(dropped);
}

test('a job runs when a place is free and keeps it until it has ended', async () => {
  const { pool, told, started, submit, end } = setUp();
  const one = gate(1);
  submit('a', [one]);
  submit('b', [one]);
  assert.equal(started, ['a']);
  assert.equal(pool.counts().waiting, { removal: 0, activation: 1, periodic: 0 });
  await end('a');
  assert.equal([started, told], [['a', 'b'], ['a']]);
  await end('b');
  assert.ok(booksBalance(pool.counts()));
});

test('an aborted job keeps its place until it has really ended', async () => {
  const { told, started, submit, end } = setUp();
  const one = gate(1);
  const a = submit('a', [one]);
  submit('b', [one]);
  assert.not.ok(a.cancel(), 'it had begun');
  await flush();
  assert.equal([started, told], [['a'], ['a aborted']]);
  await end('a');
  assert.equal(
    [started, told],
    [
      ['a', 'b'],
      ['a aborted', 'a'],
    ],
  );
});

test('a job that may not be aborted goes on after its cancel, and tells its end', async () => {
  const { told, submit, end } = setUp();
  const a = submit('a', [gate(1)], { abortable: false });
  a.cancel();
  await flush();
  assert.equal(told, []);
  await end('a');
  assert.equal(told, ['a']);
});

test('a cancelled job that waits is given back, also by its second gate, whose first place it leaves', async () => {
  const { pool, told, started, submit, end } = setUp();
  const [node, total] = [gate(1), gate(1)];
  submit('a', [total]);
  const b = submit('b', [node, total]);
  submit('c', [node]);
  assert.equal(started, ['a']);
  assert.ok(b.cancel(), 'it had not begun');
  assert.equal(told, [], 'never told before the cancel has returned');
  await flush();
  assert.equal([started, told], [['a', 'c'], ['b cancelled']]);
  await end('a');
  assert.equal(started, ['a', 'c'], 'b never runs');
  assert.is(pool.counts().dropped.cancelled, 1);
});

test('a job whose deadline passes while it waits is dropped at that moment', async () => {
  const { clock, told, started, submit, end } = setUp();
  const one = gate(1);
  submit('a', [one], { waitMsMax: 1_000 });
  submit('b', [one], { waitMsMax: 1_000 });
  clock.advance(999);
  await flush();
  assert.equal(told, []);
  clock.advance(1);
  await flush();
  assert.equal(told, ['b deadline']);
  await end('a');
  assert.equal([started, told], [['a'], ['b deadline', 'a']], 'the deadline is over once it runs');
  assert.is(clock.pendingCount(), 0);
});

test('a full queue refuses, but a flood of one class refuses no other', async () => {
  const { told, submit } = setUp(2);
  const one = gate(1);
  for (const name of ['a', 'b', 'c', 'd']) submit(name, [one], { workClass: 'periodic' });
  submit('e', [one], { workClass: 'removal' });
  assert.equal(told, [], 'never told before submit has returned');
  await flush();
  assert.equal(told, ['d queueFull']);
});

test('a lane is changed where the path changes while it waits', async () => {
  const { pool, started, submit, end } = setUp();
  const [sick, total] = [gate(1), gate(1)];
  submit('a', [total]);
  submit('s', [sick]);
  let suspect = false;
  const path = () => (suspect ? [sick, total] : [total]);
  pool.submit(
    { path, workClass: 'periodic', abortable: true, run: async () => done(String(started.push('b'))) },
    () => {},
  );
  submit('c', [total]);
  suspect = true;
  await end('a');
  assert.equal(started, ['a', 's', 'c'], 'b was next, but now waits for the sick: c has the place');
  await end('s');
  await end('c');
  assert.equal(started, ['a', 's', 'c', 'b']);
});

test('a run that throws or rejects is told as broken and leaves its place', async () => {
  const { pool, told } = setUp();
  const one = gate(1);
  const broken = [
    () => {
      throw new Error('thrown');
    },
    () => Promise.reject(new Error('rejected')),
  ];
  for (const run of broken)
    pool.submit({ path: () => [one], workClass: 'removal', abortable: true, run }, (end) =>
      told.push(end.kind === 'done' ? end.text : end.why),
    );
  await flush();
  assert.equal(told, ['broken: thrown', 'broken: rejected']);
  assert.is(one.insideCount(), 0);
});

test('drain ends what was accepted and accepts no more; stop gives back what waits', async () => {
  const { pool, told, submit, end } = setUp();
  const one = gate(1);
  submit('a', [one]);
  submit('b', [one]);
  let drained = false;
  void pool.drain().then(() => {
    drained = true;
  });
  submit('c', [one]);
  await end('a');
  assert.equal([told, drained], [['c draining', 'a'], false]);
  submit('d', [one]);
  await flush();
  pool.stop();
  await end('b');
  assert.equal([told, drained], [['c draining', 'a', 'd draining', 'b aborted', 'b'], true]);
  await pool.drain();
});

test('classes: the higher goes first, yet each lower one gets its eighth of the turns', () => {
  const queue = new FairQueue<string>();
  for (let index = 0; index < 100; index++) {
    queue.enqueue('removal', { priority: 0 });
    queue.enqueue('activation', { priority: 1 });
    queue.enqueue('periodic', { priority: 2 });
  }
  const turns = Array.from({ length: 80 }, () => queue.dequeue());
  const count = (name: string) => turns.filter((turn) => turn === name).length;
  assert.equal([count('removal'), count('activation'), count('periodic')], [60, 10, 10]);
  assert.is(turns[0], 'removal');
  assert.is(queue.size, 220);
});

test('fair queue: any one is taken out or moved, order stays within a class', () => {
  const queue = new FairQueue<string>();
  for (const id of ['a', 'b', 'c']) queue.enqueue(id, { id, priority: 2 });
  queue.remove('b');
  queue.setPriority('c', 0);
  assert.equal(queue.filter({ priority: 2 }), ['a']);
  assert.equal([queue.dequeue(), queue.dequeue(), queue.dequeue()], ['c', 'a', undefined]);
  assert.throws(() => queue.setPriority('x', 1), /nothing with the id x waits/);
});

test('rate: a burst passes at once, then so many a second, the urgent first', () => {
  const clock = simClock();
  const rate = rateGate({ clock, perSecond: 10, burst: 2 });
  const passed: string[] = [];
  for (const [name, rank] of [
    ['a', 2],
    ['b', 2],
    ['c', 2],
    ['d', 0],
  ] as const)
    rate.enter(rank as Rank, () => passed.push(name));
  assert.equal(passed, ['a', 'b']);
  clock.advance(99);
  assert.is(passed.length, 2);
  clock.advance(1);
  assert.equal(passed, ['a', 'b', 'd']);
  clock.advance(100);
  assert.equal(passed, ['a', 'b', 'd', 'c']);
  clock.advance(60_000);
  let more = 0;
  for (let index = 0; index < 5; index++) rate.enter(0, () => more++);
  assert.is(more, 2, 'a calm saves up no more than the burst');
});

test('rate: nobody passes while the server asks to wait; who withdrew never passes', () => {
  const clock = simClock();
  const rate = rateGate({ clock, perSecond: 0, burst: 1 });
  const passed: string[] = [];
  rate.pause(5_000);
  rate.pause(1_000);
  const withdraw = rate.enter(0, () => passed.push('a'));
  rate.enter(0, () => passed.push('b'));
  withdraw();
  clock.advance(4_999);
  assert.equal(passed, []);
  rate.pause(1_000);
  clock.advance(999);
  assert.equal(passed, []);
  clock.advance(1);
  assert.equal(passed, ['b']);
  assert.is(clock.pendingCount(), 0);
});

/**
 * Invariants: never more inside a gate than its bound; each job is told exactly once; the books balance at every moment;
 * the lowest class progresses while higher ones keep coming; after all has ended nothing is left inside, waiting, or timed.
 */
test('property: bounds hold, books balance, everybody is told once', async () => {
  const classes = fc.constantFrom<WorkClass>('removal', 'activation', 'periodic');
  const job = fc.record({
    node: fc.nat(3),
    workClass: classes,
    waitMs: fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
    cancelled: fc.boolean(),
    endsOnAbort: fc.boolean(),
  });
  const act = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('submit' as const), job }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), index: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), index: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(30) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 60 }), async (acts) => {
      const clock = simClock();
      const pool: Pool<Outcome> = createPool<Outcome>({ clock, queueMax: 5, broken: () => done('broken') });
      const nodes = [gate(1), gate(2), gate(2), gate(2)];
      const total = gate(3);
      const inside = [0, 0, 0, 0];
      const ends: (() => void)[] = [];
      const cancels: (() => void)[] = [];
      const told: number[] = [];
      for (const step of acts) {
        if (step.kind === 'submit') {
          const { node, workClass, waitMs, endsOnAbort } = step.job;
          const index = told.push(0) - 1;
          const run = (signal: AbortSignal | undefined) =>
            new Promise<Outcome>((resolve) => {
              inside[node] = (inside[node] ?? 0) + 1;
              let ended = false;
              const end = () => {
                if (ended) return;
                ended = true;
                inside[node] = (inside[node] ?? 0) - 1;
                resolve(done('x'));
              };
              ends.push(end);
              if (endsOnAbort) signal?.addEventListener('abort', end);
            });
          const path = [nodes[node] as Gate, total];
          const ticket = pool.submit(
            {
              path: () => path,
              workClass,
              abortable: true,
              run,
              ...(waitMs === undefined ? {} : { waitMsMax: waitMs }),
            },
            () => {
              told[index] = (told[index] ?? 0) + 1;
            },
          );
          cancels.push(ticket.cancel);
        } else if (step.kind === 'end') ends[step.index]?.();
        else if (step.kind === 'cancel') cancels[step.index]?.();
        else clock.advance(step.ms);
        await flush();
        assert.ok((inside[0] ?? 0) <= 1 && inside.every((count) => count <= 2));
        assert.ok(inside.reduce((a, b) => a + b, 0) <= 3);
        assert.ok(told.every((count) => count <= 1));
        assert.ok(booksBalance(pool.counts()));
      }
      while (pool.counts().running > 0) {
        for (const end of [...ends]) end();
        await flush();
      }
      assert.ok(told.every((count) => count === 1));
      assert.equal(
        [total, ...nodes].map((each) => each.insideCount() + each.waitingCount()),
        [0, 0, 0, 0, 0],
      );
      assert.is(clock.pendingCount(), 0);
    }),
    { numRuns: 60 },
  );
});

test('the lowest class progresses while the highest keeps coming', async () => {
  const { started, submit, end } = setUp();
  const one = gate(1);
  submit('first', [one]);
  submit('periodic', [one], { workClass: 'periodic' });
  for (let index = 0; index < 20; index++) submit(`removal-${index}`, [one], { workClass: 'removal' });
  for (let index = 0; index < 20; index++) {
    submit(`more-${index}`, [one], { workClass: 'removal' });
    await end(started.at(-1) ?? '');
  }
  assert.ok(started.includes('periodic'));
});

test.run();
