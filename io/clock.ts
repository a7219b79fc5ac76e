/** Time as an argument: nothing else in the program reads a clock or sets a timer. */

export interface Clock {
  /** Milliseconds since an arbitrary moment; never goes back. For durations and deadlines. */
  readonly monotonicMs: () => number;
  /** Milliseconds since 1970. For time stamps that others read, and for comparing with them. */
  readonly wallMs: () => number;
  /** Runs once after `delayMs` (negative counts as 0). Returns its cancel, which may be called at any time. */
  readonly after: (delayMs: number, run: () => void) => () => void;
}

/** Node fires a longer delay after 1 ms, with only a warning: a longer one fires early, at this limit (24.8 days). */
const DELAY_MS_MAX = 2_147_483_647;

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, Math.min(Math.max(0, delayMs), DELAY_MS_MAX));
    return () => clearTimeout(timer);
  },
};

/** RFC 3339 with whole seconds, as Kubernetes writes its times. */
export const rfc3339 = (wallMs: number): string => `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
/** RFC 3339 with six digits of a second, as the times of Leases are. */
export const rfc3339Micro = (wallMs: number): string => new Date(wallMs).toISOString().replace('Z', '000Z');
