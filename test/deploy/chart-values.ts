/** Each value of the chart that feeds one variable of the process: where it stands, its default, what it feeds. Source: spec 08, 6.4 and 6.9. */

export interface ValueRow {
  /** Of the value, with dots. */
  readonly path: string;
  readonly variable: string;
  /** As the process reads it. */
  readonly standard: string;
}

/** `path VARIABLE default`; `-` for empty. */
const OF_THE_EXISTING_CHART = `
operatorMetricsBindAddress OPERATOR_METRICS_BIND_ADDRESS 127.0.0.1:8080
healthProbeBindAddress HEALTH_PROBE_BIND_ADDRESS :8081
enableLeaderElection ENABLE_LEADER_ELECTION true
enableClusterApi ENABLE_CLUSTER_API false
reconcileTimeout RECONCILE_TIMEOUT 30m
kubeExecTimeout KUBE_EXEC_TIMEOUT 5m
maxWorkers.wekaContainer MAX_WORKERS_WEKACONTAINER 50
otelExporterOtlpEndpoint OTEL_EXPORTER_OTLP_ENDPOINT -
deploymentIdentifier OTEL_DEPLOYMENT_IDENTIFIER -
logging.level LOG_LEVEL info
logging.timeOnly LOG_TIME_ONLY true
debugSleep WEKA_OPERATOR_DEBUG_SLEEP 3
syslogPackage SYSLOG_PACKAGE auto
proxy PROXY -
signDrivesImage SIGN_DRIVES_IMAGE -
localDataPvc LOCAL_DATA_PVC -
maintenanceImagePullSecret WEKA_MAINTENANCE_IMAGE_PULL_SECRET -
dnsPolicy.k8sNetwork DNS_POLICY_K8S_NETWORK -
dnsPolicy.hostNetwork DNS_POLICY_HOST_NETWORK -
skipUnhealthyToleration SKIP_UNHEALTHY_TOLERATION false
skipClientNoScheduleToleration SKIP_CLIENT_NO_SCHEDULE_TOLERATION false
skipAuxNoScheduleToleration SKIP_AUX_NO_SCHEDULE_TOLERATION false
cleanupRemovedNodes CLEANUP_REMOVED_NODES false
cleanupOnNodeSelectorMismatch CLEANUP_BACKENDS_ON_NODE_SELECTOR_MISMATCH false
cleanupClientsOnNodeSelectorMismatch CLEANUP_CLIENTS_ON_NODE_SELECTOR_MISMATCH false
cleanupContainersOnTolerationsMismatch CLEANUP_CONTAINERS_ON_TOLERATIONS_MISMATCH false
tolerationsMismatchSettings.enableIgnoredTaints TOLERATIONS_MISMATCH_SETTINGS_ENABLE_IGNORED_TAINTS true
tolerationsMismatchSettings.ignoredTaints TOLERATIONS_MISMATCH_SETTINGS_IGNORED_TAINTS node.kubernetes.io/unschedulable,node.kubernetes.io/not-ready,node.kubernetes.io/unreachable
evictContainerOnDeletion EVICT_CONTAINER_ON_DELETION false
removalThrottlingEnabled REMOVAL_THROTTLING_ENABLED true
recreateUnhealthyEnvoyThrottlingEnabled RECREATE_UNHEALTHY_ENVOY_THROTTLING_ENABLED true
removeFailedDrives REMOVE_FAILED_DRIVES_FROM_WEKA false
allowMultipleProtocolsPerNode ALLOW_MULTIPLE_PROTOCOLS_PER_NODE false
evictedPodCleanup.enabled EVICTED_POD_CLEANUP_ENABLED true
evictedPodCleanup.interval EVICTED_POD_CLEANUP_INTERVAL 2m
defaultIntervals.deleteEnvoyWithoutS3NeighborTimeout DELETE_ENVOY_WITHOUT_S3_NEIGHBOR_TIMEOUT 5m
defaultIntervals.deleteUnschedulablePodsAfter DELETE_UNSCHEDULABLE_PODS_AFTER 1m
metrics.containers.enabled METRICS_CONTAINERS_ENABLED true
metrics.containers.pollingRate METRICS_CONTAINERS_POLLING_RATE 60s
metrics.containers.requestsTimeouts.register METRICS_CONTAINERS_REQUEST_TIMEOUT_REGISTER 3s
metrics.containers.requestsTimeouts.getContainerInfo METRICS_CONTAINERS_REQUEST_TIMEOUT_GET_CONTAINER_INFO 10s
ocpCompatibility.driverToolkitSecretName WEKA_OCP_PULL_SECRET -
gkeCompatibility.disableDriverSigning WEKA_COS_ALLOW_DISABLE_DRIVER_SIGNING false
gkeCompatibility.gkeServiceAccountSecret WEKA_COS_SERVICE_ACCOUNT_SECRET -
gkeCompatibility.hugepageConfiguration.enabled WEKA_COS_ALLOW_HUGEPAGE_CONFIG false
gkeCompatibility.hugepageConfiguration.hugepageSize WEKA_COS_GLOBAL_HUGEPAGE_SIZE 2M
gkeCompatibility.hugepageConfiguration.hugepageCount WEKA_COS_GLOBAL_HUGEPAGE_COUNT 4000
okeCompatibility.enableNicsAllocation OKE_ENABLE_NICS_ALLOCATION false
priorityClasses.initial PRIORITY_CLASS_INITIAL weka-initial-no-evict
priorityClasses.targeted PRIORITY_CLASS_TARGETED weka-targeted-no-evict
driveSharing.maxVirtualDrivesPerCore MAX_VIRTUAL_DRIVES_PER_CORE 8
driveSharing.enforceMinDrivesPerTypePerCore ENFORCE_MIN_DRIVES_PER_TYPE_PER_CORE true
driveSharing.enableDynamicDriveScalingForSharedDrives ENABLE_DYNAMIC_DRIVE_SCALING_FOR_SHARED_DRIVES false
driveSharing.ssdProxy.hugepagesOffsetMiB SSD_PROXY_HUGEPAGES_OFFSET_MIB 2048
csi.installationEnabled CSI_INSTALLATION_ENABLED false
csi.preventNewWorkloadOnClientContainerNotRunning CSI_PREVENT_NEW_WORKLOAD_ON_CLIENT_CONTAINER_NOT_RUNNING true`;

