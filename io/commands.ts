/**
 * Every command run in pods: argv, time limit and class, by the ids of the tables in spec 07, 3.1 to 3.4. Builders only,
 * nothing runs here. What an answer means is said by weka-parsers/ and weka-errors.ts.
 */
import {
  hostAndPort,
  identityText,
  PREPARE_UPGRADE_TEXT,
  RUNTIME,
  type StopInstruction,
  stopInstructionText,
  unfitArgument,
  unfitWord,
  writeResourcesText,
} from './shell-texts.ts';

/**
 * `read` changes nothing. `idempotent` may be repeated blindly. `once` may not: single-flight in the pool, and its effect
 * is looked at before it is repeated (F18).
 */
export type CommandClass = 'read' | 'idempotent' | 'once';
export interface Command {
  /** Without the prefix `Exec.`; appears in error texts. */
  readonly name: string;
  readonly argv: readonly string[];
  /** Connecting included. */
  readonly timeoutMs: number;
  readonly class: CommandClass;
  /** The setting that `timeoutMs` is the default of; absent: the limit is fixed. The exec pool puts the setting's value in its place. */
  readonly limit?: keyof Limits;
}
export interface Limits {
  /** `KUBE_EXEC_TIMEOUT`. */
  readonly kubeExecTimeoutMs: number;
  /** `WEKA_COMMAND_TIMEOUT`; never above the other (spec 07, 22 no. 3). */
  readonly wekaCommandTimeoutMs: number;
}
/** A command with a value from an object in it; `invalid`: the value could be read as something else, nothing may be sent. */
export type Checked =
  | { readonly kind: 'ok'; readonly command: Command }
  | { readonly kind: 'invalid'; readonly why: string };

export const DEFAULT_LIMITS: Limits = { kubeExecTimeoutMs: 300_000, wekaCommandTimeoutMs: 120_000 };

/** The time limit under these settings. */
export function timeoutOf({ timeoutMs, limit }: Pick<Command, 'timeoutMs' | 'limit'>, limits: Limits): number {
  if (limit === undefined) return timeoutMs;
  return limit === 'kubeExecTimeoutMs'
    ? limits.kubeExecTimeoutMs
    : Math.min(limits.wekaCommandTimeoutMs, limits.kubeExecTimeoutMs);
}

type Argv = readonly string[];
type Time = number | keyof Limits;
const made = (name: string, kind: CommandClass, time: Time, argv: Argv): Command =>
  typeof time === 'number'
    ? { name, argv, timeoutMs: time, class: kind }
    : { name, argv, timeoutMs: DEFAULT_LIMITS[time], class: kind, limit: time };
const checked = (why: string | undefined, build: () => Command): Checked =>
  why === undefined ? { kind: 'ok', command: build() } : { kind: 'invalid', why };
const words = (text: string): Argv => text.split(' ');
const bash = (text: string): Argv => ['bash', '-ce', text];

const EXEC = 'kubeExecTimeoutMs';
/** Of a command that changes a weka cluster or the local weka. Source: I4. */
const WEKA = 'wekaCommandTimeoutMs';
/** Of reads in another member's pod, where the reference waits for KUBE_EXEC_TIMEOUT. Source: I4. */
const SIBLING_READ_MS = 30_000;

// In the container's own pod. Source: spec 07, 3.1.

/** E1. Exit 0: what is written under /opt/weka will last. */
export const checkPersistency = (): Command =>
  made('CheckPersistencyConfigured', 'read', 30_000, bash(`test -f ${RUNTIME}/persistency-configured`));
/** E2. `json`: the whole text of the file. */
export const writeResources = (json: string): Command =>
  made('WriteResources', 'idempotent', 30_000, bash(writeResourcesText(json)));
/** E3, answered with J1. 30 s after E2, 15 s when a look at the drivers failed, 10 s of an unhealthy container. */
export const verifyResources = (timeoutMs = 30_000): Command =>
  made('VerifyResources', 'read', timeoutMs, bash(`cat ${RUNTIME}/resources.json`));
