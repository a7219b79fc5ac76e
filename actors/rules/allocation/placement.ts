/** Puts pieces of given sizes on drives, emptiest drive first. Source: spec 05, 7.3 and 7.5. */
import type { SharedDrive } from './shared-drives.ts';

/** A virtual drive before it has an identity. */
export interface Piece {
  readonly drive: SharedDrive;
  readonly sizeGiB: number;
}

/** Why there are none. `short` may pass when somebody gives something back, `failed` needs another spec or node. */
export type PieceChoice =
  | { readonly kind: 'chosen'; readonly pieces: readonly Piece[] }
  | {
      readonly kind: 'short';
      readonly event: 'InsufficientDrives' | 'InsufficientDriveCapacity';
      readonly reason: string;
    }
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Each size in its turn on the drive with the most room, among equals the one that stands first; a drive that was used
 * goes behind those that now have more. Undefined: a size has no room. Changes no drive.
 */
export function place(sizesGiB: readonly number[], drives: readonly SharedDrive[]): readonly Piece[] | undefined {
  const room = drives.map((drive) => ({ drive, leftGiB: drive.freeGiB })).sort((a, b) => b.leftGiB - a.leftGiB);
  const pieces: Piece[] = [];
  for (const sizeGiB of sizesGiB) {
    const emptiest = room[0];
    if (emptiest === undefined || emptiest.leftGiB < sizeGiB) return undefined;
    pieces.push({ drive: emptiest.drive, sizeGiB });
    emptiest.leftGiB -= sizeGiB;
    const behind = room.findIndex(({ leftGiB }, index) => index > 0 && leftGiB <= emptiest.leftGiB);
    room.splice(behind === -1 ? room.length : behind, 0, emptiest);
    room.shift();
  }
  return pieces;
}
