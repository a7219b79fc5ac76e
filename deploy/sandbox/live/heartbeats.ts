/** Signs of life of the modelled nodes, without which a cluster takes them for dead after 40 s: a Lease each. Source: Kubernetes v1.36, node heartbeats. */
import { rfc3339Micro } from '../../../io/clock.ts';
import { type KubeObject, LEASES, NODES } from '../../../messages/kube.ts';
import type { WorldContext } from '../world/context.ts';
import type { NodeModel } from '../world/pod-process.ts';

/** As kubelets do, and how long such a Lease holds. */
const PERIOD_MS = 10_000;
const DURATION_S = 40;
const NAMESPACE = 'kube-node-lease';

/** Until the clock stops. A node that is off or cut off gives none, nor one whose object is not there yet. */
export function startHeartbeats(
  { clock, store }: Pick<WorldContext, 'clock' | 'store'>,
  nodes: ReadonlyMap<string, NodeModel>,
): void {
  /** Uids of nodes whose Lease was made. */
  const begun = new Set<string>();

  const beatOf = (node: KubeObject): void => {
    const { name, uid } = node.metadata;
    const renewTime = rfc3339Micro(clock.wallMs());
    const spec = { holderIdentity: name, leaseDurationSeconds: DURATION_S, renewTime };
    if (begun.has(uid)) {
      const ref = { type: LEASES, namespace: NAMESPACE, name };
      store.send({ verb: 'mergePatch', ref, patch: { spec } }, 'kubelet');
      return;
    }
    begun.add(uid);
    const ownerReferences = [{ apiVersion: 'v1', kind: NODES.kind, name, uid }]; // Goes with its node.
    const metadata = { name, namespace: NAMESPACE, ownerReferences };
    const object = { apiVersion: 'coordination.k8s.io/v1', kind: LEASES.kind, metadata, spec };
    store.send({ verb: 'create', type: LEASES, object }, 'sandbox');
  };
  const beat = (): void => {
    for (const { name, power } of nodes.values()) {
      const node = power === 'on' ? store.get({ type: NODES, name }) : undefined;
      if (node !== undefined) beatOf(node);
    }
    clock.after(PERIOD_MS, beat);
  };
  beat();
}
