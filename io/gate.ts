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
  /** With those that have withdrawn since: they are only forgotten when their turn comes. */
  readonly waitingCount: () => number;
}

export function gate(placesMax: number): CountedGate {
  const queue = new PQueue<FairQueue<() => Promise<unknown>>>({
    concurrency: placesMax,
    queueClass: FairQueue<() => Promise<unknown>>,
  });
  return {
    enter: (rank, pass) => {
      // Not p-queue's signal: it frees the place of a running job at once, and one AbortController for each job that waits
      // cost 2 kB and most of the time of a burst (50,000 jobs, 2026-11). Who withdrew is passed over in its turn.
      let waits = true;
      const inside = (): Promise<void> | undefined => {
        if (!waits) return undefined;
        waits = false;
        return new Promise<void>((leave) => pass(leave));
      };
      void queue.add(inside, { priority: rank });
      return () => {
        waits = false;
      };
    },
    insideCount: () => queue.pending,
    waitingCount: () => queue.size,
  };
}

/** A gate with one place, for the many that nobody else waits at: a tenth of the memory of a queue. */
export function slot(): Gate {
  let taken = false;
  let sequence = 0;
  let waiting: FairQueue<() => void> | undefined;
  const letIn = (pass: (leave: () => void) => void): void => {
    taken = true;
    let inside = true;
    pass(() => {
      if (!inside) return;
      inside = false;
      // Not at once: a row of jobs that leave as soon as they are let in would pile up on the stack.
      queueMicrotask(next);
    });
  };
  const next = (): void => {
    const first = waiting?.dequeue();
    if (first === undefined) {
      taken = false;
      waiting = undefined;
    } else first();
  };
  return {
    enter: (rank, pass) => {
      if (!taken) {
        letIn(pass);
        return () => {};
      }
      const id = String(sequence++);
      waiting ??= new FairQueue();
      waiting.enqueue(() => letIn(pass), { id, priority: rank });
      return () => waiting?.remove(id);
    },
  };
}
