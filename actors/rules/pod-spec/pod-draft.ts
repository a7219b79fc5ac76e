/** The pod as this program builds it: only the fields it sets, as on the wire. Shapes only. Source: spec 04, 4 to 10. */
import type {
  Affinity,
  ContainerPort,
  EnvVarSource,
  Toleration,
  TopologySpreadConstraint,
} from '../../../messages/core-types.ts';
import type { Draft } from '../../../messages/kube.ts';

export interface PodDraft extends Draft {
  readonly spec: PodSpec;
}

export interface PodSpec {
  readonly containers: readonly PodContainer[];
  readonly initContainers?: readonly PodContainer[];
  readonly volumes: readonly Volume[];
  readonly affinity: Affinity;
  readonly tolerations: readonly Toleration[];
  readonly topologySpreadConstraints?: readonly TopologySpreadConstraint[];
  /** Seconds. */
  readonly terminationGracePeriodSeconds: number;
  readonly hostNetwork?: true;
  readonly hostPID?: true;
  readonly dnsPolicy?: string;
  readonly serviceAccountName?: string;
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly priorityClassName?: string;
}

export interface PodContainer {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy?: 'IfNotPresent';
  readonly command: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly ports?: readonly ContainerPort[];
  readonly resources?: Resources;
  readonly volumeMounts: readonly VolumeMount[];
  readonly securityContext?: { readonly privileged: true };
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: EnvVarSource;
}

/** Quantities by resource name. */
export type Amounts = Readonly<Record<string, string>>;
export interface Resources {
  readonly requests: Amounts;
  readonly limits?: Amounts;
}

export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly readOnly?: true;
  readonly mountPropagation?: 'HostToContainer' | 'Bidirectional';
}

export interface Volume {
  readonly name: string;
  readonly hostPath?: { readonly path: string; readonly type?: 'File' | 'DirectoryOrCreate' };
  readonly configMap?: { readonly name: string; readonly defaultMode?: number };
  readonly secret?: { readonly secretName: string };
  readonly emptyDir?: { readonly medium?: string };
  readonly persistentVolumeClaim?: { readonly claimName: string };
}
