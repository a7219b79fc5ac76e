/**
 * A gate lets so many through at a time and keeps a place until it is left: the bounded part of every pool, on p-queue.
 * Owns who is inside and who waits, not what they do there. Source: libraries.md 2 (p-queue).
 */
import PQueue from 'p-queue';
import { FairQueue, type Rank } from './fair-queue.ts';

export interface Gate {
  /**
   * Calls `pass` once, at once or when a place is free; the place is kept until `leave` is called, however often. The
   * returned withdraw gives up waiting; after `pass` it does nothing.
   */
  readonly enter: (rank: Rank, pass: (leave: () => void) => void) => () => void;
}
export interface CountedGate extends Gate {
  readonly insideCount: () => number;
  readonly waitingCount: () => number;
}

const nothing = (): void => {};

export function gate(placesMax: number): CountedGate {
  const queue = new PQueue<FairQueue<() => Promise<unknown>>>({
    concurrency: placesMax,
    queueClass: FairQueue<() => Promise<unknown>>,
  });
  return {
    enter: (rank, pass) => {
      // p-queue frees the place of a running job at once when its signal aborts: so the signal is only used on one that waits.
      let passed = false;
      const withdrawn = queue.pending < placesMax && queue.size === 0 ? undefined : new AbortController();
      const inside = () =>
        new Promise<void>((leave) => {
          passed = true;
          pass(leave);
        });
      queue.add(inside, { priority: rank, ...(withdrawn && { signal: withdrawn.signal }) }).catch(nothing);
      return () => {
        if (!passed) withdrawn?.abort();
      };
    },
    insideCount: () => queue.pending,
    waitingCount: () => queue.size,
  };
}
