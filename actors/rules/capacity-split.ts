/** Splits the capacity of a drive container between drive types. Source: spec 01, 7.4. */
import type { DriveTypesRatio } from '../../messages/weka-container.ts';

/** GiB each; all TLC without a ratio. The parts add up to the total. */
export function capacitySplit(
  totalGiB: number,
  ratio: DriveTypesRatio | undefined,
): { tlcGiB: number; qlcGiB: number } {
  const parts = (ratio?.tlc ?? 0) + (ratio?.qlc ?? 0);
  if (ratio === undefined || parts === 0) return { tlcGiB: totalGiB, qlcGiB: 0 };
  const tlcGiB = Math.floor((totalGiB * ratio.tlc) / parts);
  return { tlcGiB, qlcGiB: totalGiB - tlcGiB };
}
