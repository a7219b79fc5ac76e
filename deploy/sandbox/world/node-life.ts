/**
 * What can happen to a node: power loss, reboot, a cut network, removal. Plays the node controller and the collector of
 * orphaned pods. Source: spec 07, 21.5 (node lost); Kubernetes node-lifecycle and podgc controllers.
 */
import { rfc3339 } from '../../../io/clock.ts';
import { NODES, PODS, refOf } from '../../../messages/kube.ts';
import type { Cache } from './cache.ts';
import type { WorldContext } from './context.ts';
import { uuid } from './identity.ts';
import type { Kubelets } from './kubelet.ts';
import { draw } from './latency.ts';
import type { Agents } from './node-agent.ts';
import { readyCondition, reportNode } from './nodes.ts';
import { type Node, type Pod, withConditions } from './objects.ts';
import type { NodeModel } from './pod-process.ts';
import { write } from './write.ts';

export interface NodeLife {
  /** Power loss: processes die at once, Ready turns Unknown after a while. */
  readonly down: (name: string) => void;
  /** Nobody reaches it and it reports nothing, but its processes live on. */
  readonly cut: (name: string) => void;
  /** From `down`: a new boot without drivers. From `cut`: as if nothing had been. */
  readonly up: (name: string) => void;
  /** Power loss and removal of the Node object; its pods are collected later. */
  readonly lost: (name: string) => void;
  readonly cordon: (name: string, unschedulable: boolean) => void;
}

const UNREACHABLE = 'node.kubernetes.io/unreachable';

export function createNodeLife(
  ctx: WorldContext,
  kubelets: Kubelets,
  agents: Agents,
  pods: Cache<Pod>,
  nodes: Cache<Node>,
  models: ReadonlyMap<string, NodeModel>,
): NodeLife {
  const random = ctx.random('node-life');
  const modelOf = (name: string): NodeModel => {
    const model = models.get(name);
    if (model === undefined) throw new Error(`no modelled node ${name}`);
    return model;
  };
  const podsOn = (name: string): readonly Pod[] => [...pods.all()].filter(({ spec }) => spec.nodeName === name);

  /** The node controller notices silence only after its grace period. */
  function fallSilent(model: NodeModel): void {
    const { bootId } = model;
    ctx.clock.after(draw(ctx.latency.nodeMonitor, random), () => {
      const node = nodes.get(`/${model.name}`);
      if (model.power === 'on' || model.bootId !== bootId || node === undefined) return;
      const others = (node.spec?.taints ?? []).filter(({ key }) => key !== UNREACHABLE);
      const taints = [...others, { key: UNREACHABLE, effect: 'NoSchedule' }, { key: UNREACHABLE, effect: 'NoExecute' }];
      const ref = refOf(NODES, node.metadata);
      const conditions = [readyCondition(ctx, 'Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.')];
      write(ctx, 'kube-controller-manager', {
        verb: 'mergePatch',
        ref,
        subresource: 'status',
        patch: { status: { conditions } },
      });
      write(ctx, 'kube-controller-manager', { verb: 'mergePatch', ref, patch: { spec: { taints } } });
      for (const pod of podsOn(model.name)) markNotReady(pod);
    });
  }

  function markNotReady(pod: Pod): void {
    if (pod.status?.phase !== 'Running') return;
    const notReady = [{ type: 'Ready', status: 'False' }];
    const conditions = withConditions(pod.status.conditions, notReady, rfc3339(ctx.clock.wallMs()));
    const ref = refOf(PODS, pod.metadata);
    write(ctx, 'kube-controller-manager', {
      verb: 'mergePatch',
      ref,
      subresource: 'status',
      patch: { status: { conditions } },
    });
  }

  nodes.listen((after, before) => {
    if (after !== undefined || before === undefined) return;
    ctx.clock.after(draw(ctx.latency.podCollector, random), () => {
      if (nodes.get(`/${before.metadata.name}`) !== undefined) return;
      for (const { metadata } of podsOn(before.metadata.name)) {
        const ref = refOf(PODS, metadata);
        write(ctx, 'kube-controller-manager', { verb: 'delete', ref, uid: metadata.uid, gracePeriodSeconds: 0 });
      }
    });
  });

  const life: NodeLife = {
    down: (name) => {
      const model = modelOf(name);
      model.power = 'off';
      kubelets.nodeStopped(model);
      fallSilent(model);
    },
    cut: (name) => {
      const model = modelOf(name);
      model.power = 'cut';
      fallSilent(model);
    },
    up: (name) => {
      const model = modelOf(name);
      if (model.power === 'on') return;
      if (model.power === 'off') {
        model.bootId = uuid(random);
        model.drivers = undefined;
        agents.restarted(model);
      }
      model.power = 'on';
      const node = nodes.get(`/${name}`);
      if (node !== undefined) {
        reportNode(ctx, model);
        const taints = (node.spec?.taints ?? []).filter(({ key }) => key !== UNREACHABLE);
        write(ctx, 'kube-controller-manager', {
          verb: 'mergePatch',
          ref: refOf(NODES, node.metadata),
          patch: { spec: { taints } },
        });
      }
      kubelets.nodeStarted(model);
    },
    lost: (name) => {
      life.down(name);
      write(ctx, 'kube-controller-manager', { verb: 'delete', ref: { type: NODES, name } });
    },
    cordon: (name, unschedulable) => {
      write(ctx, 'kube-controller-manager', {
        verb: 'mergePatch',
        ref: { type: NODES, name },
        patch: { spec: { unschedulable } },
      });
    },
  };
  return life;
}
