/** What a benchmark is, and the instruments that all of them share. Measures; decides nothing. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** `tiny` takes well under a second and is part of the tests, so that none rots. */
export type Scale = 'tiny' | 'full';

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the value must reach on the machine the goal was set for; absent: for information. */
  readonly goal?: { readonly kind: 'atLeast' | 'atMost'; readonly value: number };
}
export interface Benchmark {
  /** One sentence, as a question. */
  readonly question: string;
  /** Throws when what was computed is wrong: a fast wrong answer is no figure. */
  readonly run: (scale: Scale) => Promise<readonly Figure[]>;
}

export const meetsGoal = ({ value, goal }: Figure): boolean =>
  goal === undefined || (goal.kind === 'atLeast' ? value >= goal.value : value <= goal.value);

/** Throws unless the two are equal. */
export function check(what: string, actual: number, expected: number): void {
  if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}`);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** CPU time of this thread in ms: a measure that other work on the machine does not blur. Without the collector's threads. */
export function cpuMs(): number {
  // The kernel books a thread's time at its ticks (4 ms) and when it is switched out: a short burst read without this shows 0 or 4.
  Atomics.wait(SWITCH, 0, 0, 1);
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Nobody notifies it. */
const SWITCH = new Int32Array(new SharedArrayBuffer(4));

export interface Memory {
  readonly heapBytes: number;
  readonly rssBytes: number;
}
/** After a collection of everything unreachable. V8 gives freed pages back only `RELEASE_MS` later: until then RSS tells of the peak. */
export function memory(): Memory {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapBytes: heapUsed + external, rssBytes: rss };
}
export const RELEASE_MS = 10_000;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
