/**
 * What the subjects of a node have in common: one worker each, a rest after a failure, and whoever waits is told to look
 * again. Never looks at what a subject is about. Source: design.md 3; I6.
 */
import type { Config } from '../../config.ts';
import type { ContainerUid, NodeName } from '../../messages/ids.ts';
import type { Script } from '../calls.ts';
import type { Grants } from '../rules/allocation/grants.ts';
import type { View } from '../view.ts';

/** One subject's work. `failures` in a row; `failure` is what the last one said. A subject keeps what it remembers beside it. */
export interface Work {
  readonly phase: 'idle' | 'running' | 'resting';
  /** Of the work that runs, or of the rest. */
  readonly attempt: number;
  readonly failures: number;
  readonly failure: string | undefined;
}
export const noWork: Work = { phase: 'idle', attempt: 0, failures: 0, failure: undefined };

/** What a subject may know beside its own part of the state. */
export interface Site {
  readonly name: NodeName;
  readonly view: View;
  readonly settings: Config;
  /** Absent: nobody else chooses on this node, so no lease is needed. `instance`: of this process, in the holder's identity. */
  readonly lease?: { readonly instance: string; readonly wallMs: () => number };
}
/** Undefined: nothing now; its helper is at work, or all is known. The script returns why it failed. */
export type Next = { readonly script: Script<string | undefined> } | undefined;

/** What a subject makes of the moment. */
export interface Plan<Part extends Work> {
  readonly part: Part;
  /** Whose wait is over. */
  readonly wakes: readonly ContainerUid[];
  /** Starts if no work runs and none rests. */
  readonly next: Next;
  /** It is to be asked again so much later, whatever happens. */
  readonly againMs?: number;
}
export interface Subject<Part extends Work> {
  readonly initial: Part;
  /** `granted`: what the node's ledger has given. */
  readonly plan: (part: Part, site: Site, nowMs: number, granted: Grants) => Plan<Part>;
  /** Who waits for its work, in order of arrival: each is told when it fails. */
  readonly waiting: (part: Part) => readonly ContainerUid[];
  /** Without those that are not here any more; the same part where all are. */
  readonly pruned: (part: Part, here: (uid: ContainerUid) => boolean) => Part;
  /** The longest rest, if it is not RETRY_MS_MAX. */
  readonly retryMsMax?: number;
}

/** After a failure the same is tried again so much later, doubling. */
export const RETRY_MS_MIN = 10_000;
export const RETRY_MS_MAX = 300_000;
export const restMs = (failures: number, maxMs = RETRY_MS_MAX): number =>
  Math.min(maxMs, RETRY_MS_MIN * 2 ** (failures - 1));

/** Nobody waits any more: the failures so far no longer count. */
export const forgiven = <Part extends Work>(part: Part): Part =>
  part.failures === 0 ? part : { ...part, failures: 0 };

/** What is said to all whose subject is still at work. */
type Unfinished =
  | { readonly kind: 'pending'; readonly delayMs: number; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };
export const unfinished = ({ failure }: Work, delayMs: number, reason: string): Unfinished =>
  failure === undefined ? { kind: 'pending', delayMs, reason } : { kind: 'failed', reason: failure };

/** The same set where all are kept: most are empty, in most turns. */
export function kept(uids: ReadonlySet<ContainerUid>, holds: (uid: ContainerUid) => boolean): typeof uids {
  for (const uid of uids) if (!holds(uid)) return new Set([...uids].filter(holds));
  return uids;
}
