/**
 * The process inside one WekaContainer pod: its files, its local weka container, its signals. What it does, step by
 * step, is a script of its mode (modes/*.ts); how it stops is stopping.ts. Never writes to the API.
 * Source: spec 04, 12; spec 07, 21.1 and 21.2.
 */
import type { Clock } from '../../../io/clock.ts';
import type { Random } from '../../../io/random.ts';
import type { Latency } from './latency.ts';
import type { LocalContainer } from './local-container.ts';
import { type Directory, emptyDirectory, type HeldDrive, type NodeModel } from './node-model.ts';
import type { Pod } from './objects.ts';
import type { Oracle } from './oracle.ts';
import type { Clusters, WekaCluster } from './weka-clusters.ts';

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
  readonly resigned: (process: Process, drive: HeldDrive, cluster: WekaCluster) => void;
  /** All that run, on all nodes. */
  readonly processes: () => Iterable<Process>;
  /** Services of drivers inside the fleet: URL to the pod behind it. */
  readonly distributors: ReadonlyMap<string, string>;
  readonly report: Oracle['report'];
}

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

export const RUNTIME = '/opt/weka/k8s-runtime';
const PERSISTENT = `${RUNTIME}/`;

export interface Scripts {
  readonly startUp: (process: Process) => StartUp;
  readonly shutdown: (process: Process) => Shutdown;
}

/** Starts it. `onExit` runs once, at its end, also after a kill. */
export function startProcess(
  machine: Machine,
  node: NodeModel,
  pod: Pod,
  podIp: string,
  scripts: Scripts,
  onExit: (exitCode: number) => void,
): Process {
  const env = environment(pod);
  const ephemeral = new Map<string, string>();
  const directory = persistentDirectory(node, pod);
  const waiting = new Set<() => void>();
  const fileMap = (path: string) => (path.startsWith(PERSISTENT) ? directory.files : ephemeral);

  const process: Process = {
    machine,
    node,
    namespace: pod.metadata.namespace ?? '',
    pod: pod.metadata.name,
    podUid: pod.metadata.uid,
    containerUid: env.get('WEKA_CONTAINER_ID') ?? '',
    mode: env.get('MODE') ?? '',
    name: env.get('NAME') ?? '',
    ip: podIp,
    image: env.get('IMAGE_NAME') ?? '',
    env,
    directory,
    ephemeral,
    agentUp: false,
    local: undefined,
    exiting: false,
    ended: false,
    read: (path) => fileMap(path).get(path),
    write: (path, text) => {
      fileMap(path).set(path, text);
      process.changed();
    },
    changed: () => {
      const due = [...waiting];
      waiting.clear();
      for (const resume of due) process.after(0, resume);
    },
    after: (delayMs, run) => {
      machine.clock.after(delayMs, () => {
        if (!process.ended) run();
      });
    },
    terminate: () => {
      if (process.exiting || process.ended) return;
      process.exiting = true;
      play(scripts.shutdown(process), () => process.end(0));
      process.changed();
    },
    end: (exitCode) => {
      if (process.ended) return;
      process.local?.kill();
      process.ended = true;
      node.processes.delete(process.podUid);
      onExit(exitCode);
    },
  };

  /** Runs a script to its end; `done` gets what it returned. */
  function play<Result>(script: Generator<Pause, Result, void>, done: (result: Result) => void): void {
    const resume = (): void => {
      if (process.ended) return;
      const next = script.next();
      if (next.done === true) done(next.value);
      else if (next.value === 'change') waiting.add(resume);
      else process.after(next.value, resume);
    };
    resume();
  }

  node.processes.set(process.podUid, process);
  play(scripts.startUp(process), (result) => {
    const sleepMs = 1_000 * Number(env.get('WEKA_OPERATOR_DEBUG_SLEEP') ?? 0);
    if (result === 'failed') process.after(sleepMs, () => process.end(1));
  });
  return process;
}

/** Only plain values: the few fieldRef ones are not read by any script. */
function environment(pod: Pod): ReadonlyMap<string, string> {
  const container = pod.spec.containers.find(({ name }) => name === 'weka-container');
  return new Map((container?.env ?? []).map(({ name, value }) => [name, value ?? '']));
}

/** Volume `weka-container-persistence-dir`; a pod without one loses everything with its container. */
function persistentDirectory(node: NodeModel, pod: Pod): Directory {
  const volume = pod.spec.volumes?.find(({ name }) => name === 'weka-container-persistence-dir');
  const path = volume?.hostPath?.path;
  if (path === undefined) return emptyDirectory();
  const known = node.directories.get(path) ?? emptyDirectory();
  node.directories.set(path, known);
  return known;
}