export const VALUE_ROWS: readonly ValueRow[] = OF_THE_EXISTING_CHART.trim()
  .split('\n')
  .map((line) => {
    const [path = '', variable = '', standard = ''] = line.split(' ');
    return { path, variable, standard: standard === '-' ? '' : standard };
  });

/** Values that feed a variable not as they stand: an empty one is completed. With the value of the test, and what comes of it. */
export const COMPLETED: readonly { readonly path: string; readonly variable: string; readonly standard: string }[] = [
  { path: 'maintenanceImage', variable: 'WEKA_MAINTENANCE_IMAGE', standard: 'weka.io/busybox' },
  {
    path: 'ocpCompatibility.driverToolkitImageBaseUrl',
    variable: 'WEKA_OCP_TOOLKIT_IMAGE_BASE_URL',
    standard: 'openshift-release-dev/ocp-v4.0-art-dev',
  },
];

/** Variables that no value feeds: as in the existing chart, or because only a process outside of a cluster needs them. */
export const WITHOUT_VALUE: readonly string[] = [
  'OPERATOR_MODE',
  'OPERATOR_DEV_MODE',
  'KUBECONFIG',
  'METRICS_NODE_AGENT_TOKEN',
  'DELETE_TELEMETRY_WITHOUT_COMPUTE_NEIGHBOR_TIMEOUT',
];

/** From the pod, from names, or only when it is set. */
export const MADE_UP: readonly string[] = [
  'POD_NAMESPACE',
  'POD_NAME',
  'POD_UID',
  'VERSION',
  'OPERATOR_IMAGE',
  'OPERATOR_DEPLOYMENT_NAME',
  'WEKA_OPERATOR_MAINTENANCE_SA_NAME',
  'WEKA_OTEL_PACKAGES_INSTALLER_IMAGE',
];
