/** What the kernel tells of each turn. Type and texts only: actors/recorder.ts keeps records, io/ writes them out. */
import type { Tagged } from '../messages/address.ts';

/** One message handled, or one that never will be. All fields are always there; `''` stands for none. */
export interface TraceRecord {
  /** Milliseconds since 1970 at the begin of the turn, by the monotonic clock: never goes back. */
  readonly atMs: number;
  readonly path: string;
  /** `kind` of the message; `crash`, `restart`, `stop` are the kernel's own. */
  readonly message: string;
  /** Path of the actor whose turn sent it; `io` from outside of any turn. */
  readonly from: string;
  /** In the mailbox, back-off included. */
  readonly waitedMs: number;
  readonly tookMs: number;
  /** Kinds in order, repetitions counted: `abort,ask:join,spawn x3`. */
  readonly effects: string;
  /** `why` of the message, where it has one. */
  readonly cause: string;
  readonly error: string;
}
export type Trace = (record: TraceRecord) => void;

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
