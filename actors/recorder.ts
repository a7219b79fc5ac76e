/**
 * Flight recorder: the last turns of each container and its children, in memory. Rings belong to a key, not to an actor,
 * so they survive restarts. Writes nothing anywhere: `also` may.
 */
import type { Trace, TraceRecord } from './trace.ts';

export interface RecorderLimits {
  /** Records kept for each key: at about 0.15 kB each. */
  readonly recordsMax: number;
  /** Rings kept of keys that were forgotten, for questions asked after a deletion. */
  readonly goneMax: number;
}
export const RECORDER_LIMITS: RecorderLimits = { recordsMax: 32, goneMax: 256 };

export interface Recorder {
  /** The trace to spawn the container's actor with; its children inherit it. The same ring for the same key. */
  readonly of: (key: string) => Trace;
  /** Oldest first; empty for a key never heard of. */
  readonly read: (key: string) => readonly TraceRecord[];
  /** The ring stays readable until `goneMax` others were forgotten. */
  readonly forget: (key: string) => void;
  readonly keys: () => readonly string[];
}

/** Grows up to its bound, then overwrites its oldest record. */
interface Ring {
  readonly records: TraceRecord[];
  /** Index of the oldest once it is full. */
  oldest: number;
}

export function createRecorder(also?: Trace, limits: RecorderLimits = RECORDER_LIMITS): Recorder {
  const rings = new Map<string, Ring>();
  const gone = new Set<string>();

  function ringOf(key: string): Ring {
    gone.delete(key);
    const known = rings.get(key);
    if (known !== undefined) return known;
    const ring: Ring = { records: [], oldest: 0 };
    rings.set(key, ring);
    return ring;
  }

  return {
    of: (key) => {
      const ring = ringOf(key);
      return (record) => {
        add(ring, record, limits.recordsMax);
        also?.(record);
      };
    },
    read: (key) => {
      const ring = rings.get(key);
      return ring === undefined ? [] : [...ring.records.slice(ring.oldest), ...ring.records.slice(0, ring.oldest)];
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

function add(ring: Ring, record: TraceRecord, recordsMax: number): void {
  if (ring.records.length < recordsMax) {
    ring.records.push(record);
    return;
  }
  ring.records[ring.oldest] = record;
  ring.oldest = (ring.oldest + 1) % recordsMax;
}
