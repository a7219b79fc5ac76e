/** A clock that stands still until it is told to move. Same seed, same order: equal times fire in the order they were set. */
import TinyQueue from 'tinyqueue';
import type { Clock } from '../../io/clock.ts';

/** Where every virtual clock's wall time begins: 2026-01-01T00:00:00Z. */
export const SIM_START_WALL_MS = Date.UTC(2026, 0, 1);

export interface SimClock extends Clock {
  /** Fires the earliest timer, alone, if it is due by `untilMs` (monotonic). False when none was: the clock then stands at `untilMs`. */
  readonly step: (untilMs: number) => boolean;
  /** Fires everything due within `durationMs`, one after another, without letting messages or promises run in between. */
  readonly advance: (durationMs: number) => void;
  /** Timers that are set and neither fired nor cancelled. */
  readonly pendingCount: () => number;
}

type Timer = { readonly atMs: number; readonly sequence: number; run: (() => void) | undefined };

/** Monotonic time begins at 0, wall time at `startWallMs`; both move together. */
export function simClock(startWallMs: number = SIM_START_WALL_MS): SimClock {
  const due = new TinyQueue<Timer>([], (a, b) => a.atMs - b.atMs || a.sequence - b.sequence);
  let nowMs = 0;
  let sequence = 0;
  let pending = 0;

  function step(untilMs: number): boolean {
    for (;;) {
      const next = due.peek();
      if (next === undefined || next.atMs > untilMs) {
        if (Number.isFinite(untilMs)) nowMs = Math.max(nowMs, untilMs);
        return false;
      }
      due.pop();
      const { run } = next;
      if (run === undefined) continue;
      next.run = undefined;
      pending -= 1;
      nowMs = next.atMs;
      run();
      return true;
    }
  }

  return {
    monotonicMs: () => nowMs,
    wallMs: () => startWallMs + nowMs,
    after: (delayMs, run) => {
      const timer: Timer = { atMs: nowMs + Math.max(0, delayMs), sequence: sequence++, run };
      due.push(timer);
      pending += 1;
      return () => {
        if (timer.run === undefined) return;
        timer.run = undefined;
        pending -= 1;
      };
    },
    step,
    advance: (durationMs) => {
      const untilMs = nowMs + durationMs;
      while (step(untilMs));
    },
    pendingCount: () => pending,
  };
}
