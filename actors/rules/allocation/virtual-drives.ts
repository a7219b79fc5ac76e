/** Virtual drives by count: so many of one size, on TLC drives only. Source: spec 05, 7.3; A-5. */
import { type PieceChoice, place } from './placement.ts';
import type { SharedDrive } from './shared-drives.ts';

/** `count` pieces of `sizeGiB` each. Several may lie on one drive, but there must be as many drives with room as pieces. */
export function chooseByCount(drives: readonly SharedDrive[], count: number, sizeGiB: number): PieceChoice {
  const tlc = drives.filter(({ type }) => type === 'TLC');
  if (tlc.length < count) return short(`need ${count}, have ${tlc.length}`);
  const roomy = tlc.filter(({ freeGiB }) => freeGiB >= sizeGiB);
  const pieces =
    roomy.length < count
      ? undefined
      : place(
          Array.from({ length: count }, () => sizeGiB),
          roomy,
        );
  if (pieces !== undefined) return { kind: 'chosen', pieces };
  const haveGiB = tlc.reduce((sum, { freeGiB }) => sum + freeGiB, 0);
  // The unit tells this shortage from the one above, where the reference shows two bare numbers in both.
  return short(`need ${count * sizeGiB}, have ${haveGiB} (GiB)`);
}
const short = (what: string): PieceChoice => ({
  kind: 'short',
  event: 'InsufficientDrives',
  reason: `not enough drives available: ${what}`,
});
