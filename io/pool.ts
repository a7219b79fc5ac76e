/**
 * The life of a job in any pool: it waits for its gates one after another, runs, and keeps its places until it has really
 * ended. Owns queue bounds, deadlines, cancel, drain and the books; what runs and through which gates is its caller's.
 * Source: design.md 5.
 */
import type { Dropped, DropReason } from '../messages/outcome.ts';
import type { Clock } from './clock.ts';
import { type Rank, rankOf } from './fair-queue.ts';
import type { Gate } from './gate.ts';
import type { WorkClass } from './submit.ts';

export interface Job<Outcome> {
  /**
   * The gates, in the order in which they are passed. Asked again at each gate: places that the new path does not begin
   * with are left, so that a job can change lanes while it waits.
   */
  readonly path: () => readonly Gate[];
  readonly workClass: WorkClass;
  /** How long it may wait, from `submit` on. Absent: for ever. */
  readonly waitMsMax?: number;
  /** Asked when all gates are passed: a reason to drop it all the same. */
  readonly admit?: () => DropReason | undefined;
  /**
   * Settles when the work has really ended: until then its places are taken. A cancel aborts `signal`, which only a job
   * that may be aborted gets.
   */
  readonly run: (signal: AbortSignal | undefined) => Promise<Outcome>;
  /** False: a cancel of the running job does nothing, its outcome is told when it ends. */
  readonly abortable: boolean;
  /** Before the places are left and the outcome is told. */
  readonly ended?: (outcome: Outcome, aborted: boolean) => void;
}
export interface Ticket<Outcome> {
  /** Withdraws it, or aborts it if it runs and may be aborted. True: it had not begun, and never will. */
  readonly cancel: () => boolean;
  /** Ends it with this if it still waits. */
  readonly giveBack: (end: Outcome | Dropped) => void;
}
export interface Pool<Outcome> {
  /** `done` is called exactly once, never before `submit` has returned. */
  readonly submit: (job: Job<Outcome>, done: (end: Outcome | Dropped) => void) => Ticket<Outcome>;
  /** Accepts no more; resolves when all that was accepted has ended. */
  readonly drain: () => Promise<void>;
  /** Accepts no more, gives back what waits and aborts what may be aborted. */
  readonly stop: () => void;
  readonly counts: () => PoolCounts;
}
/** Since the start, but for `waiting` and `running`. submitted = waiting + running + ended + all of dropped. */
export interface PoolCounts {
  readonly waiting: Readonly<Record<WorkClass, number>>;
  readonly running: number;
  readonly submitted: number;
  readonly ended: number;
  /** Given back unstarted in any other way than the reasons of `dropped`: counted in `ended`. */
  readonly dropped: Readonly<Record<DropReason, number>>;
}
export interface PoolOptions<Outcome> {
  readonly clock: Clock;
  /** Jobs of one class that may wait: a flood of one never shuts another out. */
  readonly queueMax: number;
  /** `run` rejected or threw, which is a bug of what it calls: told as this. */
  readonly broken: (err: unknown) => Outcome;
}

type Held = { readonly gate: Gate; readonly leave: () => void };
interface Entry<Outcome> {
  readonly job: Job<Outcome>;
  readonly rank: Rank;
  readonly done: (end: Outcome | Dropped) => void;
  readonly held: Held[];
  /** Of a job that runs and may be aborted. */
  controller: AbortController | undefined;
  phase: 'waiting' | 'running' | 'over';
  withdraw: () => void;
  cancelDeadline: () => void;
}

const nothing = (): void => {};

