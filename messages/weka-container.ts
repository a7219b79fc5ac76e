/**
 * WekaContainer as it is read: every field of spec and status, read-only, as on the wire. messages/read-container.ts
 * turns an object of the API into it. Source: spec 01, 2 to 5. [later] marks fields that are carried through, never acted on.
 */
import type { Condition } from './condition.ts';
import type {
  Affinity,
  ContainerPort,
  EnvVarSource,
  Open,
  Quantity,
  Toleration,
  TopologySpreadConstraint,
} from './core-types.ts';
import type { NodeName } from './ids.ts';
import type { KubeObject } from './kube.ts';
import type { Ownership } from './shard.ts';

export const MODES = [
  'drive',
  'compute',
  'client',
  's3',
  'nfs',
  'smbw',
  'data-services',
  'envoy',
  'telemetry',
  'ssdproxy',
  'dist',
  'drivers-dist',
  'drivers-builder',
  'drivers-loader',
  'discovery',
  'adhoc-op-with-container',
  'adhoc-op',
  'data-services-fe', // [later]
] as const;
export type ContainerMode = (typeof MODES)[number];

/** Which flow runs. The reader turns an absent, empty or unknown state into `active`. Source: spec 01, 5.2. */
export const STATES = ['active', 'paused', 'destroying', 'deleting'] as const;
export type ContainerState = (typeof STATES)[number];

/** Texts this controller writes to `status.status`; the local weka status is copied beside them. Source: spec 01, 5.3. */
export const STATUSES = [
  'Init',
  'PodNotRunning',
  'PodRunning',
  'PodTerminating',
  'WaitForDrivers',
  'Running',
  'Stopped',
  'Starting',
  'Unhealthy',
  'Error',
  'DrivesAdding',
  'Building',
  'Completed',
  'Paused',
  'Deleting',
  'Destroying',
  'Draining',
  'Degraded',
  'Stale', // [later]
] as const;
export type StatusText = Open<(typeof STATUSES)[number]>;

export const CPU_POLICIES = ['auto', 'shared', 'dedicated', 'dedicated_ht', 'manual'] as const;
export type CpuPolicy = (typeof CPU_POLICIES)[number];

export const UPGRADE_POLICIES = ['manual', 'all-at-once', 'rolling', 'all-at-once-force'] as const;
export type UpgradePolicy = (typeof UPGRADE_POLICIES)[number];

export const DUMPER_CONFIG_MODES = ['override', 'partial-override', 'auto', 'cluster'] as const;
export type DumperConfigMode = (typeof DUMPER_CONFIG_MODES)[number];

export const DRIVE_TYPES = ['TLC', 'QLC'] as const;
export type DriveType = (typeof DRIVE_TYPES)[number];

export interface WekaContainer extends KubeObject {
  readonly spec: WekaContainerSpec;
  readonly status?: WekaContainerStatus;
  /** Not of the API: what its labels say of this process, where that is one of several shards. Absent: it is ours to serve. */
  readonly ownership?: Exclude<Ownership, 'ours'>;
}

