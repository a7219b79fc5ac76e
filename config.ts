/**
 * Environment → frozen Config. The tables below are the whole of it: name, type, default, bounds and meaning of every
 * variable; deploy/CONFIGURATION.md is printed from them. Reads no environment itself and never exits: main.ts does.
 */
import * as v from 'valibot';
import { FOREIGN_SETTINGS } from './messages/foreign-settings.ts';
import { nearestName } from './messages/nearest-name.ts';
import {
  address,
  choice,
  duration,
  flag,
  integer,
  list,
  requiredText,
  type Setting,
  text,
} from './messages/setting.ts';
import { RING_NAME_MAX } from './messages/shard.ts';

const shared = { source: 'spec 01, 18.1' };
const ofProcess = { source: 'spec 01, 18.2' };
const readme = (id: string) => ({ source: `spec README, ${id}` });
const design = { source: 'design, 5 and 6' };
const emptyIsUnset = { ...shared, emptyIs: 'standard' } as const;

// A key is the variable's name in camel case, without WEKA_ before COS and OCP, with the unit behind a duration.
// biome-ignore format: one variable, one row.
const process_ = {
  version: requiredText('VERSION', 'Version of the operator, told to pods.', shared),
  operatorMode: choice('OPERATOR_MODE', ['manager'], 'manager', 'Role of the process. The node agent is another program.', ofProcess),
  podNamespace: text('POD_NAMESPACE', '', 'Operator namespace. Empty: read from the service account.', shared),
  podName: text('POD_NAME', '', 'Name of this pod: identity in leases, name of the shard.', shared),
  podUid: text('POD_UID', '', 'UID of this pod.', shared),
  operatorDeploymentName: text('OPERATOR_DEPLOYMENT_NAME', '', 'Deployment that owns feature-flag containers.', shared),
  operatorImage: text('OPERATOR_IMAGE', '', 'Image of the operator, and so of the node agent.', shared),
  operatorDevMode: flag('OPERATOR_DEV_MODE', false, 'Outside of a pod, weka-operator-system is the operator namespace.', shared),
  kubeconfig: text('KUBECONFIG', '', 'Kubeconfig file. Empty: the service account of the pod, else the usual file.', design),
  operatorMetricsBindAddress: address('OPERATOR_METRICS_BIND_ADDRESS', undefined, 'Listener of /metrics.', ofProcess),
  healthProbeBindAddress: address('HEALTH_PROBE_BIND_ADDRESS', undefined, 'Listener of /healthz and /readyz.', ofProcess),
  debugBindAddress: address('DEBUG_BIND_ADDRESS', '127.0.0.1:8083', 'Kept for a listener of /debug. Nothing listens on it in this version.', design),
  enableLeaderElection: flag('ENABLE_LEADER_ELECTION', false, 'Work only while holding the lease ad0b5146.weka.io.', ofProcess),
  besideActiveOperator: flag('BESIDE_ACTIVE_OPERATOR', false, 'Whoever holds that lease leaves WekaContainers alone: work beside it, by a lease of our own.', { source: 'spec 08, 8.6 and 8.8' }),
  controllerRing: text('CONTROLLER_RING', '', 'ControllerRing of which this replica is a shard. Empty: no sharding.', { source: 'design, 8' }),
  drainTimeoutMs: duration('DRAIN_TIMEOUT', '25s', 'After SIGTERM, how long passes and commands under way may take to end.', { ...readme('I8'), max: '10m' }),
  logLevel: choice('LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'info', 'Least level that is logged. A number, as the Go operator takes it, means info.', ofProcess),
  traceSamplePercent: integer('TRACE_SAMPLE_PERCENT', 0, 'Part of the containers whose trace goes to the log.', { ...design, unit: '%', max: 100 }),
  traceContainers: list('TRACE_CONTAINERS', 'Containers, as namespace/name, whose trace goes to the log.', design),
  traceRecordsMax: integer('TRACE_RECORDS_MAX', 64, 'Records kept in memory for each container.', { ...design, unit: 'records', min: 8, max: 4096 }),
};

// biome-ignore format: one variable, one row.
const pace = {
  kubeExecTimeoutMs: duration('KUBE_EXEC_TIMEOUT', '5m', 'Time limit of a command in a pod that has none of its own.', { ...shared, min: '1s' }),
  wekaCommandTimeoutMs: duration('WEKA_COMMAND_TIMEOUT', '2m', 'Time limit of a command that changes a weka cluster.', { ...readme('I4'), min: '1s' }),
  reconcileTimeoutMs: duration('RECONCILE_TIMEOUT', '30m', 'Time limit of one pass.', { ...shared, min: '1s' }),
  kubeReadConcurrency: integer('KUBE_READ_CONCURRENCY', 32, 'API reads at a time, watches aside.', { ...design, unit: 'requests', min: 1, max: 1000 }),
  kubeWriteConcurrency: integer('KUBE_WRITE_CONCURRENCY', 32, 'API writes at a time.', { ...design, unit: 'requests', min: 1, max: 1000 }),
  kubeWriteQps: integer('KUBE_WRITE_QPS', 100, 'API writes a second in the long run. 0: no limit.', { ...design, unit: 'requests/s', max: 10_000 }),
  kubeWriteBurst: integer('KUBE_WRITE_BURST', 200, 'API writes at once after a calm.', { ...design, unit: 'requests', min: 1, max: 100_000 }),
  execConcurrency: integer('EXEC_CONCURRENCY', 64, 'Commands in pods at a time.', { ...design, unit: 'commands', min: 1, max: 1000 }),
  execConcurrencyPerNode: integer('EXEC_CONCURRENCY_PER_NODE', 4, 'Of them on one node.', { ...design, unit: 'commands', min: 1, max: 100 }),
  execConcurrencySickNodes: integer('EXEC_CONCURRENCY_SICK_NODES', 8, 'Of them in pods whose last command timed out and on nodes that are silent, together.', { ...design, unit: 'commands', min: 1, max: 1000 }),
  nodeAgentConcurrency: integer('NODE_AGENT_CONCURRENCY', 128, 'Requests to node agents at a time.', { ...design, unit: 'requests', min: 1, max: 1000 }),
  nodeAgentConcurrencyPerNode: integer('NODE_AGENT_CONCURRENCY_PER_NODE', 4, 'Of them to one node.', { ...design, unit: 'requests', min: 1, max: 100 }),
  localStatusMaxIntervalMs: duration('LOCAL_STATUS_MAX_INTERVAL', '30s', 'Longest time between two looks at the local status of a settled container.', { ...readme('V10'), min: '30s', max: '1h' }),
  evictedPodCleanupEnabled: flag('EVICTED_POD_CLEANUP_ENABLED', true, 'Delete evicted pods.', ofProcess),
  evictedPodCleanupIntervalMs: duration('EVICTED_POD_CLEANUP_INTERVAL', '2m', 'How often.', { ...ofProcess, min: '1s' }),
  finishedPodCleanupEnabled: flag('FINISHED_POD_CLEANUP_ENABLED', true, 'Replace finished pods of containers that are no one-offs.', readme('F22')),
  nodeGoneGraceMs: duration('NODE_GONE_GRACE', '30s', 'How long a node must be gone before that counts. 0: at once.', readme('F10')),
  nodeConditionGraceMs: duration('NODE_CONDITION_GRACE', '15s', 'How long a node must be not ready, or tainted, before that counts. 0: at once.', readme('F10, V1')),
};

// biome-ignore format: one variable, one row.
const pods = {
  maintenanceServiceAccount: requiredText('WEKA_OPERATOR_MAINTENANCE_SA_NAME', 'Service account of loaders, jobs, and resigns in ending namespaces.', shared),
  maintenanceImage: text('WEKA_MAINTENANCE_IMAGE', 'busybox:latest', 'Image of clean-up and migration jobs. The chart names the vendor’s.', shared),
  maintenanceImagePullSecret: text('WEKA_MAINTENANCE_IMAGE_PULL_SECRET', '', 'Its pull secret.', shared),
  signDrivesImage: text('SIGN_DRIVES_IMAGE', '', 'Image that signs and resigns drives.', emptyIsUnset),
  localDataPvc: text('LOCAL_DATA_PVC', '', 'Claim for the data of all containers. Clean-up then needs spec.pvc.', emptyIsUnset),
  debugSleepSeconds: integer('WEKA_OPERATOR_DEBUG_SLEEP', 3, 'Told to pods: sleep before the end.', { ...shared, unit: 's' }),
  otelExporterOtlpEndpoint: text('OTEL_EXPORTER_OTLP_ENDPOINT', '', 'Told to pods.', shared),
  otelPackagesInstallerImage: text('WEKA_OTEL_PACKAGES_INSTALLER_IMAGE', '', 'Image of an init container for telemetry. Empty: none.', shared),
  syslogPackage: text('SYSLOG_PACKAGE', 'auto', 'Told to pods: auto, go-syslog or syslog-ng.', shared),
  proxy: text('PROXY', '', 'HTTPS proxy of drivers loaders.', shared),
  dnsPolicyK8sNetwork: text('DNS_POLICY_K8S_NETWORK', '', 'DNS policy of pods without host network. Empty: not set.', emptyIsUnset),
  dnsPolicyHostNetwork: text('DNS_POLICY_HOST_NETWORK', '', 'DNS policy of pods with host network. Empty: not set.', emptyIsUnset),
  priorityClassInitial: text('PRIORITY_CLASS_INITIAL', 'weka-initial-no-evict', 'Priority class of pods without a node.', shared),
  priorityClassTargeted: text('PRIORITY_CLASS_TARGETED', 'weka-targeted-no-evict', 'Priority class of pods whose node is known.', shared),
  ocpPullSecret: requiredText('WEKA_OCP_PULL_SECRET', 'Pull secret of drivers builders on OpenShift.', shared),
  ocpToolkitImageBaseUrl: text('WEKA_OCP_TOOLKIT_IMAGE_BASE_URL', '', 'Driver toolkit image without its digest. The chart names the vendor’s.', shared),
  cosAllowDisableDriverSigning: flag('WEKA_COS_ALLOW_DISABLE_DRIVER_SIGNING', false, 'Told to pods on Google COS.', shared),
  cosAllowHugepageConfig: flag('WEKA_COS_ALLOW_HUGEPAGE_CONFIG', false, 'Told to pods on Google COS.', shared),
  cosGlobalHugepageSize: text('WEKA_COS_GLOBAL_HUGEPAGE_SIZE', '2m', 'Told to pods on Google COS.', shared),
  cosGlobalHugepageCount: integer('WEKA_COS_GLOBAL_HUGEPAGE_COUNT', 4000, 'Told to pods on Google COS.', { ...shared, unit: 'pages' }),
  cosServiceAccountSecret: text('WEKA_COS_SERVICE_ACCOUNT_SECRET', '', 'Secret of drivers builders on Google COS.', shared),
  skipUnhealthyToleration: flag('SKIP_UNHEALTHY_TOLERATION', false, 'Pods do not tolerate unhealthy nodes.', shared),
  skipClientNoScheduleToleration: flag('SKIP_CLIENT_NO_SCHEDULE_TOLERATION', false, 'Pods of clients do not tolerate every NoSchedule taint.', shared),
  skipAuxNoScheduleToleration: flag('SKIP_AUX_NO_SCHEDULE_TOLERATION', false, 'Pods of one-offs and jobs do not tolerate every NoSchedule taint.', shared),
  podKeepForeignLabels: flag('POD_KEEP_FOREIGN_LABELS', false, 'Leave labels of others on pods.', readme('V3')),
  cpuAutoHonoursCoreIds: flag('CPU_AUTO_HONOURS_CORE_IDS', false, 'CPU policy auto with core ids means manual.', readme('V3')),
  podDeclareExposedPorts: flag('POD_DECLARE_EXPOSED_PORTS', false, 'Name exposedPorts in the pod.', readme('V3')),
  initContainerResources: flag('INIT_CONTAINER_RESOURCES', false, 'Give init containers resources.', readme('V10')),
  hugepages1GiExact: flag('HUGEPAGES_1GI_EXACT', false, 'Pages of 1 GiB by exact division.', readme('V10')),
  uioLoaderImage: text('UIO_LOADER_IMAGE', 'busybox:latest', 'Image that loads the uio module on Google COS.', { ...readme('V10'), emptyIs: 'standard' }),
  podSpecDriftReport: flag('POD_SPEC_DRIFT_REPORT', false, 'Tell how a running pod differs from the one that would be built.', readme('V10')),
};

// biome-ignore format: one variable, one row.
const policies = {
  cleanupRemovedNodes: flag('CLEANUP_REMOVED_NODES', false, 'Delete backends whose node is gone.', shared),
  cleanupBackendsOnNodeSelectorMismatch: flag('CLEANUP_BACKENDS_ON_NODE_SELECTOR_MISMATCH', false, 'Backends leave nodes that their selector does not choose.', shared),
  cleanupClientsOnNodeSelectorMismatch: flag('CLEANUP_CLIENTS_ON_NODE_SELECTOR_MISMATCH', false, 'So do clients.', shared),
  cleanupContainersOnTolerationsMismatch: flag('CLEANUP_CONTAINERS_ON_TOLERATIONS_MISMATCH', false, 'Containers leave nodes with a taint they do not tolerate.', shared),
  tolerationsMismatchEnableIgnoredTaints: flag('TOLERATIONS_MISMATCH_SETTINGS_ENABLE_IGNORED_TAINTS', true, 'Except the taints of the next list.', shared),
  tolerationsMismatchIgnoredTaints: list('TOLERATIONS_MISMATCH_SETTINGS_IGNORED_TAINTS', 'Taint keys that are no reason to leave.', shared),
  evictContainerOnDeletion: flag('EVICT_CONTAINER_ON_DELETION', false, 'Deleting the pod of a drive or compute container makes the container leave.', shared),
  removalThrottlingEnabled: flag('REMOVAL_THROTTLING_ENABLED', false, 'Remove one container per weka cluster, mode and minute.', shared),
  recreateUnhealthyEnvoyThrottlingEnabled: flag('RECREATE_UNHEALTHY_ENVOY_THROTTLING_ENABLED', true, 'Re-create one envoy per cluster and minute.', shared),
  deleteEnvoyWithoutS3NeighborTimeoutMs: duration('DELETE_ENVOY_WITHOUT_S3_NEIGHBOR_TIMEOUT', '5m', 'How long an envoy stays without an s3 container.', shared),
  deleteTelemetryWithoutComputeNeighborTimeoutMs: duration('DELETE_TELEMETRY_WITHOUT_COMPUTE_NEIGHBOR_TIMEOUT', '5m', 'How long telemetry stays without a compute container.', shared),
  deleteUnschedulablePodsAfterMs: duration('DELETE_UNSCHEDULABLE_PODS_AFTER', '1m', 'How long a pod may be unschedulable.', shared),
  allowMultipleProtocolsPerNode: flag('ALLOW_MULTIPLE_PROTOCOLS_PER_NODE', false, 'Several protocol containers may share a node.', shared),
  forceDrainSharedNode: flag('FORCE_DRAIN_SHARED_NODE', false, 'Drain by force also beside another client.', readme('F7')),
  allAtOnceForceReplaces: flag('ALL_AT_ONCE_FORCE_REPLACES', false, 'Upgrade policy all-at-once-force replaces pods by force.', readme('V10')),
  waitIsNotError: flag('WAIT_IS_NOT_ERROR', false, 'A wait leaves status.status alone.', readme('V2')),
  envoyProbeExcludesSelf: flag('ENVOY_PROBE_EXCLUDES_SELF', false, 'The search for the envoy process does not find itself.', readme('V4')),
  allocationLease: flag('ALLOCATION_LEASE', true, 'Choose drives and ports of a node only under its lease weka-allocator-<node>.', readme('I8')),
  collectLeftovers: flag('COLLECT_LEFTOVERS', false, 'Delete unused drive proxies, and leases of gone nodes.', readme('V6')),
};

// biome-ignore format: one variable, one row.
const resources = {
  okeEnableNicsAllocation: flag('OKE_ENABLE_NICS_ALLOCATION', false, 'Allocate NICs on Oracle nodes as on AWS.', shared),
  removeFailedDrivesFromWeka: flag('REMOVE_FAILED_DRIVES_FROM_WEKA', false, 'Replace failed drives.', shared),
  maxVirtualDrivesPerCore: integer('MAX_VIRTUAL_DRIVES_PER_CORE', 8, 'Upper bound of virtual drives.', { ...shared, unit: 'drives', min: 1 }),
  enforceMinDrivesPerTypePerCore: flag('ENFORCE_MIN_DRIVES_PER_TYPE_PER_CORE', true, 'Each core gets a virtual drive of each type.', shared),
  enableDynamicDriveScalingForSharedDrives: flag('ENABLE_DYNAMIC_DRIVE_SCALING_FOR_SHARED_DRIVES', false, 'Allocate more virtual drives when more are asked for.', shared),
  ssdProxyHugepagesOffsetMiB: integer('SSD_PROXY_HUGEPAGES_OFFSET_MIB', 2048, 'Hugepages of a drive proxy beyond its need.', { ...shared, unit: 'MiB' }),
  backendDriversNeedBootId: flag('BACKEND_DRIVERS_NEED_BOOT_ID', false, 'Drivers loaded before the last boot do not count for backends.', readme('V5')),
};

// biome-ignore format: one variable, one row.
const metricsAndCsi = {
  metricsContainersEnabled: flag('METRICS_CONTAINERS_ENABLED', true, 'Register containers with node agents and read their metrics.', shared),
  metricsContainersPollingRateMs: duration('METRICS_CONTAINERS_POLLING_RATE', '60s', 'How often.', { ...shared, min: '1s' }),
  metricsContainersRequestTimeoutRegisterMs: duration('METRICS_CONTAINERS_REQUEST_TIMEOUT_REGISTER', '3s', 'Time limit of a registration.', { ...shared, min: '100ms' }),
  metricsContainersRequestTimeoutGetContainerInfoMs: duration('METRICS_CONTAINERS_REQUEST_TIMEOUT_GET_CONTAINER_INFO', '10s', 'Time limit of reading metrics.', { ...shared, min: '100ms' }),
  metricsNodeAgentToken: text('METRICS_NODE_AGENT_TOKEN', 'weka-node-agent-secret', 'Name of the Secret with the token of node agents.', emptyIsUnset),
  nodeAgentImage: text('NODE_AGENT_IMAGE', '', 'Image a node agent must have. Empty: OPERATOR_IMAGE.', readme('V8')),
  nodeAgentImageCheck: choice('NODE_AGENT_IMAGE_CHECK', ['strict', 'reads', 'off'], 'strict', 'Agents of another image: not used, read only, or used.', readme('V8')),
  statsMaxAgeMs: duration('STATS_MAX_AGE', '4m', 'Metrics are written before they get this old. 0: each time.', { ...readme('I9'), max: '4m59s' }),
  statsCpuStep: integer('STATS_CPU_STEP', 5, 'Change of the CPU that is written at once. 0: each change.', { ...readme('I9'), unit: 'points', max: 100 }),
  clientMountsPerContainer: flag('CLIENT_MOUNTS_PER_CONTAINER', false, 'Count mounts for each client of a node.', readme('V7')),
  csiInstallationEnabled: flag('CSI_INSTALLATION_ENABLED', false, 'Keep CSI topology labels on the nodes of clients.', shared),
  csiPreventNewWorkloadOnClientContainerNotRunning: flag('CSI_PREVENT_NEW_WORKLOAD_ON_CLIENT_CONTAINER_NOT_RUNNING', true, 'Take them away while the client does not run.', shared),
  csiLabelsFollowLifecycle: flag('CSI_LABELS_FOLLOW_LIFECYCLE', false, 'Take them away when leaving or pausing begins.', readme('V9')),
  csiCleanStaleLabels: flag('CSI_CLEAN_STALE_LABELS', false, 'Take away labels of an earlier driver name.', readme('V9')),
  csiRequireNodePlugin: flag('CSI_REQUIRE_NODE_PLUGIN', false, 'Set them only where the driver is registered.', readme('V9')),
};

const settings = { ...process_, ...pace, ...pods, ...policies, ...resources, ...metricsAndCsi };
type Settings = typeof settings;

type Values = { readonly [Key in keyof Settings]: Settings[Key] extends Setting<infer Value> ? Value : never };

/** Frozen. Durations in milliseconds, lists without empty items, `''` for what is not set. */
export interface Config extends Values {
  /** Where this program's own objects live; `''`: unknown, an error of the step that needs it. Source: spec 01, 15.1. */
  readonly operatorNamespace: string;
}

/** Problems and warnings are one line each and name variable, value and bound. */
export type ReadConfig =
  | { readonly kind: 'ok'; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly kind: 'bad'; readonly problems: readonly string[] };

type Env = Readonly<Record<string, string | undefined>>;

/**
 * All problems are told, not only the first. `accountNamespace`: text of the service account's namespace file, absent
 * when there is no such file.
 */
export function readConfig(env: Env, accountNamespace?: string): ReadConfig {
  const problems: string[] = [];
  const warnings = misspelt(env);
  const found: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries<Setting>(settings)) {
    let raw = env[setting.env];
    if (setting === settings.logLevel && raw !== undefined && /^-?\d+$/.test(raw)) {
      warnings.push(`LOG_LEVEL: "${raw}" is a level of the Go operator, taken as info`);
      raw = 'info';
    }
    const result = v.safeParse(setting.schema, raw);
    if (result.success) found[key] = result.output;
    else problems.push(...result.issues.map(({ message }) => message));
  }
  if (problems.length === 0) problems.push(...contradictions(found as Values));
  if (problems.length > 0) return { kind: 'bad', problems };
  const values = found as Values; // One for each key of `settings`, of the type its schema gives.
  const config = {
    ...values,
    nodeAgentImage: values.nodeAgentImage || values.operatorImage,
    operatorNamespace:
      values.podNamespace || (accountNamespace ?? (values.operatorDevMode ? DEV_NAMESPACE : '')).trim(),
  };
  return { kind: 'ok', config: Object.freeze(config), warnings };
}
/** What each variable allows and all together do not. */
function contradictions({ controllerRing: ring, enableLeaderElection, allocationLease, podName }: Values): string[] {
  if (ring === '') return [];
  const problems = [];
  if (ring.length > RING_NAME_MAX || !/^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/.test(ring))
    problems.push(
      `CONTROLLER_RING: "${ring.slice(0, RING_NAME_MAX)}" is no name of a ControllerRing, of at most ${RING_NAME_MAX} characters`,
    );
  if (enableLeaderElection)
    problems.push('CONTROLLER_RING: shards work side by side, none of them leads; set ENABLE_LEADER_ELECTION=false');
  if (!allocationLease)
    problems.push('CONTROLLER_RING: shards choose drives and ports on the same nodes; leave ALLOCATION_LEASE on');
  if (podName === '') problems.push('CONTROLLER_RING: the shard needs a name of its own, POD_NAME');
  return problems;
}
const DEV_NAMESPACE = 'weka-operator-system';

