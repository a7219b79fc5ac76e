/** More drives for a container that has fewer than its spec says: it grew, or some were given up. Source: spec 05, 12.2; A-20. */
import type { Config } from '../../../config.ts';
import { type EventNote, warningEachMinute } from '../../../messages/verdict.ts';
import type { Allocations, WekaContainer } from '../../../messages/weka-container.ts';
import { hasContainerCapacity, usesDriveSharing } from '../../../messages/weka-modes.ts';
import { capacitySplit } from '../capacity-split.ts';
import { missingDrives } from './drive-choice.ts';
import { PIECE_MIN_GIB } from './piece-sizes.ts';
import { missingGiB, type SharedAsk } from './shared-choice.ts';

export type AdditionalDrives =
  /** All that the container has from now on; only the lists of drives differ, and only at their end. */
  | { readonly kind: 'allocated'; readonly allocations: Allocations }
  /** Nothing changes. `cause` as of the first allocation, where it is a shortage. */
  | {
      readonly kind: 'refused';
      readonly reason: string;
      readonly cause: 'InsufficientDrives' | 'InsufficientDriveCapacity' | undefined;
      readonly events: readonly EventNote[];
      /** Undefined: no time will help, only another spec or node. */
      readonly retryMs: number | undefined;
    };

const RETRY_MS = 10_000;

/** Never of a container without allocations: its first ones are another matter. */
export function needsDrives(
  { spec, status }: WekaContainer,
  settings: Pick<Config, 'enableDynamicDriveScalingForSharedDrives'>,
): boolean {
  if (status?.allocations === undefined) return false;
  const { drives = [], virtualDrives = [] } = status.allocations;
  if (!usesDriveSharing(spec)) return drives.length < (spec.numDrives ?? 0);
  if (!settings.enableDynamicDriveScalingForSharedDrives) return false;
  return hasContainerCapacity(spec)
    ? missingGiB(spec, virtualDrives) > 0
    : virtualDrives.length < (spec.numDrives ?? 0);
}

/** `holders` of the ask must hold what the container itself has, too. */
export function additionalDrives(ask: SharedAsk): AdditionalDrives {
  const { spec, status } = ask.container;
  const choice = missingDrives(ask);
  if (choice.kind !== 'chosen') {
    const sharing = usesDriveSharing(spec);
    const reason = sharing ? `failed to allocate new virtual drives: ${choice.reason}` : choice.reason;
    const details = choice.kind === 'short' ? choice.details : '';
    return {
      kind: 'refused',
      reason,
      cause: choice.kind === 'short' ? choice.event : undefined,
      events: [warningEachMinute('AllocateContainerDrivesError', `${reason}${details}`)],
      retryMs: sharing && hasContainerCapacity(spec) && tooSmall(ask.container) ? undefined : RETRY_MS,
    };
  }
  const before = status?.allocations ?? {};
  const drives = [...(before.drives ?? []), ...(choice.drives.drives ?? [])];
  const virtualDrives = [...(before.virtualDrives ?? []), ...(choice.drives.virtualDrives ?? [])];
  return {
    kind: 'allocated',
    allocations: {
      ...before,
      ...(drives.length > 0 ? { drives } : {}),
      ...(virtualDrives.length > 0 ? { virtualDrives } : {}),
    },
  };
}

/** A share that no piece may be as small as. */
function tooSmall({ spec, status }: WekaContainer): boolean {
  const { tlcGiB, qlcGiB } = capacitySplit(
    missingGiB(spec, status?.allocations?.virtualDrives ?? []),
    spec.driveTypesRatio,
  );
  return [tlcGiB, qlcGiB].some((shareGiB) => shareGiB > 0 && shareGiB < PIECE_MIN_GIB);
}