/** E4: one address a line. */
export const readManagementIps = (): Command =>
  made('GetManagementIps', 'read', 10_000, words(`cat ${RUNTIME}/management_ips`));
/** E5: empty once the drivers are loaded, else the name of the missing one. */
export const checkDriversLoaded = (): Command =>
  made('CheckDriversLoaded', 'read', 15_000, bash('cat /tmp/weka-drivers.log'));
/** E6, answered with J2. */
export const localPs = (): Command => made('WekaLocalPs', 'read', 10_000, words('weka local ps --json'));
/** E7, answered with J3. `name`: `spec.name`. */
export const identity = (name: string, joinIpsPresent: boolean): Checked =>
  checked(unfitWord({ 'spec.name': name }), () =>
    made('WekaLocalContainerGetIdentity', 'read', 15_000, bash(identityText(name, joinIpsPresent))),
  );
/** E8. `endpoints`: `ip:port` each, at least one, made of addresses and numbers (actors/rules/members.ts). */
export const setJoinIps = (endpoints: readonly string[]): Command =>
  made('WekaLocalResources', 'once', WEKA, [...words('weka local resources join-ips'), ...endpoints]);
/** E9. */
export const applyResources = (): Command =>
  made('WekaLocalResourcesApply', 'once', WEKA, words('weka local resources apply -f'));
/** E10: takes the data path of this container down for a while. */
export const restartLocal = (): Command => made('WekaLocalRestart', 'once', WEKA, words('weka local restart --force'));
/** E11, answered with J5. */
export const listContainerDrives = (containerId: number): Command =>
  made('ListContainerDrives', 'read', 120_000, containerDrives(containerId));
/** E12, answered with J6. */
export const fetchKernelDrives = (): Command =>
  made('FetchKernelDrives', 'read', EXEC, bash(`cat ${RUNTIME}/drives.json`));
/** E13. `device`: a block device, or the UUID of a virtual drive; `pool` only with drive sharing. */
export const addDrive = (containerId: number, device: string, pool?: 'iu4k' | 'iubig'): Checked =>
  checked(unfitArgument({ device }), () =>
    made('AddDrive', 'idempotent', WEKA, [
      ...words(`weka cluster drive add ${containerId}`),
      device,
      ...(pool === undefined ? [] : ['--pool', pool]),
    ]),
  );
/** E14, answered with J5. */
export const getClusterDrive = (uuid: string): Checked =>
  ofDrive('GetClusterDrive', 'read', 120_000, [], uuid, '--json');
/** E15. */
export const deactivateDrive = (uuid: string): Checked =>
  ofDrive('DeactivateDrive', 'idempotent', WEKA, ['deactivate'], uuid, '-f');
/** E16, A6. */
export const removeDrive = (uuid: string): Checked =>
  ofDrive('RemoveDrive', 'idempotent', WEKA, ['remove'], uuid, '-f');
/** E17. */
export const joinS3Cluster = (containerId: number): Command =>
  made('JoinS3Cluster', 'idempotent', WEKA, words(`wekaauthcli s3 cluster containers add ${containerId}`));

/** The one interface group this controller knows. Source: spec 07, 9. */
export const NFS_GROUP = 'MgmtInterfaceGroup';
const NFS_GROUP_READ = words(`weka nfs interface-group --name ${NFS_GROUP} --json`);
/** E18, answered with J7. */
export const getNfsInterfaceGroup = (): Command => made('GetNfsInterfaceGroup', 'read', EXEC, NFS_GROUP_READ);
/** E19. `networkInterface` comes from a spec: one that starts like an option is refused. */
export const addNfsPort = (containerId: number, networkInterface: string): Checked =>
  nfsPort('AddNfsInterfaceGroupPort', `add ${NFS_GROUP} ${containerId}`, networkInterface);
/** E20. */
export const removeNfsPort = (containerId: number, networkInterface: string): Checked =>
  nfsPort('RemoveNfsInterfaceGroupPort', `delete -f ${NFS_GROUP} ${containerId}`, networkInterface);

