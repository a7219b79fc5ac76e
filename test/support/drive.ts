/** Runs an actor system over a virtual clock: nothing sleeps, every message is handled before the next timer fires. */
import type { System } from '../../actors/machine.ts';
import type { SimClock } from './sim-clock.ts';

/** Until quiescent, then the next timer, and so on up to `untilMs` (monotonic), where the clock ends. Returns the number of timers fired. */
export async function drive(system: System, clock: SimClock, untilMs: number): Promise<number> {
  let fired = 0;
  for (;;) {
    await system.settled();
    if (!clock.step(untilMs)) return fired;
    fired += 1;
  }
}

/** As `drive`, for `durationMs` from now. */
export const driveFor = (system: System, clock: SimClock, durationMs: number): Promise<number> =>
  drive(system, clock, clock.monotonicMs() + durationMs);
