/**
 * The walk over a table: latch, predicates, throttle, verdict. Pure; knows nothing of messages and writes.
 * Source: spec 02, 1.2 to 1.6.
 */
import { rfc3339 } from '../../io/clock.ts';
import { CONDITION_MESSAGE_MAX, type Condition, isTrue, REASON_ERROR } from '../../messages/condition.ts';
import { unreachable } from '../../messages/exhaustive.ts';
import { mergePatch } from '../../messages/merge-patch.ts';
import { type Change, type EventNote, textOf, type Verdict, warningEachMinute } from '../../messages/verdict.ts';
import type { WekaContainerStatus } from '../../messages/weka-container.ts';
import type { Pass } from './pass.ts';
import type { Ask, Step } from './step.ts';

/** Delays after a pass. Source: spec 02, 1.8. */
export const SETTLED_MS = 30_000;
export const FAILED_MS = 10_000;
/**
 * A row that has failed for so long is told by its hook (status and event). At every start a few rows fail for seconds
 * because their turn has not come; telling that would double the writes of a start. Decision 3 of ARCHITECTURE.md.
 */
export const HOOK_AFTER_MS = 15_000;
/** A pass that starts over more often than this is a bug in a table. */
const RESTARTS_MAX = 8;

/** Memory of one container's actor about its rows; lost at its restart, as the reference's throttles are. */
export interface Memory {
  /** By row name. */
  readonly stamps: Readonly<Record<string, Stamp>>;
  /** By row name: since when it has failed without a success. Monotonic. */
  readonly failingSinceMs: Readonly<Record<string, number>>;
}
/** When a throttled row last ran, or succeeded, as its throttle says; monotonic. Of its last key alone: another one runs at once. */
interface Stamp {
  readonly atMs: number;
  readonly key: string;
  /** Not yet, or not with success. */
  readonly tried?: true;
}
/** One object for all, so that a pass sees at a glance that nothing fails. */
const NONE_FAILS: Memory['failingSinceMs'] = {};
export const noMemory: Memory = { stamps: {}, failingSinceMs: NONE_FAILS };

/** Where a pass is. */
export interface Walk {
  readonly row: number;
  readonly status: WekaContainerStatus | undefined;
  readonly events: readonly EventNote[];
  readonly memory: Memory;
  readonly restarts: number;
  /** The row whose `afterWrite` has been honoured. */
  readonly flushedAt: number;
  /** The soonest of what the rows asked for: the end of the table is not the end of the story. */
  readonly lookAgainMs: number | undefined;
  /** What the row that runs was admitted for: while it is at work, that may change. */
  readonly key: string;
}
export const begin = (status: WekaContainerStatus | undefined, memory: Memory): Walk => ({
  row: 0,
  status,
  events: [],
  memory,
  restarts: 0,
  flushedAt: -1,
  lookAgainMs: undefined,
  key: '',
});

export type Halt =
  | { readonly kind: 'asks'; readonly ask: Ask }
  /** Row `walk.row` wants all that is in `walk.status` written first. */
  | { readonly kind: 'flush' }
  /** `complete`: nothing is waited for, what was learned is not about to change. */
  | {
      readonly kind: 'end';
      readonly delayMs: number;
      readonly why: string;
      readonly complete: boolean;
      /** The row that waits or has failed, by name. */
      readonly stoppedAt?: string;
    };

/** Walks from `walk.row` to the next halt. `see` gives the pass with a working copy of the status. */
export function walk(
  rows: readonly Step[],
  from: Walk,
  see: (status: WekaContainerStatus | undefined) => Pass,
  dirty: (status: WekaContainerStatus | undefined) => boolean,
): readonly [Walk, Halt] {
  let at = from;
  // Stores do not change within a turn: what a row sees differs from what the row before saw in the working copy alone.
  let pass = see(at.status);
  let seen = at.status;
  for (;;) {
    if (at.status !== seen) {
      seen = at.status;
      pass = see(seen);
    }
    const [next, row] = skipIdle(rows, at, pass);
    at = next;
    if (row === undefined) {
      const delayMs = at.lookAgainMs ?? SETTLED_MS;
      return [at, { kind: 'end', delayMs, why: 'all steps done', complete: at.lookAgainMs === undefined }];
    }
    const [admitted, memory] = admit(row, pass, at.memory);
    if (!admitted) {
      at = { ...at, memory, row: at.row + 1 };
      continue;
    }
    if (row.afterWrite === true && at.flushedAt < at.row && dirty(at.status)) {
      return [{ ...at, flushedAt: at.row }, { kind: 'flush' }];
    }
    const key = row.throttle?.key?.(pass) ?? '';
    if (memory !== at.memory || key !== at.key) at = { ...at, memory, key };
    const said = row.run(pass);
    if (said.kind === 'ask') return [at, { kind: 'asks', ask: said }];
    const [settled, halt] = settle(rows, at, said, pass);
    if (halt !== undefined) return [settled, halt];
    at = settled;
  }
}

