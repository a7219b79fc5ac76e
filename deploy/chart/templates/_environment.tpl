{{/* Environment of the controller: one row a variable, from one value. Source: spec 08, 6.4 and 6.9. */}}

{{/* A value as the process reads it: lists with commas, numbers in digits, nothing for null. */}}
{{- define "controller.text" -}}
{{- if kindIs "float64" . }}{{ int64 . }}{{ else if kindIs "slice" . }}{{ join "," . }}{{ else if not (kindIs "invalid" .) }}{{ . }}{{ end -}}
{{- end }}

{{/* [name, value] */}}
{{- define "controller.variable" -}}
- name: {{ index . 0 }}
  value: {{ include "controller.text" (index . 1) | quote }}
{{ end }}

{{- define "controller.environment" -}}
{{- range $name, $path := dict "POD_NAMESPACE" "metadata.namespace" "POD_NAME" "metadata.name" "POD_UID" "metadata.uid" }}
- name: {{ $name }}
  valueFrom: {fieldRef: {fieldPath: {{ $path }}}}
{{- end }}
{{ $v := .Values -}}
{{ include "controller.variable" (list "VERSION" .Chart.Version) -}}
{{ include "controller.variable" (list "OPERATOR_DEPLOYMENT_NAME" (include "controller.name" .)) -}}
{{ include "controller.variable" (list "OPERATOR_IMAGE" (include "controller.operatorImage" .)) -}}
{{ include "controller.variable" (list "OPERATOR_METRICS_BIND_ADDRESS" $v.operatorMetricsBindAddress) -}}
{{ include "controller.variable" (list "HEALTH_PROBE_BIND_ADDRESS" $v.healthProbeBindAddress) -}}
{{ include "controller.variable" (list "WEKA_OPERATOR_MAINTENANCE_SA_NAME" (include "controller.maintenanceAccount" .)) -}}
{{ include "controller.variable" (list "ENABLE_LEADER_ELECTION" $v.enableLeaderElection) -}}
{{ include "controller.variable" (list "ENABLE_CLUSTER_API" $v.enableClusterApi) -}}
{{ include "controller.variable" (list "RECONCILE_TIMEOUT" $v.reconcileTimeout) -}}
{{ include "controller.variable" (list "KUBE_EXEC_TIMEOUT" $v.kubeExecTimeout) -}}
{{ include "controller.variable" (list "MAX_WORKERS_WEKACONTAINER" $v.maxWorkers.wekaContainer) -}}
{{ include "controller.variable" (list "OTEL_EXPORTER_OTLP_ENDPOINT" $v.otelExporterOtlpEndpoint) -}}
{{ include "controller.variable" (list "OTEL_DEPLOYMENT_IDENTIFIER" $v.deploymentIdentifier) -}}
{{ with $v.otelPackagesInstallerImage }}{{ include "controller.variable" (list "WEKA_OTEL_PACKAGES_INSTALLER_IMAGE" .) }}{{ end -}}
{{ include "controller.variable" (list "LOG_LEVEL" $v.logging.level) -}}
{{ include "controller.variable" (list "LOG_TIME_ONLY" $v.logging.timeOnly) -}}
{{ include "controller.variable" (list "WEKA_OPERATOR_DEBUG_SLEEP" $v.debugSleep) -}}
{{ include "controller.variable" (list "SYSLOG_PACKAGE" $v.syslogPackage) -}}
{{ include "controller.variable" (list "PROXY" $v.proxy) -}}
{{ include "controller.variable" (list "SIGN_DRIVES_IMAGE" $v.signDrivesImage) -}}
{{ include "controller.variable" (list "LOCAL_DATA_PVC" $v.localDataPvc) -}}
{{ include "controller.variable" (list "WEKA_MAINTENANCE_IMAGE" ($v.maintenanceImage | default (include "controller.hosted" (list $v.registries.weka "weka.io/busybox")))) -}}
{{ include "controller.variable" (list "WEKA_MAINTENANCE_IMAGE_PULL_SECRET" $v.maintenanceImagePullSecret) -}}
{{ include "controller.variable" (list "DNS_POLICY_K8S_NETWORK" $v.dnsPolicy.k8sNetwork) -}}
{{ include "controller.variable" (list "DNS_POLICY_HOST_NETWORK" $v.dnsPolicy.hostNetwork) -}}
{{ include "controller.variable" (list "SKIP_UNHEALTHY_TOLERATION" $v.skipUnhealthyToleration) -}}
{{ include "controller.variable" (list "SKIP_CLIENT_NO_SCHEDULE_TOLERATION" $v.skipClientNoScheduleToleration) -}}
{{ include "controller.variable" (list "SKIP_AUX_NO_SCHEDULE_TOLERATION" $v.skipAuxNoScheduleToleration) -}}
{{ include "controller.variable" (list "CLEANUP_REMOVED_NODES" $v.cleanupRemovedNodes) -}}
{{ include "controller.variable" (list "CLEANUP_BACKENDS_ON_NODE_SELECTOR_MISMATCH" $v.cleanupOnNodeSelectorMismatch) -}}
{{ include "controller.variable" (list "CLEANUP_CLIENTS_ON_NODE_SELECTOR_MISMATCH" $v.cleanupClientsOnNodeSelectorMismatch) -}}
{{ include "controller.variable" (list "CLEANUP_CONTAINERS_ON_TOLERATIONS_MISMATCH" $v.cleanupContainersOnTolerationsMismatch) -}}
{{ include "controller.variable" (list "TOLERATIONS_MISMATCH_SETTINGS_ENABLE_IGNORED_TAINTS" $v.tolerationsMismatchSettings.enableIgnoredTaints) -}}
{{ include "controller.variable" (list "TOLERATIONS_MISMATCH_SETTINGS_IGNORED_TAINTS" $v.tolerationsMismatchSettings.ignoredTaints) -}}
{{ include "controller.variable" (list "EVICT_CONTAINER_ON_DELETION" $v.evictContainerOnDeletion) -}}
{{ include "controller.variable" (list "REMOVAL_THROTTLING_ENABLED" $v.removalThrottlingEnabled) -}}
{{ include "controller.variable" (list "RECREATE_UNHEALTHY_ENVOY_THROTTLING_ENABLED" $v.recreateUnhealthyEnvoyThrottlingEnabled) -}}
{{ include "controller.variable" (list "REMOVE_FAILED_DRIVES_FROM_WEKA" $v.removeFailedDrives) -}}
{{ include "controller.variable" (list "ALLOW_MULTIPLE_PROTOCOLS_PER_NODE" $v.allowMultipleProtocolsPerNode) -}}
{{ include "controller.variable" (list "EVICTED_POD_CLEANUP_ENABLED" $v.evictedPodCleanup.enabled) -}}
{{ include "controller.variable" (list "EVICTED_POD_CLEANUP_INTERVAL" $v.evictedPodCleanup.interval) -}}
{{ include "controller.variable" (list "DELETE_ENVOY_WITHOUT_S3_NEIGHBOR_TIMEOUT" $v.defaultIntervals.deleteEnvoyWithoutS3NeighborTimeout) -}}
{{ include "controller.variable" (list "DELETE_UNSCHEDULABLE_PODS_AFTER" $v.defaultIntervals.deleteUnschedulablePodsAfter) -}}
{{ include "controller.variable" (list "METRICS_CONTAINERS_ENABLED" $v.metrics.containers.enabled) -}}
{{ include "controller.variable" (list "METRICS_CONTAINERS_POLLING_RATE" $v.metrics.containers.pollingRate) -}}
{{ include "controller.variable" (list "METRICS_CONTAINERS_REQUEST_TIMEOUT_REGISTER" $v.metrics.containers.requestsTimeouts.register) -}}
{{ include "controller.variable" (list "METRICS_CONTAINERS_REQUEST_TIMEOUT_GET_CONTAINER_INFO" $v.metrics.containers.requestsTimeouts.getContainerInfo) -}}
{{ include "controller.variable" (list "WEKA_OCP_PULL_SECRET" $v.ocpCompatibility.driverToolkitSecretName) -}}
{{ include "controller.variable" (list "WEKA_OCP_TOOLKIT_IMAGE_BASE_URL" ($v.ocpCompatibility.driverToolkitImageBaseUrl | default (include "controller.hosted" (list $v.registries.openshift "openshift-release-dev/ocp-v4.0-art-dev")))) -}}
{{ include "controller.variable" (list "WEKA_COS_ALLOW_DISABLE_DRIVER_SIGNING" $v.gkeCompatibility.disableDriverSigning) -}}
{{ include "controller.variable" (list "WEKA_COS_SERVICE_ACCOUNT_SECRET" $v.gkeCompatibility.gkeServiceAccountSecret) -}}
{{ include "controller.variable" (list "WEKA_COS_ALLOW_HUGEPAGE_CONFIG" $v.gkeCompatibility.hugepageConfiguration.enabled) -}}
{{ include "controller.variable" (list "WEKA_COS_GLOBAL_HUGEPAGE_SIZE" $v.gkeCompatibility.hugepageConfiguration.hugepageSize) -}}
{{ include "controller.variable" (list "WEKA_COS_GLOBAL_HUGEPAGE_COUNT" $v.gkeCompatibility.hugepageConfiguration.hugepageCount) -}}
{{ include "controller.variable" (list "OKE_ENABLE_NICS_ALLOCATION" $v.okeCompatibility.enableNicsAllocation) -}}
{{ include "controller.variable" (list "PRIORITY_CLASS_INITIAL" $v.priorityClasses.initial) -}}
{{ include "controller.variable" (list "PRIORITY_CLASS_TARGETED" $v.priorityClasses.targeted) -}}
{{ include "controller.variable" (list "MAX_VIRTUAL_DRIVES_PER_CORE" $v.driveSharing.maxVirtualDrivesPerCore) -}}
{{ include "controller.variable" (list "ENFORCE_MIN_DRIVES_PER_TYPE_PER_CORE" $v.driveSharing.enforceMinDrivesPerTypePerCore) -}}
{{ include "controller.variable" (list "ENABLE_DYNAMIC_DRIVE_SCALING_FOR_SHARED_DRIVES" $v.driveSharing.enableDynamicDriveScalingForSharedDrives) -}}
{{ include "controller.variable" (list "SSD_PROXY_HUGEPAGES_OFFSET_MIB" $v.driveSharing.ssdProxy.hugepagesOffsetMiB) -}}
{{ include "controller.variable" (list "CSI_INSTALLATION_ENABLED" $v.csi.installationEnabled) -}}
{{ include "controller.variable" (list "CSI_PREVENT_NEW_WORKLOAD_ON_CLIENT_CONTAINER_NOT_RUNNING" $v.csi.preventNewWorkloadOnClientContainerNotRunning) -}}
{{ include "controller.settings" $v.settings -}}
{{- end }}

