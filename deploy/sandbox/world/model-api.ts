/**
 * What the models need of an API server. The modelled one offers it here, a real one by deploy/sandbox/live/mirror.ts:
 * the models are the same on both.
 */
import type { ObjectRequest } from '../../../io/outside.ts';
import type { ApiStore } from './api.ts';

/** Who writes: name in managedFields. `sandbox` sets things up: what it creates may be there already, and is left alone. */
export type Writer =
  | 'kubelet'
  | 'kube-scheduler'
  | 'kube-controller-manager'
  | 'sandbox'
  | 'weka-cluster-controller'
  | 'weka-client-controller'
  | 'weka-operator';

/** Reads are of what was seen last. A model that is woken (by a timer or a listener) sees its own earlier writes. */
export interface ModelApi extends Pick<ApiStore, 'get' | 'all' | 'watch'> {
  /**
   * In order for one object; nobody is told how it ended. An object that went meanwhile, or was replaced by another of its
   * name, is no error: models run on timers. Any other refusal is a defect of the model, and never silent.
   */
  readonly send: (request: ObjectRequest, writer: Writer) => void;
}

/** Writes are done before `send` returns. A refusal throws. */
export const modelApiOf = (store: ApiStore): ModelApi => ({
  get: store.get,
  all: store.all,
  watch: store.watch,
  send: (request, writer) => {
    const outcome = store.request(request, { fieldManager: writer });
    if (outcome.kind === 'ok' || outcome.kind === 'notFound' || outcome.kind === 'conflict') return;
    if (outcome.kind === 'alreadyExists' && writer === 'sandbox') return;
    throw new Error(`${writer}: ${request.verb} failed: ${JSON.stringify(outcome)}`);
  },
});
