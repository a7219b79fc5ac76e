/** Lets promises run between the timers of a virtual clock, where no actor system is involved. */
import type { SimClock } from '../support/sim-clock.ts';

/** Until no promise is left to run. Node drains microtasks before each immediate. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Fires everything due within `durationMs`, settling before each timer and at the end. */
export async function driveIo(clock: SimClock, durationMs: number): Promise<void> {
  const untilMs = clock.monotonicMs() + durationMs;
  do await settle();
  while (clock.step(untilMs));
}
