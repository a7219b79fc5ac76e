/** Signs of life of the modelled nodes, without which a cluster takes them for dead after 40 s: a Lease each. Source: Kubernetes v1.36, node heartbeats. */
import { rfc3339Micro } from '../../../io/clock.ts';
import { LEASES } from '../../../messages/kube.ts';
import type { WorldContext } from '../world/context.ts';
import type { NodeModel } from '../world/pod-process.ts';

/** As kubelets do, and how long such a Lease holds. */
const PERIOD_MS = 10_000;
const DURATION_S = 40;
const NAMESPACE = 'kube-node-lease';

/** Until the clock stops. A node that is off or cut off gives none. */
export function startHeartbeats(
  { clock, store }: Pick<WorldContext, 'clock' | 'store'>,
  nodes: ReadonlyMap<string, NodeModel>,
): void {
  const spec = (holderIdentity: string) => ({
    holderIdentity,
    leaseDurationSeconds: DURATION_S,
    renewTime: rfc3339Micro(clock.wallMs()),
  });
  for (const { name } of nodes.values()) {
    const metadata = { name, namespace: NAMESPACE };
    const object = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: spec(name) };
    store.send({ verb: 'create', type: LEASES, object }, 'sandbox');
  }
  const beat = (): void => {
    for (const { name, power } of nodes.values()) {
      if (power !== 'on') continue;
      const ref = { type: LEASES, namespace: NAMESPACE, name };
      store.send({ verb: 'mergePatch', ref, patch: { spec: spec(name) } }, 'kubelet');
    }
    clock.after(PERIOD_MS, beat);
  };
  beat();
}
