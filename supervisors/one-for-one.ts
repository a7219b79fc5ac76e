/** Judge of one actor's crashes: restarts it after a growing delay and, past the restart intensity, slowly. Touches nobody else. */
import type { Crash, Judge } from '../actors/machine.ts';
import { jittered, type Random } from '../io/random.ts';

export interface RestartLimit {
  /** Crashes survived per window; the next one quarantines. Below CRASHES_KEPT. */
  readonly crashesMax: number;
  readonly windowMs: number;
  /** Delay after the first crash; doubles with each further one in the window. */
  readonly delayMsMin: number;
  readonly delayMsMax: number;
  /** Delay in quarantine. Shorter than the window, else the count forgets why. */
  readonly quarantineMs: number;
}

export interface CrashReport {
  readonly path: string;
  readonly verdict: 'restart' | 'quarantine';
  readonly error: unknown;
  /** Crashes within the window, this one included. */
  readonly count: number;
  readonly afterMs: number;
}
export type Report = (report: CrashReport) => void;

/** Of each delay, so that those who crash together do not restart together. */
const SPREAD = 0.25;

/** `report` hears of every verdict, before it takes effect. What it throws is lost: who reports does not decide. */
export function oneForOne(limit: RestartLimit, random: Random, report: Report): Judge {
  return ({ path, error, atMs, earlierMs }: Crash) => {
    const count = 1 + earlierMs.filter((earlier) => atMs - earlier < limit.windowMs).length;
    const quarantined = count > limit.crashesMax;
    const delayMs = quarantined ? limit.quarantineMs : Math.min(limit.delayMsMax, limit.delayMsMin * 2 ** (count - 1));
    const afterMs = jittered(delayMs, SPREAD, random);
    try {
      report({ path, verdict: quarantined ? 'quarantine' : 'restart', error, count, afterMs });
    } catch {
      // A judge that throws stops its actor: a fault in an event or a log line would take a whole cell down.
    }
    return { kind: 'restart', afterMs, quarantined };
  };
}
