/** The configuration of a golden case: the binary's defaults with the case's variables over them. Source: spec 04, 15. */
import type { PodSettings } from '../../actors/rules/pod-spec/settings.ts';
import type { IgnoredTaints } from '../../actors/rules/tolerations.ts';
import type { Golden } from './kind.ts';

export interface GoldenSettings extends PodSettings, IgnoredTaints {
  readonly ocpToolkitImageBaseUrl: string;
}

/** Throws for a variable that is not known here: a case that sets it would not be tested. */
export function settingsOf({ config }: Golden): GoldenSettings {
  const left = new Set(Object.keys(config));
  const text = (name: string, fallback: string): string => {
    left.delete(name);
    return config[name] ?? fallback;
  };
  const flag = (name: string, fallback = false): boolean => text(name, String(fallback)) === 'true';
  const count = (name: string, fallback: number): number => Number(text(name, String(fallback)));
  const settings: GoldenSettings = {
    version: text('VERSION', 'v1.10.0'),
    debugSleepSeconds: count('WEKA_OPERATOR_DEBUG_SLEEP', 3),
    syslogPackage: text('SYSLOG_PACKAGE', 'auto'),
    otelExporterOtlpEndpoint: text('OTEL_EXPORTER_OTLP_ENDPOINT', ''),
    otelPackagesInstallerImage: text('WEKA_OTEL_PACKAGES_INSTALLER_IMAGE', ''),
    proxy: text('PROXY', ''),
    dnsPolicyK8sNetwork: text('DNS_POLICY_K8S_NETWORK', ''),
    dnsPolicyHostNetwork: text('DNS_POLICY_HOST_NETWORK', ''),
    priorityClassInitial: text('PRIORITY_CLASS_INITIAL', 'weka-initial-no-evict'),
    priorityClassTargeted: text('PRIORITY_CLASS_TARGETED', 'weka-targeted-no-evict'),
    skipUnhealthyToleration: flag('SKIP_UNHEALTHY_TOLERATION'),
    skipClientNoScheduleToleration: flag('SKIP_CLIENT_NO_SCHEDULE_TOLERATION'),
    skipAuxNoScheduleToleration: flag('SKIP_AUX_NO_SCHEDULE_TOLERATION'),
    allowMultipleProtocolsPerNode: flag('ALLOW_MULTIPLE_PROTOCOLS_PER_NODE'),
    ssdProxyHugepagesOffsetMiB: count('SSD_PROXY_HUGEPAGES_OFFSET_MIB', 2048),
    hugepages1GiExact: false,
    okeEnableNicsAllocation: flag('OKE_ENABLE_NICS_ALLOCATION'),
    cosAllowHugepageConfig: flag('WEKA_COS_ALLOW_HUGEPAGE_CONFIG'),
    cosGlobalHugepageSize: text('WEKA_COS_GLOBAL_HUGEPAGE_SIZE', '2m'),
    cosGlobalHugepageCount: count('WEKA_COS_GLOBAL_HUGEPAGE_COUNT', 4000),
    cosAllowDisableDriverSigning: flag('WEKA_COS_ALLOW_DISABLE_DRIVER_SIGNING'),
    cosServiceAccountSecret: text('WEKA_COS_SERVICE_ACCOUNT_SECRET', ''),
    ocpPullSecret: text('WEKA_OCP_PULL_SECRET', ''),
    ocpToolkitImageBaseUrl: text('WEKA_OCP_TOOLKIT_IMAGE_BASE_URL', 'quay.io/openshift-release-dev/ocp-v4.0-art-dev'),
    tolerationsMismatchEnableIgnoredTaints: flag('TOLERATIONS_MISMATCH_SETTINGS_ENABLE_IGNORED_TAINTS', true),
    tolerationsMismatchIgnoredTaints: text('TOLERATIONS_MISMATCH_SETTINGS_IGNORED_TAINTS', '')
      .split(',')
      .map((key) => key.trim())
      .filter((key) => key !== ''),
    cpuAutoHonoursCoreIds: false,
    podDeclareExposedPorts: false,
    podKeepForeignLabels: false,
    podSpecDriftReport: false,
    initContainerResources: false,
    uioLoaderImage: 'busybox:latest',
  };
  if (left.size > 0) throw new Error(`variables not known to the conformance run: ${[...left].join(', ')}`);
  return settings;
}
