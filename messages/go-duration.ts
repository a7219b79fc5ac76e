/** Durations as Go writes and reads them: `300ms`, `1.5h`, `24h0m0s`. Exact in nanoseconds, in Go's range. No I/O. */

const NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n, // The micro sign
  μs: 1_000n, // and the Greek letter.
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const DURATION = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const PART = /(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g;
const NANOSECONDS_MAX = 2n ** 63n - 1n;
/** Nobody writes a longer one; a bound keeps big numbers from costing time. */
const LENGTH_MAX = 200;

/** Nanoseconds, or `undefined` where Go's ParseDuration refuses the text. */
export function goDurationNs(text: string): bigint | undefined {
  if (text.length > LENGTH_MAX) return undefined;
  if (/^[+-]?0$/.test(text)) return 0n;
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  let sum = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of (match[2] ?? '').matchAll(PART)) {
    const factor = NANOSECONDS[unit] ?? 0n;
    sum += BigInt(whole || '0') * factor;
    if (fraction !== '') sum += (BigInt(fraction) * factor) / 10n ** BigInt(fraction.length);
  }
  if (sum > NANOSECONDS_MAX) return undefined;
  return match[1] === '-' ? -sum : sum;
}

/** Milliseconds, with a fraction where the text has one; `undefined` for what is no duration. */
export function goDurationMs(text: string): number | undefined {
  const nanoseconds = goDurationNs(text);
  if (nanoseconds === undefined) return undefined;
  // Divided as whole numbers first: beyond 104 days a number cannot hold all nanoseconds.
  return Number(nanoseconds / 1_000_000n) + Number(nanoseconds % 1_000_000n) / 1e6;
}

/** As Go prints it: `0s`, `300ms`, `1.5s`, `4m0s`, `24h0m0s`. Takes whole or fractional milliseconds. */
export function goDuration(durationMs: number): string {
  if (durationMs < 0) return `-${goDuration(-durationMs)}`;
  // Whole milliseconds apart: as one number of nanoseconds they lose digits after 104 days.
  let totalMs = Math.floor(durationMs);
  let belowMs = Math.round((durationMs - totalMs) * 1e6);
  if (belowMs === 1e6) [totalMs, belowMs] = [totalMs + 1, 0];
  if (totalMs === 0) return belowMs === 0 ? '0s' : belowMs < 1000 ? `${belowMs}ns` : `${belowMs / 1000}µs`;
  if (totalMs < 1000) return `${totalMs}${decimals(belowMs, 6)}ms`;
  const totalSeconds = Math.floor(totalMs / 1000);
  const seconds = `${totalSeconds % 60}${decimals((totalMs % 1000) * 1e6 + belowMs, 9)}s`;
  const minutes = Math.floor(totalSeconds / 60);
  if (minutes === 0) return seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes}m${seconds}` : `${hours}h${minutes % 60}m${seconds}`;
}

/** `.5` for 500 of 3 digits; nothing for 0. */
const decimals = (fraction: number, digits: number): string =>
  fraction === 0 ? '' : `.${String(fraction).padStart(digits, '0').replace(/0+$/, '')}`;
