/**
 * A toy fleet for the kernel's own tests: containers that work through two scripts and settle, over exec with latency and
 * failures drawn from seeded streams. Not the product: test/sim runs that.
 */
import { type Judge, type Machine, type Parent, spawn, stopChild, tell } from '../../actors/machine.ts';
import type { Callers, Script } from '../../actors/script.ts';
import { runScript } from '../../actors/worker.ts';
import type { Clock } from '../../io/clock.ts';
import type { Random } from '../../io/random.ts';
import type { Address } from '../../messages/address.ts';
import type { Ending } from '../../messages/ending.ts';
import type { Attempt, ContainerUid } from '../../messages/ids.ts';
import type { Trace } from '../../messages/trace.ts';

export type ToyCall =
  | { readonly kind: 'exec'; readonly uid: ContainerUid; readonly argv: string }
  | { readonly kind: 'sleep'; readonly delayMs: number };
type Result = { readonly kind: 'done' | 'failed' };
export type ToyMessage =
  | { readonly kind: 'lookAgain'; readonly why?: string }
  | { readonly kind: 'ended'; readonly attempt: Attempt; readonly ending: Ending<Result> }
  | { readonly kind: 'tick'; readonly attempt: Attempt };
type Flow = 'active' | 'deleting';
type ToyState = { readonly attempt: Attempt; readonly child: '' | 'join' | 'leave'; readonly flow: Flow };
type ToyEffect =
  | { readonly kind: 'ask'; readonly what: 'join' | 'leave'; readonly attempt: Attempt }
  | { readonly kind: 'abort'; readonly what: 'join' | 'leave' }
  | { readonly kind: 'settle'; readonly what: Flow }
  | { readonly kind: 'timer'; readonly attempt: Attempt };

export interface ToyWorld {
  readonly deleting: Set<ContainerUid>;
  /** What each has come to: `active` or `deleting` when that flow is through. */
  readonly settled: Map<ContainerUid, Flow>;
  /** `uid argv`, in the order of their begin. */
  readonly execs: string[];
  readonly callers: Callers<ToyCall>;
}
export function toyWorld(clock: Clock, chance: Random, failsShare: number): ToyWorld {
  const execs: string[] = [];
  return {
    deleting: new Set(),
    settled: new Map(),
    execs,
    callers: {
      exec: ({ uid, argv }, answer) => {
        execs.push(`${uid} ${argv}`);
        return clock.after(5 + chance() * 400, () => answer(chance() < failsShare ? 'failed' : 'ok'));
      },
      sleep: ({ delayMs }, answer) => clock.after(delayMs, () => answer(undefined)),
    },
  };
}

function* twoCommands(uid: ContainerUid, what: string): Script<Result, ToyCall> {
  const first = yield { kind: 'exec', uid, argv: `${what} begin` };
  if (first !== 'ok') return { kind: 'failed' };
  yield { kind: 'sleep', delayMs: 50 };
  const second = yield { kind: 'exec', uid, argv: `${what} end` };
  return { kind: second === 'ok' ? 'done' : 'failed' };
}

const initial: ToyState = { attempt: 0 as Attempt, child: '', flow: 'active' };

export function toyContainer(
  uid: ContainerUid,
  world: ToyWorld,
  clock: Clock,
): Machine<ToyState, ToyMessage, ToyEffect> {
  let cancelTimer = (): void => {};
  return {
    initial,
    first: { kind: 'lookAgain' },
    coalesced: ['lookAgain'],
    busy: ({ child }) => child !== '',
    decide: (state, msg, { fresh }) => {
      const flow: Flow = world.deleting.has(uid) ? 'deleting' : 'active';
      const child = flow === 'deleting' ? 'leave' : 'join';
      const ask = { kind: 'ask', what: child, attempt: fresh } as const;
      switch (msg.kind) {
        case 'lookAgain':
          if (state.child === child || world.settled.get(uid) === flow) return [state, []];
          return [
            { attempt: fresh, child, flow },
            state.child === '' ? [ask] : [{ kind: 'abort', what: state.child }, ask],
          ];
        case 'ended':
          if (msg.attempt !== state.attempt) return [state, []];
          if (msg.ending.kind === 'returned' && msg.ending.result.kind === 'done')
            return [{ ...state, child: '' }, [{ kind: 'settle', what: state.flow }]];
          return [{ attempt: fresh, child: '', flow: state.flow }, [{ kind: 'timer', attempt: fresh }]];
        case 'tick':
          return msg.attempt === state.attempt && state.child === ''
            ? [{ attempt: fresh, child, flow }, [ask]]
            : [state, []];
      }
    },
    perform: {
      ask: ({ what, attempt }, self) => {
        runScript(self, what, twoCommands(uid, what), world.callers, (ending) =>
          tell(self, { kind: 'ended', attempt, ending }),
        );
      },
      abort: ({ what }, self) => stopChild(self, what),
      settle: ({ what }) => world.settled.set(uid, what),
      timer: ({ attempt }, self) => {
        cancelTimer();
        cancelTimer = clock.after(1_000, () => tell(self, { kind: 'tick', attempt }));
      },
    },
    onStop: () => cancelTimer(),
  };
}

export const startToy =
  (world: ToyWorld, clock: Clock, traceOf?: (uid: ContainerUid) => Trace) =>
  (parent: Parent, uid: ContainerUid, judge: Judge): Address<ToyMessage> =>
    spawn(parent, uid, toyContainer(uid, world, clock), judge, traceOf?.(uid));
