/** The walk over a table: what is skipped, what halts, what is remembered. Spec 02, 1.2 to 1.6. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Script } from '../../../actors/calls.ts';
import type { Pass } from '../../../actors/flows/pass.ts';
import {
  begin,
  FAILED_MS,
  HOOK_AFTER_MS,
  noMemory,
  SETTLED_MS,
  settle,
  type Walk,
  walk,
  withCondition,
} from '../../../actors/flows/run.ts';
import { ask, type Step } from '../../../actors/flows/step.ts';
import { CONDITION_MESSAGE_MAX } from '../../../messages/condition.ts';
import {
  done,
  doneWith,
  failed,
  finished,
  normal,
  restartAt,
  skipped,
  type Verdict,
  wait,
} from '../../../messages/verdict.ts';
import type { WekaContainerStatus } from '../../../messages/weka-container.ts';
import { containerOf } from '../../support/containers.ts';
import { passFor } from '../../support/pass.ts';

type Said = Verdict | 'ask';
interface Ran {
  readonly at: Walk;
  readonly halt: ReturnType<typeof walk>[1];
  /** Names of the rows that ran, in order. */
  readonly ran: readonly string[];
}
const log: string[] = [];
/** A row that says the next of its verdicts, the last one for ever. */
function row(name: string, verdicts: Said | readonly Said[] = done, more: Partial<Step> = {}): Step {
  const left = [...(Array.isArray(verdicts) ? verdicts : [verdicts])] as Said[];
  return {
    number: name,
    name,
    when: [],
    onFailure: 'stop',
    run: () => {
      log.push(name);
      const said = (left.length > 1 ? left.shift() : left[0]) ?? done;
      return said === 'ask' ? ask('pod', silent()) : said;
    },
    ...more,
  };
}
// biome-ignore lint/correctness/useYield: a script that asks nothing.
function* silent(): Script<Verdict> {
  return done;
}
const START: WekaContainerStatus = { status: 'Init' };
function run(
  rows: readonly Step[],
  given: { from?: Walk; nowMs?: number; chance?: number; stored?: WekaContainerStatus } = {},
): Ran {
  const { nowMs = 0, chance = 0.5, stored = START } = given;
  log.length = 0;
  const see = (status: WekaContainerStatus | undefined): Pass =>
    passFor(containerOf('drive', { status: status ?? null }), { nowMs, chance });
  const from = given.from ?? begin(stored, noMemory);
  const [at, halt] = walk(rows, from, see, (status) => JSON.stringify(status) !== JSON.stringify(stored));
  return { at, halt, ran: [...log] };
}
const conditionIn = (at: Walk, type: string) => at.status?.conditions?.find((each) => each.type === type);
const again = ({ at }: Ran): Walk => begin(at.status, at.memory);
const C = { type: 'C', reason: 'Success', message: 'fine' };

test('all rows done: the next look in 30 s; an earlier wish of a row wins, the soonest', () => {
  const { halt, ran } = run([row('a'), row('b')]);
  assert.equal(ran, ['a', 'b']);
  assert.equal(halt, { kind: 'end', delayMs: SETTLED_MS, why: 'all steps done', complete: true });
  const wished = run([row('a', doneWith({ lookAgainMs: 5_000 })), row('b', doneWith({ lookAgainMs: 9_000 }))]);
  assert.is(wished.halt.kind === 'end' && wished.halt.delayMs, 5_000);
});

test('a latched row is skipped before its predicates are looked at; `always` undoes the latch', () => {
  const stored = { status: 'Init', conditions: [{ ...C, status: 'True' as const, lastTransitionTime: 'x' }] };
  const never = (): boolean => {
    throw new Error('looked at');
  };
  assert.equal(run([row('a', done, { condition: C, when: [never] })], { stored }).ran, []);
  assert.equal(run([row('a', done, { condition: { ...C, always: true } })], { stored }).ran, ['a']);
});

test('predicates are evaluated in order, when the row is reached, on what earlier rows changed', () => {
  const unreached = (): boolean => {
    throw new Error('looked at');
  };
  const running = ({ status }: Pass): boolean => status.status === 'Running';
  const { ran } = run([
    row('a', doneWith({ status: { status: 'Running' } })),
    row('b', done, { when: [running] }),
    row('c', done, { when: [(pass) => !running(pass), unreached] }),
  ]);
  assert.equal(ran, ['a', 'b']);
});

