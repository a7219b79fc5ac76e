/** Drives a process through the scripts of its mode, from its start to its end. Source: spec 04, 12; spec 07, 21.1. */
import { type Directory, emptyDirectory, inClaim } from './node-model.ts';
import type { Pod } from './objects.ts';
import {
  type Machine,
  type NodeModel,
  type Pause,
  type Process,
  RUNTIME,
  type Shutdown,
  type StartUp,
} from './pod-process.ts';
import { stopAllowed } from './stopping.ts';

const PERSISTENT_DIR = 'weka-container-persistence-dir';
const CLAIM = 'weka-container-global-persistence-dir';

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
  const directory = persistentDirectory(node, pod, env);
  const waiting = new Set<() => void>();
  let permitted = false;
  const lasting = lastingFolders(pod);
  const fileMap = (path: string) =>
    lasting.some((folder) => path.startsWith(`${folder}/`)) ? directory.files : ephemeral;

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
    startedAtMs: machine.clock.monotonicMs(),
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
      if (!permitted && stopAllowed(process)) {
        permitted = true;
        machine.permitted(process);
      }
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
  // What an earlier one left may concern it.
  process.changed();
  play(scripts.startUp(process), (result) => {
    const sleepMs = 1_000 * Number(env.get('WEKA_OPERATOR_DEBUG_SLEEP') ?? 0);
    if (result === 'failed') process.after(sleepMs, () => process.end(1));
  });
  return process;
}

const mainOf = (pod: Pod) => pod.spec.containers.find(({ name }) => name === 'weka-container');

/** Plain values and the pod's own uid: no script reads another field. */
function environment(pod: Pod): ReadonlyMap<string, string> {
  return new Map(
    (mainOf(pod)?.env ?? []).map(({ name, value, valueFrom }) => [
      name,
      valueFrom?.fieldRef?.fieldPath === 'metadata.uid' ? pod.metadata.uid : (value ?? ''),
    ]),
  );
}

/** Whose files outlive the container. */
function lastingFolders(pod: Pod): readonly string[] {
  const mounts = mainOf(pod)?.volumeMounts ?? [];
  return [RUNTIME, ...mounts.filter(({ name }) => name === PERSISTENT_DIR).map(({ mountPath }) => mountPath)];
}

/** In the claim where the pod is told to use it (spec 04, 12.1). A pod without any loses everything with its container. */
function persistentDirectory(node: NodeModel, { spec: { volumes = [] } }: Pod, env: Process['env']): Directory {
  const volume = (wanted: string) => volumes.find(({ name }) => name === wanted);
  const claim = volume(CLAIM)?.persistentVolumeClaim?.claimName;
  const global = env.get('WEKA_PERSISTENCE_MODE') === 'global' && claim !== undefined;
  const key = global ? inClaim(claim, env.get('WEKA_CONTAINER_ID') ?? '') : volume(PERSISTENT_DIR)?.hostPath?.path;
  if (key === undefined) return emptyDirectory();
  const known = node.directories.get(key) ?? emptyDirectory();
  node.directories.set(key, known);
  return known;
}

/** Lets every process on the node look again at what it waits for. */
export function nodeChanged(node: NodeModel): void {
  for (const process of node.processes.values()) process.changed();
}
