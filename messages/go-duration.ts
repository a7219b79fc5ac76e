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
  return nanoseconds === undefined ? undefined : Number(nanoseconds) / 1e6;
}

/** As Go prints it: `0s`, `300ms`, `1.5s`, `4m0s`, `24h0m0s`. Takes whole or fractional milliseconds. */
export function goDuration(durationMs: number): string {
  if (durationMs < 0) return `-${goDuration(-durationMs)}`;
  const nanoseconds = Math.round(durationMs * 1e6);
  if (nanoseconds === 0) return '0s';
  if (nanoseconds < 1e3) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${nanoseconds / 1e3}µs`;
  if (nanoseconds < 1e9) return `${nanoseconds / 1e6}ms`;
  const totalSeconds = Math.floor(nanoseconds / 1e9);
  const fraction = String(nanoseconds % 1e9)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const seconds = `${totalSeconds % 60}${fraction === '' ? '' : `.${fraction}`}s`;
  const minutes = Math.floor(totalSeconds / 60);
  if (minutes === 0) return seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes}m${seconds}` : `${hours}h${minutes % 60}m${seconds}`;
}
