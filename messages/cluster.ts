/** What is said to a Weka cluster's actor: who may run a command for another member, and when a host may be removed or an envoy made anew. */
import type { ClusterUid, ContainerUid } from './ids.ts';
import type { ContainerMode } from './weka-container.ts';

/** From: scripts of containers. `uid` is the container that asks; it is never chosen itself (F35). */
export type ClusterAsk =
  | { readonly kind: 'member'; readonly cluster: ClusterUid; readonly uid: ContainerUid }
  /** A command through `member` failed in transport: others are preferred for a while. */
  | {
      readonly kind: 'memberFailed';
      readonly cluster: ClusterUid;
      readonly uid: ContainerUid;
      readonly member: ContainerUid;
    }
  /** One removal per role and minute (spec 03, 4.12). Idempotent while the slot is held by `uid`. */
  | {
      readonly kind: 'removalSlot';
      readonly cluster: ClusterUid;
      readonly uid: ContainerUid;
      readonly mode: ContainerMode;
    }
  /** One new envoy a minute (spec 02, 6.30). Taken also where what follows fails. */
  | { readonly kind: 'envoySlot'; readonly cluster: ClusterUid; readonly uid: ContainerUid }
  | {
      readonly kind: 'removalFailed';
      readonly cluster: ClusterUid;
      readonly uid: ContainerUid;
      readonly mode: ContainerMode;
    };

export type MemberAnswer =
  | { readonly kind: 'member'; readonly uid: ContainerUid; readonly namespace: string; readonly name: string }
  | { readonly kind: 'none'; readonly reason: string };
export type SlotAnswer = { readonly kind: 'granted' } | { readonly kind: 'throttled' };
export type Noted = { readonly kind: 'noted' };
interface AnswerOf {
  readonly member: MemberAnswer;
  readonly memberFailed: Noted;
  readonly removalSlot: SlotAnswer;
  readonly removalFailed: Noted;
  readonly envoySlot: SlotAnswer;
}
export type ClusterAnswer<Kind extends ClusterAsk['kind'] = ClusterAsk['kind']> = AnswerOf[Kind];

/** From: callers. */
export type ClusterMessage = {
  readonly kind: 'asked';
  readonly ask: ClusterAsk;
  readonly answer: (answer: ClusterAnswer) => void;
};
