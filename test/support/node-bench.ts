/** A node's actor without its mailbox: what it is told and answers in each turn, and the work that it starts, played to its end. */
import type { Call } from '../../actors/calls.ts';
import { initial, type State } from '../../actors/node/state.ts';
import { decider, type Effect } from '../../actors/node.ts';
import type { Grants } from '../../actors/rules/allocation/grants.ts';
import type { Config } from '../../config.ts';
import type { Attempt, NodeName } from '../../messages/ids.ts';
import type { KubeObject } from '../../messages/kube.ts';
import type { NodeAnswer, NodeAsk, NodeMessage } from '../../messages/node.ts';
import { NODE } from './containers.ts';
import { type FakeView, fakeView } from './fake-view.ts';
import { SETTINGS, surroundings } from './pass.ts';
import { type Line, play } from './play.ts';

export interface NodeBench {
  readonly view: FakeView;
  /** Sends a message; returns its effects. `ms`: when; one a turn, if not said. */
  readonly send: (msg: NodeMessage, ms?: number) => readonly Effect[];
  /** Asked and answered in one turn. */
  readonly ask: (ask: NodeAsk) => { readonly answer: NodeAnswer; readonly effects: readonly Effect[] };
  /** Beside its parts: what is granted, and who waits for discovery. */
  readonly state: () => State & {
    readonly allocated: Grants | undefined;
    readonly asking: State['discovery']['asking'];
  };
  /** As after a crash: the state is gone. */
  readonly restart: () => void;
  /** Plays what a turn has started; `stored` is in the store when its end is told. `after`: what follows. */
  readonly work: (
    effects: readonly Effect[],
    lines: readonly Line[],
    stored?: KubeObject,
  ) => { readonly calls: readonly Call[]; readonly after: readonly Effect[] };
}

export function nodeBench(objects: readonly KubeObject[], settings: Partial<Config> = {}): NodeBench {
  const view = fakeView(...surroundings(), ...objects);
  const grants = new Map<NodeName, Grants>();
  let uuids = 0;
  const decide = decider(NODE, {
    view,
    settings: { ...SETTINGS, ...settings },
    flagsOf: () => undefined,
    newUuid: () => `uuid-${++uuids}`,
    grants,
  });
  let state = initial;
  let turns = 0;
  const send: NodeBench['send'] = (msg, ms) => {
    turns += 1;
    const [next, effects] = decide(state, msg, { fresh: turns as Attempt, ms: ms ?? turns });
    state = next;
    for (const effect of effects) {
      if (effect.kind === 'keep') grants.set(NODE, effect.allocated);
      if (effect.kind === 'answer') effect.to(effect.answer);
    }
    return effects;
  };
  return {
    view,
    send,
    state: () => ({ ...state, allocated: state.ledger?.granted, asking: state.discovery.asking }),
    restart: () => {
      state = initial;
    },
    ask: (ask) => {
      const answers: NodeAnswer[] = [];
      const effects = send({ kind: 'asked', ask, answer: (given) => answers.push(given) });
      const [answer] = answers;
      if (answer === undefined) throw new Error('not answered in its turn');
      return { answer, effects };
    },
    work: (effects, lines, stored) => {
      const started = effects.find((effect) => effect.kind === 'work');
      if (started === undefined) throw new Error('nothing was started');
      const { calls, verdict } = play(started.script, lines);
      if (stored !== undefined) view.put(stored);
      const after = send({ kind: 'ended', work: started.subject, attempt: started.attempt, failure: verdict });
      return { calls, after };
    },
  };
}

/** What the first of them to patch anything writes; undefined: none does. */
export function patchOf(calls: readonly Call[]): unknown {
  for (const call of calls) {
    if (call.kind === 'kube' && call.request.verb === 'mergePatch') return call.request.patch;
  }
  return undefined;
}