/** E21: process ids, or nothing. `excludesSelf` (V4): the reference's pattern also finds the shell that runs it. */
export const checkEnvoyProcess = (excludesSelf: boolean): Command =>
  made('CheckEnvoyProcess', 'read', 10_000, bash(`pgrep -f '${excludesSelf ? '[e]nvoy' : 'envoy'}' || true`));
/** E22, answered with J8. In the own pod or in one of the same image. */
export const readFeatureFlags = (): Command =>
  made('ReadFeatureFlagsFile', 'read', 10_000, words(`cat ${RUNTIME}/feature_flags.json`));
/** E23, answered with J9. 30 s: I4. */
export const fetchResults = (): Command =>
  made('FetchResults', 'read', 30_000, words('cat /weka-runtime/results.json'));

/** E24. Exit 0: a forced stop was allowed before. */
export const checkAllowForceStop = (): Command =>
  made('CheckAllowForceStop', 'read', EXEC, bash('test -f /tmp/.allow-force-stop'));
/** E25. */
export const allowStop = (): Command =>
  made('AllowStop', 'idempotent', 60_000, bash('touch /tmp/.allow-stop && kill 1'));
/** E26. */
export const allowForceStop = (): Command =>
  made('AllowForceStop', 'idempotent', 60_000, bash('touch /tmp/.allow-force-stop && kill 1'));
/** E27. Gives up by itself after 10 s, with exit code 124. */
export const localStop = (forced: boolean): Command =>
  made('WekaLocalStop', 'idempotent', 12_000, words(`timeout 10s weka local stop ${forced ? '--force' : '-g'}`));
/** E28: cuts the mounts of this client off. */
export const drainDriver = (): Command =>
  made('DrainDriver', 'idempotent', EXEC, bash('weka local stop --force && echo drain > /proc/wekafs/interface'));
/** E29. */
export const prepareForUpgrade = (): Command =>
  made('PrepareForUpgrade', 'idempotent', EXEC, bash(PREPARE_UPGRADE_TEXT));

// In another member's pod, about this container. Source: spec 07, 3.2.

/** A1. Weka may take longer over it than the limit allows: its effect is read with `listS3Containers`. */
export const removeFromS3Cluster = (containerId: number): Command =>
  made('RemoveFromS3Cluster', 'once', WEKA, words(`wekaauthcli s3 cluster containers remove ${containerId}`));
/** Of the table in spec 07, 3.5: which hosts are in the S3 cluster. */
export const listS3Containers = (): Command =>
  made('ListS3ClusterContainers', 'read', SIBLING_READ_MS, words('wekaauthcli s3 cluster containers list --json'));
/** A2 (its read; E20 follows). */
export const getNfsInterfaceGroupViaMember = (): Command =>
  made('GetNfsInterfaceGroup', 'read', SIBLING_READ_MS, NFS_GROUP_READ);
/** A3, A8; answered with J4. */
export const getWekaContainer = (containerId: number): Command =>
  made('GetWekaContainer', 'read', SIBLING_READ_MS, words(`wekaauthcli cluster container ${containerId} --json`));
/** All hosts, a J4 each: whether one whose id nobody knows is among them. Source: spec 03, 14 no. 3. */
export const listWekaContainers = (): Command =>
  made('ListWekaContainers', 'read', SIBLING_READ_MS, words('wekaauthcli cluster container --json'));
/** A4. */
export const deactivateContainer = (containerId: number): Command =>
  made('DeactivateContainer', 'once', WEKA, words(`wekaauthcli cluster container deactivate ${containerId}`));
/** A5, answered with J5. */
export const listContainerDrivesViaMember = (containerId: number): Command =>
  made('ListContainerDrives', 'read', SIBLING_READ_MS, containerDrives(containerId));
/** A7. */
export const removeContainer = (containerId: number): Command =>
  made('RemoveContainer', 'once', WEKA, words(`wekaauthcli cluster container remove ${containerId} --no-unimprint`));

// In the pod that distributes drivers, about a builder's result. Source: spec 07, 3.3.

