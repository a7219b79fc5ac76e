/**
 * Flight recorder: the last turns of each container and its children, in memory. Rings belong to a key, not to an actor,
 * so they survive restarts. Writes nothing anywhere: `also` may.
 */
import type { Trace, TraceRecord } from '../messages/trace.ts';

export interface RecorderLimits {
  /** Records kept for each key: 72 bytes each, without their texts. */
  readonly recordsMax: number;
  /** Rings kept of keys that were forgotten, for questions asked after a deletion. */
  readonly goneMax: number;
}
export const RECORDER_LIMITS: RecorderLimits = { recordsMax: 32, goneMax: 256 };

export interface Recorder {
  /** The trace to spawn the container's actor with; its children inherit it. The same ring for the same key. */
  readonly of: (key: string) => Trace;
  /** Oldest first, with times to the millisecond and durations to the microsecond; empty for a key never heard of. */
  readonly read: (key: string) => readonly TraceRecord[];
  /** The ring stays readable until `goneMax` others were forgotten. */
  readonly forget: (key: string) => void;
  readonly keys: () => readonly string[];
}

/**
 * Records laid out flat, FIELDS values each, with whole numbers: half the memory of objects (measured: 2.3 instead of
 * 4.6 kB for 32). Grows up to its bound, then overwrites its oldest record.
 */
interface Ring {
  /** `atMs` of its first record, which the others are counted from. */
  readonly startMs: number;
  values: (string | number)[];
  /** Index in `values` of the oldest record once it is full. */
  oldest: number;
}
const FIELDS = 9;
/** Different texts of effects; there are some dozens, and a few that name what failed. */
const TEXTS_MAX = 4_096;

/** `also` hears of every turn; `chosen` says, at each turn, who else hears of those of one key. */
export function createRecorder(
  also?: Trace,
  limits: RecorderLimits = RECORDER_LIMITS,
  chosen?: (key: string) => Trace | undefined,
): Recorder {
  const rings = new Map<string, Ring>();
  const gone = new Set<string>();
  const texts = new Map<string, string>();

  /** The same few texts are built anew in each turn: one copy of each is kept, not one a record. */
  function shared(text: string): string {
    const known = texts.get(text);
    if (known !== undefined) return known;
    if (texts.size < TEXTS_MAX) texts.set(text, text);
    return text;
  }
  function ringOf(key: string, startMs: number): Ring {
    const known = rings.get(key);
    if (known !== undefined) return known;
    const ring: Ring = { startMs: Math.round(startMs), values: [], oldest: 0 };
    rings.set(key, ring);
    return ring;
  }

  return {
    of: (key) => {
      let ring = rings.get(key);
      gone.delete(key);
      return (record) => {
        ring ??= ringOf(key, record.atMs);
        add(ring, record, shared(record.effects), limits.recordsMax);
        also?.(record);
        chosen?.(key)?.(record);
      };
    },
    read: (key) => {
      const ring = rings.get(key);
      return ring === undefined ? [] : recordsOf(ring);
    },
    forget: (key) => {
      if (!rings.has(key)) return;
      gone.add(key);
      const [first] = gone;
      if (gone.size <= limits.goneMax || first === undefined) return;
      gone.delete(first);
      rings.delete(first);
    },
    keys: () => [...rings.keys()],
  };
}

function add(ring: Ring, record: TraceRecord, effects: string, recordsMax: number): void {
  const { values, startMs } = ring;
  const full = values.length >= recordsMax * FIELDS;
  let at = full ? ring.oldest : values.length;
  if (full) ring.oldest = (ring.oldest + FIELDS) % values.length;
  values[at++] = Math.round(record.atMs - startMs);
  values[at++] = record.path;
  values[at++] = record.message;
  values[at++] = record.from;
  values[at++] = Math.round(record.waitedMs * 1000);
  values[at++] = Math.round(record.tookMs * 1000);
  values[at++] = effects;
  values[at++] = record.cause;
  values[at++] = record.error;
  // An array that grows has room to spare, up to half its size: no more than it needs once it is full.
  if (!full && at === recordsMax * FIELDS) ring.values = values.slice();
}

function recordsOf({ values, startMs, oldest }: Ring): TraceRecord[] {
  const records: TraceRecord[] = [];
  for (let count = 0; count < values.length; count += FIELDS) {
    const at = (oldest + count) % values.length;
    const text = (field: number): string => String(values[at + field]);
    const number = (field: number): number => Number(values[at + field]);
    records.push({
      atMs: startMs + number(0),
      path: text(1),
      message: text(2),
      from: text(3),
      waitedMs: number(4) / 1000,
      tookMs: number(5) / 1000,
      effects: text(6),
      cause: text(7),
      error: text(8),
    });
  }
  return records;
}
