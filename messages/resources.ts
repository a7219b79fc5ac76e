/** Pod, Node and the other built-in kinds as far as the controller reads them. Shapes only. Source: spec 07, 21.1; spec 01, 12. */
import type { Toleration } from './core-types.ts';
import type { KubeObject, ObjectMeta } from './kube.ts';

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}
/** Condition of a Pod, Node or Job, with the fields read here. */
export interface ObjectCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export interface PodContainerStatus {
  readonly name: string;
  readonly restartCount?: number;
  readonly ready?: boolean;
  readonly state?: { readonly running?: { readonly startedAt?: string } };
}
export interface PodContainer {
  readonly name: string;
  readonly image?: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}
export interface Pod extends KubeObject {
  readonly metadata: ObjectMeta;
  readonly spec?: {
    readonly nodeName?: string;
    readonly tolerations?: readonly Toleration[];
    readonly terminationGracePeriodSeconds?: number;
    readonly containers?: readonly PodContainer[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly podIP?: string;
    readonly conditions?: readonly ObjectCondition[];
    readonly containerStatuses?: readonly PodContainerStatus[];
  };
}

export interface Node extends KubeObject {
  readonly metadata: ObjectMeta;
  readonly spec?: {
    readonly unschedulable?: boolean;
    readonly providerID?: string;
    readonly taints?: readonly Taint[];
  };
  readonly status?: {
    readonly conditions?: readonly ObjectCondition[];
    readonly capacity?: Readonly<Record<string, string>>;
    readonly allocatable?: Readonly<Record<string, string>>;
    readonly nodeInfo?: {
      readonly bootID?: string;
      readonly containerRuntimeVersion?: string;
      readonly osImage?: string;
    };
  };
}

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}
/** `data` values are base64. */
export interface Secret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}
export interface Namespace extends KubeObject {
  readonly status?: { readonly phase?: string };
}
export interface Job extends KubeObject {
  readonly status?: {
    readonly succeeded?: number;
    readonly failed?: number;
    readonly conditions?: readonly ObjectCondition[];
  };
}

/** Name of the main container inside every pod; all commands go there. Source: spec 02, 0. */
export const PODS_CONTAINER = 'weka-container';

export const conditionOf = (
  conditions: readonly ObjectCondition[] | undefined,
  type: string,
): ObjectCondition | undefined =>
  Array.isArray(conditions) ? conditions.find((condition) => condition?.type === type) : undefined;

/** Node known and `Ready=True`; an unknown node is not ready. Source: spec 01, 8. */
export const nodeReady = (node: Node | undefined): boolean =>
  conditionOf(node?.status?.conditions, 'Ready')?.status === 'True';
/** Pod known, `Running`, not being deleted. Source: spec 02, 4.2. */
export const canExecIn = (pod: Pod | undefined): pod is Pod =>
  pod?.status?.phase === 'Running' && pod.metadata.deletionTimestamp === undefined;

/** Of storage.k8s.io; its name is the node's. */
export interface CsiNode extends KubeObject {
  readonly spec?: { readonly drivers?: readonly { readonly name: string }[] };
}

/** `coordination.k8s.io/v1`. Times are RFC 3339 with microseconds. */
export interface LeaseSpec {
  readonly holderIdentity?: string | null;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}
export type Lease = KubeObject & { readonly spec?: LeaseSpec };
