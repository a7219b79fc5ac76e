/** Admission and validation of built-in types beyond their schemas: pods, namespaces, secrets, jobs, events. */
import { dequal } from 'dequal';
import { type FieldError, forbidden, invalid, required } from './field-errors.ts';
import { at, isList, isObject, type Json, type JsonObject, type Stored } from './json.ts';

const DEFAULT_GRACE_SECONDS = 30;
const TOLERATION_SECONDS = 300;
const NOT_READY_TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** Null counts as absent; as an item of a list it stays. */
export function withoutNulls(value: Json): Json {
  if (isList(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== null && field !== undefined);
  return Object.fromEntries(entries.map(([key, field]) => [key, withoutNulls(field)]));
}

/** What the DefaultTolerationSeconds and ServiceAccount admission plug-ins add, as far as others look at it. On each write. */
export function admitPod(pod: JsonObject): JsonObject {
  const { spec } = pod;
  if (!isObject(spec)) return pod;
  const given = isList(spec.tolerations) ? spec.tolerations : [];
  const added = NOT_READY_TAINTS.filter((key) => !given.some((one) => tolerates(one, key))).map((key) => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: TOLERATION_SECONDS,
  }));
  const serviceAccount = spec.serviceAccountName ?? spec.serviceAccount ?? 'default';
  return {
    ...pod,
    spec: {
      ...spec,
      tolerations: [...given, ...added],
      serviceAccountName: serviceAccount,
      serviceAccount,
      priority: spec.priority ?? 0,
      preemptionPolicy: spec.preemptionPolicy ?? 'PreemptLowerPriority',
      enableServiceLinks: spec.enableServiceLinks ?? true,
      ...pullPolicies(spec),
    },
  };
}
/** An image without a tag, or with `latest`, is pulled always. */
function pullPolicies(spec: JsonObject): JsonObject {
  const withPolicy = (container: Json): Json => {
    if (!isObject(container) || container.imagePullPolicy !== undefined) return container;
    const image = String(container.image ?? '');
    const tagged = /@|:(?!latest$)[^/]*$/.test(image);
    return { ...container, imagePullPolicy: tagged ? 'IfNotPresent' : 'Always' };
  };
  const lists = ['containers', 'initContainers'].map((key) => [key, spec[key]] as const);
  return Object.fromEntries(lists.flatMap(([key, all]) => (isList(all) ? [[key, all.map(withPolicy)]] : [])));
}
function tolerates(toleration: Json, key: string): boolean {
  const { key: tolerated = '', effect = '' } = isObject(toleration) ? toleration : {};
  return (tolerated === key || tolerated === '') && (effect === 'NoExecute' || effect === '');
}

/** What a node has is what it offers, unless its kubelet says otherwise. The `not-ready` taint of new nodes is not modelled. */
export function initialNodeStatus({ status }: JsonObject): Json | undefined {
  if (!isObject(status) || status.capacity === undefined) return status;
  return { allocatable: status.capacity, ...status };
}

