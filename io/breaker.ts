/**
 * Circuit breaker of one node: closed, open (nothing is sent), half-open (one probe at a time). Owns that state and the
 * timer of an open one; what it guards asks `admit` and tells how it went. Source: design.md 5.
 */
import type { Clock } from './clock.ts';
import { jittered, type Random } from './random.ts';

export interface BreakerOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** It has just opened, for whatever reason: what waits for the node is to be given back. */
  readonly opened: () => void;
}
export type BreakerState = 'closed' | 'open' | 'halfOpen' | 'notReady';

export interface Breaker {
  readonly state: () => BreakerState;
  /**
   * Undefined: not now. A `probe` must be ended by one of the three below. `urgent` work need not wait for the timer: it
   * is a probe itself. A node that is not ready gets nothing at all.
   */
  readonly admit: (urgent: boolean) => 'pass' | 'probe' | undefined;
  /** The node has answered. */
  readonly succeeded: () => void;
  /** It did not answer, in time or at all. */
  readonly failed: (probe: boolean) => void;
  /** Neither: aborted, or the answer was another's. */
  readonly undecided: (probe: boolean) => void;
  /** What the Node object says. Ready after not ready: half-open at once. */
  readonly setReady: (ready: boolean) => void;
  /** As new: closed, no failure counted, ready. Such a breaker need not be kept. */
  readonly pristine: () => boolean;
  /** Cancels its timer. */
  readonly stop: () => void;
}

/** In a row, without an answer in between. One hanging command among answering ones opens nothing. */
export const FAILURES_MAX = 3;
/** Doubled after each probe that fails. */
export const OPEN_MS_MIN = 10_000;
export const OPEN_MS_MAX = 120_000;

const nothing = (): void => {};

export function createBreaker({ clock, random, opened }: BreakerOptions): Breaker {
  let state: BreakerState = 'closed';
  let failures = 0;
  let openMs = OPEN_MS_MIN;
  let probing = false;
  let cancelTimer = nothing;

  const open = (): void => {
    state = 'open';
    cancelTimer();
    // Nodes that fell silent together must not be asked together.
    cancelTimer = clock.after(jittered(openMs, 0.25, random), () => {
      state = 'halfOpen';
    });
    openMs = Math.min(openMs * 2, OPEN_MS_MAX);
    opened();
  };
  const close = (): void => {
    cancelTimer();
    cancelTimer = nothing;
    state = 'closed';
    failures = 0;
    openMs = OPEN_MS_MIN;
  };
  const probe = (): 'probe' | undefined => {
    if (probing) return undefined;
    probing = true;
    return 'probe';
  };
  return {
    state: () => state,
    admit: (urgent) => {
      switch (state) {
        case 'closed':
          return 'pass';
        case 'halfOpen':
          return probe();
        case 'open':
          return urgent ? probe() : undefined;
        case 'notReady':
          return undefined;
      }
    },
    succeeded: () => {
      probing = false;
      // A node that is said not to be ready is believed, also when one command still came through.
      if (state !== 'notReady') close();
    },
    failed: (wasProbe) => {
      failures += 1;
      if (wasProbe) probing = false;
      // What began before it opened says nothing new.
      if (state === 'closed' ? failures >= FAILURES_MAX : wasProbe && state !== 'notReady') open();
    },
    undecided: (wasProbe) => {
      if (wasProbe) probing = false;
    },
    setReady: (ready) => {
      if (ready === (state !== 'notReady')) return;
      cancelTimer();
      cancelTimer = nothing;
      state = ready ? 'halfOpen' : 'notReady';
      if (!ready) opened();
    },
    pristine: () => state === 'closed' && failures === 0,
    stop: () => cancelTimer(),
  };
}