test('spec 02 §12 #39: error 10 s, wait its time, finish 30 s; the pass ends there', () => {
  for (const [verdict, delayMs] of [
    [failed('x'), FAILED_MS],
    [wait(3_000, 'x'), 3_000],
    [finished, SETTLED_MS],
  ] as const) {
    const { halt, ran } = run([row('a', verdict), row('b')]);
    assert.equal(ran, ['a']);
    assert.is(halt.kind === 'end' && halt.delayMs, delayMs);
  }
});

test('a failed row that continues lets the next one run', () => {
  assert.equal(run([row('a', failed('x'), { onFailure: 'continue' }), row('b')]).ran, ['a', 'b']);
});

test('spec 01 §23 #15: conditions: True with the row’s words, False with the error, a wait with its prefix; time moves with status only', () => {
  const rows = [row('a', [failed('x'), failed('x'), failed('y'), wait(1, 'z'), done], { condition: C })];
  let at = begin(START, noMemory);
  const told: unknown[] = [];
  const times: string[] = [];
  for (let second = 0; second < 5; second += 1) {
    const see = (status: WekaContainerStatus | undefined): Pass =>
      passFor(containerOf('drive', { status: status ?? null }), { wallMs: second * 1_000 });
    const [next] = walk(rows, at, see, () => false);
    const { status, reason, message, lastTransitionTime = '' } = conditionIn(next, 'C') ?? {};
    told.push([status, reason, message]);
    times.push(lastTransitionTime);
    at = begin(next.status, next.memory);
  }
  assert.equal(told, [
    ['False', 'Error', 'x'],
    ['False', 'Error', 'x'],
    ['False', 'Error', 'y'],
    ['False', 'Error', 'wait-error:z'],
    ['True', 'Success', 'fine'],
  ]);
  assert.equal(
    times.map((time) => Date.parse(time)),
    [0, 0, 0, 0, 4_000],
  );
});

test('spec 02 §12 #42: an expected error changes no condition, no memory, and the next row runs', () => {
  const once = { everyMs: () => 60_000, preset: false, stamp: 'success' } as const;
  const { at, ran } = run([row('a', skipped('x'), { condition: C, throttle: once }), row('b')]);
  assert.equal(ran, ['a', 'b']);
  assert.is(conditionIn(at, 'C'), undefined);
  assert.equal(at.memory, noMemory);
});

test('spec 01 §23 #19: a long error is cut at the bound of the schema', () => {
  const { at } = run([row('a', failed('x'.repeat(40_000)), { condition: C })]);
  assert.is(conditionIn(at, 'C')?.message.length, CONDITION_MESSAGE_MAX);
});

test('withCondition returns the same object when nothing changed', () => {
  const once = withCondition(START, { ...C, status: 'True' }, 0);
  assert.is(withCondition(once, { ...C, status: 'True' }, 5_000), once);
});

test('a change is a merge patch: null removes, lists go whole', () => {
  const stored = { status: 'Init', timestamps: { a: '1', b: '2' }, managementIPs: ['1', '2'] };
  const { at } = run([row('a', doneWith({ status: { timestamps: { a: null }, managementIPs: ['3'] } }))], { stored });
  assert.equal(at.status, { status: 'Init', timestamps: { b: '2' }, managementIPs: ['3'] });
});

test('events come out in the order of the rows', () => {
  const { at } = run([
    row('a', doneWith({ events: [normal('A', '1')] })),
    row('b', failed('x', { events: [normal('B', '2')] }), { onFailure: 'continue' }),
  ]);
  assert.equal(
    at.events.map(({ reason }) => reason),
    ['A', 'B'],
  );
});

// Throttle. Spec 02, 1.6.

const throttled = (preset: boolean, stamp: 'start' | 'success', verdicts: Said | readonly Said[] = done): Step =>
  row('t', verdicts, { onFailure: 'continue', throttle: { everyMs: () => 60_000, preset, stamp } });

test('without a preset it runs at once, then only after more than the interval', () => {
  const rows = [throttled(false, 'start')];
  const first = run(rows);
  assert.equal(first.ran, ['t']);
  assert.equal(run(rows, { from: again(first), nowMs: 60_000 }).ran, []);
  assert.equal(run(rows, { from: again(first), nowMs: 60_001 }).ran, ['t']);
});

test('spec 02 §12 #40: with a preset the first run falls somewhere inside the first interval', () => {
  for (const chance of [0, 0.25, 0.999]) {
    const rows = [throttled(true, 'start')];
    const first = run(rows, { chance, nowMs: 0 });
    assert.equal(first.ran, []);
    const dueMs = 60_000 - chance * 60_000;
    assert.equal(run(rows, { from: again(first), nowMs: Math.floor(dueMs) }).ran, [], `${chance}`);
    assert.equal(run(rows, { from: again(first), nowMs: Math.floor(dueMs) + 1 }).ran, ['t'], `${chance}`);
  }
});

