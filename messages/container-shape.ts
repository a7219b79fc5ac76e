/**
 * The shape of a WekaContainer, one entry per property of its type: the compiler compares it with the type, a test with
 * the CRD, and read-container.ts reads objects by it. Source: spec 01, 1.1, 2 to 4 and 6.
 */
import type { Condition, ConditionStatus } from './condition.ts';
import type {
  Affinity,
  ContainerPort,
  EnvVarSource,
  KeySelector,
  LabelSelector,
  NodeAffinity,
  NodeSelector,
  NodeSelectorTerm,
  ObjectFieldSelector,
  PodAffinity,
  PodAffinityTerm,
  PreferredSchedulingTerm,
  Requirement,
  ResourceFieldSelector,
  Toleration,
  TopologySpreadConstraint,
  WeightedPodAffinityTerm,
} from './core-types.ts';
import type { NodeName } from './ids.ts';
import type { ObjectMeta, OwnerReference } from './kube.ts';
import {
  branded,
  byDefault,
  filled,
  flag,
  int64,
  integer,
  known,
  list,
  map,
  must,
  object,
  oneOf,
  open,
  quantity,
  text,
  time,
} from './shape.ts';
import {
  type AddedDrive,
  type Allocations,
  type Builder,
  type ContainerMetrics,
  type Counters,
  CPU_POLICIES,
  type DataServicesConfig,
  DRIVE_TYPES,
  type DriveFailure,
  type DriveMetrics,
  type DriveTypesRatio,
  DUMPER_CONFIG_MODES,
  type FailureDomain,
  type Instructions,
  MODES,
  type Network,
  type NetworkSelector,
  type Numa,
  type Overrides,
  type PodResources,
  type PortRange,
  type PrinterColumns,
  type PvcConfig,
  type ResourceAmounts,
  STATES,
  STATUSES,
  type TracesConfiguration,
  UPGRADE_POLICIES,
  type VirtualDrive,
  type WekaContainerSpec,
  type WekaContainerStatus,
} from './weka-container.ts';

const texts = list(text);
const integers = list(integer);

export const metadataShape = object<ObjectMeta>({
  name: must(text),
  namespace: text,
  uid: must(text),
  resourceVersion: must(text),
  generation: integer,
  creationTimestamp: must(time),
  deletionTimestamp: time,
  deletionGracePeriodSeconds: integer,
  labels: map(text),
  annotations: map(text),
  finalizers: texts,
  ownerReferences: list(
    object<OwnerReference>({
      apiVersion: must(text),
      kind: must(text),
      name: must(text),
      uid: must(text),
      controller: flag,
      blockOwnerDeletion: flag,
    }),
  ),
});

const requirements = list(object<Requirement>({ key: must(text), operator: must(text), values: texts }));
const labelSelector = object<LabelSelector>({ matchLabels: map(text), matchExpressions: requirements });
const nodeTerm = object<NodeSelectorTerm>({ matchExpressions: requirements, matchFields: requirements });
const podTerm = object<PodAffinityTerm>({
  topologyKey: must(text),
  labelSelector,
  namespaceSelector: labelSelector,
  namespaces: texts,
  matchLabelKeys: texts,
  mismatchLabelKeys: texts,
});
const podAffinity = object<PodAffinity>({
  requiredDuringSchedulingIgnoredDuringExecution: list(podTerm),
  preferredDuringSchedulingIgnoredDuringExecution: list(
    object<WeightedPodAffinityTerm>({ weight: must(integer), podAffinityTerm: must(podTerm) }),
  ),
});
const affinity = object<Affinity>({
  nodeAffinity: object<NodeAffinity>({
    requiredDuringSchedulingIgnoredDuringExecution: object<NodeSelector>({ nodeSelectorTerms: must(list(nodeTerm)) }),
    preferredDuringSchedulingIgnoredDuringExecution: list(
      object<PreferredSchedulingTerm>({ weight: must(integer), preference: must(nodeTerm) }),
    ),
  }),
  podAffinity,
  podAntiAffinity: podAffinity,
});
const spreadConstraint = object<TopologySpreadConstraint>({
  maxSkew: must(integer),
  topologyKey: must(text),
  whenUnsatisfiable: must(text),
  minDomains: integer,
  nodeAffinityPolicy: text,
  nodeTaintsPolicy: text,
  labelSelector,
  matchLabelKeys: texts,
});
export const toleration = object<Toleration>({
  key: text,
  operator: text,
  value: text,
  effect: text,
  tolerationSeconds: int64,
});
const containerPort = object<ContainerPort>({
  containerPort: must(integer),
  hostPort: integer,
  hostIP: text,
  name: text,
  protocol: byDefault(text, 'TCP'),
});
const keySelector = object<KeySelector>({ key: must(text), name: byDefault(text, ''), optional: flag });
const envVarSource = object<EnvVarSource>({
  secretKeyRef: keySelector,
  configMapKeyRef: keySelector,
  fieldRef: object<ObjectFieldSelector>({ fieldPath: must(text), apiVersion: text }),
  resourceFieldRef: object<ResourceFieldSelector>({ resource: must(text), containerName: text, divisor: quantity }),
});

