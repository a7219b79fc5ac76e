/** The texts of a trace record: cause and effects of a turn. */
import type { Tagged } from '../messages/address.ts';

/** A message may say why it was sent. */
export const causeOf = (msg: Tagged & { readonly why?: unknown }): string =>
  typeof msg.why === 'string' ? msg.why : '';

/** An effect may say, in `what`, which of its kind it is. */
export function effectsText(effects: readonly (Tagged & { readonly what?: unknown })[]): string {
  let text = '';
  let last = '';
  let count = 0;
  for (const { kind, what } of effects) {
    const label = typeof what === 'string' ? `${kind}:${what}` : kind;
    if (label === last) {
      count += 1;
      continue;
    }
    text = appended(text, last, count);
    last = label;
    count = 1;
  }
  return appended(text, last, count);
}

function appended(text: string, label: string, count: number): string {
  if (count === 0) return text;
  const item = count === 1 ? label : `${label} x${count}`;
  return text === '' ? item : `${text},${item}`;
}
