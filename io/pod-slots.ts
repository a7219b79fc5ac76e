/**
 * The two slots of one pod: one command that reads, one that changes something. The latter is kept after its command while
 * that may live on in the pod without us: its connection broke or it ran out of time (F18). Source: design.md 5.
 */
import type { Clock } from './clock.ts';
import { type Gate, slot } from './gate.ts';

export interface PodSlots {
  readonly read: Gate;
  readonly change: Gate;
  /** Told before the slot is left: the command may go on, keep the slot for so long, or until `settle`. */
  readonly mayLinger: (argv: readonly string[], keepMs: number) => void;
  /** Somebody knows that nothing runs any more: the pod is gone, or was looked at. */
  readonly settle: () => void;
  /** The command that may live on in the pod. */
  readonly lingering: () => readonly string[] | undefined;
}

/** `freed` is called when a kept slot is given back. */
export function createPodSlots(clock: Clock, freed: () => void): PodSlots {
  const read = slot();
  const change = slot();
  let kept: { readonly argv: readonly string[]; readonly keepMs: number } | undefined;
  let giveBack: (() => void) | undefined;

  const settle = (): void => {
    kept = undefined;
    giveBack?.();
  };
  return {
    read,
    change: {
      enter: (rank, pass) =>
        change.enter(rank, (leave) =>
          pass(() => {
            if (kept === undefined) {
              leave();
              return;
            }
            const cancelTimer = clock.after(kept.keepMs, settle);
            giveBack = () => {
              giveBack = undefined;
              cancelTimer();
              leave();
              freed();
            };
          }),
        ),
    },
    mayLinger: (argv, keepMs) => {
      kept = { argv, keepMs };
    },
    settle,
    lingering: () => kept?.argv,
  };
}
