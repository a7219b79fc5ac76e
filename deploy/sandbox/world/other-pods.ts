/**
 * What kubelets do for pods that are neither weka's nor the node agent's, on a real cluster: those of Jobs do their work and
 * succeed, all others (of a DaemonSet, say) simply run. Nothing runs in them. Source: spec 07, 21.1 (Jobs that succeed).
 */
import { rfc3339 } from '../../../io/clock.ts';
import { controllerOf, PODS, refOf } from '../../../messages/kube.ts';
import { isAgentPod } from './agent-pods.ts';
import type { Cache } from './cache.ts';
import type { WorldContext } from './context.ts';
import type { Container } from './holders.ts';
import { workOfJob } from './job-work.ts';
import { isDone, isWekaPod } from './kubelet.ts';
import { draw } from './latency.ts';
import { type Pod, withConditions } from './objects.ts';
import type { NodeModel } from './pod-process.ts';
import { write } from './write.ts';

/** One whose node is not up waits. */
const RETRY_MS = 5_000;

export function startOtherPods(
  ctx: WorldContext,
  pods: Cache<Pod>,
  nodes: ReadonlyMap<string, NodeModel>,
  containers: Cache<Container>,
): void {
  const random = ctx.random('other-pods');
  /** Uids of those begun and not gone. */
  const begun = new Set<string>();

  pods.listen((after, before) => {
    if (after === undefined) {
      if (before !== undefined) begun.delete(before.metadata.uid);
      return;
    }
    const { uid, deletionTimestamp } = after.metadata;
    const node = nodes.get(after.spec.nodeName ?? '');
    if (node === undefined || isWekaPod(after) || isAgentPod(after)) return;
    if (deletionTimestamp !== undefined) {
      if (before?.metadata.deletionTimestamp === undefined)
        onceUp(node, draw(ctx.latency.podStatus, random), () => remove(after));
      return;
    }
    if (begun.has(uid) || isDone(after)) return;
    begun.add(uid);
    const ofJob = controllerOf(after.metadata)?.kind === 'Job';
    onceUp(node, draw(ofJob ? ctx.latency.job : ctx.latency.podStart, random), () => {
      const now = pods.get(`${after.metadata.namespace ?? ''}/${after.metadata.name}`);
      if (now?.metadata.uid !== uid || now.metadata.deletionTimestamp !== undefined) return;
      if (ofJob) workOfJob(ctx, containers, node, controllerOf(now.metadata)?.name ?? '', now.spec);
      report(now, node, ofJob ? 'Succeeded' : 'Running');
    });
  });

  function onceUp(node: NodeModel, delayMs: number, act: () => void): void {
    ctx.clock.after(delayMs, () => (node.power === 'on' ? act() : onceUp(node, RETRY_MS, act)));
  }

  function remove({ metadata }: Pod): void {
    write(ctx, 'kubelet', { verb: 'delete', ref: refOf(PODS, metadata), uid: metadata.uid, gracePeriodSeconds: 0 });
  }

  function report(pod: Pod, node: NodeModel, phase: 'Running' | 'Succeeded'): void {
    const now = rfc3339(ctx.clock.wallMs());
    const ready = phase === 'Running';
    const conditions = ['Initialized', 'PodScheduled', 'ContainersReady', 'Ready'].map((type) =>
      ready || type === 'Initialized' || type === 'PodScheduled'
        ? { type, status: 'True' }
        : { type, status: 'False', reason: 'PodCompleted' },
    );
    const state = ready
      ? { running: { startedAt: now } }
      : { terminated: { exitCode: 0, reason: 'Completed', startedAt: now, finishedAt: now } };
    const containerStatuses = pod.spec.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: '',
      ready,
      started: ready,
      restartCount: 0,
      state,
    }));
    const status = {
      phase,
      conditions: withConditions(pod.status?.conditions, conditions, now),
      hostIP: node.ip,
      startTime: pod.metadata.creationTimestamp,
      containerStatuses,
    };
    const ref = refOf(PODS, pod.metadata);
    write(ctx, 'kubelet', { verb: 'mergePatch', ref, subresource: 'status', patch: { status } });
  }
}