/** Fields that the schema requires or defaults are always there; zero, empty and absent mean the same in all others. */
export interface WekaContainerSpec {
  /** Wins over `status.nodeAffinity`. */
  readonly nodeAffinity?: NodeName;
  readonly failureDomain?: FailureDomain;
  readonly topologySpreadConstraints?: readonly TopologySpreadConstraint[];
  readonly affinity?: Affinity;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Base weka port where none is allocated. */
  readonly port?: number;
  /** Deprecated: becomes `exposedPorts`. */
  readonly exposePorts?: readonly number[];
  readonly exposedPorts?: readonly ContainerPort[];
  readonly agentPort?: number;
  readonly portRange?: PortRange;
  readonly image: string;
  readonly imagePullSecret?: string;
  /** Name of the container inside weka; `""` for one-offs. */
  readonly name: string;
  readonly mode: ContainerMode;
  readonly numCores: number;
  readonly extraCores?: number;
  readonly coreIds?: readonly number[];
  /** [later] */
  readonly nonDatapathCoreIds?: readonly number[];
  /** Anything but a `CpuPolicy` makes pod building fail. */
  readonly cpuPolicy: Open<CpuPolicy>;
  readonly network?: Network;
  /** MiB. */
  readonly hugepages?: number;
  /** MiB. 0 or absent: by mode. */
  readonly hugepagesOffset?: number;
  /** `1Gi`, or anything else for 2 MiB pages. */
  readonly hugepagesSize?: string;
  readonly hugepagesSizeOverride?: string;
  readonly numDrives?: number;
  readonly driversDistService?: string;
  readonly driversLoaderImage?: string;
  readonly driversBuildId?: string;
  readonly builder?: Builder;
  /** `secretKeyRef.key` is the name of the Secret. */
  readonly wekaSecretRef?: EnvVarSource;
  /** `ip:port` each. */
  readonly joinIpPorts?: readonly string[];
  readonly tracesConfiguration?: TracesConfiguration;
  readonly tolerations?: readonly Toleration[];
  readonly nodeInfoConfigMap?: string;
  readonly ipv6?: boolean;
  /** MiB. */
  readonly additionalMemory?: number;
  readonly group?: string;
  readonly serviceAccountName?: string;
  /** Mount name to name of the Secret. */
  readonly additionalSecrets?: Readonly<Record<string, string>>;
  readonly instructions?: Instructions;
  readonly dropAffinityConstraints?: boolean;
  readonly uploadResultsTo?: string;
  readonly upgradePolicyType: Open<UpgradePolicy>;
  readonly state: ContainerState;
  readonly allowHotUpgrade?: boolean;
  /** GiB of each virtual drive; above 0 turns drive sharing on. */
  readonly driveCapacity?: number;
  /** GiB in total; above 0 turns drive sharing by capacity on. */
  readonly containerCapacity?: number;
  readonly driveTypesRatio?: DriveTypesRatio;
  /** Go duration, `"0s"` or `"24h0m0s"`. */
  readonly autoRemoveTimeout: string;
  readonly overrides?: Overrides;
  readonly hostPID?: boolean;
  readonly resources?: PodResources;
  readonly pvc?: PvcConfig;
  /** [later] */
  readonly podConfigHash?: string;
  /** [later] */
  readonly dpdkBaseMemoryMb?: number;
  /** [later] */
  readonly dataServicesConfig?: DataServicesConfig;
  /** [later] */
  readonly numa?: Numa;
}

export interface Network {
  readonly ethDevice?: string;
  readonly ethDevices?: readonly string[];
  readonly gateway?: string;
  readonly udpMode?: boolean;
  /** CIDR each. */
  readonly deviceSubnets?: readonly string[];
  readonly selectors?: readonly NetworkSelector[];
  readonly managementIpsSelectors?: readonly NetworkSelector[];
  readonly bindManagementAll?: boolean;
  /** Absent is a third value: the variable of the pod is not set. */
  readonly nvidiaVfSingleIp?: boolean;
}
export interface NetworkSelector {
  readonly subnet?: string;
  readonly min?: number;
  readonly max?: number;
  readonly deviceNames?: readonly string[];
  /** [later] */
  readonly rdmaOnly?: boolean;
  /** [later] */
  readonly disableRdma?: boolean;
}
/** `label` wins over `compositeLabels`. */
export interface FailureDomain {
  readonly label?: string;
  readonly skew?: number;
  readonly compositeLabels?: readonly string[];
}
export interface PortRange {
  readonly basePort: number;
  /** Count of ports; 0: up to 65535. */
  readonly portRange: number;
}
/** GB. */
export interface TracesConfiguration {
  readonly maxCapacityPerIoNode: number;
  readonly ensureFreeSpace: number;
  readonly dumperConfigMode: Open<DumperConfigMode>;
}
export interface Instructions {
  readonly type: string;
  /** JSON or plain text, by type. Source: spec 01, 16. */
  readonly payload?: string;
}
export interface Builder {
  readonly weka_version?: string;
}
export interface DriveTypesRatio {
  readonly tlc: number;
  readonly qlc: number;
}
export interface PodResources {
  readonly requests?: ResourceAmounts;
  readonly limits?: ResourceAmounts;
}
/** `"0"` counts as absent. */
export interface ResourceAmounts {
  readonly cpu?: Quantity;
  readonly memory?: Quantity;
  /** [later] */
  readonly 'hugepages-2Mi'?: Quantity;
}
export interface PvcConfig {
  readonly name: string;
  readonly path?: string;
}
export interface DataServicesConfig {
  readonly dataServicesFeCores?: number;
}
export interface Numa {
  readonly single?: boolean;
  readonly region?: number;
  readonly method?: string;
}
export interface Overrides {
  readonly skipDeactivate?: boolean;
  readonly skipDrivesForceResign?: boolean;
  /** [later], with one exception: true keeps virtual drives on delete (spec 03, 15 no. 11). */
  readonly skipVirtualDrivesRemoval?: boolean;
  readonly skipCleanupPersistentDir?: boolean;
  readonly upgradeForceReplace?: boolean;
  readonly upgradePreventEviction?: boolean;
  readonly podDeleteForceReplace?: boolean;
  readonly machineIdentifierNodeRef?: string;
  readonly preRunScript?: string;
  readonly forceDrain?: boolean;
  readonly skipActiveMountsCheck?: boolean;
  readonly umountOnHost?: boolean;
  /** Seconds. */
  readonly debugSleepOnTerminate?: number;
  readonly migrateOutFromPvc?: boolean;
  /** [later] */
  readonly dpdkBaseMemoryMbPerCore?: number;
}

