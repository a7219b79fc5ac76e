/**
 * Models act in turns: on timers. In memory a write is done before its turn ends. On a real API server it takes a while, so
 * here the next turn waits until the writes of the turns before are answered: a model sees what it has written, and never
 * makes twice what it has not seen yet, or gives to one what it gave to another.
 */
import type { Clock } from '../../../io/clock.ts';

export interface Turns {
  /** The same time, but what it runs later is a turn. */
  readonly clock: Clock;
  /** Holds the turns back until the returned function is called. */
  readonly await: () => () => void;
  /** No turn runs from now on, and no timer is left. */
  readonly stop: () => void;
}

export function createTurns(clock: Clock): Turns {
  /** Due, in order. */
  const queue: (() => void)[] = [];
  const timers = new Set<() => void>();
  let awaited = 0;
  let running = false;
  let stopped = false;

  const run = (): void => {
    if (running) return;
    running = true;
    try {
      for (let turn = queue.shift(); turn !== undefined; turn = awaited === 0 ? queue.shift() : undefined) turn();
    } finally {
      running = false;
    }
  };
  const enter = (turn: () => void): void => {
    queue.push(turn);
    if (awaited === 0) run();
  };
  return {
    clock: {
      ...clock,
      after: (delayMs, act) => {
        if (stopped) return () => undefined;
        let cancelled = false;
        const cancel = (): void => {
          cancelled = true;
          timers.delete(cancel);
          cancelTimer();
        };
        const cancelTimer = clock.after(delayMs, () => {
          timers.delete(cancel);
          enter(() => {
            if (!cancelled) act();
          });
        });
        timers.add(cancel);
        return cancel;
      },
    },
    await: () => {
      awaited += 1;
      let ended = false;
      return () => {
        if (ended) return;
        ended = true;
        awaited -= 1;
        if (awaited === 0) run();
      };
    },
    stop: () => {
      stopped = true;
      queue.length = 0;
      for (const cancel of [...timers]) cancel();
    },
  };
}