test('spec 02 §12 #41: stamped on success: a failing row is tried in each pass, a good one not within the interval', () => {
  const rows = [throttled(false, 'success', [failed('x'), failed('x'), done])];
  const first = run(rows);
  const second = run(rows, { from: again(first), nowMs: 1 });
  const third = run(rows, { from: again(second), nowMs: 2 });
  assert.equal([first.ran, second.ran, third.ran], [['t'], ['t'], ['t']]);
  assert.equal(run(rows, { from: again(third), nowMs: 30_000 }).ran, []);
});

test('a row that may fail for long is tried at once, then at most so often, and after a success as rarely as it says', () => {
  const throttle = { everyMs: () => 600_000, againMs: () => 60_000, preset: false, stamp: 'success' } as const;
  const rows = [row('t', [failed('x'), failed('x'), done], { onFailure: 'continue', throttle })];
  const first = run(rows);
  const early = run(rows, { from: again(first), nowMs: 60_000 });
  const second = run(rows, { from: again(early), nowMs: 60_001 });
  const third = run(rows, { from: again(second), nowMs: 120_002 });
  assert.equal([first.ran, early.ran, second.ran, third.ran], [['t'], [], ['t'], ['t']]);
  assert.equal(run(rows, { from: again(third), nowMs: 700_000 }).ran, []);
  assert.equal(run(rows, { from: again(third), nowMs: 720_003 }).ran, ['t']);
});

test('a row whose predicate is false does not use up its slot', () => {
  let on = false;
  const rows = [
    row('t', done, { when: [() => on], throttle: { everyMs: () => 60_000, preset: false, stamp: 'start' } }),
  ];
  const first = run(rows);
  on = true;
  assert.equal(run(rows, { from: again(first), nowMs: 1 }).ran, ['t']);
});

test('the stamp is of one key: another runs at once, and so does the first one after it', () => {
  const rows = [
    row('t', done, {
      throttle: { everyMs: () => 60_000, preset: false, stamp: 'start', key: ({ status }) => status.status },
    }),
  ];
  const first = run(rows);
  const other = { status: 'Running' };
  assert.equal(run(rows, { from: begin(START, first.at.memory), nowMs: 1 }).ran, []);
  const second = run(rows, { from: begin(other, first.at.memory), nowMs: 1, stored: other });
  assert.equal(second.ran, ['t']);
  assert.equal(run(rows, { from: begin(START, second.at.memory), nowMs: 2 }).ran, ['t']);
  assert.equal(Object.keys(second.at.memory.stamps), ['t'], 'one entry a row, however many pods it has seen');
});

test('what changes while a row is at work is no part of its success: it runs again', () => {
  const throttle = {
    everyMs: () => 60_000,
    preset: false,
    stamp: 'success',
    key: ({ status }: Pass) => status.status,
  } as const;
  const rows = [row('t', 'ask', { throttle })];
  const asked = run(rows);
  const running = { status: 'Running' };
  const changed = passFor(containerOf('drive', { status: running }));
  const [{ memory }] = settle(rows, asked.at, done, changed);
  assert.equal(run(rows, { from: begin(START, memory) }).ran, []);
  assert.equal(run(rows, { from: begin(running, memory), stored: running }).ran, ['t']);
});

// Hooks. Spec 02, 1.5, told only of what lasts (decision 3).

const hooked = (kind: 'errorStatus' | 'drivesError'): Step =>
  row('h', failed('broken'), { hook: { kind, name: 'ReconcileManagementIPs' } });

test('a row that fails is told by its hook only when it has failed for 15 s', () => {
  const rows = [hooked('errorStatus')];
  const first = run(rows);
  assert.equal(first.at.events, []);
  assert.is(first.at.status?.status, 'Init');
  const second = run(rows, { from: again(first), nowMs: HOOK_AFTER_MS - 1 });
  assert.equal(second.at.events, []);
  const third = run(rows, { from: again(second), nowMs: HOOK_AFTER_MS });
  assert.is(third.at.status?.status, 'Error');
  assert.equal(third.at.events, [
    { type: 'Warning', reason: 'ReconcileManagementIPsError', message: 'broken', perMinute: true },
  ]);
});

test('a wait is told too, with its prefix', () => {
  const rows = [row('h', wait(3_000, 'later'), { hook: { kind: 'errorStatus', name: 'ensurePod-fm' } })];
  const first = run(rows);
  const { at } = run(rows, { from: again(first), nowMs: HOOK_AFTER_MS });
  assert.equal(
    at.events.map(({ reason, message }) => [reason, message]),
    [['ensurePod-fmError', 'wait-error:later']],
  );
});

