/** How writers reach the API: through a pool that bounds and orders their requests. Types only; kube-pool.ts implements them. */
import type { KubeObject, KubeOutcome } from '../messages/kube.ts';
import type { Dropped } from '../messages/outcome.ts';
import type { ObjectRequest } from './outside.ts';

/** What waits for what, highest first: taking a data path away, bringing one up, the rest. Source: design.md 5. */
export type WorkClass = 'removal' | 'activation' | 'periodic';
export type SubmitEnd = KubeOutcome<KubeObject> | Dropped;

/**
 * Queues one request. `done` is called exactly once, never before `submit` has returned. The returned cancel withdraws a
 * request that was not sent yet (`dropped`, `cancelled`).
 */
export type Submit = (request: ObjectRequest, workClass: WorkClass, done: (end: SubmitEnd) => void) => () => void;
