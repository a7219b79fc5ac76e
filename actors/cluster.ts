/**
 * State machine of one Weka cluster: picks the member that runs a command for another one, and paces removals. Its memory
 * is short: after a restart every removal slot counts as just taken (F36). Source: spec 03, 4.5, 4.12; spec 07, 2; F35.
 */
import type { Config } from '../config.ts';
import type { Random } from '../io/random.ts';
import type { ClusterAnswer, ClusterAsk, ClusterMessage } from '../messages/cluster.ts';
import { unreachable } from '../messages/exhaustive.ts';
import type { ClusterUid, ContainerUid } from '../messages/ids.ts';
import { nodeReady } from '../messages/resources.ts';
import type { WekaContainer } from '../messages/weka-container.ts';
import { isProtocol } from '../messages/weka-modes.ts';
import type { Machine, Now, Turn } from './machine.ts';
import { candidates } from './rules/members.ts';
import type { View } from './view.ts';

/** One removal of a host per role in this time. Source: spec 03, 4.12. */
export const REMOVAL_EVERY_MS = 60_000;
/** One envoy of a cluster is made anew in this time. Source: spec 02, 6.30. */
export const ENVOY_EVERY_MS = 60_000;
/** A member whose connection failed is asked last for so long. */
export const FAILED_MEMBER_MS = 60_000;

export interface State {
  /** Since this actor remembers; slots not in `slots` count as taken then. */
  readonly sinceMs: number | undefined;
  /** By mode: who took the slot, and when. */
  readonly slots: Readonly<Record<string, { readonly uid: ContainerUid; readonly atMs: number }>>;
  readonly failedMs: ReadonlyMap<ContainerUid, number>;
  /** When an envoy was last given up. */
  readonly envoyMs: number | undefined;
}
export type Effect = {
  readonly kind: 'answer';
  readonly to: (answer: ClusterAnswer) => void;
  readonly answer: ClusterAnswer;
};
export const initial: State = { sinceMs: undefined, slots: {}, failedMs: new Map(), envoyMs: undefined };

export interface Deps {
  readonly view: View;
  readonly settings: Config;
  readonly random: Random;
}

export function decider(uid: ClusterUid, { view, settings }: Pick<Deps, 'view' | 'settings'>) {
  return function decide(
    before: State,
    msg: ClusterMessage & { readonly chance: number },
    now: Now,
  ): Turn<State, Effect> {
    const state = { ...before, sinceMs: before.sinceMs ?? now.ms };
    const [next, answer] = respond(state, msg.ask, msg.chance, now.ms);
    return [next, [{ kind: 'answer', to: msg.answer, answer }]];
  };

  /** A node that is known to be away runs nothing (F35, I4); one that is not there has no pods: its member is found to have none. */
  function onUsableNode({ status }: WekaContainer): boolean {
    const node = status?.nodeAffinity === undefined ? undefined : view.node(status.nodeAffinity);
    return node === undefined || nodeReady(node);
  }

  function respond(
    state: State & { sinceMs: number },
    ask: ClusterAsk,
    chance: number,
    ms: number,
  ): readonly [State, ClusterAnswer] {
    switch (ask.kind) {
      case 'member': {
        const able = candidates(view.containersOfOwner(uid), ask.uid, chance).filter(onUsableNode);
        const lately = (member: { readonly uid: string }): boolean =>
          ms - (state.failedMs.get(member.uid as ContainerUid) ?? Number.NEGATIVE_INFINITY) < FAILED_MEMBER_MS; // The API's uid.
        const chosen = able.find(({ metadata }) => !lately(metadata)) ?? able[0];
        if (chosen === undefined) return [state, { kind: 'none', reason: 'No active container found' }];
        const { namespace = '', name } = chosen.metadata;
        return [state, { kind: 'member', uid: chosen.metadata.uid as ContainerUid, namespace, name }]; // The API's uid.
      }
      case 'memberFailed':
        return [{ ...state, failedMs: new Map(state.failedMs).set(ask.member, ms) }, { kind: 'noted' }];
      case 'removalSlot': {
        if (!settings.removalThrottlingEnabled || isProtocol(ask.mode)) return [state, { kind: 'granted' }];
        const slot = state.slots[ask.mode];
        if (slot?.uid === ask.uid) return [state, { kind: 'granted' }];
        const takenAtMs = slot?.atMs ?? state.sinceMs;
        if (ms - takenAtMs <= REMOVAL_EVERY_MS) return [state, { kind: 'throttled' }];
        return [{ ...state, slots: { ...state.slots, [ask.mode]: { uid: ask.uid, atMs: ms } } }, { kind: 'granted' }];
      }
      case 'removalFailed': {
        if (state.slots[ask.mode]?.uid !== ask.uid) return [state, { kind: 'noted' }];
        const { [ask.mode]: _, ...slots } = state.slots;
        // Given back: the next one need not wait for a removal that did not happen.
        return [
          { ...state, slots: { ...slots, [ask.mode]: { uid: ask.uid, atMs: ms - REMOVAL_EVERY_MS - 1 } } },
          { kind: 'noted' },
        ];
      }
      case 'envoySlot':
        if (ms - (state.envoyMs ?? Number.NEGATIVE_INFINITY) < ENVOY_EVERY_MS) return [state, { kind: 'throttled' }];
        return [{ ...state, envoyMs: ms }, { kind: 'granted' }];
      default:
        return unreachable(ask);
    }
  }
}

export function cluster(uid: ClusterUid, deps: Deps): Machine<State, ClusterMessage, Effect> {
  const decide = decider(uid, deps);
  return {
    initial,
    decide: (state, msg, now) => decide(state, { ...msg, chance: deps.random() }, now),
    perform: { answer: ({ to, answer }) => to(answer) },
  };
}
