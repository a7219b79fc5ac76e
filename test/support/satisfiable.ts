/**
 * Whether a request for drives or ports can be met, by trying and counting: shares no code with the rules that it judges. For
 * pieces of shared drives only what is certain is said. Test support.
 */
import type { Allocations, WekaContainerSpec } from '../../messages/weka-container.ts';

/** `unsure`: the rules may say yes or no. `free`: how many drives (exclusive ones) are free. */
export interface Judged {
  readonly can: 'yes' | 'no' | 'unsure';
  readonly need: number;
  readonly free: number;
}
export interface DriveStock {
  /** Serials to be had whole. */
  readonly serials: readonly string[];
  readonly shared: readonly {
    readonly uuid: string;
    readonly serial: string;
    readonly gib: number;
    readonly type: string;
  }[];
  readonly blockedSerials: readonly string[];
  readonly blockedUuids: readonly string[];
}
export interface Limits {
  readonly perCore: number;
  readonly enforced: boolean;
}
/** Smallest piece of a shared drive, GiB. */
const PIECE_GIB = 384;

/** `held`: what the asking container has; `others`: what is not to be had. */
export function judgeDrives(
  spec: WekaContainerSpec,
  stock: DriveStock,
  held: Allocations | undefined,
  others: readonly Allocations[],
  limits: Limits,
): Judged {
  const { numDrives = 0, driveCapacity = 0, containerCapacity = 0, numCores } = spec;
  if (driveCapacity === 0 && containerCapacity === 0) {
    const gone = new Set([...stock.blockedSerials, ...[...others, held ?? {}].flatMap(({ drives = [] }) => drives)]);
    const free = stock.serials.filter((serial) => !gone.has(serial)).length;
    const need = numDrives - (held?.drives?.length ?? 0);
    return { can: need <= free ? 'yes' : 'no', need, free };
  }
  const mine = held?.virtualDrives ?? [];
  const given = [...others, held ?? {}].flatMap(({ virtualDrives = [] }) => virtualDrives);
  const left = (type: string): number[] =>
    stock.shared
      .filter((each) => each.type === type)
      .filter(({ uuid, serial }) => !stock.blockedUuids.includes(uuid) && !stock.blockedSerials.includes(serial))
      .map(({ uuid, gib }) =>
        given.reduce((room, piece) => (piece.physicalUUID === uuid ? room - piece.capacityGiB : room), gib),
      );
  if (containerCapacity === 0) {
    const need = numDrives - mine.length;
    const rooms = left('TLC').map((room) => Math.max(0, Math.floor(room / driveCapacity)));
    const pieces = rooms.reduce((sum, count) => sum + count, 0);
    const drives = rooms.filter((count) => count > 0).length;
    return { can: drives >= need ? 'yes' : pieces < need ? 'no' : 'unsure', need, free: drives };
  }
  const total = containerCapacity - mine.reduce((sum, { capacityGiB }) => sum + capacityGiB, 0);
  const { tlc, qlc } = spec.driveTypesRatio ?? { tlc: 1, qlc: 0 };
  const tlcGib = Math.floor((total * tlc) / (tlc + qlc));
  const parts = [
    { gib: tlcGib, rooms: left('TLC') },
    { gib: total - tlcGib, rooms: left('QLC') },
  ].filter(({ gib }) => gib > 0);
  const max = numCores * limits.perCore - mine.length;
  const judged = { need: total, free: 0 };
  if (parts.some(({ gib, rooms }) => sumOf(rooms.filter((room) => room >= PIECE_GIB)) < gib))
    return { can: 'no', ...judged };
  if (max < parts.length) return { can: 'no', ...judged };
  // As many equal pieces as cores of each type is the list that is always tried.
  const first = mine.length === 0;
  const even = ({ gib, rooms }: { gib: number; rooms: readonly number[] }, pieces: number): boolean =>
    Math.floor(gib / pieces) >= PIECE_GIB &&
    sumOf(rooms.map((room) => Math.max(0, Math.floor(room / Math.ceil(gib / pieces))))) >= pieces;
  const surely =
    parts.every((part) => even(part, first ? numCores : 1)) && (first ? numCores : 1) * parts.length <= max;
  return { can: surely ? 'yes' : 'unsure', ...judged };
}
const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

export interface PortRange {
  readonly base: number;
  readonly length: number;
}
/** Tries every pair of places for a block (0: none is wanted) and a single port. */
export function judgePorts(
  range: PortRange,
  taken: readonly PortRange[],
  block: number,
  singleOffset: number,
): boolean {
  const free = Array.from({ length: range.length }, () => true);
  const mark = (at: PortRange, value: boolean): void => {
    for (let port = at.base; port < at.base + at.length; port += 1)
      if (port >= range.base && port < range.base + range.length) free[port - range.base] = value;
  };
  for (const each of taken) mark(each, false);
  const singles = (from: number, to: number): boolean => free.slice(from, to).some((port) => port);
  let run = 0;
  for (let end = 0; end <= range.length; end += 1) {
    if (
      run >= block &&
      (singles(singleOffset, Math.max(singleOffset, end - block)) || singles(Math.max(singleOffset, end), range.length))
    )
      return true;
    run = free[end] === true ? run + 1 : 0;
  }
  return false;
}