{{/* What the existing operator does not have. A key is the variable's name in camel case. */}}
{{- define "controller.settings" -}}
{{ include "controller.variable" (list "DRAIN_TIMEOUT" .drainTimeout) -}}
{{ include "controller.variable" (list "DEBUG_BIND_ADDRESS" .debugBindAddress) -}}
{{ include "controller.variable" (list "BESIDE_ACTIVE_OPERATOR" .besideActiveOperator) -}}
{{ include "controller.variable" (list "CONTROLLER_RING" .controllerRing) -}}
{{ include "controller.variable" (list "TRACE_SAMPLE_PERCENT" .traceSamplePercent) -}}
{{ include "controller.variable" (list "TRACE_CONTAINERS" .traceContainers) -}}
{{ include "controller.variable" (list "TRACE_RECORDS_MAX" .traceRecordsMax) -}}
{{ include "controller.variable" (list "WEKA_COMMAND_TIMEOUT" .wekaCommandTimeout) -}}
{{ include "controller.variable" (list "KUBE_READ_CONCURRENCY" .kubeReadConcurrency) -}}
{{ include "controller.variable" (list "KUBE_WRITE_CONCURRENCY" .kubeWriteConcurrency) -}}
{{ include "controller.variable" (list "KUBE_WRITE_QPS" .kubeWriteQps) -}}
{{ include "controller.variable" (list "KUBE_WRITE_BURST" .kubeWriteBurst) -}}
{{ include "controller.variable" (list "EXEC_CONCURRENCY" .execConcurrency) -}}
{{ include "controller.variable" (list "EXEC_CONCURRENCY_PER_NODE" .execConcurrencyPerNode) -}}
{{ include "controller.variable" (list "EXEC_CONCURRENCY_SICK_NODES" .execConcurrencySickNodes) -}}
{{ include "controller.variable" (list "NODE_AGENT_CONCURRENCY" .nodeAgentConcurrency) -}}
{{ include "controller.variable" (list "NODE_AGENT_CONCURRENCY_PER_NODE" .nodeAgentConcurrencyPerNode) -}}
{{ include "controller.variable" (list "LOCAL_STATUS_MAX_INTERVAL" .localStatusMaxInterval) -}}
{{ include "controller.variable" (list "FINISHED_POD_CLEANUP_ENABLED" .finishedPodCleanupEnabled) -}}
{{ include "controller.variable" (list "NODE_GONE_GRACE" .nodeGoneGrace) -}}
{{ include "controller.variable" (list "NODE_CONDITION_GRACE" .nodeConditionGrace) -}}
{{ include "controller.variable" (list "POD_KEEP_FOREIGN_LABELS" .podKeepForeignLabels) -}}
{{ include "controller.variable" (list "CPU_AUTO_HONOURS_CORE_IDS" .cpuAutoHonoursCoreIds) -}}
{{ include "controller.variable" (list "POD_DECLARE_EXPOSED_PORTS" .podDeclareExposedPorts) -}}
{{ include "controller.variable" (list "INIT_CONTAINER_RESOURCES" .initContainerResources) -}}
{{ include "controller.variable" (list "HUGEPAGES_1GI_EXACT" .hugepages1GiExact) -}}
{{ include "controller.variable" (list "UIO_LOADER_IMAGE" .uioLoaderImage) -}}
{{ include "controller.variable" (list "POD_SPEC_DRIFT_REPORT" .podSpecDriftReport) -}}
{{ include "controller.variable" (list "FORCE_DRAIN_SHARED_NODE" .forceDrainSharedNode) -}}
{{ include "controller.variable" (list "ALL_AT_ONCE_FORCE_REPLACES" .allAtOnceForceReplaces) -}}
{{ include "controller.variable" (list "WAIT_IS_NOT_ERROR" .waitIsNotError) -}}
{{ include "controller.variable" (list "ENVOY_PROBE_EXCLUDES_SELF" .envoyProbeExcludesSelf) -}}
{{ include "controller.variable" (list "COLLECT_LEFTOVERS" .collectLeftovers) -}}
{{ include "controller.variable" (list "BACKEND_DRIVERS_NEED_BOOT_ID" .backendDriversNeedBootId) -}}
{{ include "controller.variable" (list "ALLOCATION_LEASE" .allocationLease) -}}
{{ include "controller.variable" (list "NODE_AGENT_IMAGE" .nodeAgentImage) -}}
{{ include "controller.variable" (list "NODE_AGENT_IMAGE_CHECK" .nodeAgentImageCheck) -}}
{{ include "controller.variable" (list "STATS_MAX_AGE" .statsMaxAge) -}}
{{ include "controller.variable" (list "STATS_CPU_STEP" .statsCpuStep) -}}
{{ include "controller.variable" (list "CLIENT_MOUNTS_PER_CONTAINER" .clientMountsPerContainer) -}}
{{ include "controller.variable" (list "CSI_LABELS_FOLLOW_LIFECYCLE" .csiLabelsFollowLifecycle) -}}
{{ include "controller.variable" (list "CSI_CLEAN_STALE_LABELS" .csiCleanStaleLabels) -}}
{{ include "controller.variable" (list "CSI_REQUIRE_NODE_PLUGIN" .csiRequireNodePlugin) -}}
{{- end }}
