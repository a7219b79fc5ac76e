/**
 * The kubelets: pods bound to a node become running processes, die, restart, end. Writes pod status and the final
 * delete, nothing else. A node that is down or cut off writes nothing. Source: spec 07, 21.1; spec 04, 12.4 and 13.
 */
import { rfc3339 } from '../../../io/clock.ts';
import { CONFIG_MAPS, PODS, refOf, SECRETS } from '../../../messages/kube.ts';
import type { Cache } from './cache.ts';
import type { WorldContext } from './context.ts';
import { draw } from './latency.ts';
import { startUp } from './modes/table.ts';
import { type Pod, withConditions } from './objects.ts';
import type { Machine, NodeModel, Process } from './pod-process.ts';
import { startProcess } from './run-process.ts';
import { isGuarded, shutdown } from './stopping.ts';
import { write } from './write.ts';

export interface Kubelets {
  /** All that runs on the node dies with it; pods stay as they are in the API. */
  readonly nodeStopped: (node: NodeModel) => void;
  /** Pods start again, those that were being deleted go. */
  readonly nodeStarted: (node: NodeModel) => void;
  /** Node-pressure eviction: the process is killed, the pod is left Failed with reason Evicted. */
  readonly evict: (podUid: string) => void;
}

interface Entry {
  pod: Pod;
  readonly node: NodeModel;
  readonly ip: string;
  phase: 'starting' | 'running' | 'backoff' | 'evicted' | 'gone';
  process: Process | undefined;
  restartCount: number;
  startedAt: string;
}

const BACKOFF_MS_MAX = 300_000;
const VOLUME_RETRY_MS = 2_000;
const DEFAULT_GRACE_S = 30;

