/** What a node's actor has granted and its container has not written yet, beside what containers hold by their status. Source: F12. */
import type { ContainerUid } from '../../../messages/ids.ts';
import type { Node } from '../../../messages/resources.ts';
import type { Allocations, WekaContainer } from '../../../messages/weka-container.ts';
import { blockedPhysicalUuids, blockedSerials } from '../blocked-lists.ts';
import { deallocate } from './deallocate.ts';

/**
 * `more`: only the drives that come beside what the container had. What it had is its status's to tell: a grant that named it
 * too would hold for it what it gives up before it writes. Else its first ones, whole.
 */
export interface Grant {
  readonly allocations: Allocations;
  readonly more: boolean;
}
/** What was granted and is not yet written, by container. */
export type Grants = ReadonlyMap<ContainerUid, Grant>;

/** The container with both what its status says and what it was granted; the order of the status first. */
export function holding(container: WekaContainer, grant: Grant | undefined): WekaContainer {
  if (grant === undefined) return container;
  const held = container.status?.allocations;
  return { ...container, status: { status: '', ...container.status, allocations: union(held, grant.allocations) } };
}
function union(held: Allocations | undefined, granted: Allocations): Allocations {
  if (held === undefined) return granted;
  const drives = [...new Set([...(held.drives ?? []), ...(granted.drives ?? [])])];
  const uuids = new Set(held.virtualDrives?.map(({ virtualUUID }) => virtualUUID));
  const virtualDrives = [
    ...(held.virtualDrives ?? []),
    ...(granted.virtualDrives ?? []).filter(({ virtualUUID }) => !uuids.has(virtualUUID)),
  ];
  return {
    ...held,
    ...(drives.length > 0 ? { drives } : {}),
    ...(virtualDrives.length > 0 ? { virtualDrives } : {}),
  };
}

/** The grant without what has been blocked on the node since: it would be given up at once. */
export function grantsBeside(grant: Grant | undefined, node: Node): Grant | undefined {
  if (grant === undefined) return undefined;
  const [serials, physicalUuids] = [blockedSerials(node), blockedPhysicalUuids(node)].map((list) =>
    list.kind === 'known' ? list.ids : [],
  );
  const left = deallocate(grant.allocations, { serials: serials ?? [], physicalUuids: physicalUuids ?? [] });
  return left === undefined ? grant : { ...grant, allocations: left };
}

/** The grant of what `after` has beside `before`. */
export function grantOfMore(before: Allocations | undefined, after: Allocations): Grant {
  const uuids = new Set(before?.virtualDrives?.map(({ virtualUUID }) => virtualUUID));
  const allocations = {
    drives: (after.drives ?? []).filter((serial) => before?.drives?.includes(serial) !== true),
    virtualDrives: (after.virtualDrives ?? []).filter(({ virtualUUID }) => !uuids.has(virtualUUID)),
  };
  return { allocations, more: true };
}

export const holdsNothing = ({ allocations: { drives = [], virtualDrives = [] } }: Grant): boolean =>
  drives.length + virtualDrives.length === 0;

/** First ones are written once there are any at all: what the status says wins. More are, once it names each of them. */
export function isWritten({ allocations, more }: Grant, container: WekaContainer | undefined): boolean {
  const held = container?.status?.allocations;
  if (held === undefined) return false;
  if (!more) return true;
  const uuids = new Set(held.virtualDrives?.map(({ virtualUUID }) => virtualUUID));
  return (
    (allocations.drives ?? []).every((serial) => held.drives?.includes(serial)) &&
    (allocations.virtualDrives ?? []).every(({ virtualUUID }) => uuids.has(virtualUUID))
  );
}