/** What a builder built and where it serves it; all of it comes from status and result. */
export interface BuiltDrivers {
  readonly podIp: string;
  readonly port: number;
  readonly version: string;
  readonly signature: string;
  /** `weka_pack_not_supported` of the result. */
  readonly packSupported: boolean;
}
const DIST = 'cd /opt/weka/dist/drivers/ &&';

/** D1. */
export const copyDrivers = (built: Pick<BuiltDrivers, 'podIp' | 'port'>): Checked =>
  fromBuilder(built, {}, (host) =>
    upload(
      'CopyDrivers',
      `${DIST} wget -r -nH --cut-dirs=3 --no-parent --reject="index.html*" http://${host}/dist/v1/drivers/`,
    ),
  );
/** D2. */
export const downloadVersion = (built: Pick<BuiltDrivers, 'podIp' | 'port' | 'version'>): Checked =>
  fromBuilder(built, { weka_version: built.version }, (host) =>
    upload('DownloadVersion', `weka version get --driver-only ${built.version} --from https://${host}`),
  );
/** D3. */
export const downloadDrivers = (built: BuiltDrivers): Checked =>
  fromBuilder(
    built,
    { weka_version: built.version, ...(built.packSupported ? { kernel_signature: built.signature } : {}) },
    (host) => {
      const text = `weka driver download --without-agent --version ${built.version} --from https://${host}`;
      return upload('DownloadDrivers', built.packSupported ? `${text} --kernel-signature ${built.signature}` : text);
    },
  );
/** D4. */
export const copyChecksum = (built: Omit<BuiltDrivers, 'packSupported'>): Checked =>
  fromBuilder(built, { weka_version: built.version, kernel_signature: built.signature }, (host) =>
    upload(
      'Copy sha256 file',
      `${DIST} curl -kO https://${host}/dist/v1/drivers/${built.version}-${built.signature}.tar.gz.sha256`,
    ),
  );
/** D5: whether the drivers can still be had. */
export const checkUploadedDrivers = ({ version, signature }: Pick<BuiltDrivers, 'version' | 'signature'>): Checked =>
  checked(unfitWord({ weka_version: version, kernel_signature: signature }), () =>
    upload(
      'DownloadDrivers',
      `weka driver download --without-agent --version ${version} --kernel-signature ${signature}`,
    ),
  );

// In the node agent's pod, container `node-agent`. Source: spec 07, 3.4.

/** N1: tells the pod that it may stop; a later one replaces it. */
export const stopInstruction = (instruction: StopInstruction): Checked => {
  const { containerUid, podUid, bootId } = instruction;
  return checked(unfitWord({ 'container uid': containerUid, 'pod uid': podUid, 'boot id': bootId }), () =>
    made('StopInstructionsViaAgent', 'idempotent', 60_000, bash(stopInstructionText(instruction))),
  );
};

function containerDrives(containerId: number): Argv {
  return words(`wekaauthcli cluster drive --container ${containerId} --json`);
}
function ofDrive(name: string, kind: CommandClass, time: Time, act: Argv, uuid: string, option: string): Checked {
  return checked(unfitArgument({ 'drive uuid': uuid }), () =>
    made(name, kind, time, ['wekaauthcli', 'cluster', 'drive', ...act, uuid, option]),
  );
}
function nfsPort(name: string, act: string, networkInterface: string): Checked {
  return checked(unfitWord({ interface: networkInterface }), () =>
    made(name, 'idempotent', WEKA, [...words(`wekaauthcli nfs interface-group port ${act}`), networkInterface]),
  );
}
function upload(name: string, text: string): Command {
  return made(name, 'idempotent', EXEC, bash(text));
}
function fromBuilder(
  { podIp, port }: Pick<BuiltDrivers, 'podIp' | 'port'>,
  values: Readonly<Record<string, string>>,
  build: (host: string) => Command,
): Checked {
  const host = hostAndPort(podIp, port);
  if (host === undefined)
    return { kind: 'invalid', why: `builder address ${JSON.stringify(podIp)}, port ${port} is none` };
  return checked(unfitWord(values), () => build(host));
}
