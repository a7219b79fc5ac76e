/** Durations in Go's notation, as far as a pod needs them. Source: spec 01, 6 no. 5. */

const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;
const WHOLE = /^([+-]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Cut towards 0; 0 for a text that is no duration. */
export function wholeSeconds(duration: string): number {
  const [, sign, parts = ''] = WHOLE.exec(duration) ?? [];
  let sum = 0;
  for (const [, count = '0', unit = 'ns'] of parts.matchAll(PART)) sum += Number(count) * (NANOSECONDS[unit] ?? 0);
  const seconds = Math.trunc(sum / 1e9);
  return sign === '-' && seconds > 0 ? -seconds : seconds;
}
