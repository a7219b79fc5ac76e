/** The environment of the main container: names, order and values are the contract with the boot script. Source: spec 04, 7. */
import { goDurationNs } from '../../../messages/go-duration.ts';
import type { NodeInfo } from '../../../messages/node-info.ts';
import type { WekaContainer, WekaContainerSpec } from '../../../messages/weka-container.ts';
import {
  hasPersistentStorage,
  isAdhocOp,
  isDiscovery,
  isDriversBuilder,
  isDriversContainer,
} from '../../../messages/weka-modes.ts';
import { goJson } from '../go-json.ts';
import { copiesWekaFiles } from './init-containers.ts';
import { networkDevice, selectorsText } from './network-values.ts';
import type { EnvVar } from './pod-draft.ts';
import type { PodSettings } from './settings.ts';

/** What the variables are made of beside the container itself. */
export interface EnvironmentFacts {
  readonly info: NodeInfo;
  /** The image chosen for the main container. */
  readonly image: string;
  /** Addresses to join by, `host:port` each. */
  readonly joinIps: readonly string[];
  /** Env MEMORY. */
  readonly memory: string;
  /** Env CORE_IDS; absent: not set. */
  readonly coreIds: string | undefined;
  readonly settings: PodSettings;
}

/** Every variable but those of `lateEnvironment`; an init container that needs an environment gets this one. */
export function environment(container: WekaContainer, facts: EnvironmentFacts): readonly EnvVar[] {
  return [
    ...identity(container, facts),
    ...network(container.spec),
    ...agent(container, facts),
    ...runtime(container.spec, facts),
    ...byFeature(container.spec, facts),
    ...cores(container.spec, facts),
    ...drivers(container.spec, facts),
  ];
}

/** Variables that come last. */
export function lateEnvironment({ metadata, spec }: WekaContainer, settings: PodSettings): readonly EnvVar[] {
  return [
    // Not expanded by anyone: the reference's text.
    ...some(settings.otelPackagesInstallerImage !== '', 'PYTHONPATH', '/shared-python-packages:$PYTHONPATH'),
    ...some(spec.dropAffinityConstraints === true, 'MACHINE_IDENTIFIER', metadata.uid),
  ];
}

const portOf = ({ spec, status }: WekaContainer): string => String(status?.allocations?.wekaPort || spec.port || 0);

function identity(container: WekaContainer, { memory }: EnvironmentFacts): readonly EnvVar[] {
  const { metadata, spec, status } = container;
  return [
    set('AGENT_PORT', String(status?.allocations?.agentPort || spec.agentPort || 0)),
    set('WEKA_CONTAINER_ID', metadata.uid),
    set('NAME', spec.name),
    set('MODE', spec.mode),
    set('PORT', portOf(container)),
    set('MEMORY', memory),
    set('IS_IPV6', String(spec.ipv6 === true)),
  ];
}

function network({ network = {} }: WekaContainerSpec): readonly EnvVar[] {
  return [
    set('NETWORK_DEVICE', networkDevice(network)),
    set('SUBNETS', (network.deviceSubnets ?? []).join(',')),
    set('NETWORK_SELECTORS', selectorsText(network.selectors)),
    set('MANAGEMENT_IPS_SELECTORS', selectorsText(network.managementIpsSelectors)),
    set('BIND_MANAGEMENT_ALL', String(network.bindManagementAll === true)),
    set('NET_GATEWAY', network.gateway ?? ''),
    set('UDP_MODE', String(network.udpMode === true)),
  ];
}

function agent(container: WekaContainer, { image }: EnvironmentFacts): readonly EnvVar[] {
  const { spec } = container;
  const traces = spec.tracesConfiguration ?? {
    maxCapacityPerIoNode: 10,
    ensureFreeSpace: 20,
    dumperConfigMode: 'auto',
  };
  return [
    set('WEKA_PORT', portOf(container)),
    set('WEKA_CLI_DEBUG', '0'),
    set('DIST_SERVICE', spec.driversDistService ?? ''),
    set('DRIVERS_BUILD_ID', spec.driversBuildId ?? 'auto'),
    set('MAX_TRACE_CAPACITY_GB', String(traces.maxCapacityPerIoNode * (spec.numCores + 1))),
    set('ENSURE_FREE_SPACE_GB', String(traces.ensureFreeSpace)),
    set('DUMPER_CONFIG_MODE', traces.dumperConfigMode),
    set('IMAGE_NAME', image),
  ];
}

