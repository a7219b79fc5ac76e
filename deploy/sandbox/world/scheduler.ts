/**
 * Binds pods to nodes, one at a time, and says Unschedulable where none fits. Never starts or deletes a pod.
 * Source: spec 07, 21.1 (a scheduler that honours all of this); spec 04, 5.2 to 5.4 and 10.4.
 */
import { rfc3339 } from '../../../io/clock.ts';
import { PODS, refOf } from '../../../messages/kube.ts';
import type { Cache } from './cache.ts';
import type { WorldContext } from './context.ts';
import { draw } from './latency.ts';
import { keyOf, type Node, type Pod, withConditions } from './objects.ts';
import { misfit, requestsOf } from './scheduling-rules.ts';
import { write } from './write.ts';

interface Occupancy {
  readonly pods: Map<string, Pod>;
  readonly used: Map<string, number>;
}

export function startScheduler(ctx: WorldContext, pods: Cache<Pod>, nodes: Cache<Node>): void {
  const random = ctx.random('scheduler');
  const occupancy = new Map<string, Occupancy>();
  /** Keys of pods that fitted nowhere, tried again when something was freed or changed. */
  const waiting = new Set<string>();
  let retrySet = false;

  const on = (node: string): Occupancy => {
    const known = occupancy.get(node) ?? { pods: new Map(), used: new Map() };
    occupancy.set(node, known);
    return known;
  };
  const account = (pod: Pod, sign: 1 | -1): void => {
    const { used } = on(pod.spec.nodeName ?? '');
    for (const [name, amount] of requestsOf(pod.spec)) used.set(name, (used.get(name) ?? 0) + sign * amount);
  };
  const retry = (): void => {
    if (retrySet || waiting.size === 0) return;
    retrySet = true;
    ctx.clock.after(draw(ctx.latency.bindRetry, random), () => {
      retrySet = false;
      for (const key of [...waiting]) bind(key);
    });
  };

  pods.listen((after, before) => {
    const pod = after ?? before;
    if (pod === undefined) return;
    const key = keyOf(pod);
    const node = pod.spec.nodeName;
    if (node !== undefined && node !== '') {
      const { pods: here } = on(node);
      const known = here.get(key);
      if (known !== undefined) {
        account(known, -1);
        here.delete(key);
      }
      if (after !== undefined && !finished(after)) {
        account(after, 1);
        here.set(key, after);
      } else retry();
      return;
    }
    if (after === undefined) waiting.delete(key);
    else if (before === undefined) ctx.clock.after(draw(ctx.latency.bind, random), () => bind(key));
  });
  nodes.listen(retry);

  function bind(key: string): void {
    const pod = pods.get(key);
    waiting.delete(key);
    if (pod === undefined || (pod.spec.nodeName ?? '') !== '' || pod.metadata.deletionTimestamp !== undefined) return;
    const found = choose(pod);
    const now = rfc3339(ctx.clock.wallMs());
    const ref = refOf(PODS, pod.metadata);
    if (found.node === undefined) {
      waiting.add(key);
      const before = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
      if (before?.message === found.message) return;
      const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: found.message };
      const conditions = withConditions(pod.status?.conditions, [condition], now);
      write(ctx, 'kube-scheduler', {
        verb: 'mergePatch',
        ref,
        subresource: 'status',
        patch: { status: { conditions } },
      });
      return;
    }
    write(ctx, 'kube-scheduler', { verb: 'mergePatch', ref, patch: { spec: { nodeName: found.node } } });
    const conditions = withConditions(pod.status?.conditions, [{ type: 'PodScheduled', status: 'True' }], now);
    write(ctx, 'kube-scheduler', { verb: 'mergePatch', ref, subresource: 'status', patch: { status: { conditions } } });
  }

  /** The first node that fits, looking round from a random place: spreads well and stays cheap for 10,000 nodes. */
  function choose(pod: Pod): { readonly node?: string; readonly message: string } {
    const pinned = pinnedNode(pod);
    const all = pinned === undefined ? [...nodes.all()] : [nodes.get(`/${pinned}`)].filter((one) => one !== undefined);
    const reasons = new Map<string, number>();
    const start = Math.floor(random() * Math.max(1, all.length));
    for (let step = 0; step < all.length; step++) {
      const node = all[(start + step) % all.length];
      if (node === undefined) continue;
      const { pods: here, used } = on(node.metadata.name);
      const reason = misfit(pod, node, used, [...here.values()]);
      if (reason === undefined) return { node: node.metadata.name, message: '' };
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    const counted = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
    const total = pinned === undefined ? all.length : Math.max(all.length, 1);
    return { message: `0/${total} nodes are available: ${counted.join(', ') || 'no node matches'}.` };
  }
}

const finished = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/** A pod that names its node in every term is only looked at there. */
function pinnedNode(pod: Pod): string | undefined {
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const only = terms?.length === 1 ? terms[0] : undefined;
  const hostname = only?.matchExpressions?.find(
    ({ key, operator }) => key === 'kubernetes.io/hostname' && operator === 'In',
  );
  return hostname?.values?.length === 1 ? hostname.values[0] : undefined;
}
