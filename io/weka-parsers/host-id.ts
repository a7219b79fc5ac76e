/** Typed ids of weka: `HostId<4>`. Source: spec 07, 4, last paragraph. */
import type { Parsed } from './json.ts';

/** Go's range of an int. */
const ID_MAX = 2n ** 63n - 1n;

/** The number inside; prefix and `>` may be missing, as for the reference. Texts as Go's `strconv.Atoi`. */
export function parseHostId(text: string): Parsed<number> {
  const digits = text.replace('HostId<', '').replace('>', '');
  const shown = JSON.stringify(digits.slice(0, 100));
  if (!/^[+-]?[0-9]+$/.test(digits)) return { kind: 'bad', why: `strconv.Atoi: parsing ${shown}: invalid syntax` };
  // Bounded before BigInt, whose cost grows with the square of the length.
  const tooLong = digits.length > 100 || abs(BigInt(digits.replace('+', ''))) > ID_MAX;
  if (tooLong || !Number.isSafeInteger(Number(digits)))
    return { kind: 'bad', why: `strconv.Atoi: parsing ${shown}: value out of range` };
  return { kind: 'ok', value: Number(digits) };
}
const abs = (value: bigint): bigint => (value < 0n ? -value : value);
