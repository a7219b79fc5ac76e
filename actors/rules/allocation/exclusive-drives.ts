/** Which drives of a node a container gets for itself, by serial. Source: spec 05, 6. */
import type { Node } from '../../../messages/resources.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { ANNOTATIONS, annotation, textsIn } from '../node-annotations.ts';

export type DriveChoice =
  | { readonly kind: 'chosen'; readonly serials: readonly string[] }
  /** `have` are free, not blocked, not taken. */
  | { readonly kind: 'short'; readonly need: number; readonly have: number; readonly reason: string }
  /** An annotation cannot be read. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** The first `need` serials of `weka.io/weka-drives`, in its order, less the blocked and the taken ones. */
export function chooseDrives(node: Node, others: readonly WekaContainer[], need: number): DriveChoice {
  const all = textsIn(node, ANNOTATIONS.drives);
  const present = annotation(node, ANNOTATIONS.drives) !== undefined;
  // Both are read only when the first exists: a broken second one of an unsigned node is no obstacle.
  const blocked = present ? textsIn(node, ANNOTATIONS.blockedDrives) : [];
  if (typeof all === 'string') return unreadable('weka-drives', all);
  if (typeof blocked === 'string') return unreadable('blocked-drives', blocked);
  const taken = new Set(blocked);
  for (const other of others) for (const id of drivesHeldBy(other)) taken.add(id);
  const free = all.filter((serial) => !taken.has(serial));
  if (free.length < need) {
    return {
      kind: 'short',
      need,
      have: free.length,
      reason: `not enough drives available: need ${need}, have ${free.length}`,
    };
  }
  return { kind: 'chosen', serials: free.slice(0, need) };
}
const unreadable = (name: string, why: string): DriveChoice => ({
  kind: 'unreadable',
  reason: `failed to get available drives: failed to get node info: failed to unmarshal ${name}: ${why}`,
});

/** Serials of exclusive drives and physical UUIDs of shared ones: the two never meet. */
export function drivesHeldBy({ status }: WekaContainer): readonly string[] {
  const { drives = [], virtualDrives = [] } = status?.allocations ?? {};
  return virtualDrives.length === 0 ? drives : [...drives, ...virtualDrives.map(({ physicalUUID }) => physicalUUID)];
}