/** On to the next row that has something to do; undefined: none has. One copy for all that have not, which are most. */
function skipIdle(rows: readonly Step[], at: Walk, pass: Pass): readonly [Walk, Step | undefined] {
  let { row: index, memory } = at;
  for (; ; index += 1) {
    const row = rows[index];
    if (row !== undefined && !hasWork(row, pass)) {
      // What has nothing to do does not fail: another failure later begins anew.
      memory = recovered(memory, row.name);
      continue;
    }
    return [index === at.row ? at : { ...at, row: index, memory }, row];
  }
}
function hasWork(row: Step, pass: Pass): boolean {
  if (latched(row, pass)) return false;
  for (const holds of row.when) if (!holds(pass)) return false;
  return true;
}

/** Takes the verdict of the row at `at.row`; halts where the pass ends by it. */
export function settle(
  rows: readonly Step[],
  at: Walk,
  verdict: Verdict,
  pass: Pass,
): readonly [Walk, Halt | undefined] {
  const row = rows[at.row];
  if (row === undefined) throw new Error(`no step at row ${at.row}`);
  const changed = apply(at, verdict);
  const next = { ...changed, row: at.row + 1 };
  switch (verdict.kind) {
    case 'done':
      return [succeeded(row, next, pass), undefined];
    case 'finished':
      return [
        succeeded(row, next, pass),
        { kind: 'end', delayMs: SETTLED_MS, why: `${row.name} finished`, complete: true },
      ];
    case 'skipped':
      return [next, undefined];
    case 'wait':
    case 'failed': {
      const told = fail(row, changed, verdict, pass);
      if (row.onFailure === 'continue') return [{ ...told, row: at.row + 1 }, undefined];
      const delayMs = verdict.kind === 'wait' ? verdict.delayMs : FAILED_MS;
      const why = `${row.name}: ${verdict.reason}`;
      return [told, { kind: 'end', delayMs, why, complete: false, stoppedAt: row.name }];
    }
    case 'restartAt': {
      const target = rows.findIndex(({ name }) => name === verdict.step);
      if (target < 0 || at.restarts >= RESTARTS_MAX) throw new Error(`${row.name} restarts at ${verdict.step}`);
      return [{ ...changed, row: target, restarts: at.restarts + 1, flushedAt: -1 }, undefined];
    }
    default:
      return unreachable(verdict);
  }
}

const latched = (row: Step, pass: Pass): boolean =>
  row.condition !== undefined && row.condition.always !== true && isTrue(pass.status.conditions, row.condition.type);

function apply(at: Walk, { status, events = [], lookAgainMs }: Change): Walk {
  if (status === undefined && events.length === 0 && lookAgainMs === undefined) return at;
  return {
    ...at,
    lookAgainMs: lookAgainMs === undefined ? at.lookAgainMs : Math.min(lookAgainMs, at.lookAgainMs ?? lookAgainMs),
    status: status === undefined ? at.status : (mergePatch(at.status ?? {}, status) as WekaContainerStatus), // A patch by our own steps.
    events: events.length === 0 ? at.events : [...at.events, ...events],
  };
}

/** Without its failures. The same memory where there are none: this is asked for each row of each pass. */
function recovered(memory: Memory, name: string): Memory {
  if (memory.failingSinceMs === NONE_FAILS || memory.failingSinceMs[name] === undefined) return memory;
  const { [name]: _, ...left } = memory.failingSinceMs;
  return { ...memory, failingSinceMs: Object.keys(left).length === 0 ? NONE_FAILS : left };
}

