/** Which Weka cluster a container joins: its owner, or for a client the one that its owner points at. Source: spec 07, 22 no. 6; I5. */
import type { ClusterUid } from '../../messages/ids.ts';
import type { WekaCluster } from '../../messages/weka-cluster.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import type { View } from '../view.ts';

/** By the first owner reference. Undefined: there is none, or the API has no such cluster (yet). */
export function joinedCluster(
  { metadata }: WekaContainer,
  view: Pick<View, 'cluster' | 'client' | 'clusterByName'>,
): WekaCluster | undefined {
  const [owner] = metadata.ownerReferences ?? [];
  if (owner === undefined) return undefined;
  const cluster = view.cluster(owner.uid as ClusterUid); // Undefined for other owners.
  if (cluster !== undefined) return cluster;
  const target = view.client(owner.uid)?.spec?.targetCluster;
  return target === undefined ? undefined : view.clusterByName(target.namespace, target.name);
}
