/** Into which sizes a capacity may be cut for drives of one type. Calculates only. Source: spec 05, 7.5. */

/** GiB. A smaller piece is of no use to weka. */
export const PIECE_MIN_GIB = 384;

/** How many pieces, both bounds inclusive. */
export interface Count {
  readonly min: number;
  readonly max: number;
}

/** Lists of sizes that add up to `needGiB`, in the order in which they are tried. Empty: no list. All sizes GiB. */
export function* sizeLists(needGiB: number, count: Count, freeGiB: readonly number[]): Generator<readonly number[]> {
  if (freeGiB.reduce((sum, free) => sum + free, 0) < needGiB) return;
  yield* evenLists(needGiB, count);
  const fit = fitList(needGiB, count, freeGiB);
  if (fit !== undefined) yield fit;
}

/** As many equal pieces as allowed, from few to many, while none gets too small. */
function* evenLists(needGiB: number, { min, max }: Count): Generator<readonly number[]> {
  for (let pieces = Math.max(1, min); pieces <= max; pieces += 1) {
    const size = Math.floor(needGiB / pieces);
    if (size < PIECE_MIN_GIB) return;
    const larger = needGiB % pieces;
    yield Array.from({ length: pieces }, (_, index) => (index < larger ? size + 1 : size));
  }
}

/** The free room of the emptiest drives as it is, halved until there are enough pieces. */
function fitList(needGiB: number, { min, max }: Count, freeGiB: readonly number[]): readonly number[] | undefined {
  const sizes: number[] = [];
  let leftGiB = needGiB;
  for (const free of freeGiB.filter((room) => room >= PIECE_MIN_GIB).toSorted((a, b) => b - a)) {
    const size = Math.min(free, leftGiB);
    if (size < PIECE_MIN_GIB) continue;
    sizes.push(size);
    leftGiB -= size;
  }
  if (leftGiB > 0) return undefined;
  while (sizes.length < min && sizes.length < max) {
    const largest = Math.max(...sizes);
    if (largest < 2 * PIECE_MIN_GIB) break;
    const half = Math.floor(largest / 2);
    sizes[sizes.indexOf(largest)] = half;
    sizes.push(largest - half);
  }
  return sizes.length >= min && sizes.length <= max ? sizes : undefined;
}
