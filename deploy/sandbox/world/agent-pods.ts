/** The node agent's DaemonSet: one Running pod per Node object, made again when it went. Source: spec 07, 13 and 21.1. */
import { rfc3339 } from '../../../io/clock.ts';
import { PODS, refOf } from '../../../messages/kube.ts';
import type { Cache } from './cache.ts';
import type { WorldContext } from './context.ts';
import { draw } from './latency.ts';
import type { Agents } from './node-agent.ts';
import { created } from './nodes.ts';
import type { Node, Pod } from './objects.ts';
import type { NodeModel } from './pod-process.ts';
import { write } from './write.ts';

const LABELS = { 'control-plane': 'weka-node-agent', app: 'weka-node-agent' };
export const isAgentPod = ({ metadata: { labels } }: Pick<Pod, 'metadata'>): boolean =>
  labels?.['control-plane'] === LABELS['control-plane'];
const podName = (node: string): string => `weka-node-agent-${node}`;

export function startAgentPods(
  ctx: WorldContext,
  agents: Agents,
  pods: Cache<Pod>,
  nodes: Cache<Node>,
  models: ReadonlyMap<string, NodeModel>,
  image: string,
): void {
  const random = ctx.random('agent-pods');
  const namespace = ctx.operatorNamespace;

  function ensure(name: string): void {
    const model = models.get(name);
    if (model === undefined || nodes.get(`/${name}`) === undefined) return;
    if (pods.get(`${namespace}/${podName(name)}`) !== undefined) return;
    const containers = [{ name: 'node-agent', image, ports: [{ containerPort: 8090, protocol: 'TCP' }] }];
    created(ctx, PODS, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: podName(name), namespace, labels: LABELS },
      spec: { nodeName: name, containers, tolerations: [{ operator: 'Exists' }] },
    });
    const now = rfc3339(ctx.clock.wallMs());
    const conditions = ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime: now,
    }));
    const state = { running: { startedAt: now } };
    const containerStatuses = [
      { name: 'node-agent', image, imageID: '', ready: true, started: true, restartCount: 0, state },
    ];
    const ips = { hostIP: model.ip, podIP: model.agentIp, podIPs: [{ ip: model.agentIp }] };
    const status = { phase: 'Running', ...ips, startTime: now, conditions, containerStatuses };
    const ref = { type: PODS, namespace, name: podName(name) };
    write(ctx, 'kubelet', { verb: 'mergePatch', ref, subresource: 'status', patch: { status } });
    agents.restarted(model);
  }

  nodes.listen((after, before) => {
    if (after !== undefined && before === undefined) ctx.clock.after(0, () => ensure(after.metadata.name));
  });
  pods.listen((after, before) => {
    const pod = after ?? before;
    const node = pod?.spec.nodeName;
    if (pod === undefined || !isAgentPod(pod) || node === undefined) return;
    if (after === undefined) ctx.clock.after(draw(ctx.latency.podStart, random), () => ensure(node));
    else if (after.metadata.deletionTimestamp !== undefined && before?.metadata.deletionTimestamp === undefined) {
      ctx.clock.after(draw(ctx.latency.podStatus, random), () => {
        const ref = refOf(PODS, after.metadata);
        write(ctx, 'kubelet', { verb: 'delete', ref, uid: after.metadata.uid, gracePeriodSeconds: 0 });
      });
    }
  });
}
