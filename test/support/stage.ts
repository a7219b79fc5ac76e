/** A system over a virtual clock with everything it says collected: what most kernel tests start from. */
import { createSystem, type Judge, type Machine, type System, stop } from '../../actors/machine.ts';
import type { TraceRecord } from '../../messages/trace.ts';
import { type CrashReport, oneForOne, type RestartLimit } from '../../supervisors/one-for-one.ts';
import { random } from './seeded.ts';
import { type SimClock, simClock } from './sim-clock.ts';

export const LIMIT: RestartLimit = {
  crashesMax: 5,
  windowMs: 1_800_000,
  delayMsMin: 500,
  delayMsMax: 30_000,
  quarantineMs: 600_000,
};

export interface Stage {
  readonly clock: SimClock;
  readonly system: System;
  readonly trace: TraceRecord[];
  readonly reports: CrashReport[];
  readonly judge: Judge;
}
export function stage(seed = 'stage'): Stage {
  const clock = simClock();
  const trace: TraceRecord[] = [];
  const reports: CrashReport[] = [];
  const system = createSystem(clock, (record) => trace.push(record));
  const judge = oneForOne(LIMIT, random(`${seed}/judge`), (report) => reports.push(report));
  return { clock, system, trace, reports, judge };
}

export type NoteMessage = { readonly kind: 'go' | 'boom' | 'stopAndBoom' | 'first' };
/** Writes down `<name> <kind> <turns before>`; crashes when told to. */
export const noter = (
  log: string[],
  name: string,
  first = false,
): Machine<number, NoteMessage, { readonly kind: 'stopAndThrow' }> => ({
  initial: 0,
  ...(first ? { first: { kind: 'first' } } : {}),
  decide: (count, { kind }) => {
    log.push(`${name} ${kind} ${count}`);
    if (kind === 'boom') throw new Error('boom');
    return [count + 1, kind === 'stopAndBoom' ? [{ kind: 'stopAndThrow' }] : []];
  },
  perform: {
    stopAndThrow: (_effect, self) => {
      stop(self);
      throw new Error('after stop');
    },
  },
});
