/** The drives that a container lacks: for itself or a share of some, as its spec says. Source: spec 05, 4.3 no. 7, 12.2. */
import type { Allocations, DriveType, WekaContainerSpec } from '../../../messages/weka-container.ts';
import { hasContainerCapacity, usesDriveSharing } from '../../../messages/weka-modes.ts';
import { chooseDrives } from './exclusive-drives.ts';
import { chooseShared, type SharedAsk } from './shared-choice.ts';
import { exclusiveDrivesText, sharedDrivesText } from './shortage.ts';

export type MissingDrives =
  | { readonly kind: 'chosen'; readonly drives: Pick<Allocations, 'drives' | 'virtualDrives'> }
  /** An event of that reason tells of it; `details`, behind the reason, what the node has and who owns it. */
  | {
      readonly kind: 'short';
      readonly event: 'InsufficientDrives' | 'InsufficientDriveCapacity';
      readonly reason: string;
      readonly details: string;
    }
  | { readonly kind: 'failed'; readonly reason: string };

/** Of any mode, as the reference: the scheduler sees to it that only drive containers ask. `chosen` holds the new ones only. */
export function missingDrives(ask: SharedAsk): MissingDrives {
  const { container, node, holders } = ask;
  const { spec, status } = container;
  if (usesDriveSharing(spec)) {
    const shared = chooseShared(ask);
    if (shared.kind === 'chosen') return { kind: 'chosen', drives: { virtualDrives: shared.virtualDrives } };
    return shared.kind === 'failed' ? shared : { ...shared, details: sharedDrivesText(node, holders, typesOf(spec)) };
  }
  const count = (spec.numDrives ?? 0) - (status?.allocations?.drives?.length ?? 0);
  if (count <= 0) return { kind: 'chosen', drives: {} };
  const choice = chooseDrives(node, holders, count);
  switch (choice.kind) {
    case 'chosen':
      return { kind: 'chosen', drives: { drives: choice.serials } };
    case 'short':
      return {
        kind: 'short',
        event: 'InsufficientDrives',
        reason: choice.reason,
        details: exclusiveDrivesText(node, holders),
      };
    case 'unreadable':
      return { kind: 'failed', reason: choice.reason };
  }
}
/** By count there is TLC alone. */
const typesOf = (spec: WekaContainerSpec): readonly DriveType[] =>
  hasContainerCapacity(spec) && (spec.driveTypesRatio?.qlc ?? 0) > 0 ? ['TLC', 'QLC'] : ['TLC'];
