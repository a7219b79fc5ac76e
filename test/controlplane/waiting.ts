/** Waiting for conditions: only live suites may, for the programs they test have clocks of their own. */
import { systemClock } from '../../io/clock.ts';

const LOOK_AGAIN_MS = 200;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => void systemClock.after(ms, resolve));

/** How long it took, in ms. Rejects after `limitMs` with what there is to say then. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  limitMs: number,
  what: () => string | Promise<string>,
  lookAgainMs = LOOK_AGAIN_MS,
): Promise<number> {
  const fromMs = systemClock.monotonicMs();
  while (!(await holds())) {
    if (systemClock.monotonicMs() - fromMs > limitMs) throw new Error(`not within ${limitMs} ms: ${await what()}`);
    await pause(lookAgainMs);
  }
  return systemClock.monotonicMs() - fromMs;
}

export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
/** `min 1.0 s, median 2.0 s, max 3.0 s`. */
export function spread(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): string => seconds(sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN);
  return `min ${at(0)}, median ${at(0.5)}, max ${at(1)}`;
}
