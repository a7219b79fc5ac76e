/**
 * Parent of at most CELL_MAX actors; it only starts them. Its members live in a map that outlives its restarts, and the
 * actors themselves live through them too: after a crash it starts what is missing.
 */
import { isStopped, type Judge, type Machine, type Parent, tell } from '../actors/machine.ts';
import type { Clock } from '../io/clock.ts';
import type { Address, Tagged } from '../messages/address.ts';

/** nact copies the map of children for every message of their parent: 14 us with 250 children, 1.2 ms with 10,000. */
export const CELL_MAX = 128;

export type CellMessage =
  | { readonly kind: 'begin' }
  | { readonly kind: 'start'; readonly key: string; readonly why?: string };
type Effect = { readonly kind: 'start'; readonly key: string };

/** One actor as its registry knows it. */
export interface Member<Msg extends Tagged> {
  readonly key: string;
  address: Address<Msg> | undefined;
  /** Told before it was started, in order. */
  readonly pending: Msg[];
  /** Monotonic milliseconds of the throws of its constructor. */
  failedMs: readonly number[];
  /** Set while a failed start waits for its next try. */
  cancelRetry: (() => void) | undefined;
}

export const isRunning = ({ address }: { readonly address: Address<never> | undefined }): boolean =>
  address !== undefined && !isStopped(address);

/** `start` spawns the actor of a key under the given parent; a throw in it is judged as a crash of that actor, not of the cell. */
export function cell<Msg extends Tagged>(
  members: ReadonlyMap<string, Member<Msg>>,
  start: (parent: Parent, key: string) => Address<Msg>,
  judge: Judge,
  clock: Clock,
): Machine<undefined, CellMessage, Effect> {
  function failed(member: Member<Msg>, error: unknown, self: Address<CellMessage>): void {
    const atMs = clock.monotonicMs();
    const verdict = judge({ path: `${self.path}/${member.key}`, error, atMs, earlierMs: member.failedMs });
    member.failedMs = [...member.failedMs, atMs].slice(-16);
    if (verdict.kind === 'stop') return;
    member.cancelRetry = clock.after(verdict.afterMs, () => {
      member.cancelRetry = undefined;
      tell(self, { kind: 'start', key: member.key, why: 'its last start threw' });
    });
  }
  return {
    initial: undefined,
    keepsChildren: true,
    decide: (state, msg) => {
      const keys = msg.kind === 'begin' ? [...members.keys()] : [msg.key];
      return [state, keys.map((key) => ({ kind: 'start', key }))];
    },
    first: { kind: 'begin' },
    perform: {
      start: ({ key }, self) => {
        const member = members.get(key);
        if (member === undefined || isRunning(member)) return;
        member.cancelRetry?.();
        member.cancelRetry = undefined;
        try {
          member.address = start(self, key);
        } catch (error) {
          return failed(member, error, self);
        }
        for (const msg of member.pending.splice(0)) tell<Msg>(member.address, msg);
      },
    },
    onStop: () => {
      for (const member of members.values()) {
        member.cancelRetry?.();
        member.cancelRetry = undefined;
      }
    },
  };
}
