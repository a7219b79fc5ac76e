/** Ages as kubectl shows them: `45s`, `3m12s`, `5d2h`, `2y31d`. Source: k8s.io/apimachinery v0.36.3, util/duration. */

/** The time from `sinceMs` to `untilMs`, both wall-clock milliseconds, at two units at most. */
export function humanDuration(sinceMs: number, untilMs: number): string {
  const seconds = Math.trunc((untilMs - sinceMs) / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 192) return two(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  const years = Math.trunc(days / 365);
  return days < 2920 ? two(years, 'y', days % 365, 'd') : `${years}y`;
}

/** The age of an RFC 3339 time stamp, `<unknown>` where there is none. */
export const ageOf = (timestamp: string | undefined, wallMs: number): string =>
  timestamp === undefined ? '<unknown>' : humanDuration(Date.parse(timestamp), wallMs);

const two = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
