/** What is said about one namespace: the copy of the boot scripts in it. Source: spec 02, 6.11. */
import type { Attempt, ContainerUid } from './ids.ts';

/** From: scripts of containers whose namespace has no copy, or one that differs. */
export interface NamespaceAsk {
  readonly kind: 'bootConfigMap';
  readonly namespace: string;
  readonly uid: ContainerUid;
}
/**
 * Answered at once; whoever was told `pending` is told to look again when the try has ended. `refused`: it could not be
 * created, which is no obstacle (the pod's mount will tell).
 */
export type NamespaceAnswer =
  | { readonly kind: 'pending' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'failed'; readonly reason: string };

/** How one try ended. */
export type Copied = { readonly kind: 'copied' } | Exclude<NamespaceAnswer, { readonly kind: 'pending' }>;

/** From: callers (`asked`), its worker (`ended`). */
export type NamespaceMessage =
  | { readonly kind: 'asked'; readonly ask: NamespaceAsk; readonly answer: (answer: NamespaceAnswer) => void }
  | { readonly kind: 'ended'; readonly attempt: Attempt; readonly copied: Copied };
