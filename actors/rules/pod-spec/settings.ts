/** What of the controller's configuration ends up in a pod; meaning and bounds are told in config.ts. Source: spec 04, 15. */
import type { Config } from '../../../config.ts';
import type { TolerationSettings } from '../tolerations.ts';
import type { HugepageSettings } from './hugepages.ts';

export type PodSettings = TolerationSettings &
  HugepageSettings &
  Pick<
    Config,
    | 'version'
    | 'debugSleepSeconds'
    | 'syslogPackage'
    | 'otelExporterOtlpEndpoint'
    | 'otelPackagesInstallerImage'
    | 'proxy'
    | 'dnsPolicyK8sNetwork'
    | 'dnsPolicyHostNetwork'
    | 'priorityClassInitial'
    | 'priorityClassTargeted'
    | 'allowMultipleProtocolsPerNode'
    | 'okeEnableNicsAllocation'
    | 'cosAllowHugepageConfig'
    | 'cosGlobalHugepageSize'
    | 'cosGlobalHugepageCount'
    | 'cosAllowDisableDriverSigning'
    | 'cosServiceAccountSecret'
    | 'ocpPullSecret'
    | 'cpuAutoHonoursCoreIds'
    | 'podDeclareExposedPorts'
    | 'podKeepForeignLabels'
    | 'podSpecDriftReport'
    | 'initContainerResources'
    | 'uioLoaderImage'
  >;
