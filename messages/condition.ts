/** Conditions: their type, every type name this controller writes or reads, and the reasons. Source: spec 01, 9.1 and README 5. */

/** One entry of `status.conditions`. `lastTransitionTime` is RFC 3339, UTC, whole seconds, and moves only with `status`. */
export interface Condition {
  readonly type: string;
  readonly status: ConditionStatus;
  readonly lastTransitionTime: string;
  /** 1 to 1024 characters. */
  readonly reason: string;
  /** Up to `CONDITION_MESSAGE_MAX` characters. */
  readonly message: string;
  /** Never set by this controller, carried through if present. */
  readonly observedGeneration?: number;
}
/** `Unknown` is never written by this controller. */
export type ConditionStatus = 'True' | 'False' | 'Unknown';

/** Characters; the schema refuses a longer message. Source: spec 01, 6.6. */
export const CONDITION_MESSAGE_MAX = 32_768;

/** Written on a WekaContainer, in order of appearance in the flows. */
export const CONDITIONS = {
  imageUpdated: 'ContainerImageUpdated',
  migratedOutFromPvc: 'MigratedOutFromPVC',
  affinitySet: 'ContainerAffinitySet',
  resourcesAllocated: 'ContainerResourcesAllocated',
  resourcesWritten: 'ContainerResourcesWritten',
  resultsReceived: 'CondResultsReceived',
  resultsProcessed: 'CondResultsProcessed',
  joinedCluster: 'JoinedCluster',
  virtualDrivesAdded: 'VirtualDrivesAdded',
  joinedS3Cluster: 'JoinedS3Cluster',
  nfsInterfaceGroupsConfigured: 'NfsInterfaceGroupsConfigured',
  removedFromS3Cluster: 'RemovedFromS3Cluster',
  removedFromNfs: 'RemovedFromNFS',
  deactivated: 'ContainerDeactivated',
  drivesRemoved: 'ContainerDriveRemoved',
  removed: 'ContainerRemoved',
  drivesResigned: 'ContainerDrivesResigned',
  /** New: the one restart of a container stuck in STEM. README F18. */
  stemRescue: 'StemRescue',
  /** New: what the CSI topology labels were last set to. README V9. */
  csiLabelsApplied: 'CsiLabelsApplied',
  /** New: a leave that waits, and for what. README I10. */
  deletionBlocked: 'DeletionBlocked',
  /** New: the container's actor keeps crashing. README I11. */
  quarantined: 'Quarantined',
} as const;
export type ConditionType = (typeof CONDITIONS)[keyof typeof CONDITIONS];

/** Defined by the API module and not written here; `EnsuredDrivers` is read (`DriversReady`), the others by nobody. */
export const UNWRITTEN_CONDITIONS = {
  podsCreated: 'PodsCreated',
  podsReady: 'PodsReady',
  ensuredDrivers: 'EnsuredDrivers',
  drivesAdded: 'DrivesAdded',
  joinIpsSet: 'JoinIpsSet',
  drivesDeactivated: 'ContainerDrivesDeactivated',
} as const;

/** The only condition read on a WekaCluster: the gate of joining its S3 cluster. */
export const CLUSTER_S3_CREATED = 'CondS3ClusterCreated';

/** What a step's success writes, where it differs from `SUCCESS`. A failed step writes reason `REASON_ERROR` and the error's text. */
export const SUCCESS = { reason: 'Success', message: 'Completed successfully' } as const;
export const REASON_ERROR = 'Error';
export const REASON_NFS_CONFIGURED = 'Configured';
export const SUCCESS_TEXTS = {
  ContainerImageUpdated: { reason: 'ImageUpdate', message: 'Completed successfully' },
  JoinedCluster: { reason: 'Success', message: 'Container joined cluster' },
  JoinedS3Cluster: { reason: 'Success', message: 'Joined s3 cluster' },
  RemovedFromS3Cluster: { reason: 'Deletion', message: 'Completed successfully' },
  RemovedFromNFS: { reason: 'Deletion', message: 'Completed successfully' },
  ContainerDeactivated: { reason: 'Deletion', message: 'Completed successfully' },
  ContainerDriveRemoved: { reason: 'Deletion', message: 'Completed successfully' },
  ContainerRemoved: { reason: 'Deletion', message: 'Completed successfully' },
  /** In the deleting flow; the destroying flow writes `DESTROYING_RESIGNED`. */
  ContainerDrivesResigned: { reason: 'Deletion', message: 'Completed successfully' },
} as const satisfies Partial<Record<ConditionType, { reason: string; message: string }>>;
export const DESTROYING_RESIGNED = { reason: 'Destroying', message: 'Drives resigned' } as const;

/** Reason and message of a True condition, by type. */
export function successTexts(type: string): { readonly reason: string; readonly message: string } {
  const special: Partial<Record<string, { reason: string; message: string }>> = SUCCESS_TEXTS;
  return special[type] ?? SUCCESS;
}

export const conditionOf = (conditions: readonly Condition[] | undefined, type: string): Condition | undefined =>
  conditions?.find((condition) => condition.type === type);

export const isTrue = (conditions: readonly Condition[] | undefined, type: string): boolean =>
  conditionOf(conditions, type)?.status === 'True';