function runtime(spec: WekaContainerSpec, { settings }: EnvironmentFacts): readonly EnvVar[] {
  const overridden = spec.overrides?.debugSleepOnTerminate ?? 0;
  return [
    set('WEKA_OPERATOR_DEBUG_SLEEP', String(overridden > 0 ? overridden : settings.debugSleepSeconds)),
    field('NODE_NAME', 'spec.nodeName'),
    field('MANAGEMENT_IP', 'status.podIP'),
    field('POD_ID', 'metadata.uid'),
    field('POD_NAME', 'metadata.name'),
    field('POD_NAMESPACE', 'metadata.namespace'),
    set('AUTO_REMOVE_TIMEOUT', String(wholeSeconds(spec.autoRemoveTimeout))),
    set('CPU_POLICY', spec.cpuPolicy),
    set('SYSLOG_PACKAGE', settings.syslogPackage),
    set('OTEL_EXPORTER_OTLP_ENDPOINT', settings.otelExporterOtlpEndpoint),
    set('OTEL_SERVICE_NAME', 'weka-operator-runtime'),
    set('OTEL_SERVICE_VERSION', settings.version),
    set('OTEL_LOGS_ENABLED', 'true'),
  ];
}

function byFeature(spec: WekaContainerSpec, { settings }: EnvironmentFacts): readonly EnvVar[] {
  const script = spec.overrides?.preRunScript ?? '';
  const cosHugepages = isDiscovery(spec.mode) && settings.cosAllowHugepageConfig;
  return [
    ...some(script !== '', 'PRE_RUN_SCRIPT', Buffer.from(script, 'utf8').toString('base64')),
    ...some(spec.portRange !== undefined, 'BASE_PORT', String(spec.portRange?.basePort ?? 0)),
    ...some(spec.portRange !== undefined, 'PORT_RANGE', String(spec.portRange?.portRange ?? 0)),
    ...some(hasPersistentStorage(spec.mode) && spec.pvc !== undefined, 'WEKA_PERSISTENCE_MODE', 'global'),
    ...some(cosHugepages, 'WEKA_COS_ALLOW_HUGEPAGE_CONFIG', 'true'),
    ...some(cosHugepages, 'WEKA_COS_GLOBAL_HUGEPAGE_SIZE', settings.cosGlobalHugepageSize),
    ...some(cosHugepages, 'WEKA_COS_GLOBAL_HUGEPAGE_COUNT', String(settings.cosGlobalHugepageCount)),
    ...some(isAdhocOp(spec.mode), 'INSTRUCTIONS', instructionsText(spec)),
  ];
}

/** `null` when there are none; an empty payload is left out. */
function instructionsText({ instructions }: WekaContainerSpec): string {
  if (instructions === undefined) return 'null';
  const { type, payload = '' } = instructions;
  return goJson(payload === '' ? { type } : { type, payload });
}

function cores(spec: WekaContainerSpec, { joinIps, coreIds }: EnvironmentFacts): readonly EnvVar[] {
  const singleIp = spec.network?.nvidiaVfSingleIp;
  return [
    set('CORES', String(spec.numCores)),
    ...some(coreIds !== undefined, 'CORE_IDS', coreIds ?? ''),
    ...some(joinIps.length > 0, 'JOIN_IPS', joinIps.join(',')),
    ...some(singleIp !== undefined, 'NVIDIA_VF_SINGLE_IP', String(singleIp)),
  ];
}

function drivers(spec: WekaContainerSpec, { info, settings }: EnvironmentFacts): readonly EnvVar[] {
  const onCos = info.os === 'cos';
  return [
    ...some(spec.mode === 'drivers-loader' && settings.proxy !== '', 'HTTPS_PROXY', settings.proxy),
    ...some(copiesWekaFiles(spec), 'CLUSTER_IMAGE_NAME', spec.instructions?.payload ?? ''),
    ...some(
      isDriversContainer(spec.mode) && onCos && settings.cosAllowDisableDriverSigning,
      'WEKA_COS_ALLOW_DISABLE_DRIVER_SIGNING',
      'true',
    ),
    ...some(
      isDriversBuilder(spec.mode) && onCos,
      'GOOGLE_APPLICATION_CREDENTIALS',
      '/var/secrets/google/service-account.json',
    ),
  ];
}

/** Cut towards 0; 0 for a text that is no duration. */
const wholeSeconds = (duration: string): number => Number((goDurationNs(duration) ?? 0n) / 1_000_000_000n);

const set = (name: string, value: string): EnvVar => ({ name, value });
const field = (name: string, fieldPath: string): EnvVar => ({ name, valueFrom: { fieldRef: { fieldPath } } });
const some = (present: boolean, name: string, value: string): readonly EnvVar[] => (present ? [set(name, value)] : []);
