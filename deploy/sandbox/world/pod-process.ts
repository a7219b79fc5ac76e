/**
 * What runs on a node: the process inside a WekaContainer pod, its local weka container, and what it can reach. Types only:
 * what a process does, step by step, is a script of its mode (modes/*.ts), how it stops is stopping.ts, what drives it is
 * run-process.ts. Never writes to the API. Source: spec 04, 12; spec 07, 21.1 and 21.2.
 */
import type { Clock } from '../../../io/clock.ts';
import type { Random } from '../../../io/random.ts';
import type { Latency } from './latency.ts';
import type { Cloud, Directory, HeldDrive, Nic, PhysicalDrive, StopInstruction } from './node-model.ts';
import type { Oracle } from './oracle.ts';
import type { Clusters, Host, WekaCluster } from './weka-clusters.ts';

export const RUNTIME = '/opt/weka/k8s-runtime';

export interface KubeletAddress {
  readonly ip: string;
  readonly port: number;
}

/** The physical truth of one node. The Node object in the API is only what its kubelet reports. */
export interface NodeModel {
  readonly name: string;
  /** Address of the node and of its pods on the host network. */
  readonly ip: string;
  readonly agentIp: string;
  /** Where a real API server reaches its kubelet. */
  readonly kubelet: KubeletAddress | undefined;
  bootId: string;
  /** `cut`: it runs, nobody reaches it. */
  power: 'on' | 'cut' | 'off';
  readonly containerRuntime: string;
  /** As `uname -r` says. */
  readonly kernel: string;
  readonly cloud: Cloud;
  /** Data NICs that were attached, without the node's own. */
  readonly nics: Nic[];
  /** Image whose drivers the kernel runs. */
  drivers: string | undefined;
  activeMounts: number;
  /** By serial. */
  readonly drives: Map<string, PhysicalDrive>;
  /** By host path, or by claim. */
  readonly directories: Map<string, Directory>;
  /** By `<container uid>/<pod uid>/<boot id>`. */
  readonly stopInstructions: Map<string, StopInstruction>;
  /** By pod uid. */
  readonly processes: Map<string, Process>;
}

/** A script sleeps for that many milliseconds, or until something changed that it can see. */
export type Pause = number | 'change';
/** `serving`: it did its work and idles. `failed`: exit 1. */
export type StartUp = Generator<Pause, 'serving' | 'failed', void>;
export type Shutdown = Generator<Pause, void, void>;

/** What a process can reach beyond its own pod. */
export interface Machine {
  readonly clock: Clock;
  readonly random: Random;
  readonly latency: Latency;
  readonly clusters: Clusters;
  /** Told before weka is stopped by force, and before the signature of a drive in a living cluster is erased. */
  readonly forced: (process: Process, by: string) => void;
  /** Told when it may stop for the first time; before its weka is stopped in whatever way. */
  readonly permitted: (process: Process) => void;
  readonly stopped: (process: Process) => void;
  /** Told before what lies on a drive is erased, whoever has it, and before a client's driver is drained. */
  readonly erased: (process: Process, drive: HeldDrive) => void;
  readonly drained: (process: Process) => void;
  readonly resigned: (process: Process, drive: HeldDrive, cluster: WekaCluster) => void;
  /** Told before a drive with a weka partition is signed again. */
  readonly signedAgain: (process: Process, drive: PhysicalDrive) => void;
  /** How the drivers of an image are built and handed on. */
  readonly driversWay: (image: string) => DriversWay;
  /** All that run, on all nodes. */
  readonly processes: () => Iterable<Process>;
  /** Services of drivers inside the fleet: URL to the pod behind it. */
  readonly distributors: ReadonlyMap<string, string>;
  readonly report: Oracle['report'];
}

/** By `weka driver pack`; by weka without it, with a separate checksum; as bare modules. Source: spec 06, 4.8. */
export type DriversWay = 'packed' | 'not packed' | 'modules';

export interface Process {
  readonly machine: Machine;
  readonly node: NodeModel;
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  /** Uid of the WekaContainer. */
  readonly containerUid: string;
  readonly mode: string;
  /** Of the local weka container. */
  readonly name: string;
  readonly ip: string;
  readonly image: string;
  readonly env: ReadonlyMap<string, string>;
  readonly directory: Directory;
  /** Files that end with the container, by full path. */
  readonly ephemeral: Map<string, string>;
  /** Monotonic. */
  readonly startedAtMs: number;
  agentUp: boolean;
  local: LocalContainer | undefined;
  exiting: boolean;
  ended: boolean;
  /** Undefined: no such file. */
  readonly read: (path: string) => string | undefined;
  readonly write: (path: string, text: string) => void;
  /** Wakes the scripts that wait for a change. */
  readonly changed: () => void;
  /** Runs later unless the process has ended by then. */
  readonly after: (delayMs: number, run: () => void) => void;
  /** SIGTERM, or `kill 1`. */
  readonly terminate: () => void;
  /** SIGKILL, power loss, or the end of its own script. */
  readonly end: (exitCode: number) => void;
}

export type Display = 'STEM' | 'CLUSTERIZING' | 'READY';

export interface LocalContainer {
  readonly name: string;
  readonly process: Process;
  runStatus: 'Stopped' | 'Running';
  display: Display;
  lastFailure: string;
  /** Management addresses. */
  readonly ips: () => readonly string[];
  /** `ip:port` under which it listens while it runs. */
  readonly endpoints: () => readonly string[];
  /** Its cluster and host while it runs as a member. */
  readonly member: () => { readonly cluster: WekaCluster; readonly host: Host } | undefined;
  readonly start: () => void;
  /** Made a member by `cluster create`, or by its own join. */
  readonly admitted: () => void;
  /** Graceful takes a while, forced half a second. A later forced one overtakes. */
  readonly stop: (forced: boolean) => void;
  /** Ends with its process, at once. */
  readonly kill: () => void;
}
