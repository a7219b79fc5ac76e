/**
 * The sibling kinds, only the fields that the container controller reads or the modelled sibling controllers use.
 * All else is kept by the API server and not named here. Source: spec 01, 17; spec 03, 2 and 9.1; spec 05, 8.3.
 */
import type { Condition } from './condition.ts';
import type { Toleration } from './core-types.ts';
import type { KubeObject } from './kube.ts';

export interface WekaCluster extends KubeObject {
  readonly spec?: WekaClusterSpec;
  readonly status?: WekaClusterStatus;
}
export interface WekaClusterSpec {
  readonly image?: string;
  readonly imagePullSecret?: string;
  readonly serviceAccountName?: string;
  readonly rawTolerations?: readonly Toleration[];
  readonly tolerations?: readonly string[];
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly driversDistService?: string;
  readonly operatorSecretRef?: string;
  readonly ports?: ClusterPorts;
  readonly nfs?: { readonly interfaces?: readonly string[] };
  readonly overrides?: ClusterOverrides;
  readonly csiConfig?: CsiConfig;
  readonly wekaHome?: { readonly endpoint?: string };
  readonly dynamicTemplate?: ClusterTemplate;
  /** Go duration: how long a deleted cluster stays paused before it is destroyed. */
  readonly gracefulDestroyDuration?: string;
}
export interface ClusterOverrides {
  /** Go duration. Absent: 5 minutes; `0s`: no self-eviction on a stuck termination. */
  readonly podTerminationDeactivationTimeout?: string;
}
export interface CsiConfig {
  readonly csiGroup?: string;
  /** CIDR each. */
  readonly endpointsSubnets?: readonly string[];
}
/** How many containers of each role, and their size. */
export interface ClusterTemplate {
  readonly driveContainers?: number;
  readonly computeContainers?: number;
  readonly s3Containers?: number;
  readonly nfsContainers?: number;
  readonly dataServicesContainers?: number;
  readonly driveCores?: number;
  readonly computeCores?: number;
  readonly numDrives?: number;
}
/** 0 or absent: to be chosen, or not chosen yet. */
export interface ClusterPorts {
  readonly basePort?: number;
  readonly portRange?: number;
  readonly lbPort?: number;
  readonly lbAdminPort?: number;
  readonly s3Port?: number;
  readonly managementProxyPort?: number;
}
export interface WekaClusterStatus {
  readonly status?: string;
  /** GUID of the weka cluster. */
  readonly clusterID?: string;
  readonly conditions?: readonly Condition[];
  readonly ports?: ClusterPorts;
  readonly lastAppliedImage?: string;
  readonly lastAppliedSpec?: string;
}

export interface WekaClient extends KubeObject {
  readonly spec?: WekaClientSpec;
  readonly status?: { readonly status?: string; readonly lastAppliedSpec?: string };
}
export interface WekaClientSpec {
  readonly image?: string;
  readonly imagePullSecret?: string;
  readonly targetCluster?: { readonly name: string; readonly namespace: string };
  readonly csiConfig?: CsiConfig;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly upgradePolicy?: { readonly type?: string };
  readonly coresNum?: number;
  readonly joinIpPorts?: readonly string[];
}

/** Also the shape of WekaManualOperation as far as anyone here looks. */
export interface WekaPolicy extends KubeObject {
  readonly spec?: OperationSpec;
  readonly status?: OperationStatus;
}
export interface WekaManualOperation extends KubeObject {
  readonly spec?: OperationSpec & { readonly action?: string };
  readonly status?: OperationStatus;
}
export interface OperationSpec {
  readonly type?: string;
  readonly image?: string;
  readonly imagePullSecret?: string;
  readonly tolerations?: readonly Toleration[];
  readonly serviceAccountName?: string;
  readonly payload?: Readonly<Record<string, unknown>>;
}
export interface OperationStatus {
  /** `Done` once its operation is over. */
  readonly status?: string;
  readonly result?: string;
}
