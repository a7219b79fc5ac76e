/** Gives up blocked drives of a container; everything else of it stays as it is, in its order. Source: spec 05, 12.3; A-21. */
import type { AddedDrive, Allocations } from '../../../messages/weka-container.ts';

/** All blocked ones of the node. */
export interface Blocked {
  readonly serials: readonly string[];
  readonly physicalUuids: readonly string[];
}

/** Undefined: it holds none of them. */
export function deallocate(
  allocations: Allocations,
  { serials, physicalUuids }: Partial<Blocked>,
): Allocations | undefined {
  const { drives = [], virtualDrives = [], ...rest } = allocations;
  const keptDrives = drives.filter((serial) => !serials?.includes(serial));
  const keptVirtual = virtualDrives.filter(
    ({ serial, physicalUUID }) => !serials?.includes(serial) && !physicalUuids?.includes(physicalUUID),
  );
  if (keptDrives.length === drives.length && keptVirtual.length === virtualDrives.length) return undefined;
  return {
    ...(keptDrives.length > 0 ? { drives: keptDrives } : {}),
    ...rest,
    ...(keptVirtual.length > 0 ? { virtualDrives: keptVirtual } : {}),
  };
}

/**
 * Blocked serials that the container was given and that weka does not have: nothing will ever remove them there, so they
 * are given up at once. `fresh` is a list of drives fetched after the container joined and after the block; undefined
 * where there is no such list, and then nothing is known.
 */
export function neverAdded(
  { drives = [] }: Allocations,
  blockedSerials: readonly string[],
  fresh: readonly AddedDrive[] | undefined,
): readonly string[] {
  if (fresh === undefined) return [];
  const added = new Set(fresh.map(({ serial_number }) => serial_number));
  return drives.filter((serial) => blockedSerials.includes(serial) && !added.has(serial));
}