function succeeded(row: Step, at: Walk, pass: Pass): Walk {
  let memory = recovered(at.memory, row.name);
  if (row.throttle?.stamp === 'success' && row.throttle.everyMs(pass.settings, pass) > 0) {
    memory = stamped(memory, row, at.key, pass.nowMs);
  }
  const next = memory === at.memory ? at : { ...at, memory };
  if (row.condition === undefined) return next;
  const { type, reason, message } = row.condition;
  return { ...next, status: withCondition(next.status, { type, status: 'True', reason, message }, pass.wallMs) };
}

function fail(row: Step, at: Walk, verdict: Extract<Verdict, { kind: 'wait' | 'failed' }>, pass: Pass): Walk {
  const sinceMs = at.memory.failingSinceMs[row.name] ?? pass.nowMs;
  const memory = { ...at.memory, failingSinceMs: { ...at.memory.failingSinceMs, [row.name]: sinceMs } };
  const text = textOf(verdict);
  let next: Walk = { ...at, memory };
  if (row.condition !== undefined) {
    const condition = { type: row.condition.type, status: 'False', reason: REASON_ERROR, message: text } as const;
    next = { ...next, status: withCondition(next.status, condition, pass.wallMs) };
  }
  if (row.hook === undefined || pass.nowMs - sinceMs < HOOK_AFTER_MS) return next;
  const event = warningEachMinute(
    row.hook.kind === 'drivesError' ? 'DrivesAddingError' : `${row.hook.name}Error`,
    text,
  );
  const current = next.status?.status ?? '';
  const to = row.hook.kind === 'drivesError' ? 'DrivesAdding' : PROTECTED.has(current) ? current : 'Error';
  return apply(next, { events: [event], ...(to === current ? {} : { status: { status: to } }) });
}
/** The error-status hook leaves these alone. Source: spec 02, 1.5. */
const PROTECTED: ReadonlySet<string> = new Set(['Completed', 'Deleting', 'Destroying', 'Error', 'Unhealthy']);

/** The status with that condition set; `lastTransitionTime` moves only with `status`. Source: spec 02, 1.4. */
export function withCondition(
  status: WekaContainerStatus | undefined,
  condition: Omit<Condition, 'lastTransitionTime'>,
  wallMs: number,
): WekaContainerStatus {
  const base = status ?? { status: '' };
  const all = base.conditions ?? [];
  const old = all.find(({ type }) => type === condition.type);
  const message = condition.message.slice(0, CONDITION_MESSAGE_MAX);
  if (
    old !== undefined &&
    old.status === condition.status &&
    old.reason === condition.reason &&
    old.message === message
  )
    return base;
  const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : rfc3339(wallMs);
  const written: Condition = { ...condition, message, lastTransitionTime };
  const conditions = old === undefined ? [...all, written] : all.map((each) => (each === old ? written : each));
  return { ...base, conditions };
}

const stamped = (
  memory: Memory,
  { name }: Step,
  key: string,
  atMs: number,
  more: Pick<Stamp, 'tried'> = {},
): Memory => ({
  ...memory,
  stamps: { ...memory.stamps, [name]: { atMs, key, ...more } },
});

/** Whether the throttle lets the row run, and the memory after asking. Source: spec 02, 1.6. */
function admit(row: Step, pass: Pass, memory: Memory): readonly [boolean, Memory] {
  if (row.throttle === undefined) return [true, memory];
  const { preset, stamp } = row.throttle;
  const { settings } = pass;
  const everyMs = row.throttle.everyMs(settings, pass);
  if (everyMs === 0) return [true, memory];
  const againMs = row.throttle.againMs?.(settings);
  const key = row.throttle.key?.(pass) ?? '';
  const last = memory.stamps[row.name];
  if (last?.key === key) {
    const leastMs = last.tried === true ? (againMs ?? 0) : everyMs;
    if (pass.nowMs - last.atMs <= leastMs) return [false, memory];
  } else if (preset) return [false, stamped(memory, row, key, pass.nowMs - pass.chance * everyMs)];
  if (stamp === 'start') return [true, stamped(memory, row, key, pass.nowMs)];
  return [true, againMs === undefined ? memory : stamped(memory, row, key, pass.nowMs, { tried: true })];
}