/** Pending, with the class that the resources of the containers give. */
export function initialPodStatus(pod: JsonObject): Json {
  const containers = at(pod, 'spec', 'containers');
  return { phase: 'Pending', qosClass: qosClass(isList(containers) ? containers : []) };
}
function qosClass(containers: readonly Json[]): string {
  const amounts = (container: Json, kind: string, resource: string) => at(container, 'resources', kind, resource);
  const some = containers.some((one) =>
    ['requests', 'limits'].some((kind) => ['cpu', 'memory'].some((name) => amounts(one, kind, name) !== undefined)),
  );
  if (!some) return 'BestEffort';
  const guaranteed = containers.every((one) =>
    ['cpu', 'memory'].every((name) => {
      const limit = amounts(one, 'limits', name);
      return limit !== undefined && (amounts(one, 'requests', name) ?? limit) === limit;
    }),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

/** A pod that is not bound, or has ended, goes at once; others wait for their kubelet. */
export function podGraceSeconds(pod: Stored, requested: number | undefined): number {
  const phase = at(pod.status, 'phase');
  if (!at(pod.spec, 'nodeName') || phase === 'Succeeded' || phase === 'Failed') return 0;
  const own = at(pod.spec, 'terminationGracePeriodSeconds');
  const seconds = requested ?? (typeof own === 'number' ? own : DEFAULT_GRACE_SECONDS);
  return seconds < 0 ? 1 : seconds;
}

const POD_CHANGE_TEXT =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/**
 * What may change on a pod. Against Kubernetes: `spec.nodeName` may be set once by any write, since the bind subresource is
 * not modelled.
 */
export function validatePod(next: Stored, old: Stored | undefined): readonly FieldError[] {
  const containers = at(next.spec, 'containers');
  if (isList(containers) && containers.length === 0) return [required('spec.containers')];
  if (old === undefined || old.spec === next.spec || !isObject(old.spec) || !isObject(next.spec)) return [];
  const errors: FieldError[] = [];
  const kept = { ...unchangeable(old.spec), nodeName: old.spec.nodeName ?? next.spec.nodeName };
  if (!dequal(kept, { ...unchangeable(next.spec), nodeName: next.spec.nodeName })) {
    errors.push(forbidden('spec', POD_CHANGE_TEXT));
  }
  const [before, after] = [old.spec.tolerations, next.spec.tolerations];
  const identity = (one: Json) =>
    JSON.stringify(['key', 'operator', 'value', 'effect'].map((key) => at(one, key) ?? ''));
  const left = new Set((isList(after) ? after : []).map(identity));
  if (isList(before) && !before.every((one) => left.has(identity(one)))) {
    errors.push(forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'));
  }
  return errors;
}
function unchangeable(spec: JsonObject): Record<string, unknown> {
  const { tolerations: _tolerations, activeDeadlineSeconds: _deadline, ...rest } = spec;
  const { terminationGracePeriodSeconds: _grace, schedulingGates: _gates, ...kept } = rest;
  const withoutImages = (containers: Json | undefined) =>
    isList(containers) ? containers.map((one) => (isObject(one) ? { ...one, image: '' } : one)) : undefined;
  return { ...kept, containers: withoutImages(spec.containers), initContainers: withoutImages(spec.initContainers) };
}

const KEPT_NAMESPACES = new Set(['default', 'kube-system', 'kube-public']);
export const namespaceDeletionForbidden = ({ metadata }: Stored): string | undefined =>
  KEPT_NAMESPACES.has(metadata.name) ? 'this namespace may not be deleted' : undefined;

export const prepareNamespace = (namespace: JsonObject): JsonObject => {
  const { metadata } = namespace;
  const name = at(metadata, 'name') ?? '';
  const labels = at(metadata, 'labels');
  return {
    ...namespace,
    metadata: {
      ...(isObject(metadata) ? metadata : {}),
      labels: { ...(isObject(labels) ? labels : {}), 'kubernetes.io/metadata.name': name },
    },
    spec: { finalizers: ['kubernetes'] },
  };
};
export const namespaceHolds = ({ spec }: Stored): boolean => {
  const finalizers = at(spec, 'finalizers');
  return isList(finalizers) && finalizers.length > 0;
};
export const terminatingNamespace = (namespace: Stored): Stored => ({ ...namespace, status: { phase: 'Terminating' } });

/** `stringData` is write-only: it ends up in `data`. */
export function admitSecret(secret: JsonObject): JsonObject {
  const { stringData, ...rest } = secret;
  if (!isObject(stringData)) return rest;
  const encoded = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(String(text)).toString('base64')]);
  return { ...rest, data: { ...(isObject(rest.data) ? rest.data : {}), ...Object.fromEntries(encoded) } };
}

/** The labels by which a job knows its pods. */
export function prepareJob(job: JsonObject, uid: string): JsonObject {
  const { spec } = job;
  if (!isObject(spec) || !isObject(spec.template)) return job;
  const { template } = spec;
  const metadata = isObject(template.metadata) ? template.metadata : {};
  const name = at(job, 'metadata', 'name') ?? '';
  const labels = {
    ...(isObject(metadata.labels) ? metadata.labels : {}),
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
  const own = isObject(job.metadata) ? job.metadata : {};
  return {
    ...job,
    metadata: { ...own, labels: own.labels ?? labels },
    spec: {
      ...spec,
      selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
      template: {
        ...template,
        metadata: { ...metadata, labels },
        spec: isObject(template.spec) ? { ...template.spec, ...pullPolicies(template.spec) } : template.spec,
      } as Json,
    },
  };
}

export function validateLease({ spec }: Stored): readonly FieldError[] {
  const [duration, transitions] = [at(spec, 'leaseDurationSeconds'), at(spec, 'leaseTransitions')];
  return [
    ...(typeof duration === 'number' && duration <= 0
      ? [invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0')]
      : []),
    ...(typeof transitions === 'number' && transitions < 0
      ? [invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0')]
      : []),
  ];
}

/** An event lives in the namespace of what it is about; of cluster-scoped things, in `default`. */
export function validateEvent(event: Stored): readonly FieldError[] {
  const involved = at(event, 'involvedObject', 'namespace') ?? '';
  const { namespace } = event.metadata;
  if (involved === namespace || (involved === '' && namespace === 'default')) return [];
  return [invalid('involvedObject.namespace', involved, 'does not match event.namespace')];
}
