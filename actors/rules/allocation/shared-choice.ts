/** Which virtual drives a container gets on the shared drives of its node, by count or by capacity. Source: spec 05, 7. */
import type { Node } from '../../../messages/resources.ts';
import type { VirtualDrive, WekaContainer, WekaContainerSpec } from '../../../messages/weka-container.ts';
import { hasContainerCapacity } from '../../../messages/weka-modes.ts';
import { type CapacitySettings, chooseByCapacity } from './capacity-mode.ts';
import type { PieceChoice } from './placement.ts';
import { type SharedDrive, sharedDrives } from './shared-drives.ts';
import { chooseByCount } from './virtual-drives.ts';

export interface SharedAsk {
  readonly container: WekaContainer;
  readonly node: Node;
  /** All containers of the node, the asking one among them. */
  readonly holders: readonly WekaContainer[];
  readonly settings: CapacitySettings;
  /** A new UUID for each call. */
  readonly newUuid: () => string;
}
export type SharedChoice =
  | { readonly kind: 'chosen'; readonly virtualDrives: readonly VirtualDrive[] }
  | Exclude<PieceChoice, { readonly kind: 'chosen' }>;

/** What the container lacks of its spec: everything, or the rest where it already has some. */
export function chooseShared({ container, node, holders, settings, newUuid }: SharedAsk): SharedChoice {
  const found = sharedDrives(node, holders);
  if (found.kind === 'unreadable') return { kind: 'failed', reason: found.reason };
  if (found.drives.length === 0)
    return { kind: 'failed', reason: `no shared drives found on node ${node.metadata.name}` };
  const held = container.status?.allocations?.virtualDrives ?? [];
  const choice = pieces(container.spec, held, found.drives, settings);
  if (choice.kind !== 'chosen') return choice;
  const virtualDrives = choice.pieces.map(({ drive, sizeGiB }) => ({
    virtualUUID: newUuid(),
    physicalUUID: drive.physicalUuid,
    capacityGiB: sizeGiB,
    serial: drive.serial,
    type: drive.type,
  }));
  return { kind: 'chosen', virtualDrives };
}

function pieces(
  spec: WekaContainerSpec,
  held: readonly VirtualDrive[],
  drives: readonly SharedDrive[],
  settings: CapacitySettings,
): PieceChoice {
  if (hasContainerCapacity(spec)) {
    const ask = {
      capacityGiB: missingGiB(spec, held),
      ratio: spec.driveTypesRatio,
      cores: spec.numCores,
      existing: held.length === 0 ? undefined : held.filter(({ type }) => type === 'TLC' || type === 'QLC').length,
    };
    return chooseByCapacity(drives, ask, settings);
  }
  const count = (spec.numDrives ?? 0) - held.length;
  if (count <= 0) {
    const reason = 'either NumDrives or CapacityGiB must be specified for shared drive allocation';
    return { kind: 'failed', reason };
  }
  return chooseByCount(drives, count, spec.driveCapacity ?? 0);
}

/** GiB of `containerCapacity` that the container does not have. Zero or less: it has enough. */
export const missingGiB = (spec: WekaContainerSpec, held: readonly VirtualDrive[]): number =>
  (spec.containerCapacity ?? 0) - held.reduce((sum, { capacityGiB }) => sum + capacityGiB, 0);
