/**
 * A gate in time: a token bucket on the injected clock, which also stands still for as long as a server asks. Owns the
 * tokens and who waits for one. Source: design.md 5; client-go's flow control has the same two numbers.
 */
import type { Clock } from './clock.ts';
import { FairQueue } from './fair-queue.ts';
import type { Gate } from './gate.ts';

export interface RateOptions {
  readonly clock: Clock;
  /** Tokens a second in the long run. 0: no limit, only pauses. */
  readonly perSecond: number;
  /** Tokens at once after a calm, at least 1. */
  readonly burst: number;
}
export interface RateGate extends Gate {
  /** Nobody passes for so long from now on; a longer pause under way stays. */
  readonly pause: (durationMs: number) => void;
  readonly waitingCount: () => number;
}

/** The bucket fills in fractions: this much is missing from a whole token by rounding alone. */
const ROUNDING = 1e-6;
const nothing = (): void => {};

export function rateGate({ clock, perSecond, burst }: RateOptions): RateGate {
  const waiting = new FairQueue<() => void>();
  let tokens = burst;
  let filledAtMs = clock.monotonicMs();
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  let cancelTimer: (() => void) | undefined;
  let sequence = 0;

  const fill = (): void => {
    const nowMs = clock.monotonicMs();
    if (perSecond > 0) tokens = Math.min(burst, tokens + ((nowMs - filledAtMs) / 1000) * perSecond);
    filledAtMs = nowMs;
  };
  /** 0: one may pass now. */
  const waitMs = (): number => {
    fill();
    const pauseMs = Math.max(0, pausedUntilMs - filledAtMs);
    const tokenMs = perSecond === 0 || tokens >= 1 - ROUNDING ? 0 : ((1 - tokens) / perSecond) * 1000;
    return Math.max(pauseMs, tokenMs);
  };
  const take = (): void => {
    if (perSecond > 0) tokens -= 1;
  };
  const letPass = (): void => {
    cancelTimer = undefined;
    while (waiting.size > 0 && waitMs() === 0) {
      take();
      waiting.dequeue()?.();
    }
    arm();
  };
  const arm = (): void => {
    if (cancelTimer === undefined && waiting.size > 0) cancelTimer = clock.after(waitMs(), letPass);
  };
  return {
    enter: (rank, pass) => {
      if (waiting.size === 0 && waitMs() === 0) {
        take();
        pass(nothing);
        return nothing;
      }
      const id = String(sequence++);
      waiting.enqueue(() => pass(nothing), { id, priority: rank });
      arm();
      return () => {
        waiting.remove(id);
        if (waiting.size > 0) return;
        cancelTimer?.();
        cancelTimer = undefined;
      };
    },
    pause: (durationMs) => {
      // A timer that fires too early only looks again.
      pausedUntilMs = Math.max(pausedUntilMs, clock.monotonicMs() + durationMs);
    },
    waitingCount: () => waiting.size,
  };
}
