/**
 * What is said to a node's actor, the one owner of everything of that node that only one container may hold.
 * Every ask is answered at once: what takes time is answered `pending`, and whoever asked is told to look again at its end.
 */

import type { DriverNeed } from './drivers.ts';
import type { ContainerUid } from './ids.ts';
import type { FeatureFlags } from './image.ts';
import type { NodeInfo } from './node-info.ts';
import type { EventNote } from './verdict.ts';
import type { Allocations } from './weka-container.ts';

/** From: scripts of containers. `uid` is the container that asks. */
export type NodeAsk =
  /** The node's discovery record; starts a discovery where it is missing or of another boot (F39). */
  | { readonly kind: 'discover'; readonly uid: ContainerUid }
  /** Drivers of this image on this node; starts a load where they are missing (F17). `forced` ignores the annotation. */
  | { readonly kind: 'loadDrivers'; readonly uid: ContainerUid; readonly need: DriverNeed; readonly forced: boolean }
  /** Drives, ports, failure domain for the first time. Held for the container until its status shows them (F12). */
  | { readonly kind: 'allocate'; readonly uid: ContainerUid; readonly flags: FeatureFlags }
  /** What its spec asks for beside what it has been given. Held like the first ones. */
  | { readonly kind: 'allocateMore'; readonly uid: ContainerUid }
  /** Cloud NICs, as many as it has cores or as there are; the node's annotation says whose they are (F26). */
  | { readonly kind: 'nics'; readonly uid: ContainerUid }
  /** It leaves for good: its cloud NICs are free for others (F26). */
  | { readonly kind: 'releaseNics'; readonly uid: ContainerUid }
  /** What a client says of its node's CSI topology labels, on every pass. The labels are the OR over the node's clients (F36). */
  | { readonly kind: 'csiClaim'; readonly uid: ContainerUid; readonly driver: string; readonly says: CsiSays }
  /** It speaks for that driver no longer; `undefined`: for whichever it last spoke. `kept` once no key stands because of it. */
  | { readonly kind: 'csiLeave'; readonly uid: ContainerUid; readonly driver: string | undefined }
  /** The place of the one container of its kind on this node (F11). */
  | { readonly kind: 'bind'; readonly uid: ContainerUid };

/** `stale`: only that its figures are old, or not there, is against it. */
export type CsiSays = 'yes' | 'no' | 'stale';

export type DiscoverAnswer =
  | { readonly kind: 'known'; readonly info: NodeInfo }
  | { readonly kind: 'pending'; readonly delayMs: number; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };
export type LoadDriversAnswer =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'pending'; readonly delayMs: number; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };
/** `given`: it has all that there is for it; `events` tell of too few. */
export type NicsAnswer =
  | { readonly kind: 'given'; readonly events: readonly EventNote[] }
  | { readonly kind: 'pending'; readonly delayMs: number; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };
/** `released`: it has none on this node. */
export type ReleaseAnswer =
  | { readonly kind: 'released' }
  | { readonly kind: 'pending'; readonly delayMs: number; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };
export type AllocateAnswer =
  | { readonly kind: 'allocated'; readonly allocations: Allocations; readonly events: readonly EventNote[] }
  /** Nothing is held. `retryMs` as spec 05, 4.5 gives it. `plain`: an error (10 s), else a wait. */
  | {
      readonly kind: 'refused';
      readonly reason: string;
      readonly plain: boolean;
      readonly retryMs: number;
      readonly events: readonly EventNote[];
    };
/** The lease of the node's choices is waited for. */
export type LeaseAnswer = { readonly kind: 'pending'; readonly delayMs: number; readonly reason: string };
export type AllocateMoreAnswer =
  /** All that the container has from now on. */
  | { readonly kind: 'more'; readonly allocations: Allocations; readonly events: readonly EventNote[] }
  /** `retryMs` undefined: only another spec or node will help. */
  | {
      readonly kind: 'noMore';
      readonly reason: string;
      readonly retryMs: number | undefined;
      readonly events: readonly EventNote[];
    };
/** `kept`: the labels are as they are to be. */
export type CsiAnswer =
  | { readonly kind: 'kept' }
  | { readonly kind: 'pending'; readonly delayMs: number; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };
/** `failed`: container or node is not known (yet). It says nothing about the place: nobody leaves because of it. */
export type BindAnswer =
  | { readonly kind: 'granted' }
  | { readonly kind: 'taken'; readonly by: string }
  | { readonly kind: 'failed'; readonly reason: string };

interface AnswerOf {
  readonly discover: DiscoverAnswer;
  readonly loadDrivers: LoadDriversAnswer;
  readonly allocate: AllocateAnswer | LeaseAnswer;
  readonly allocateMore: AllocateMoreAnswer | LeaseAnswer;
  readonly nics: NicsAnswer;
  readonly releaseNics: ReleaseAnswer;
  readonly csiClaim: CsiAnswer;
  readonly csiLeave: CsiAnswer;
  readonly bind: BindAnswer;
}
export type NodeAnswer<Kind extends NodeAsk['kind'] = NodeAsk['kind']> = AnswerOf[Kind];

/** From: callers (`asked`), the router (`lookAgain`: the node, one of its containers or helpers changed), its workers (`ended`). */
export type NodeMessage =
  | { readonly kind: 'asked'; readonly ask: NodeAsk; readonly answer: (answer: NodeAnswer) => void }
  | { readonly kind: 'lookAgain' }
  | {
      readonly kind: 'ended';
      readonly work: 'discovery' | 'drivers' | 'nics' | 'csi' | 'lease' | 'proxy';
      readonly attempt: number;
      readonly failure: string | undefined;
    }
  | { readonly kind: 'retryDue'; readonly attempt: number };
