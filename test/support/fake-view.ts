/** A View over a plain list of objects that a test may change at any time. Looks things up by walking the list. */
import type { View } from '../../actors/view.ts';
import { controllerOf, type KubeObject } from '../../messages/kube.ts';
import type { ConfigMap, CsiNode, Job, Namespace, Node, Pod } from '../../messages/resources.ts';
import type { WekaClient, WekaCluster } from '../../messages/weka-cluster.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';

export interface FakeView extends View {
  /** Adds it, or replaces the one of the same kind, namespace and name. */
  readonly put: (...objects: readonly KubeObject[]) => void;
  readonly remove: (...objects: readonly KubeObject[]) => void;
  readonly all: () => readonly KubeObject[];
  /** What `synced` answers from now on. */
  readonly setSynced: (synced: boolean) => void;
}

const keyOf = ({ kind, metadata }: KubeObject): string => `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;

export function fakeView(...objects: readonly KubeObject[]): FakeView {
  const held = new Map<string, KubeObject>();
  let isSynced = true;
  const put = (...list: readonly KubeObject[]): void => {
    for (const object of list) held.set(keyOf(object), object);
  };
  put(...objects);
  const of = <T extends KubeObject>(kind: string): T[] =>
    [...held.values()].filter((object): object is T => object.kind === kind).toSorted(byCreation);
  const named = <T extends KubeObject>(kind: string, namespace: string, name: string): T | undefined =>
    held.get(`${kind}/${namespace}/${name}`) as T | undefined; // The key names the kind.
  const containers = (): WekaContainer[] => of<WekaContainer>('WekaContainer');
  const pods = (): Pod[] => of<Pod>('Pod');
  return {
    put,
    remove: (...list) => {
      for (const object of list) held.delete(keyOf(object));
    },
    all: () => [...held.values()],
    setSynced: (synced) => {
      isSynced = synced;
    },
    container: (uid) => containers().find(({ metadata }) => metadata.uid === uid),
    containerByName: (namespace, name) => named('WekaContainer', namespace, name),
    containersOnNode: (node) => containers().filter(({ status }) => status?.nodeAffinity === node),
    containersPinnedTo: (node) => containers().filter(({ spec }) => spec.nodeAffinity === node),
    containersOfOwner: (uid) => containers().filter(({ metadata }) => controllerOf(metadata)?.uid === uid),
    containersInNamespace: (namespace) => containers().filter(({ metadata }) => metadata.namespace === namespace),
    podsOnNode: (node) => pods().filter(({ spec }) => spec?.nodeName === node),
    pod: (namespace, name) => named('Pod', namespace, name),
    agentPods: (node) =>
      pods().filter(({ metadata, spec }) => metadata.labels?.app === 'weka-node-agent' && spec?.nodeName === node),
    node: (name) => named<Node>('Node', '', name),
    csiDrivers: (name) => named<CsiNode>('CSINode', '', name)?.spec?.drivers?.map((each) => each.name) ?? [],
    nodes: () => of<Node>('Node'),
    cluster: (uid) => of<WekaCluster>('WekaCluster').find(({ metadata }) => metadata.uid === uid),
    clusterByName: (namespace, name) => named<WekaCluster>('WekaCluster', namespace, name),
    client: (uid) => of<WekaClient>('WekaClient').find(({ metadata }) => metadata.uid === uid),
    configMap: (namespace, name) => named<ConfigMap>('ConfigMap', namespace, name),
    namespace: (name) => named<Namespace>('Namespace', '', name),
    job: (namespace, name) => named<Job>('Job', namespace, name),
    synced: () => isSynced,
  };
}

function byCreation({ metadata: a }: KubeObject, { metadata: b }: KubeObject): number {
  return `${a.creationTimestamp} ${a.uid}` < `${b.creationTimestamp} ${b.uid}` ? -1 : 1;
}
