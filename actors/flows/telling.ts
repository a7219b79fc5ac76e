/**
 * When what a pass learned is written. A start goes through many states in a few seconds: written one by one they would
 * be most of the API's load, and nobody could read them. Decision 2 of ARCHITECTURE.md.
 */
import { CONDITIONS } from '../../messages/condition.ts';
import { mergeDiff } from '../../messages/merge-patch.ts';
import type { Allocations, WekaContainer, WekaContainerStatus } from '../../messages/weka-container.ts';

/** News that others act upon is written when it has stood for so long, with what the next passes add. */
export const DATA_AFTER_MS = 2_000;
/** What only describes a wait, and figures: the reference looks every 10 s while it waits. */
export const WAITING_AFTER_MS = 15_000;

export interface Untold {
  /** Merge patch on the stored status. */
  readonly patch: unknown;
  /** The stored ones that the patch was made on. */
  readonly allocated: Allocations | undefined;
  readonly sinceMs: number;
  /** Since when there is news among it that others act upon; undefined: none. */
  readonly dataSinceMs: number | undefined;
}

/** Whoever asked for a leave knows of it: not worth a write of its own, whatever it said before. */
const LEAVING: ReadonlySet<string> = new Set(['Deleting', 'Destroying']);
/** Texts that say that something is waited for. What weka says of itself is not among them. */
const WAITING: ReadonlySet<string> = new Set(['', 'Init', 'PodNotRunning', 'WaitForDrivers', 'Error', 'Unhealthy']);

/** What is known and not yet written; undefined: nothing. `before`: what was untold so far, which keeps its times. */
export function learned(
  { spec, status: stored }: Pick<WekaContainer, 'spec' | 'status'>,
  known: WekaContainerStatus | undefined,
  before: Untold | undefined,
  nowMs: number,
): Untold | undefined {
  const patch = mergeDiff(stored ?? {}, known ?? {});
  if (patch === undefined) return undefined;
  const leaves = LEAVING.has(known?.status ?? '');
  // Where the spec names the node, the status only repeats it.
  const pinned = Boolean(spec.nodeAffinity);
  const data = mergeDiff(essence(stored, leaves, pinned), essence(known, leaves, pinned)) !== undefined;
  return {
    patch,
    allocated: stored?.allocations,
    sinceMs: before?.sinceMs ?? nowMs,
    dataSinceMs: data ? (before?.dataSinceMs ?? nowMs) : undefined,
  };
}

/** 0: it is due. */
export function tellDelayMs({ sinceMs, dataSinceMs }: Untold, nowMs: number): number {
  const dataAtMs = dataSinceMs === undefined ? Number.POSITIVE_INFINITY : dataSinceMs + DATA_AFTER_MS;
  const leftMs = Math.min(sinceMs + WAITING_AFTER_MS, dataAtMs) - nowMs;
  // A rest that is lost in the rounding of times would be waited for without an end.
  return leftMs < 1 ? 0 : Math.ceil(leftMs);
}

/** The status without what only describes a wait, printer columns and figures. */
function essence(
  status: WekaContainerStatus | undefined,
  leaves: boolean,
  pinned: boolean,
): Partial<WekaContainerStatus> {
  const { printer: _, stats: __, status: text = '', conditions = [], nodeAffinity, ...data } = status ?? {};
  return {
    ...data,
    ...(pinned || nodeAffinity === undefined ? {} : { nodeAffinity }),
    ...(leaves || WAITING.has(text) ? {} : { status: text }),
    conditions: conditions.filter(({ type, status: holds }) => holds === 'True' && type !== CONDITIONS.deletionBlocked),
  };
}