export interface WekaContainerStatus {
  /** Copied from `weka local ps` too: an open set. `""` after a status reset. */
  readonly status: StatusText;
  /** `READY`, `STEM`, `CLUSTERIZING` and others of the weka CLI. */
  readonly internalStatus?: string;
  /** Legacy, only read. */
  readonly managementIP?: string;
  readonly managementIPs?: readonly string[];
  /** Id in the weka cluster. 0 is an id. */
  readonly containerID?: number;
  /** GUID of the weka cluster. */
  readonly clusterID?: string;
  readonly conditions?: readonly Condition[];
  readonly lastAppliedImage?: string;
  /** Written by the cluster controller. */
  readonly lastAppliedSpec?: string;
  /** [later] */
  readonly lastAppliedPodConfigHash?: string;
  /** The node the pod landed on. */
  readonly nodeAffinity?: NodeName;
  /** What a one-off answered, verbatim. */
  readonly result?: string;
  readonly allocations?: Allocations;
  readonly addedDrives?: readonly AddedDrive[];
  readonly stats?: ContainerMetrics;
  readonly printer?: PrinterColumns;
  /** Keys `TIMESTAMPS`; RFC 3339 values. */
  readonly timestamps?: Readonly<Record<string, string>>;
  readonly notToleratedOnReschedule?: boolean;
}

/** Keys of `status.timestamps`. Source: spec 01, 5.6. */
export const TIMESTAMPS = {
  stoppingAttempt: 'StoppingAttempt',
  noS3Neighbor: 'NoS3Neighbor',
  noComputeNeighbor: 'NoComputeNeighbor',
} as const;

/** The only store of who holds which drive and port. Also the text of the pod's resources.json, without zero values. */
export interface Allocations {
  /** Serial numbers. */
  readonly drives?: readonly string[];
  readonly wekaPort?: number;
  readonly agentPort?: number;
  readonly failureDomain?: string;
  readonly machineIdentifier?: string;
  readonly netDevices?: readonly string[];
  readonly virtualDrives?: readonly VirtualDrive[];
}
export interface VirtualDrive {
  readonly virtualUUID: string;
  readonly physicalUUID: string;
  readonly capacityGiB: number;
  readonly serial: string;
  readonly type?: Open<DriveType>;
}
/** As the weka CLI lists it. */
export interface AddedDrive {
  readonly uuid: string;
  readonly added_time: string;
  readonly device_path: string;
  readonly serial_number: string;
  readonly status: string;
  /** [later] */
  readonly size_bytes?: number;
}

export interface ContainerMetrics {
  readonly processes?: Counters;
  /** Percent with two decimals, as text: `"12.30"`. */
  readonly cpuUtilization?: string;
  readonly drives?: DriveMetrics;
  readonly activeMounts?: number;
  /** RFC 3339. */
  readonly lastUpdate?: string;
}
export interface Counters {
  readonly active?: number;
  readonly created?: number;
  readonly desired?: number;
}
export interface DriveMetrics {
  readonly counters?: Counters;
  readonly failures?: readonly DriveFailure[];
}
export interface DriveFailure {
  readonly serialId?: string;
  readonly wekaDriveId?: string;
}
export interface PrinterColumns {
  readonly processes?: string;
  readonly drives?: string;
  readonly activeMounts?: string;
  readonly managementIPs?: string;
  readonly nodeAffinity?: string;
  /** [later] */
  readonly capacity?: string;
}
