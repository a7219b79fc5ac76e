/** What is left of the demo while it is being deleted. Reads the store, writes nothing. */
import {
  CLIENTS,
  CLUSTERS,
  CONTAINERS,
  JOBS,
  type KubeObject,
  MANUAL_OPERATIONS,
  PODS,
  POLICIES,
} from '../../../messages/kube.ts';
import { isAgentPod } from '../world/agent-pods.ts';
import type { ModelApi } from '../world/model-api.ts';

/** Of an SSD proxy: it has no owner, and only COLLECT_LEFTOVERS deletes it (spec 06, 3.2; V6). */
export const isOfProxy = ({ metadata: { labels } }: KubeObject): boolean => labels?.['weka.io/mode'] === 'ssdproxy';

/** All WekaClients, WekaClusters, operations, policies, WekaContainers, Jobs and pods but those of the installation, in every namespace. */
export const objectsLeft = (store: Pick<ModelApi, 'all'>): readonly KubeObject[] =>
  [CLIENTS, CLUSTERS, MANUAL_OPERATIONS, POLICIES, CONTAINERS, PODS, JOBS]
    .flatMap((type) => store.all(type))
    .filter((object) => !isAgentPod(object));

/** `WekaContainer 3, Pod 2`, in the order of the objects. */
export function leftText(objects: readonly KubeObject[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of objects) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${kind} ${count}`).join(', ') || 'nothing';
}
