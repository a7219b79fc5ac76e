/**
 * Knows when nothing more can happen until the clock moves or I/O answers. Counts; never polls: the turn that takes the
 * last message looks. Node drains all microtasks before each immediate, so a zero seen in an immediate is exact, also
 * where answers come through promises. Real sockets and files answer later and are not seen.
 */

/** Turns after which unfinished work is a livelock: two actors that tell each other without end. */
const TURNS_MAX = 5_000_000;

interface Waiter {
  readonly idle: boolean;
  readonly turnsMax: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Quiescence {
  /** Messages told and not yet taken, without those held by the delay of a restart. */
  runnable = 0;
  /** Actors in the middle of something: Machine.busy. */
  busy = 0;
  turns = 0;
  #waiters: Waiter[] = [];
  #looking = false;

  /** Resolves when all mailboxes are empty. Rejects after `turnsMax` more turns. */
  settled(turnsMax: number = TURNS_MAX): Promise<void> {
    return this.#wait(false, this.turns + turnsMax);
  }

  /** Resolves when, besides, no actor is busy. May take for ever. */
  idle(): Promise<void> {
    return this.#wait(true, Number.POSITIVE_INFINITY);
  }

  /** To be called whenever a count went down. */
  changed(): void {
    if (this.#waiters.length === 0) return;
    if (this.runnable === 0) this.#lookSoon();
    else if (this.#waiters.some(({ turnsMax }) => this.turns > turnsMax)) this.#lookSoon();
  }

  #wait(idle: boolean, turnsMax: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ idle, turnsMax, resolve, reject });
      this.#lookSoon();
    });
  }

  #lookSoon(): void {
    if (this.#looking) return;
    this.#looking = true;
    setImmediate(() => this.#look());
  }

  #look(): void {
    this.#looking = false;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (this.runnable === 0 && (!waiter.idle || this.busy === 0)) waiter.resolve();
      else if (this.turns > waiter.turnsMax) waiter.reject(new Error(`not settled: ${this.runnable} messages wait`));
      else this.#waiters.push(waiter);
    }
  }
}
