/**
 * What may be looked up while deciding: the stores, read-only, as one interface. Implemented over io/store.ts by
 * supervisors/view.ts, and by plain maps in tests. All answers are of this moment and may lag behind the API.
 */
import type { ClusterUid, ContainerUid, NodeName } from '../messages/ids.ts';
import type { ConfigMap, Job, Namespace, Node, Pod } from '../messages/resources.ts';
import type { WekaClient, WekaCluster } from '../messages/weka-cluster.ts';
import type { WekaContainer } from '../messages/weka-container.ts';

export interface View {
  readonly container: (uid: ContainerUid) => WekaContainer | undefined;
  readonly containerByName: (namespace: string, name: string) => WekaContainer | undefined;
  /** All namespaces; those whose `status.nodeAffinity` is the node, in order of creation, then uid. */
  readonly containersOnNode: (node: NodeName) => readonly WekaContainer[];
  /** All namespaces; those whose `spec.nodeAffinity` is the node, in the same order. */
  readonly containersPinnedTo: (node: NodeName) => readonly WekaContainer[];
  /** Those whose controller owner has this uid, in order of creation, then uid. */
  readonly containersOfOwner: (uid: string) => readonly WekaContainer[];
  readonly containersInNamespace: (namespace: string) => readonly WekaContainer[];
  /** Pods bound to the node, of all namespaces. */
  readonly podsOnNode: (node: NodeName) => readonly Pod[];
  readonly pod: (namespace: string, name: string) => Pod | undefined;
  /** Node agent pods of that node (labels of spec 07, 13), any phase. */
  readonly agentPods: (node: NodeName) => readonly Pod[];
  readonly node: (name: NodeName) => Node | undefined;
  /** CSI drivers whose node plugin has registered there; known only with `CSI_REQUIRE_NODE_PLUGIN`. */
  readonly csiDrivers: (node: NodeName) => readonly string[];
  readonly nodes: () => readonly Node[];
  readonly cluster: (uid: ClusterUid) => WekaCluster | undefined;
  readonly clusterByName: (namespace: string, name: string) => WekaCluster | undefined;
  readonly client: (uid: string) => WekaClient | undefined;
  readonly configMap: (namespace: string, name: string) => ConfigMap | undefined;
  readonly namespace: (name: string) => Namespace | undefined;
  readonly job: (namespace: string, name: string) => Job | undefined;
  /** False while a store has not seen its first list: nothing destructive is decided on its absence of an object. */
  readonly synced: () => boolean;
}
