/**
 * Ways to the outside in which a guard of the controller has no effect: what it looks at is answered otherwise than it is,
 * or what it makes arrives without it. For tests that take a guard away (never.ts).
 */
import type { PodContainer, PodSpec } from '../../deploy/sandbox/world/objects.ts';
import type { World } from '../../deploy/sandbox/world/world.ts';
import type { ExecApi, KubeApi } from '../../io/outside.ts';
import { CONTAINERS, type Draft, type KubeObject, PODS } from '../../messages/kube.ts';

/** An API server that says that the pods of such containers are gone as soon as they leave, to whoever reads one live. */
export const noPods =
  (prefix: string) =>
  (api: KubeApi, { world }: { readonly world: World }): KubeApi => ({
    ...api,
    request: async (request, signal) => {
      if (request.verb !== 'get' || request.ref.type !== PODS || !request.ref.name.startsWith(prefix))
        return api.request(request, signal);
      const leaves = world.store.get({ ...request.ref, type: CONTAINERS })?.metadata.deletionTimestamp !== undefined;
      return leaves ? { kind: 'notFound', message: 'not found' } : api.request(request, signal);
    },
  });

/** Every node is said to be ready, whatever became of it. */
export const nodesReady = (api: KubeApi): KubeApi => ({
  ...api,
  list: async (request, signal) => {
    const outcome = await api.list(request, signal);
    if (outcome.kind !== 'ok') return outcome;
    return { ...outcome, answer: { ...outcome.answer, items: outcome.answer.items.map(ready) } };
  },
  watch: (request, take, signal, opened) =>
    api.watch(
      request,
      (event) => take('object' in event ? { ...event, object: ready(event.object) } : event),
      signal,
      opened,
    ),
});
function ready(object: KubeObject): KubeObject {
  if (object.kind !== 'Node') return object;
  const { status = {}, ...rest } = object as KubeObject & { readonly status?: object }; // As any Node.
  return { ...rest, status: { ...status, conditions: [{ type: 'Ready', status: 'True' }] } } as KubeObject;
}
/** A command counts as done once it was sent, whether an answer came or not. */
export const sentIsDone = (api: ExecApi): ExecApi => ({
  run: async (request, signal) => {
    const outcome = await api.run(request, signal);
    const unknown = outcome.kind === 'timeout' || outcome.kind === 'transport';
    return unknown ? { kind: 'ok', stdout: '', stderr: '' } : outcome;
  },
});

/** Pods as another controller would make them. */
export const podsMade =
  (change: (spec: PodSpec) => object) =>
  (api: KubeApi): KubeApi => ({
    ...api,
    request: (request, signal) => {
      if (request.verb !== 'create' || request.type !== PODS) return api.request(request, signal);
      const object = request.object as Draft & { readonly spec: PodSpec }; // A draft of that type.
      return api.request({ ...request, object: { ...object, spec: change(object.spec) } as Draft }, signal);
    },
  });
export const mainChanged = (change: (main: PodContainer) => object) =>
  podsMade((spec) => ({ ...spec, containers: spec.containers.map((each) => ({ ...each, ...change(each) })) }));
/** Its pods are deleted with so much time, whatever their spec says. */
export const withGrace =
  (gracePeriodSeconds: number) =>
  (api: KubeApi): KubeApi => ({
    ...api,
    request: (request, signal) =>
      api.request(
        request.verb === 'delete' && request.ref.type === PODS && request.ref.name.startsWith('demo-')
          ? { ...request, gracePeriodSeconds }
          : request,
        signal,
      ),
  });
