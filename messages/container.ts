/** What is said to a container's actor. */
import type { Ending } from './ending.ts';
import type { Attempt } from './ids.ts';
import type { KubeOutcome } from './kube.ts';
import type { Verdict } from './verdict.ts';

/** From: the router (`lookAgain`), a worker (`ended`), the status writer (`written`), the clock (`tick`). */
export type ContainerMessage =
  /** Something it depends on changed: the stores say what. One waiting is enough. */
  | { readonly kind: 'lookAgain' }
  /** `why`: what the step said, for the trace. */
  | { readonly kind: 'ended'; readonly attempt: Attempt; readonly ending: Ending<Verdict>; readonly why?: string }
  | { readonly kind: 'written'; readonly attempt: Attempt; readonly outcome: KubeOutcome }
  | { readonly kind: 'tick'; readonly attempt: Attempt };
