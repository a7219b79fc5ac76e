/** What a step says about the pass, as a value: neither travels as an exception. Source: spec 02, 1.2 and 1.3. */

/** An event to be recorded on the WekaContainer. `perMinute`: at most one a minute for this type and reason. */
export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly perMinute: boolean;
}

/**
 * What a step changes besides saying how it went. `status` is an RFC 7396 merge patch on the working copy of
 * `status` (lists go whole, null removes a key).
 */
export interface Change {
  readonly status?: Readonly<Record<string, unknown>>;
  readonly events?: readonly EventNote[];
  /** It is about to change: the next pass comes so soon, if nothing brings it earlier. */
  readonly lookAgainMs?: number;
  /** Goes into the trace of the container, nowhere else. */
  readonly figures?: Readonly<Record<string, number>>;
}

export type Verdict =
  | ({ readonly kind: 'done' } & Change)
  /** Ends the pass; the next comes in `delayMs`. Its text gets the prefix `wait-error:` in conditions and events. */
  | ({ readonly kind: 'wait'; readonly delayMs: number; readonly reason: string } & Change)
  /** An expected error: neither success nor failure, the next step runs. */
  | ({ readonly kind: 'skipped'; readonly reason: string } & Change)
  /** Ends the pass (10 s), or not where the row says `continue`. */
  | ({ readonly kind: 'failed'; readonly reason: string } & Change)
  /** Success, and the pass ends here (30 s). */
  | ({ readonly kind: 'finished' } & Change)
  /** The facts this pass stands on have changed: it starts again at the row of that name, at once. Source: F1, F5. */
  | ({ readonly kind: 'restartAt'; readonly step: string; readonly reason: string } & Change);

/** 3 s: the reference's wait without a duration. Source: spec 02, 1.3. */
export const WAIT_MS = 3_000;

export const done: Verdict = { kind: 'done' };
export const doneWith = (change: Change): Verdict => ({ kind: 'done', ...change });
export const finished: Verdict = { kind: 'finished' };
export const wait = (delayMs: number, reason: string, change: Change = {}): Verdict => ({
  kind: 'wait',
  delayMs,
  reason,
  ...change,
});
export const skipped = (reason: string, change: Change = {}): Verdict => ({ kind: 'skipped', reason, ...change });
export const failed = (reason: string, change: Change = {}): Verdict => ({ kind: 'failed', reason, ...change });
export const restartAt = (step: string, reason: string, change: Change = {}): Verdict => ({
  kind: 'restartAt',
  step,
  reason,
  ...change,
});

/** The error text as conditions and events show it. Source: spec 02, 1.3. */
export const textOf = (verdict: Extract<Verdict, { reason: string }>): string =>
  verdict.kind === 'wait' ? `wait-error:${verdict.reason}` : verdict.reason;

const note =
  (type: 'Normal' | 'Warning', perMinute: boolean) =>
  (reason: string, message: string): EventNote => ({ type, reason, message, perMinute });
export const normal = note('Normal', false);
export const warning = note('Warning', false);
/** At most once a minute for this reason. */
export const warningEachMinute = note('Warning', true);
export const normalEachMinute = note('Normal', true);