for (const kept of ['Completed', 'Deleting', 'Destroying', 'Error', 'Unhealthy']) {
  test(`spec 02 §12 #37: ${kept} is left alone by the error hook, the event comes`, () => {
    const rows = [hooked('errorStatus')];
    const stored = { status: kept };
    const first = run(rows, { stored });
    const { at } = run(rows, { from: again(first), nowMs: HOOK_AFTER_MS, stored });
    assert.is(at.status?.status, kept);
    assert.is(at.events.length, 1);
  });
}

test('the drives hook sets DrivesAdding from any value', () => {
  const rows = [hooked('drivesError')];
  const stored = { status: 'Unhealthy' };
  const first = run(rows, { stored });
  const { at } = run(rows, { from: again(first), nowMs: HOOK_AFTER_MS, stored });
  assert.is(at.status?.status, 'DrivesAdding');
  assert.equal(
    at.events.map(({ reason }) => reason),
    ['DrivesAddingError'],
  );
});

test('a success in between starts the 15 s anew, and so does a row that had nothing to do', () => {
  let on = true;
  const rows = [row('h', failed('x'), { when: [() => on], hook: { kind: 'errorStatus', name: 'h' } })];
  const first = run(rows);
  on = false;
  const second = run(rows, { from: again(first), nowMs: 1_000 });
  on = true;
  const third = run(rows, { from: again(second), nowMs: 3_600_000 });
  assert.equal(third.at.events, []);
});

// Barrier, ask, restart.

test('afterWrite: what earlier rows changed is written first, once; a clean row runs at once', () => {
  const rows = [row('a', doneWith({ status: { status: 'Running' } })), row('b', done, { afterWrite: true })];
  const first = run(rows);
  assert.equal([first.halt.kind, first.ran], ['flush', ['a']]);
  const second = run(rows, { from: first.at }); // As if the answer differed from what was written: not asked again.
  assert.equal([second.halt.kind, second.ran], ['end', ['b']]);
  assert.equal(run([row('b', done, { afterWrite: true })]).ran, ['b']);
});

test('a throttle of 0 lets every pass through, also one of the same moment, and keeps no stamp', () => {
  const everyMs = (_: unknown, { nowMs }: Pass): number => (nowMs < 100 ? 0 : 60_000);
  const rows = [row('t', done, { throttle: { everyMs, preset: false, stamp: 'success' } })];
  let memory = noMemory;
  const ranAt = [0, 0, 50, 100, 150].flatMap((nowMs) => {
    const { at, ran } = run(rows, { nowMs, from: begin(undefined, memory) });
    memory = at.memory;
    return ran.length > 0 ? [nowMs] : [];
  });
  assert.equal(ranAt, [0, 0, 50, 100]);
});

test('a throttled row that may not run needs no write', () => {
  const rows = [
    row('a', [done, doneWith({ status: { status: 'Running' } })]),
    row('b', done, { afterWrite: true, throttle: { everyMs: () => 60_000, preset: false, stamp: 'success' } }),
  ];
  const first = run(rows);
  const second = run(rows, { from: again(first), nowMs: 1 });
  assert.equal([first.ran, second.halt.kind, second.ran], [['a', 'b'], 'end', ['a']]);
});

test('an ask parks at its row; its verdict is settled there', () => {
  const rows = [row('a', 'ask', { condition: C }), row('b')];
  const parked = run(rows);
  assert.is(parked.halt.kind, 'asks');
  assert.is(parked.at.row, 0);
  const [next, halt] = settle(rows, parked.at, done, passFor(containerOf('drive')));
  assert.is(halt, undefined);
  assert.is(next.row, 1);
  assert.is(conditionIn(next, 'C')?.status, 'True');
});

test('restartAt goes back to the row of that name, with the change, and honours barriers again', () => {
  const rows = [
    row('a'),
    row('b', done, { afterWrite: true }),
    row('c', [restartAt('b', 'id found', { status: { containerID: 9 } }), done]),
  ];
  const first = run(rows);
  assert.is(first.halt.kind, 'flush');
  assert.equal(first.ran, ['a', 'b', 'c']);
  assert.is(first.at.row, 1);
  assert.is(first.at.status?.containerID, 9);
});

test('a table that restarts for ever, or at a row that is not there, is a bug', () => {
  assert.throws(() => run([row('a', restartAt('a', 'x'))]), /restarts at a/);
  assert.throws(() => run([row('a', restartAt('nobody', 'x'))]), /restarts at nobody/);
});

test.run();
