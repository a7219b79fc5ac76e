/** Kubernetes objects and API requests as data: what may be asked of an API server and how it may end. No I/O. */

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** Times are RFC 3339 texts, as on the wire. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
}

/** An object as an API server returns it. `Draft` is one to be created: the server fills in uid and the rest. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}
export type Draft = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Partial<ObjectMeta> & { readonly name: string };
};

/** One kind of object and where it lives in the API. */
export interface ResourceType {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

const type = (group: string, version: string, kind: string, plural: string, namespaced = true): ResourceType => ({
  group,
  version,
  kind,
  plural,
  namespaced,
});
export const CONTAINERS = type('weka.weka.io', 'v1alpha1', 'WekaContainer', 'wekacontainers');
export const CLUSTERS = type('weka.weka.io', 'v1alpha1', 'WekaCluster', 'wekaclusters');
export const CLIENTS = type('weka.weka.io', 'v1alpha1', 'WekaClient', 'wekaclients');
export const POLICIES = type('weka.weka.io', 'v1alpha1', 'WekaPolicy', 'wekapolicies');
export const MANUAL_OPERATIONS = type('weka.weka.io', 'v1alpha1', 'WekaManualOperation', 'wekamanualoperations');
export const PODS = type('', 'v1', 'Pod', 'pods');
export const NODES = type('', 'v1', 'Node', 'nodes', false);
export const NAMESPACES = type('', 'v1', 'Namespace', 'namespaces', false);
export const CONFIG_MAPS = type('', 'v1', 'ConfigMap', 'configmaps');
export const SECRETS = type('', 'v1', 'Secret', 'secrets');
export const EVENTS = type('', 'v1', 'Event', 'events');
export const DEPLOYMENTS = type('apps', 'v1', 'Deployment', 'deployments');
export const JOBS = type('batch', 'v1', 'Job', 'jobs');
/** Served by a metrics server, where there is one. */
export const POD_METRICS = type('metrics.k8s.io', 'v1beta1', 'PodMetrics', 'pods');
export const CSI_NODES = type('storage.k8s.io', 'v1', 'CSINode', 'csinodes', false);
export const LEASES = type('coordination.k8s.io', 'v1', 'Lease', 'leases');

/** Names one object. `namespace` is absent for cluster-scoped types. */
export interface ObjectRef {
  readonly type: ResourceType;
  readonly namespace?: string;
  readonly name: string;
}

export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** One request, one outcome. Every write to an existing object says by a precondition what it was decided on, or why not. */
export type KubeRequest =
  | { readonly verb: 'get'; readonly ref: ObjectRef }
  | {
      readonly verb: 'list';
      readonly type: ResourceType;
      /** Absent: all namespaces. */
      readonly namespace?: string;
      readonly labelSelector?: string;
      readonly fieldSelector?: string;
      /** Items a page, with `continue` of the page before. */
      readonly limit?: number;
      readonly continue?: string;
      readonly resourceVersion?: string;
    }
  | { readonly verb: 'create'; readonly type: ResourceType; readonly object: Draft }
  /** PUT of the whole object; its metadata.resourceVersion, when present, is the optimistic lock. */
  | { readonly verb: 'replace'; readonly ref: ObjectRef; readonly subresource?: 'status'; readonly object: KubeObject }
  /** RFC 7396 merge patch; `metadata.resourceVersion` inside the body is the optimistic lock. */
  | { readonly verb: 'mergePatch'; readonly ref: ObjectRef; readonly subresource?: 'status'; readonly patch: unknown }
  | {
      readonly verb: 'jsonPatch';
      readonly ref: ObjectRef;
      readonly subresource?: 'status';
      readonly patch: readonly JsonPatchOperation[];
    }
  | {
      readonly verb: 'delete';
      readonly ref: ObjectRef;
      readonly uid?: string;
      readonly resourceVersion?: string;
      readonly gracePeriodSeconds?: number;
      readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
    };

/** What a get, create, replace or patch answers with; `list` answers with a page, `delete` with the object or a Status. */
export interface KubeList {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  readonly continue?: string;
}

/**
 * How a request ended. `transport` means unknown: the server may have done it. All others are the server's own word.
 * `refused` covers every other status code (400, 401 after a refresh, 403, 405, 413, 415, 422, 5xx).
 */
export type KubeOutcome<Answer = KubeObject> =
  | { readonly kind: 'ok'; readonly answer: Answer }
  | { readonly kind: 'notFound'; readonly message: string }
  /** 409 on create: an object of that name exists. */
  | { readonly kind: 'alreadyExists'; readonly message: string }
  /** 409: precondition or resourceVersion did not hold. Nothing was written. */
  | { readonly kind: 'conflict'; readonly message: string }
  /** 410: the resourceVersion or continue token is too old. */
  | { readonly kind: 'gone'; readonly message: string }
  /** 429, or a 5xx with Retry-After. Nothing was written. */
  | { readonly kind: 'throttled'; readonly retryAfterMs: number }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string; readonly message: string }
  | { readonly kind: 'transport'; readonly cause: string };

/** One event of a watch, already decoded. `error` ends the watch; 410 means relist. */
export type WatchEvent =
  | { readonly kind: 'added' | 'modified' | 'deleted'; readonly object: KubeObject }
  | { readonly kind: 'bookmark'; readonly resourceVersion: string; readonly initialEventsEnd: boolean }
  | { readonly kind: 'error'; readonly code: number; readonly message: string };

export interface WatchRequest {
  readonly type: ResourceType;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly resourceVersion: string;
  /** Asks the server to send the present state first (streaming list), ended by a bookmark with `initialEventsEnd`. */
  readonly sendInitialEvents?: boolean;
}
/** How a watch ended: `closed` by the server's own time limit, `aborted` by us. */
export type WatchEnd =
  | { readonly kind: 'closed' }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }
  | { readonly kind: 'transport'; readonly cause: string };

/** Names one object, or absent when there is no controller owner. */
export function controllerOf(meta: {
  readonly ownerReferences?: readonly OwnerReference[];
}): OwnerReference | undefined {
  // What an answer brings is not read by its shape: garbage in it is nobody's owner.
  const owners: unknown = meta.ownerReferences;
  return Array.isArray(owners) ? meta.ownerReferences?.find((owner) => owner?.controller === true) : undefined;
}
export const refOf = (
  type: ResourceType,
  meta: { readonly name: string; readonly namespace?: string | undefined },
): ObjectRef =>
  meta.namespace === undefined ? { type, name: meta.name } : { type, namespace: meta.namespace, name: meta.name };
