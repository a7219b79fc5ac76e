/** A quantity as an exact number of its own, so that `3000M` and `3G` are one. */

const SUFFIXES: Readonly<Record<string, bigint>> = {
  '': 1_000_000_000n,
  m: 1_000_000n,
  k: 1_000_000_000_000n,
  M: 10n ** 15n,
  G: 10n ** 18n,
  T: 10n ** 21n,
  Ki: 1024n * 10n ** 9n,
  Mi: 1024n ** 2n * 10n ** 9n,
  Gi: 1024n ** 3n * 10n ** 9n,
  Ti: 1024n ** 4n * 10n ** 9n,
};

/** The amount in billionths, as decimal text; the text itself when it is no quantity. */
export function comparableQuantity(text: string): string {
  const [, sign, whole = '0', fraction = '', suffix = ''] = /^([+-]?)(\d+)\.?(\d*)([mkMGT]|[KMGT]i)?$/.exec(text) ?? [];
  const unit = sign === undefined ? undefined : SUFFIXES[suffix];
  if (unit === undefined) return `not a quantity: ${text}`;
  const amount = BigInt(whole) * unit + (BigInt(fraction || '0') * unit) / 10n ** BigInt(fraction.length);
  return `${sign === '-' ? '-' : ''}${amount} billionths`;
}
