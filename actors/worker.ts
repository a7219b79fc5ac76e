/** Runs one script, then stops. One actor per script: its address is one try, stopping it is the abort. */
import type { Address, Tagged } from '../messages/address.ts';
import type { Ending } from '../messages/ending.ts';
import type { Attempt } from '../messages/ids.ts';
import { type Judge, type Machine, type Parent, spawn, stop, tell } from './machine.ts';
import type { Callers, Script } from './script.ts';

type Message =
  | { readonly kind: 'begin' }
  | { readonly kind: 'answered'; readonly attempt: Attempt; readonly answer: unknown; readonly why: string };
type Effect<Result, C> =
  | { readonly kind: 'call'; readonly what: string; readonly attempt: Attempt; readonly call: C }
  | { readonly kind: 'end'; readonly what: string; readonly result: Result };
/** The call whose answer it waits for. */
type State = Attempt | undefined;

/**
 * Spawns the worker of one script. `ended` is called once, unless the worker is stopped before: that aborts the call
 * under way, frees the name at once, and its late answer becomes a dead letter.
 */
export function runScript<Result, C extends Tagged>(
  parent: Parent,
  name: string,
  script: Script<Result, C>,
  callers: Callers<C>,
  ended: (ending: Ending<Result>) => void,
): Address<never> {
  const judge: Judge = ({ error }) => {
    ended({ kind: 'crashed', error });
    return { kind: 'stop' };
  };
  return spawn(parent, name, worker(script, callers, ended), judge);
}

function worker<Result, C extends Tagged>(
  script: Script<Result, C>,
  callers: Callers<C>,
  ended: (ending: Ending<Result>) => void,
): Machine<State, Message, Effect<Result, C>> {
  let abort = nothing;
  return {
    initial: undefined,
    first: { kind: 'begin' },
    busy: () => true,
    // The one impure decide: a generator advances in place. Nobody else holds it.
    decide: (waitsFor, msg, { fresh }) => {
      if (msg.kind === 'answered' && msg.attempt !== waitsFor) return [waitsFor, []];
      abort = nothing;
      const step = script.next(msg.kind === 'answered' ? msg.answer : undefined);
      return step.done === true
        ? [undefined, [{ kind: 'end', what: kindOf(step.value), result: step.value }]]
        : [fresh, [{ kind: 'call', what: step.value.kind, attempt: fresh, call: step.value }]];
    },
    perform: {
      call: ({ call, attempt }, self) => {
        const why = call.kind;
        const start = callers[why as C['kind']] as (call: C, answer: (answer: unknown) => void) => () => void; // K is lost on look-up.
        abort = start(call, (answer) => tell(self, { kind: 'answered', attempt, answer, why }));
      },
      end: ({ result }, self) => {
        ended({ kind: 'returned', result });
        stop(self);
      },
    },
    onStop: () => abort(),
  };
}

const nothing = (): void => {};
const kindOf = (result: unknown): string =>
  typeof result === 'object' && result !== null && 'kind' in result ? String(result.kind) : 'returned';