export function startKubelets(
  ctx: WorldContext,
  machine: Machine,
  pods: Cache<Pod>,
  nodes: ReadonlyMap<string, NodeModel>,
): Kubelets {
  const random = ctx.random('kubelet');
  const entries = new Map<string, Entry>();
  /** Processes of one container that live now, over all nodes. */
  const living = new Map<string, Set<Process>>();
  let podNumber = 0;

  pods.listen((after, before) => {
    if (after === undefined) {
      if (before !== undefined) removed(before.metadata.uid);
      return;
    }
    const entry = entries.get(after.metadata.uid);
    if (entry !== undefined) {
      entry.pod = after;
      if (after.metadata.deletionTimestamp !== undefined && before?.metadata.deletionTimestamp === undefined) {
        terminate(entry);
      }
      return;
    }
    const node = nodes.get(after.spec.nodeName ?? '');
    if (node === undefined || isDone(after) || !isWekaPod(after)) return;
    const ip = after.spec.hostNetwork === true ? node.ip : podAddress(podNumber++);
    const fresh: Entry = {
      pod: after,
      node,
      ip,
      phase: 'starting',
      process: undefined,
      restartCount: 0,
      startedAt: rfc3339(ctx.clock.wallMs()),
    };
    entries.set(after.metadata.uid, fresh);
    if (node.power === 'on') prepare(fresh);
  });

  const later = (entry: Entry, delayMs: number, act: () => void): void => {
    const { bootId } = entry.node;
    ctx.clock.after(delayMs, () => {
      // A reboot starts all over; a node that is off or cut off does not act.
      if (entry.node.power === 'on' && entry.node.bootId === bootId && entry.phase !== 'gone') act();
    });
  };

  function prepare(entry: Entry): void {
    if (entry.pod.metadata.deletionTimestamp !== undefined) {
      terminate(entry);
      return;
    }
    let delayMs = draw(ctx.latency.podStart, random);
    for (const _ of entry.pod.spec.initContainers ?? []) delayMs += draw(ctx.latency.initContainer, random);
    later(entry, delayMs, () => launch(entry));
  }

  /** Waits for the volumes as a real kubelet does: the pod stays Pending until its ConfigMaps and Secrets exist. */
  function launch(entry: Entry): void {
    if (entry.phase === 'running' || entry.phase === 'evicted') return;
    if (entry.pod.metadata.deletionTimestamp !== undefined) {
      finalDelete(entry);
      return;
    }
    if (!volumesReady(ctx, entry.pod)) {
      later(entry, VOLUME_RETRY_MS, () => launch(entry));
      return;
    }
    entry.phase = 'running';
    entry.startedAt = rfc3339(ctx.clock.wallMs());
    const started = startProcess(machine, entry.node, entry.pod, entry.ip, { startUp, shutdown }, (code) => {
      exited(entry, started, code);
    });
    entry.process = started;
    admit(started);
    report(entry, 'Running', true);
  }

  function admit(process: Process): void {
    const others = living.get(process.containerUid) ?? new Set();
    living.set(process.containerUid, others.add(process));
    for (const other of others) {
      if (other.node === process.node) continue;
      const what = `runs on ${other.node.name} and on ${process.node.name}`;
      ctx.oracle.report('container-on-two-nodes', `${process.namespace}/${process.pod}`, what);
    }
  }

  function exited(entry: Entry, process: Process, code: number): void {
    const others = living.get(process.containerUid);
    others?.delete(process);
    if (others?.size === 0) living.delete(process.containerUid);
    if (entry.process === process) entry.process = undefined;
    if (entry.phase === 'gone' || entry.phase === 'evicted' || entry.node.power !== 'on') return;
    entry.phase = 'backoff';
    later(entry, draw(ctx.latency.podStatus, random), () => {
      if (entry.phase !== 'backoff') return;
      if (entry.pod.metadata.deletionTimestamp === undefined) restart(entry, code);
      else finalDelete(entry);
    });
  }

  function restart(entry: Entry, code: number): void {
    const policy = entry.pod.spec.restartPolicy ?? 'Always';
    if (policy === 'Never' || (policy === 'OnFailure' && code === 0)) {
      report(entry, code === 0 ? 'Succeeded' : 'Failed', false);
      return;
    }
    report(entry, 'Running', false);
    const backoffMs = draw(ctx.latency.restartBackoff, random) * 2 ** entry.restartCount;
    entry.restartCount += 1;
    later(entry, Math.min(backoffMs, BACKOFF_MS_MAX), () => launch(entry));
  }

  /** SIGTERM now, SIGKILL at the end of the grace period. */
  function terminate(entry: Entry): void {
    if (entry.node.power !== 'on') return;
    const { process } = entry;
    if (process === undefined) {
      later(entry, draw(ctx.latency.podStatus, random), () => finalDelete(entry));
      return;
    }
    later(entry, draw(ctx.latency.podStatus, random), () => process.terminate());
    const endMs = ctx.clock.monotonicMs() + 1_000 * graceSeconds(entry.pod);
    const killAtEnd = (): void => {
      const leftMs = endMs - ctx.clock.monotonicMs();
      // A real clock fires very long timers early (io/clock.ts): look again.
      if (leftMs > 0) later(entry, leftMs, killAtEnd);
      else if (entry.process === process) {
        const who = `${process.namespace}/${process.pod}`;
        if (isGuarded(process)) ctx.oracle.report('weka-killed-by-kubelet', who, `after ${graceSeconds(entry.pod)} s`);
        kill(process, 'SIGKILL at the end of the grace period');
      }
    };
    killAtEnd();
  }

  function kill(process: Process, by: string): void {
    machine.forced(process, by);
    process.end(137);
  }

  function finalDelete(entry: Entry): void {
    if (entry.process !== undefined || entry.phase === 'gone') return;
    entry.phase = 'gone';
    const { metadata } = entry.pod;
    entries.delete(metadata.uid);
    const ref = refOf(PODS, metadata);
    write(ctx, 'kubelet', { verb: 'delete', ref, uid: metadata.uid, gracePeriodSeconds: 0 });
  }

  /** The object went without us: a forced delete, or the collector of pods of removed nodes. */
  function removed(uid: string): void {
    const entry = entries.get(uid);
    if (entry === undefined) return;
    entries.delete(uid);
    entry.phase = 'gone';
    if (entry.process === undefined) return;
    if (entry.node.power === 'on') {
      const who = `${entry.pod.metadata.namespace}/${entry.pod.metadata.name}`;
      ctx.oracle.report('pod-removed-under-process', who, `its process lived on ${entry.node.name}`);
    }
    if (entry.node.power !== 'cut') kill(entry.process, 'removal of the pod object');
  }

  function report(entry: Entry, phase: string, ready: boolean): void {
    const { pod, node, ip, restartCount, startedAt } = entry;
    const now = rfc3339(ctx.clock.wallMs());
    const conditions = ['Initialized', 'ContainersReady', 'Ready', 'PodScheduled'].map((type) =>
      type === 'Initialized' || type === 'PodScheduled' || ready
        ? { type, status: 'True' }
        : { type, status: 'False', reason: 'ContainersNotReady' },
    );
    const [container] = pod.spec.containers;
    const status = {
      phase,
      conditions: withConditions(pod.status?.conditions, conditions, now),
      hostIP: node.ip,
      podIP: ip,
      podIPs: [{ ip }],
      startTime: pod.metadata.creationTimestamp,
      containerStatuses: [
        {
          name: container?.name,
          image: container?.image,
          imageID: '',
          ready,
          started: ready,
          restartCount,
          state: containerState(phase, ready, startedAt),
        },
      ],
    };
    write(ctx, 'kubelet', {
      verb: 'mergePatch',
      ref: refOf(PODS, pod.metadata),
      subresource: 'status',
      patch: { status },
    });
  }

  return {
    nodeStopped: (node) => {
      for (const entry of entries.values()) {
        if (entry.node === node && entry.process !== undefined) entry.process.end(137);
      }
    },
    nodeStarted: (node) => {
      // Pods that went while the node was cut off left orphans.
      for (const process of [...node.processes.values()]) if (!entries.has(process.podUid)) process.end(137);
      for (const entry of [...entries.values()]) {
        if (entry.node !== node || entry.phase === 'evicted') continue;
        if (entry.process !== undefined) {
          // It was only cut off: catch up with what was missed.
          if (entry.pod.metadata.deletionTimestamp !== undefined) terminate(entry);
          continue;
        }
        if (entry.phase !== 'starting') entry.restartCount += 1;
        entry.phase = 'starting';
        prepare(entry);
      }
    },
    evict: (podUid) => {
      const entry = entries.get(podUid);
      if (entry === undefined || entry.node.power !== 'on') return;
      entry.phase = 'evicted';
      entry.process?.end(137);
      const status = { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' };
      const ref = refOf(PODS, entry.pod.metadata);
      write(ctx, 'kubelet', { verb: 'mergePatch', ref, subresource: 'status', patch: { status } });
    },
  };
}

export const isDone = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';
export const isWekaPod = ({ spec }: Pod): boolean => spec.containers.some(({ name }) => name === 'weka-container');

const graceSeconds = ({ metadata, spec }: Pod): number =>
  metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_S;

/** Outside of all real networks' usual ranges; 65,536 of them, then again from the start. */
const podAddress = (number: number): string => `10.244.${(number >> 8) & 255}.${number & 255}`;

function containerState(phase: string, ready: boolean, startedAt: string): Record<string, unknown> {
  if (ready) return { running: { startedAt } };
  return phase === 'Running'
    ? { waiting: { reason: 'CrashLoopBackOff' } }
    : { terminated: { exitCode: phase === 'Succeeded' ? 0 : 1, startedAt } };
}

function volumesReady({ store }: WorldContext, { metadata, spec }: Pod): boolean {
  const namespace = metadata.namespace ?? '';
  return (spec.volumes ?? []).every(({ configMap, secret }) => {
    if (configMap !== undefined && configMap.optional !== true) {
      return store.get({ type: CONFIG_MAPS, namespace, name: configMap.name }) !== undefined;
    }
    if (secret !== undefined && secret.optional !== true) {
      return store.get({ type: SECRETS, namespace, name: secret.secretName }) !== undefined;
    }
    return true;
  });
}
