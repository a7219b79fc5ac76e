/** How a model writes to the modelled API server: under its own name, and never silently in vain. */
import type { ObjectRequest } from '../../../io/outside.ts';
import type { WorldContext } from './context.ts';

/** Who writes: name in managedFields. */
export type Writer =
  | 'kubelet'
  | 'kube-scheduler'
  | 'kube-controller-manager'
  | 'sandbox'
  | 'weka-cluster-controller'
  | 'weka-client-controller'
  | 'weka-operator';

/**
 * An object that went meanwhile, or was replaced by another of its name, is no error: models run on timers. A refusal
 * is a defect of the model and throws.
 */
export function write(ctx: WorldContext, fieldManager: Writer, request: ObjectRequest): void {
  const outcome = ctx.store.request(request, { fieldManager });
  if (outcome.kind === 'ok' || outcome.kind === 'notFound' || outcome.kind === 'conflict') return;
  throw new Error(`${fieldManager}: ${request.verb} failed: ${JSON.stringify(outcome)}`);
}