export function createPool<Outcome>({ clock, queueMax, broken }: PoolOptions<Outcome>): Pool<Outcome> {
  const entries = new Set<Entry<Outcome>>();
  const waiting = { removal: 0, activation: 0, periodic: 0 };
  const dropped = { deadline: 0, queueFull: 0, draining: 0, cancelled: 0, breaker: 0 };
  const counts = { running: 0, submitted: 0, ended: 0 };
  let draining = false;
  const drained: (() => void)[] = [];

  const advance = (entry: Entry<Outcome>): void => {
    const { job, held, rank } = entry;
    const path = job.path();
    let kept = 0;
    while (kept < held.length && held[kept]?.gate === path[kept]) kept += 1;
    for (const { leave } of held.splice(kept).reverse()) leave();
    const next = path[kept];
    if (next === undefined) {
      start(entry);
      return;
    }
    let passed = false;
    const withdraw = next.enter(rank, (leave) => {
      passed = true;
      entry.withdraw = nothing;
      if (entry.phase === 'over') {
        leave();
        return;
      }
      held.push({ gate: next, leave });
      advance(entry);
    });
    if (!passed) entry.withdraw = withdraw;
  };
  const start = (entry: Entry<Outcome>): void => {
    const { job } = entry;
    const refusal = job.admit?.();
    if (refusal !== undefined) {
      giveBack(entry, { kind: 'dropped', why: refusal });
      return;
    }
    entry.phase = 'running';
    waiting[job.workClass] -= 1;
    counts.running += 1;
    entry.cancelDeadline();
    const controller = job.abortable ? new AbortController() : undefined;
    entry.controller = controller;
    const run = async (): Promise<Outcome> => job.run(controller?.signal); // A throw counts as a rejection.
    void run()
      .catch(broken)
      .then((outcome) => {
        counts.running -= 1;
        counts.ended += 1;
        job.ended?.(outcome, controller?.signal.aborted === true);
        close(entry);
        entry.done(outcome);
      });
  };
  const close = (entry: Entry<Outcome>): void => {
    entry.phase = 'over';
    entry.controller = undefined;
    entry.withdraw();
    entry.cancelDeadline();
    for (const { leave } of entry.held.splice(0).reverse()) leave();
    entries.delete(entry);
    if (entries.size > 0) return;
    for (const resolve of drained.splice(0)) resolve();
  };
  const giveBack = (entry: Entry<Outcome>, end: Outcome | Dropped): void => {
    if (entry.phase !== 'waiting') return;
    waiting[entry.job.workClass] -= 1;
    close(entry);
    refuse(entry.done, end);
  };
  const refuse = (done: Entry<Outcome>['done'], end: Outcome | Dropped): void => {
    if (isDropped(end)) dropped[end.why] += 1;
    else counts.ended += 1;
    queueMicrotask(() => done(end));
  };

  return {
    submit: (job, done) => {
      counts.submitted += 1;
      const refusal = draining ? 'draining' : waiting[job.workClass] >= queueMax ? 'queueFull' : undefined;
      if (refusal !== undefined) {
        refuse(done, { kind: 'dropped', why: refusal });
        return { cancel: () => false, giveBack: nothing };
      }
      const entry: Entry<Outcome> = {
        job,
        rank: rankOf(job.workClass),
        done,
        held: [],
        controller: undefined,
        phase: 'waiting',
        withdraw: nothing,
        cancelDeadline: nothing,
      };
      entries.add(entry);
      waiting[job.workClass] += 1;
      if (job.waitMsMax !== undefined) {
        const late = () => giveBack(entry, { kind: 'dropped', why: 'deadline' });
        entry.cancelDeadline = clock.after(job.waitMsMax, late);
      }
      advance(entry);
      return {
        cancel: () => {
          entry.controller?.abort();
          const withdrawn = entry.phase === 'waiting';
          giveBack(entry, { kind: 'dropped', why: 'cancelled' });
          return withdrawn;
        },
        giveBack: (end) => giveBack(entry, end),
      };
    },
    drain: () => {
      draining = true;
      return entries.size === 0 ? Promise.resolve() : new Promise<void>((resolve) => drained.push(resolve));
    },
    stop: () => {
      draining = true;
      for (const entry of [...entries]) {
        entry.controller?.abort();
        giveBack(entry, { kind: 'dropped', why: 'draining' });
      }
    },
    counts: () => ({ ...counts, waiting: { ...waiting }, dropped: { ...dropped } }),
  };
}

const isDropped = (end: unknown): end is Dropped =>
  typeof end === 'object' && end !== null && 'kind' in end && end.kind === 'dropped';
