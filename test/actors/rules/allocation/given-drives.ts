/** Shared drives, nodes and containers for tests of virtual drives: short forms, nothing else. */
import type { Piece, PieceChoice } from '../../../../actors/rules/allocation/placement.ts';
import type { SharedDrive } from '../../../../actors/rules/allocation/shared-drives.ts';
import type { Node } from '../../../../messages/resources.ts';
import type { VirtualDrive } from '../../../../messages/weka-container.ts';
import { NODE, nodeOf } from '../../../support/containers.ts';

/** Named `t1`, `t2`, … or `q1`, `q2`, … with so many free GiB each. */
export const drives = (type: 'TLC' | 'QLC', ...freeGiB: readonly number[]): readonly SharedDrive[] =>
  freeGiB.map((free, index) => {
    const physicalUuid = `${type === 'TLC' ? 't' : 'q'}${index + 1}`;
    return { physicalUuid, serial: `ser-${physicalUuid}`, type, freeGiB: free };
  });

export const shown = (pieces: readonly Piece[]): string =>
  pieces.map(({ drive, sizeGiB }) => `${drive.physicalUuid}:${sizeGiB}`).join(' ');
/** Pieces in their order, or the reason why there are none. */
export const outcome = (choice: PieceChoice): string =>
  choice.kind === 'chosen' ? shown(choice.pieces) : choice.reason;

export interface Signed {
  readonly uuid: string;
  readonly gib: number;
  readonly type?: string;
}
/** A node with these drives signed for the proxy; serials are `ser-<uuid>`. */
export const sharedNode = (list: readonly Signed[], annotations: Readonly<Record<string, string>> = {}): Node =>
  nodeOf(NODE, {
    annotations: {
      'weka.io/weka-shared-drives': JSON.stringify(
        list.map(({ uuid, gib, type = 'TLC' }) => ({
          physical_uuid: uuid,
          serial: `ser-${uuid}`,
          capacity_gib: gib,
          type,
        })),
      ),
      ...annotations,
    },
  });

export type Held = readonly (readonly [string, number])[];
/** `['t1', 500]` is 500 GiB of t1; types go by the first letter. */
export const virtual = (...list: Held): readonly VirtualDrive[] =>
  list.map(([physicalUUID, capacityGiB], index) => ({
    virtualUUID: `v${index}`,
    physicalUUID,
    capacityGiB,
    serial: `ser-${physicalUUID}`,
    type: physicalUUID.startsWith('q') ? 'QLC' : 'TLC',
  }));
