/** The stores as actors look things up in them (actors/view.ts). Adds indexes and order; decides nothing. */
import type { View } from '../actors/view.ts';
import { controllerOf, type KubeObject } from '../messages/kube.ts';
import type { Node } from '../messages/resources.ts';
import type { Stores } from './stores.ts';

export function createView(stores: Stores): View {
  const { containers, pods, agentPods, nodes, clusters, clients, bootScripts, toolkit, namespaces, jobs } = stores;
  const some = (key: string | undefined): readonly string[] => (key === undefined || key === '' ? [] : [key]);
  const onNode = containers.index('node', ({ status }) => some(status?.nodeAffinity));
  const pinnedTo = containers.index('pinned', ({ spec }) => some(spec.nodeAffinity));
  const ofOwner = containers.index('owner', ({ metadata }) => some(controllerOf(metadata)?.uid));
  const inNamespace = containers.index('namespace', ({ metadata }) => some(metadata.namespace));
  const podsOnNode = pods.index('node', ({ spec }) => some(spec?.nodeName));
  const agentsOnNode = agentPods.index('node', ({ spec }) => some(spec?.nodeName));
  return {
    // The last readable state: one that cannot be read now still holds what it held.
    container: (uid) => containers.get(uid),
    containerByName: (namespace, name) => containers.byName(namespace, name),
    containersOnNode: (node) => ordered(onNode(node)),
    containersPinnedTo: (node) => ordered(pinnedTo(node)),
    containersOfOwner: (uid) => ordered(ofOwner(uid)),
    containersInNamespace: (namespace) => ordered(inNamespace(namespace)),
    podsOnNode: (node) => ordered(podsOnNode(node)),
    pod: (namespace, name) => pods.byName(namespace, name),
    agentPods: (node) => ordered(agentsOnNode(node)),
    node: (name) => nodes.byName(undefined, name) ?? unreadableNode(nodes, name),
    csiDrivers: (name) => stores.csiNodes.byName(undefined, name)?.spec?.drivers?.map((driver) => driver.name) ?? [],
    nodes: () => ordered(nodes.list()),
    cluster: (uid) => clusters.get(uid),
    clusterByName: (namespace, name) => clusters.byName(namespace, name),
    client: (uid) => clients.get(uid),
    configMap: (namespace, name) => bootScripts.byName(namespace, name) ?? toolkit.byName(namespace, name),
    namespace: (name) => namespaces.byName(undefined, name),
    job: (namespace, name) => jobs.byName(namespace, name),
    synced: () => stores.synced(),
  };
}

/** It is there, so it is not gone; but nothing is known of it, so nothing is done on it. */
function unreadableNode(nodes: Stores['nodes'], name: string): Node | undefined {
  const metadata = nodes.metaOf(nodes.uidOf(undefined, name) ?? '');
  if (metadata === undefined) return undefined;
  return { apiVersion: 'v1', kind: 'Node', metadata, spec: { unschedulable: true }, status: {} };
}

/** By creation, then uid: an order that does not depend on how the objects arrived. */
function ordered<T extends KubeObject>(objects: readonly T[]): readonly T[] {
  if (objects.length < 2) return objects;
  return objects.toSorted(({ metadata: a }, { metadata: b }) =>
    a.creationTimestamp === b.creationTimestamp
      ? a.uid < b.uid
        ? -1
        : 1
      : a.creationTimestamp < b.creationTimestamp
        ? -1
        : 1,
  );
}
