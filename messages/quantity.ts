/** Kubernetes quantities: `500m`, `2Gi`, `1e3`, or a number. Exact in billionths, like the API server. No I/O. */
import type { Quantity } from './core-types.ts';

const QUANTITY = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([eE][+-]?\d{1,3})|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?)$/;
const POWERS_OF_TEN: Readonly<Record<string, number>> = {
  n: 0,
  u: 3,
  m: 6,
  '': 9,
  k: 12,
  M: 15,
  G: 18,
  T: 21,
  P: 24,
  E: 27,
};
const POWERS_OF_1024: Readonly<Record<string, bigint>> = { Ki: 1n, Mi: 2n, Gi: 3n, Ti: 4n, Pi: 5n, Ei: 6n };
const NANO = 1_000_000_000n;
/** Exponents beyond this leave the range of a quantity either way. */
const EXPONENT_MAX = 50;
const LENGTH_MAX = 100;

/** Billionths, rounded away from zero; `undefined` for what is no quantity. */
export function quantityNano(quantity: Quantity): bigint | undefined {
  const text = String(quantity);
  const match = text.length > LENGTH_MAX ? null : QUANTITY.exec(text);
  if (match === null) return undefined;
  const [, sign = '', digits = '', exponent = '', suffix = ''] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const scale = exponent === '' ? 0 : Number(exponent.slice(1));
  if (Math.abs(scale) > EXPONENT_MAX) return undefined;
  const binary = POWERS_OF_1024[suffix];
  // number = mantissa x 10^(power - 9), and x 1024^binary
  const mantissa = BigInt(`${whole}${fraction}` || '0') * (binary === undefined ? 1n : 1024n ** binary);
  const power = (binary === undefined ? (POWERS_OF_TEN[suffix] ?? 0) : 9) + scale - fraction.length;
  const size = power >= 0 ? mantissa * 10n ** BigInt(power) : dividedUp(mantissa, 10n ** BigInt(-power));
  return sign === '-' ? -size : size;
}

const dividedUp = (value: bigint, divisor: bigint): bigint => (value + divisor - 1n) / divisor;

/** The whole number, rounded away from zero, as the API's `Value()`: bytes, cores. */
export function quantityValue(quantity: Quantity): number | undefined {
  const nano = quantityNano(quantity);
  if (nano === undefined) return undefined;
  return Number(nano < 0n ? -dividedUp(-nano, NANO) : dividedUp(nano, NANO));
}

/** Thousandths, rounded away from zero, as the API's `MilliValue()`: thousandths of a core. */
export function quantityMilli(quantity: Quantity): number | undefined {
  const nano = quantityNano(quantity);
  if (nano === undefined) return undefined;
  return Number(nano < 0n ? -dividedUp(-nano, 1_000_000n) : dividedUp(nano, 1_000_000n));
}

/** Same amount, however written: `1`, `"1000m"`. Two that are no quantities are equal if their texts are. */
export function sameQuantity(one: Quantity, other: Quantity): boolean {
  const nano = quantityNano(one);
  return nano === undefined ? String(one) === String(other) : nano === quantityNano(other);
}

/** Absent and any spelling of zero are the same to every reader of a WekaContainer. Source: spec 01, 6.1. */
export const isZeroQuantity = (quantity: Quantity | undefined): boolean =>
  quantity === undefined || quantityNano(quantity) === 0n;
