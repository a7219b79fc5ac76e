/** What each mode of a WekaContainer is, as pure predicates. Source: spec 01, 7.1 and 7.2; spec 02, 4.1. */
import { type ContainerMode, CPU_POLICIES, type CpuPolicy, type WekaContainerSpec } from './weka-container.ts';

type ModePredicate = (mode: ContainerMode) => boolean;
const among = (...modes: readonly ContainerMode[]): ModePredicate => {
  const members: ReadonlySet<ContainerMode> = new Set(modes);
  return (mode) => members.has(mode);
};

/** A container with its own weka process, drivers containers but the loader included. */
export const isWekaContainer = among(
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
);
/** Stores or serves data of a weka cluster. */
export const isBackend = among('drive', 'compute', 's3', 'nfs', 'smbw', 'data-services');
export const isProtocol = among('s3', 'nfs', 'smbw', 'data-services');
/** Gets ports, and drives as asked, from its node. */
export const isAllocatable = among('drive', 'compute', 's3', 'nfs', 'smbw', 'data-services', 'envoy', 'telemetry');
export const mustHaveNodeAffinity = isAllocatable;
/** Runs a weka agent that may be used. A client runs one that may not. */
export const hasAgent = among(
  'drive',
  'compute',
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
  'adhoc-op-with-container',
);
export const isDriversContainer = among('dist', 'drivers-dist', 'drivers-builder', 'drivers-loader');
export const isDriversBuilder = among('dist', 'drivers-builder');
export const isDistMode = among('dist', 'drivers-dist');
export const requiresDrivers = among('drive', 'compute', 'client', 's3', 'nfs', 'smbw', 'data-services', 'ssdproxy');
export const shouldJoinCluster = among('drive', 'compute', 'client', 's3', 'nfs', 'smbw', 'data-services');
export const isHostNetwork = among('drive', 'compute', 'client', 's3', 'nfs', 'smbw', 'data-services', 'envoy');
export const hasPersistentStorage = among(
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
);
/** May hold active mounts. */
export const hasFrontend = among('client', 's3', 'nfs', 'smbw');
/** Answers with one result, then is done. */
export const isOneOff = among('drivers-builder', 'drivers-loader', 'discovery', 'adhoc-op-with-container', 'adhoc-op');
export const isAdhocOp = among('drivers-loader', 'adhoc-op-with-container', 'adhoc-op');
export const isServiceContainer = among(
  'envoy',
  'dist',
  'drivers-dist',
  'drivers-builder',
  'drivers-loader',
  'discovery',
  'adhoc-op-with-container',
  'adhoc-op',
);

export const isDrive = among('drive');
export const isCompute = among('compute');
export const isClient = among('client');
export const isS3 = among('s3');
export const isNfs = among('nfs');
export const isSmbw = among('smbw');
export const isDataServices = among('data-services');
export const isEnvoy = among('envoy');
export const isTelemetry = among('telemetry');
export const isSsdProxy = among('ssdproxy');
export const isDiscovery = among('discovery');

/** Loads drivers: by mode, or as an ad-hoc operation of that instruction. */
export const isDriversLoader = (spec: Pick<WekaContainerSpec, 'mode' | 'instructions'>): boolean =>
  spec.mode === 'drivers-loader' ||
  (spec.mode === 'adhoc-op-with-container' && spec.instructions?.type === 'load-drivers');

/** Takes virtual drives of a proxy instead of whole ones. True of any mode with such a spec. */
export const usesDriveSharing = (spec: Pick<WekaContainerSpec, 'driveCapacity' | 'containerCapacity'>): boolean =>
  (spec.driveCapacity ?? 0) > 0 || hasContainerCapacity(spec);

export const hasContainerCapacity = (spec: Pick<WekaContainerSpec, 'containerCapacity'>): boolean =>
  (spec.containerCapacity ?? 0) > 0;

export const mixesDriveTypes = ({ driveTypesRatio }: Pick<WekaContainerSpec, 'driveTypesRatio'>): boolean =>
  driveTypesRatio !== undefined && (driveTypesRatio.tlc > 0 || driveTypesRatio.qlc > 0);

export const hasJoinIps = ({ joinIpPorts }: Pick<WekaContainerSpec, 'joinIpPorts'>): boolean =>
  (joinIpPorts?.length ?? 0) > 0;

const cpuPolicies: ReadonlySet<string> = new Set(CPU_POLICIES);
export const isCpuPolicy = (text: string): text is CpuPolicy => cpuPolicies.has(text);
