/** Which events of one object are sent, repeated, combined or kept back. Pure but for its own memory; sends nothing. Source: spec 01 §10, 02 §2.5 (the standard recorder), README I3, I6. */
import type { EventNote } from '../messages/verdict.ts';

/** The same event again within this time is only counted. */
export const REPEAT_MS = 60_000;
/** As the standard recorder: more different messages of one type and reason than this within `GROUP_MS` become one event. */
export const GROUP_MESSAGES_MAX = 10;
export const GROUP_MS = 600_000;
export const COMBINED_PREFIX = '(combined from similar events): ';
/** As the standard recorder: a burst of 25 per object, then one per 5 minutes. */
export const BURST = 25;
export const REFILL_MS = 300_000;
/** Different events remembered for one object; the one longest unused is forgotten first. */
const SERIES_MAX = 64;

/** One Event object in the API, or one about to be. */
export interface Series {
  message: string;
  /** How often it happened, repeats that were kept back included. */
  count: number;
  /** Name of the Event object; undefined until its creation was answered. */
  name: string | undefined;
  firstWallMs: number;
  sentAtMs: number;
  /** A request for it is under way. */
  busy: boolean;
}
/** What is remembered of one object. */
export interface ObjectEvents {
  readonly series: Map<string, Series>;
  readonly groups: Map<string, { readonly messages: Set<string>; lastMs: number }>;
  tokens: number;
  refilledAtMs: number;
}
export const objectEvents = (nowMs: number): ObjectEvents => ({
  series: new Map(),
  groups: new Map(),
  tokens: BURST,
  refilledAtMs: nowMs,
});

/** `create` a new Event, `repeat` one by its count, or keep it back (and why). */
export type EventStep =
  | { readonly kind: 'create' | 'repeat'; readonly series: Series }
  | { readonly kind: 'kept'; readonly why: 'repeated' | 'budget' };

/** Remembers that `note` happened now and says what to do about it. The message of `series` is the one to send. */
export function step(memory: ObjectEvents, note: EventNote, nowMs: number, wallMs: number): EventStep {
  const { key, message } = keyOf(memory, note, nowMs);
  const known = memory.series.get(key);
  if (known !== undefined) {
    memory.series.delete(key); // Newest last.
    memory.series.set(key, known);
    known.count++;
    if (known.busy || nowMs - known.sentAtMs < REPEAT_MS) return { kind: 'kept', why: 'repeated' };
  }
  if (!takeToken(memory, nowMs)) return { kind: 'kept', why: 'budget' };
  const repeats = known?.name !== undefined && (known.message === message || message.startsWith(COMBINED_PREFIX));
  if (known !== undefined && repeats) {
    known.message = message;
    known.sentAtMs = nowMs;
    return { kind: 'repeat', series: known };
  }
  const series: Series = { message, count: 1, name: undefined, firstWallMs: wallMs, sentAtMs: nowMs, busy: false };
  memory.series.set(key, series);
  if (memory.series.size > SERIES_MAX) memory.series.delete(memory.series.keys().next().value ?? '');
  return { kind: 'create', series };
}

/** A note told at most once a minute is one series for its reason; others are one for each message, until they are too many. */
function keyOf(memory: ObjectEvents, note: EventNote, nowMs: number): { key: string; message: string } {
  const reason = `${note.type}/${note.reason}`;
  if (note.perMinute) return { key: reason, message: note.message };
  let group = memory.groups.get(reason);
  if (group === undefined || nowMs - group.lastMs > GROUP_MS) {
    group = { messages: new Set(), lastMs: nowMs };
    memory.groups.set(reason, group);
  }
  group.lastMs = nowMs;
  if (group.messages.size <= GROUP_MESSAGES_MAX) group.messages.add(note.message);
  return group.messages.size <= GROUP_MESSAGES_MAX
    ? { key: `${reason}/${note.message}`, message: note.message }
    : { key: `${reason} combined`, message: COMBINED_PREFIX + note.message };
}

function takeToken(memory: ObjectEvents, nowMs: number): boolean {
  const refills = Math.floor((nowMs - memory.refilledAtMs) / REFILL_MS);
  if (refills > 0) {
    memory.tokens = Math.min(BURST, memory.tokens + refills);
    memory.refilledAtMs += refills * REFILL_MS;
  }
  if (memory.tokens < 1) return false;
  memory.tokens--;
  return true;
}
