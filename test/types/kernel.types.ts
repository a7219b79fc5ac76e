/** What the kernel's types must refuse. Checked by tsc alone: an expectation that is not met is an error there. Never run. */
import { type Machine, type Turn, tell } from '../../actors/machine.ts';
import type { Callers, Script } from '../../actors/script.ts';
import { runScript } from '../../actors/worker.ts';
import type { Address } from '../../messages/address.ts';
import { unreachable } from '../../messages/exhaustive.ts';
import type { ContainerUid, PodUid } from '../../messages/ids.ts';
import type { Registry } from '../../supervisors/registry.ts';

type A = { readonly kind: 'a'; readonly count: number };
type B = { readonly kind: 'b' };
type Exec = { readonly kind: 'exec'; readonly argv: string };
type Timer = { readonly kind: 'timer'; readonly delayMs: number };

export const whole: Machine<number, A | B, Exec | Timer> = {
  initial: 0,
  coalesced: ['b'],
  decide: (state) => [state, [{ kind: 'timer', delayMs: 1 }]],
  perform: {
    exec: ({ argv }) => void argv.length,
    timer: ({ delayMs }, self) => tell(self, { kind: 'a', count: delayMs }),
  },
};
export const missingHandler: Machine<number, A | B, Exec | Timer> = {
  initial: 0,
  decide: (state) => [state, []],
  // @ts-expect-error: no handler for `timer`
  perform: { exec: () => {} },
};
export const strayHandler: Machine<number, A, Exec> = {
  initial: 0,
  decide: (state) => [state, []],
  // @ts-expect-error: no such effect
  perform: { exec: () => {}, timer: () => {} },
};
export const unknownEffect: Machine<number, A, Exec> = {
  initial: 0,
  // @ts-expect-error: no such effect
  decide: (state) => [state, [{ kind: 'timer', delayMs: 1 }]],
  perform: { exec: () => {} },
};
export const asyncDecide: Machine<number, A, Exec> = {
  initial: 0,
  // @ts-expect-error: a turn is not a promise
  decide: async (state) => [state, []],
  perform: { exec: () => {} },
};
export const foreignCoalesced: Machine<number, A, Exec> = {
  initial: 0,
  // @ts-expect-error: it takes no `b`
  coalesced: ['b'],
  decide: (state) => [state, []],
  perform: { exec: () => {} },
};
export const foreignFirst: Machine<number, A, Exec> = {
  initial: 0,
  // @ts-expect-error: it takes no `b`
  first: { kind: 'b' },
  decide: (state) => [state, []],
  perform: { exec: () => {} },
};

export function addresses(a: Address<A>, either: Address<A | B>): void {
  tell(a, { kind: 'a', count: 1 });
  tell(either, { kind: 'b' });
  // @ts-expect-error: it takes no `b`
  tell(a, { kind: 'b' });
  // @ts-expect-error: count is missing
  tell(a, { kind: 'a' });
  // @ts-expect-error: excess property
  tell(a, { kind: 'a', count: 1, more: 2 });
  const narrow: Address<A> = either;
  // @ts-expect-error: takes less than promised
  const wide: Address<A | B> = a;
  // @ts-expect-error: an address is not made by hand
  const made: Address<A> = { path: '/x' };
  void [narrow, wide, made];
}

export function missingCase(msg: A | B): number {
  switch (msg.kind) {
    case 'a':
      return msg.count;
    default:
      // @ts-expect-error: `b` is not handled
      return unreachable(msg);
  }
}
export function missingTurn(state: number, msg: A | B): Turn<number, Exec> {
  // @ts-expect-error: a turn gives the next state and a list of known effects
  if (msg.kind === 'a') return [state];
  // @ts-expect-error: an effect lacks its argument
  return [state, [{ kind: 'exec' }]];
}

type Call = Exec | Timer;
// @ts-expect-error: no caller for `timer`
export const missingCaller: Callers<Call> = { exec: () => () => {} };
export const callers: Callers<Call> = {
  exec: (_call, answer: (outcome: 'ok' | 'failed') => void) => {
    answer('ok');
    return () => {};
  },
  // @ts-expect-error: a caller returns what ends the call early
  timer: () => {},
};
function* exec(argv: string): Script<'ok' | 'failed', Call> {
  return (yield { kind: 'exec', argv }) as 'ok' | 'failed'; // As every helper does.
}
export function* script(): Script<number, Call> {
  const outcome = yield* exec('x');
  // @ts-expect-error: no such outcome
  if (outcome === 'lost') return 0;
  // @ts-expect-error: no such call
  yield { kind: 'agent' };
  const answer = yield { kind: 'timer', delayMs: 1 };
  // @ts-expect-error: the answer to a bare yield is unknown
  answer.kind;
  return 1;
}
export function owners(parent: Address<A>): void {
  runScript(parent, 'x', script(), callers, (ending) => {
    // @ts-expect-error: a crash has no result
    void ending.result;
    if (ending.kind === 'returned') void ending.result.toFixed();
  });
}

export function keys(registry: Registry<ContainerUid, A>, pod: PodUid, uid: ContainerUid): void {
  registry.tell(uid, { kind: 'a', count: 1 });
  // @ts-expect-error: a pod's uid is not a container's
  registry.tell(pod, { kind: 'a', count: 1 });
  // @ts-expect-error: its actors take no `b`
  registry.tell(uid, { kind: 'b' });
}
