/** What of the controller's configuration ends up in a pod. Config satisfies it. Source: spec 04, 15; spec/README V3, V10. */
import type { TolerationSettings } from '../tolerations.ts';
import type { HugepageSettings } from './hugepages.ts';

export interface PodSettings extends TolerationSettings, HugepageSettings {
  /** Of the controller. */
  readonly version: string;
  readonly debugSleepSeconds: number;
  readonly syslogPackage: string;
  readonly otelExporterOtlpEndpoint: string;
  /** Empty: the feature is off. */
  readonly otelPackagesInstallerImage: string;
  /** Of the drivers loader; empty: none. */
  readonly proxy: string;
  /** Empty: the default of the API. */
  readonly dnsPolicyK8sNetwork: string;
  readonly dnsPolicyHostNetwork: string;
  /** Empty: no class. */
  readonly priorityClassInitial: string;
  readonly priorityClassTargeted: string;
  readonly allowMultipleProtocolsPerNode: boolean;
  readonly okeEnableNicsAllocation: boolean;
  readonly cosAllowHugepageConfig: boolean;
  readonly cosGlobalHugepageSize: string;
  readonly cosGlobalHugepageCount: number;
  readonly cosAllowDisableDriverSigning: boolean;
  readonly cosServiceAccountSecret: string;
  readonly ocpPullSecret: string;
  readonly cpuAutoHonoursCoreIds: boolean;
  readonly podDeclareExposedPorts: boolean;
  readonly podKeepForeignLabels: boolean;
  readonly podSpecDriftReport: boolean;
  readonly initContainerResources: boolean;
  readonly uioLoaderImage: string;
}
