/** Virtual drives by capacity, split between drive types. All or nothing: a type that has no room fails both. Source: spec 05, 7.4 to 7.6; F14. */
import type { Config } from '../../../config.ts';
import type { DriveType, DriveTypesRatio } from '../../../messages/weka-container.ts';
import { capacitySplit } from '../capacity-split.ts';
import { PIECE_MIN_GIB, sizeLists } from './piece-sizes.ts';
import { type Piece, type PieceChoice, place } from './placement.ts';
import type { SharedDrive } from './shared-drives.ts';

export type CapacitySettings = Pick<Config, 'maxVirtualDrivesPerCore' | 'enforceMinDrivesPerTypePerCore'>;

export interface CapacityAsk {
  /** GiB in all: that of the spec, or what is missing of it. */
  readonly capacityGiB: number;
  readonly ratio: DriveTypesRatio | undefined;
  readonly cores: number;
  /** TLC and QLC pieces that the container has; undefined where it has none of any type yet. They count against the limit. */
  readonly existing: number | undefined;
}

export function chooseByCapacity(
  drives: readonly SharedDrive[],
  { capacityGiB, ratio, cores, existing }: CapacityAsk,
  { maxVirtualDrivesPerCore, enforceMinDrivesPerTypePerCore: enforced }: CapacitySettings,
): PieceChoice {
  const { tlcGiB, qlcGiB } = capacitySplit(capacityGiB, ratio);
  const tlc = drives.filter(({ type }) => type === 'TLC');
  const qlc = drives.filter(({ type }) => type === 'QLC');
  const problem =
    (existing === undefined ? belowMinimum(tlcGiB, qlcGiB, cores, enforced) : undefined) ??
    (tlcGiB > 0 && tlc.length === 0 ? noDrives('TLC', tlcGiB) : undefined) ??
    (qlcGiB > 0 && qlc.length === 0 ? noDrives('QLC', qlcGiB) : undefined);
  if (problem !== undefined) return { kind: 'failed', reason: problem };

  const max = Math.max(0, cores * maxVirtualDrivesPerCore - (existing ?? 0));
  let shortage = '';
  let qlcWasShort = false;
  for (const tlcMin of tlcMinima()) {
    const tlcPieces = tlcGiB === 0 ? [] : ofOneType(tlc, tlcGiB, tlcMin, max);
    if (tlcPieces === undefined) {
      if (!qlcWasShort) shortage = insufficientCapacity(tlc, 'TLC', tlcGiB, max);
      continue;
    }
    const left = max - tlcPieces.length;
    const qlcPieces = qlcGiB === 0 ? [] : ofOneType(qlc, qlcGiB, qlcMinimum(tlcPieces.length), left);
    if (qlcPieces !== undefined) return { kind: 'chosen', pieces: [...tlcPieces, ...qlcPieces] };
    qlcWasShort = true;
    shortage = insufficientCapacity(qlc, 'QLC', qlcGiB, left);
  }
  return { kind: 'short', event: 'InsufficientDriveCapacity', reason: shortage };

  /** How few TLC pieces are tried, one after the other. */
  function tlcMinima(): readonly number[] {
    if (tlcGiB === 0) return [0];
    if (existing !== undefined) return upTo(1, Math.max(1, max));
    return qlcGiB === 0 || enforced ? [cores] : upTo(1, cores);
  }
  function qlcMinimum(tlcCount: number): number {
    if (existing !== undefined) return 1;
    return enforced ? cores : Math.max(1, cores - tlcCount);
  }
}
const upTo = (first: number, last: number): readonly number[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);

/** The first list of sizes that has room on drives of one type. */
function ofOneType(
  drives: readonly SharedDrive[],
  needGiB: number,
  min: number,
  max: number,
): readonly Piece[] | undefined {
  const free = drives.map(({ freeGiB }) => freeGiB);
  const roomy = drives.filter(({ freeGiB }) => freeGiB >= PIECE_MIN_GIB);
  let last: readonly number[] | undefined;
  for (const sizes of sizeLists(needGiB, { min, max }, free)) {
    const pieces = place(sizes, roomy);
    if (pieces !== undefined) return pieces;
    last = sizes;
  }
  // The list that fits the drives is the last one. Where it was halved its largest sizes may come late: largest first (A-8).
  return (
    last &&
    place(
      last.toSorted((a, b) => b - a),
      roomy,
    )
  );
}

function belowMinimum(tlcGiB: number, qlcGiB: number, cores: number, enforced: boolean): string | undefined {
  const minGiB = cores * PIECE_MIN_GIB;
  const each = `(minimum ${cores} drives × ${PIECE_MIN_GIB} GiB each)`;
  if (!enforced) {
    const sum = tlcGiB + qlcGiB;
    if (sum >= minGiB) return undefined;
    return `insufficient total capacity: with ${cores} drive cores, need at least ${minGiB} GiB total ${each}, but only ${sum} GiB available. Increase containerCapacity`;
  }
  for (const [type, givenGiB] of [['TLC', tlcGiB] as const, ['QLC', qlcGiB] as const]) {
    if (givenGiB > 0 && givenGiB < minGiB)
      return `insufficient ${type} capacity: with ${cores} drive cores and enforceMinDrivesPerTypePerCore=true, need at least ${minGiB} GiB ${type} ${each}, but only ${givenGiB} GiB configured. Increase containerCapacity or adjust driveTypesRatio, or set enforceMinDrivesPerTypePerCore=false`;
  }
  return undefined;
}
const noDrives = (type: DriveType, needGiB: number): string =>
  `no ${type} drives available but ${type} capacity ${needGiB} GiB is required`;

/** Lists the drives in the order of the annotation, so that the text stays the same while nothing changes. Source: spec 05, 7.6. */
export function insufficientCapacity(
  drives: readonly SharedDrive[],
  type: DriveType,
  needGiB: number,
  max: number,
): string {
  const free = drives.map(({ freeGiB }) => freeGiB);
  const sum = (list: readonly number[]): number => list.reduce((total, room) => total + room, 0);
  const usable = sum(free.filter((room) => room >= PIECE_MIN_GIB));
  const why =
    usable >= needGiB
      ? `Cannot allocate ${needGiB} GiB: each virtual drive must fit entirely on a single physical drive`
      : `not enough drive capacity available: need ${needGiB} GiB, have ${usable} GiB usable (${sum(free)} GiB total)`;
  const listed = free.length > 0 ? `. Physical drives available: [${free.join(' ')}] GiB` : '';
  return `${why} for drive type ${type}${listed}${max > 0 ? `. Max virtual drives allowed: ${max}` : ''}`;
}
