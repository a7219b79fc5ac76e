/** Kubernetes objects as the models read and write them: a wider view of Pod and Node than the controller needs. */
import type { Affinity, NodeSelectorTerm, Quantity, Toleration } from '../../../messages/core-types.ts';
import type { KubeObject } from '../../../messages/kube.ts';

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}
export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}
export interface PodContainer {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly EnvVar[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly resources?: {
    readonly requests?: Readonly<Record<string, Quantity>>;
    readonly limits?: Readonly<Record<string, Quantity>>;
  };
}
export interface Volume {
  readonly name: string;
  readonly hostPath?: { readonly path: string };
  readonly configMap?: { readonly name: string; readonly optional?: boolean };
  readonly secret?: { readonly secretName: string; readonly optional?: boolean };
  readonly persistentVolumeClaim?: { readonly claimName: string };
}
export interface PodSpec {
  readonly nodeName?: string;
  readonly hostNetwork?: boolean;
  readonly restartPolicy?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly affinity?: Affinity;
  readonly tolerations?: readonly Toleration[];
  readonly containers: readonly PodContainer[];
  readonly initContainers?: readonly PodContainer[];
  readonly volumes?: readonly Volume[];
}
export interface Pod extends KubeObject {
  readonly spec: PodSpec;
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly podIP?: string;
    readonly hostIP?: string;
    readonly conditions?: readonly Condition[];
  };
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}
export interface Node extends KubeObject {
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly Taint[] };
  readonly status?: {
    readonly allocatable?: Readonly<Record<string, Quantity>>;
    readonly conditions?: readonly Condition[];
    readonly nodeInfo?: { readonly bootID?: string; readonly kernelVersion?: string; readonly architecture?: string };
  };
}

export interface Job extends KubeObject {
  readonly spec?: {
    readonly ttlSecondsAfterFinished?: number;
    readonly template?: { readonly spec?: PodSpec };
  };
  readonly status?: { readonly succeeded?: number };
}

export type { Affinity, NodeSelectorTerm, Toleration };

/** A condition list with `changed` entries in place; the transition time moves only with the status. */
export function withConditions(
  current: readonly Condition[] | undefined,
  changed: readonly Condition[],
  now: string,
): Condition[] {
  const merged = [...(current ?? [])];
  for (const next of changed) {
    const index = merged.findIndex(({ type }) => type === next.type);
    const before = merged[index];
    const same = before?.status === next.status && before.lastTransitionTime !== undefined;
    const entry = { ...next, lastTransitionTime: same ? (before.lastTransitionTime ?? now) : now };
    if (index >= 0) merged[index] = entry;
    else merged.push(entry);
  }
  return merged;
}

/** `namespace/name`, the key under which models remember a namespaced object. */
export const keyOf = (object: KubeObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
