/**
 * What a container that leaves, and a pod that ends, must never go through: judged from what runs and lies on the nodes.
 * The controller's view plays no part. Source: spec 03, 14 no. 6, 8, 10, 11, 13, 14, 15, 17.
 */
import { CONDITIONS } from '../../../messages/condition.ts';
import { controllerOf } from '../../../messages/kube.ts';
import type { Cache } from './cache.ts';
import type { WorldContext } from './context.ts';
import type { Container } from './holders.ts';
import { keyOf, type Node, type Pod } from './objects.ts';
import type { NodeModel, Process } from './pod-process.ts';
import type { Clusters } from './weka-clusters.ts';

/** How long a graceful stop may take before a drive or compute leaves for it. Source: spec 03, 8 row 13. */
const STOP_MS = 5 * 60_000;
/** A controller that has lost its watch learns of a new state late: so old it must be before a new pod is a defect. */
const LEAVING_MS = 3 * 60_000;
/** All else that a leave waits for says so in the cluster or on the node. */
const DISCOVERY_MS = 30 * 60_000;
const DISCOVERY_ANNOTATION = 'weka.io/discovery.json';
const EVICTABLE: ReadonlySet<string> = new Set(['drive', 'compute']);
const LEAVING: ReadonlySet<string | undefined> = new Set(['deleting', 'destroying']);

export interface LeaveRules {
  /** Told when a process may stop for the first time. */
  readonly permitted: (process: Process) => void;
}
export interface Watched {
  readonly containers: Cache<Container>;
  readonly pods: Cache<Pod>;
  readonly nodes: Cache<Node>;
  readonly models: ReadonlyMap<string, NodeModel>;
  readonly clusters: Clusters;
}

export function watchLeaves({ clock, oracle }: WorldContext, watched: Watched): LeaveRules {
  const { containers, pods, nodes, models, clusters } = watched;
  /** By pod uid. */
  const permittedAtMs = new Map<string, number>();
  /** By container uid. */
  const leavingSinceMs = new Map<string, number>();

  containers.listen((after, before) => {
    if (after === undefined) {
      if (before !== undefined) gone(before);
      return;
    }
    const { uid, deletionTimestamp } = after.metadata;
    if (!LEAVING.has(after.spec.state)) leavingSinceMs.delete(uid);
    else if (!leavingSinceMs.has(uid)) leavingSinceMs.set(uid, clock.monotonicMs());
    if (after.spec.state === 'deleting' && before !== undefined && before.spec.state !== 'deleting') evicted(after);
    if (deletionTimestamp !== undefined && before !== undefined && before.metadata.deletionTimestamp === undefined) {
      clock.after(DISCOVERY_MS, () => stillThere(after));
    }
  });
  pods.listen((after, before) => {
    if (after === undefined) permittedAtMs.delete(before?.metadata.uid ?? '');
    else if (before === undefined) made(after);
    else if (graceOf(after) < graceOf(before)) shortened(after);
  });

  /** The object is the last that knows of its process and its mounts. */
  function gone(container: Container): void {
    leavingSinceMs.delete(container.metadata.uid);
    for (const { processes, power, name } of models.values()) {
      for (const { containerUid } of processes.values()) {
        if (power !== 'on' || containerUid !== container.metadata.uid) continue;
        oracle.report('object-gone-under-process', keyOf(container), `its process lived on ${name}`);
      }
    }
    const { mode, overrides } = container.spec;
    const node = models.get(nodeOf(container) ?? '');
    if (mode !== 'client' || node?.power !== 'on' || overrides?.skipActiveMountsCheck === true) return;
    if (node.drivers === undefined || node.activeMounts === 0) return;
    oracle.report('client-removed-under-mounts', keyOf(container), `${node.activeMounts} mounts on ${node.name}`);
  }

  /** Sent away because its pod does not stop: it must have been allowed to for long enough. */
  function evicted(container: Container): void {
    const pod = pods.get(keyOf(container));
    if (container.metadata.deletionTimestamp !== undefined || !EVICTABLE.has(container.spec.mode)) return;
    if (pod?.metadata.deletionTimestamp === undefined) return;
    const sinceMs = permittedAtMs.get(pod.metadata.uid);
    const waitedMs = clock.monotonicMs() - (sinceMs ?? 0);
    if (sinceMs !== undefined && waitedMs >= STOP_MS) return;
    const what = sinceMs === undefined ? 'its pod was never told to stop' : `its pod was told ${waitedMs} ms ago`;
    oracle.report('evicted-before-its-time', keyOf(container), what);
  }

  function made(pod: Pod): void {
    const container = containers.get(keyOf(pod));
    if (container === undefined || controllerOf(pod.metadata)?.uid !== container.metadata.uid) return;
    const { uid } = container.metadata;
    const sinceMs = leavingSinceMs.get(uid);
    if (sinceMs === undefined) return;
    // Durable before anything is taken away: whoever goes on from here knows it.
    const deactivated = container.status?.conditions?.some(
      ({ type, status }) => type === CONDITIONS.deactivated && status === 'True',
    );
    const member = clusters.all().some(({ hosts }) => [...hosts.values()].some((host) => host.containerUid === uid));
    // A member is kept alive while its data move away.
    if (container.spec.state === 'deleting' && member && deactivated !== true) return;
    if (deactivated !== true && clock.monotonicMs() - sinceMs < LEAVING_MS) return;
    oracle.report('pod-made-for-leaving', keyOf(pod), `it is ${container.spec.state}`);
  }

  /** The kubelet kills at the end of the grace period, whatever weka is about. */
  function shortened(pod: Pod): void {
    const node = models.get(pod.spec.nodeName ?? '');
    if (node?.power !== 'on' || !node.processes.has(pod.metadata.uid)) return;
    oracle.report('pod-grace-shortened', keyOf(pod), `to ${graceOf(pod)} s`);
  }

  function stillThere({ metadata }: Container): void {
    const container = containers.get(keyOf({ metadata } as Container));
    if (container?.metadata.uid !== metadata.uid || !LEAVING.has(container.spec.state)) return;
    const node = nodes.get(`/${nodeOf(container)}`);
    if (node === undefined || models.get(node.metadata.name)?.power !== 'on') return;
    if (node.metadata.annotations?.[DISCOVERY_ANNOTATION] !== undefined) return;
    oracle.report('leave-waits-for-discovery', keyOf(container), `${node.metadata.name} has no record`);
  }

  return { permitted };

  function permitted({ namespace, pod, podUid, node, startedAtMs }: Process): void {
    const nowMs = clock.monotonicMs();
    const first = !permittedAtMs.has(podUid);
    permittedAtMs.set(podUid, nowMs);
    const who = `${namespace}/${pod}`;
    // One that was told itself is being deleted, or runs again after it was told.
    const told = !first || pods.get(who)?.metadata.deletionTimestamp !== undefined;
    if (startedAtMs < nowMs || told) return;
    oracle.report('instruction-outlived-its-pod', who, `it could stop from its start on, on ${node.name}`);
  }
}

const nodeOf = ({ spec, status }: Container): string | undefined => spec.nodeAffinity ?? status?.nodeAffinity;
/** In seconds. Of one that is not being deleted: what its spec says. */
const graceOf = ({ metadata, spec }: Pod): number =>
  metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30;