const networkSelectors = list(
  object<NetworkSelector>({
    subnet: text,
    min: integer,
    max: integer,
    deviceNames: texts,
    rdmaOnly: flag,
    disableRdma: flag,
  }),
);
const network = object<Network>({
  ethDevice: text,
  ethDevices: texts,
  gateway: text,
  udpMode: flag,
  deviceSubnets: texts,
  selectors: networkSelectors,
  managementIpsSelectors: networkSelectors,
  bindManagementAll: flag,
  nvidiaVfSingleIp: flag,
});
const overrides = object<Overrides>({
  skipDeactivate: flag,
  skipDrivesForceResign: flag,
  skipVirtualDrivesRemoval: flag,
  skipCleanupPersistentDir: flag,
  upgradeForceReplace: flag,
  upgradePreventEviction: flag,
  podDeleteForceReplace: flag,
  machineIdentifierNodeRef: text,
  preRunScript: text,
  forceDrain: flag,
  skipActiveMountsCheck: flag,
  umountOnHost: flag,
  debugSleepOnTerminate: integer,
  migrateOutFromPvc: flag,
  dpdkBaseMemoryMbPerCore: integer,
});
const amounts = object<ResourceAmounts>({ cpu: quantity, memory: quantity, 'hugepages-2Mi': quantity });

/** `name` and `numCores` are required by the schema; absent they count as empty, as the Go client would send them. */
export const specShape = object<WekaContainerSpec>({
  nodeAffinity: branded<NodeName>(),
  failureDomain: object<FailureDomain>({ label: text, skew: integer, compositeLabels: texts }),
  topologySpreadConstraints: list(spreadConstraint),
  affinity,
  nodeSelector: map(text),
  port: integer,
  exposePorts: integers,
  exposedPorts: list(containerPort),
  agentPort: integer,
  portRange: object<PortRange>({ basePort: byDefault(integer, 45_000), portRange: byDefault(integer, 0) }),
  image: must(text),
  imagePullSecret: text,
  name: filled(text, ''),
  mode: must(oneOf(MODES)),
  numCores: filled(integer, 0),
  extraCores: integer,
  coreIds: integers,
  nonDatapathCoreIds: integers,
  cpuPolicy: byDefault(open(CPU_POLICIES), 'auto'),
  network,
  hugepages: integer,
  hugepagesOffset: integer,
  hugepagesSize: text,
  hugepagesSizeOverride: text,
  numDrives: integer,
  driversDistService: text,
  driversLoaderImage: text,
  driversBuildId: text,
  builder: object<Builder>({ weka_version: text }),
  wekaSecretRef: envVarSource,
  joinIpPorts: texts,
  tracesConfiguration: object<TracesConfiguration>({
    maxCapacityPerIoNode: byDefault(integer, 10),
    ensureFreeSpace: byDefault(integer, 20),
    dumperConfigMode: byDefault(open(DUMPER_CONFIG_MODES), 'auto'),
  }),
  tolerations: list(toleration),
  nodeInfoConfigMap: text,
  ipv6: flag,
  additionalMemory: integer,
  group: text,
  serviceAccountName: text,
  additionalSecrets: map(text),
  instructions: object<Instructions>({ type: must(text), payload: text }),
  dropAffinityConstraints: flag,
  uploadResultsTo: text,
  upgradePolicyType: byDefault(open(UPGRADE_POLICIES, 'manual'), 'manual'),
  state: byDefault(known(STATES, 'active'), 'active'),
  allowHotUpgrade: flag,
  driveCapacity: integer,
  containerCapacity: integer,
  driveTypesRatio: object<DriveTypesRatio>({ tlc: byDefault(integer, 0), qlc: byDefault(integer, 0) }),
  autoRemoveTimeout: byDefault(text, '0s'),
  overrides,
  hostPID: flag,
  resources: object<PodResources>({ requests: amounts, limits: amounts }),
  pvc: object<PvcConfig>({ name: must(text), path: text }),
  podConfigHash: text,
  dpdkBaseMemoryMb: integer,
  dataServicesConfig: object<DataServicesConfig>({ dataServicesFeCores: integer }),
  numa: object<Numa>({ single: flag, region: integer, method: open(['device-plugin']) }),
});

const counters = object<Counters>({ active: integer, created: integer, desired: integer });
export const conditionShape = object<Condition>({
  type: must(text),
  status: must(oneOf<ConditionStatus>(['True', 'False', 'Unknown'])),
  lastTransitionTime: must(time),
  reason: must(text),
  message: must(text),
  observedGeneration: integer,
});

/** `status.status` absent counts as empty, so that the first pass writes `Init`. */
export const statusShape = object<WekaContainerStatus>({
  status: filled(open(STATUSES), ''),
  internalStatus: text,
  managementIP: text,
  managementIPs: texts,
  containerID: integer,
  clusterID: text,
  conditions: list(conditionShape),
  lastAppliedImage: text,
  lastAppliedSpec: text,
  lastAppliedPodConfigHash: text,
  nodeAffinity: branded<NodeName>(),
  result: text,
  allocations: object<Allocations>({
    drives: texts,
    wekaPort: integer,
    agentPort: integer,
    failureDomain: text,
    machineIdentifier: text,
    netDevices: texts,
    virtualDrives: list(
      object<VirtualDrive>({
        virtualUUID: must(text),
        physicalUUID: must(text),
        capacityGiB: must(integer),
        serial: must(text),
        type: open(DRIVE_TYPES),
      }),
    ),
  }),
  addedDrives: list(
    object<AddedDrive>({
      uuid: must(text),
      added_time: must(text),
      device_path: must(text),
      serial_number: must(text),
      status: must(text),
      size_bytes: int64,
    }),
  ),
  stats: object<ContainerMetrics>({
    processes: counters,
    cpuUtilization: text,
    drives: object<DriveMetrics>({
      counters,
      failures: list(object<DriveFailure>({ serialId: text, wekaDriveId: text })),
    }),
    activeMounts: integer,
    lastUpdate: time,
  }),
  printer: object<PrinterColumns>({
    processes: text,
    drives: text,
    activeMounts: text,
    managementIPs: text,
    nodeAffinity: text,
    capacity: text,
  }),
  timestamps: map(time),
  notToleratedOnReschedule: flag,
});
