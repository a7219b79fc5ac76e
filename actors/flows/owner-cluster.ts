/** The WekaCluster that a container belongs to, by its only owner reference. Source: spec 03, 4.5; spec 07, 2. */
import type { ClusterUid } from '../../messages/ids.ts';
import type { WekaCluster } from '../../messages/weka-cluster.ts';
import type { Pass } from './pass.ts';

/** `none`: why not, in the words of the contract. */
export type OwnerCluster =
  | { readonly kind: 'found'; readonly cluster: WekaCluster; readonly uid: ClusterUid }
  | { readonly kind: 'none'; readonly why: string };

export function ownerCluster({ container, view }: Pass): OwnerCluster {
  const [owner, ...others] = container.metadata.ownerReferences ?? [];
  if (owner === undefined) return { kind: 'none', why: 'no owner references found' };
  if (others.length > 0) return { kind: 'none', why: 'more than one owner reference found' };
  const uid = owner.uid as ClusterUid; // Undefined for other owners: checked by the look-up.
  const cluster = view.cluster(uid);
  return cluster === undefined ? { kind: 'none', why: 'Cluster not found' } : { kind: 'found', cluster, uid };
}