const KNOWN: ReadonlySet<string> = new Set([
  ...Object.values<Setting>(settings).map(({ env }) => env),
  ...FOREIGN_SETTINGS,
]);
/** Kubernetes itself sets such names, for each Service of the namespace. */
const OF_A_SERVICE = /_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)$/;

/** `WEKA_…` is ours, so any unknown one is told; of other names only those one slip away from one of ours. */
function misspelt(env: Env): string[] {
  const warnings: string[] = [];
  for (const name of Object.keys(env)) {
    if (KNOWN.has(name) || OF_A_SERVICE.test(name)) continue;
    const ours = name.startsWith('WEKA_');
    if (!ours && name.length < 8) continue;
    const nearest = nearestName(name, KNOWN, ours ? 12 : 1);
    if (nearest !== undefined) warnings.push(`${name}: is not known and ignored; did you mean ${nearest}?`);
    else if (ours) warnings.push(`${name}: is not known and ignored`);
  }
  return warnings;
}

/** One row of the manual, as text. */
export interface ConfigRow {
  readonly key: string;
  readonly env: string;
  readonly kind: Setting['kind'];
  readonly unit: string;
  readonly standard: string;
  readonly bounds: string;
  readonly text: string;
  readonly source: string;
}
export interface ConfigSection {
  readonly title: string;
  readonly rows: readonly ConfigRow[];
}

/** Every variable, by section, in the order of the tables above. */
export function configRows(): readonly ConfigSection[] {
  const section = (title: string, table: Readonly<Record<string, Setting>>): ConfigSection => ({
    title,
    rows: Object.entries(table).map(([key, { schema: _, ...row }]) => ({ key, ...row })),
  });
  return [
    section('The process', process_),
    section('Pace and limits', pace),
    section('Pods', pods),
    section('Policies', policies),
    section('Drives, ports and NICs', resources),
    section('Metrics and CSI', metricsAndCsi),
  ];
}
