/** From a change in a store to the actors it concerns. Has no state; says "look again", never what changed. */

import type { View } from '../actors/view.ts';
import type { Change } from '../io/store.ts';
import type { ContainerUid, NodeName } from '../messages/ids.ts';
import { controllerOf } from '../messages/kube.ts';
import { sameJson } from '../messages/merge-patch.ts';
import type { Node, Pod } from '../messages/resources.ts';
import type { WekaCluster } from '../messages/weka-cluster.ts';
import type { WekaContainer } from '../messages/weka-container.ts';
import { isDrive, usesDriveSharing } from '../messages/weka-modes.ts';
import type { Stores } from './stores.ts';

/** Where news goes. Implemented by the controller over fleet and registries. */
export interface Destinations {
  /** The container's actor looks again; it is started if it does not run. */
  readonly container: (uid: ContainerUid) => void;
  /** Its generation or deletionTimestamp changed: a back-off or quarantine ends. */
  readonly wake: (uid: ContainerUid) => void;
  readonly forget: (uid: ContainerUid) => void;
  readonly node: (name: NodeName) => void;
  /** Only actors that run: a change alone needs no new one. */
  readonly image: (name: string) => void;
  /** Nothing is left in it. */
  readonly namespaceGone: (name: string) => void;
  readonly nodeIsRunning: (name: NodeName) => boolean;
  /** Its status is what its actor is writing just now: no news to it. */
  readonly isOwnStatus: (container: WekaContainer) => boolean;
}

const asUid = (uid: string): ContainerUid => uid as ContainerUid; // The API's uid of a WekaContainer.
/** Jobs that a container waits for, by its uid. */
const JOB_OF_CONTAINER = /^weka-(?:cleanup-container|pvc-migrate)-(.+)$/;

export function startRouter(stores: Stores, view: View, to: Destinations): void {
  stores.containers.onChange((change) => {
    routeContainer(change, to);
    if (change.kind === 'malformed') return;
    routeHelper(change, to);
    routeProxy(change, to);
  });
  stores.pods.onChange((change) => routePod(change, view, to));
  stores.nodes.onChange((change) => routeNode(change, view, to));
  stores.clusters.onChange((change) => routeCluster(change, view, to));
  stores.csiNodes.onChange((change) => {
    if (change.kind === 'malformed') return;
    const { name } = change.object.metadata;
    for (const { metadata } of view.containersOnNode(name as NodeName)) to.container(asUid(metadata.uid)); // Of its node.
  });
  stores.namespaces.onChange((change) => {
    if (change.kind === 'gone') to.namespaceGone(change.object.metadata.name);
  });
  stores.jobs.onChange((change) => {
    const name = change.kind === 'malformed' ? change.meta.name : change.object.metadata.name;
    const [, uid] = JOB_OF_CONTAINER.exec(name) ?? [];
    if (uid !== undefined && view.container(asUid(uid)) !== undefined) to.container(asUid(uid));
  });
}

function routeContainer(change: Change<WekaContainer>, to: Destinations): void {
  if (change.kind === 'malformed') {
    to.container(asUid(change.meta.uid));
    return;
  }
  const { metadata } = change.object;
  const uid = asUid(metadata.uid);
  if (change.kind === 'gone') {
    to.forget(uid);
    return;
  }
  const was = change.before?.metadata;
  if (was?.generation !== metadata.generation || was?.deletionTimestamp !== metadata.deletionTimestamp) to.wake(uid);
  if (!(to.isOwnStatus(change.object) && onlyStatusDiffers(change))) to.container(uid);
}
function onlyStatusDiffers({ object, before }: Extract<Change<WekaContainer>, { kind: 'changed' }>): boolean {
  if (before === undefined) return false;
  const { resourceVersion } = object.metadata;
  return sameJson({ ...before.metadata, resourceVersion }, object.metadata) && sameJson(before.spec, object.spec);
}

/** Whoever made a helper hears of its result and of its end. */
function routeHelper(
  { kind, object, before }: Exclude<Change<WekaContainer>, { kind: 'malformed' }>,
  to: Destinations,
): void {
  const { spec, status, metadata } = object;
  const news =
    kind === 'gone' ||
    status?.result !== before?.status?.result ||
    metadata.deletionTimestamp !== before?.metadata.deletionTimestamp;
  if (!news) return;
  switch (spec.mode) {
    case 'discovery':
    case 'drivers-loader':
      if (spec.nodeAffinity !== undefined && concernsNode(object, spec.nodeAffinity, to)) to.node(spec.nodeAffinity);
      return;
    case 'adhoc-op-with-container':
      to.image(spec.image);
      return;
    case 'adhoc-op': {
      const owner = controllerOf(metadata);
      if (owner?.kind === 'WekaContainer') to.container(asUid(owner.uid));
      return;
    }
    default:
      return;
  }
}

/** What another shard serves is news to whoever works on that node here, but no reason to begin. */
const concernsNode = ({ ownership }: WekaContainer, node: NodeName, to: Destinations): boolean =>
  ownership === undefined || to.nodeIsRunning(node);

/** A node's owner looks after its proxy: it hears of the proxy itself, and of each one that no longer needs it. */
function routeProxy(
  { kind, object, before }: Exclude<Change<WekaContainer>, { kind: 'malformed' }>,
  to: Destinations,
): void {
  const { spec, status, metadata } = object;
  if (spec.mode === 'ssdproxy') {
    const news = kind === 'gone' || metadata.deletionTimestamp !== before?.metadata.deletionTimestamp || !before;
    if (news && spec.nodeAffinity && concernsNode(object, spec.nodeAffinity, to)) to.node(spec.nodeAffinity);
    return;
  }
  if (!isDrive(spec.mode) || !usesDriveSharing(spec)) return;
  const was = kind === 'gone' ? object : before;
  const moved = kind === 'gone' || was?.status?.nodeAffinity !== status?.nodeAffinity;
  const left = was?.status?.nodeAffinity || was?.spec.nodeAffinity;
  if (moved && left && to.nodeIsRunning(left)) to.node(left);
}

function routePod(change: Change<Pod>, view: View, to: Destinations): void {
  const meta = change.kind === 'malformed' ? change.meta : change.object.metadata;
  const owner = controllerOf(meta);
  if (owner?.kind === 'WekaContainer') to.container(asUid(owner.uid));
  if (change.kind !== 'gone') return;
  // The name is free: a container of that name may have waited for another one's pod (F4).
  const successor = view.containerByName(meta.namespace ?? '', meta.name);
  if (successor !== undefined && successor.metadata.uid !== owner?.uid) to.container(asUid(successor.metadata.uid));
}

/** Only what is read of a node counts: kubelets renew it all the time. */
function routeNode(change: Change<Node>, view: View, to: Destinations): void {
  if (change.kind === 'malformed') return;
  const { object, before } = change;
  if (change.kind === 'changed' && before !== undefined && sameNode(object, before)) return;
  const name = object.metadata.name as NodeName; // A node's own name.
  if (to.nodeIsRunning(name)) to.node(name);
  for (const { metadata } of view.containersOnNode(name)) to.container(asUid(metadata.uid));
}
function sameNode(a: Node, b: Node): boolean {
  return (
    sameJson(a.metadata.annotations, b.metadata.annotations) &&
    sameJson(a.metadata.labels, b.metadata.labels) &&
    sameJson(a.spec, b.spec) &&
    sameJson(a.status, b.status)
  );
}

/** Members wait for ports, for the forming and for the end of their cluster. */
function routeCluster(change: Change<WekaCluster>, view: View, to: Destinations): void {
  if (change.kind === 'malformed') return;
  const { object, before } = change;
  const same =
    change.kind === 'changed' &&
    before?.metadata.generation === object.metadata.generation &&
    sameJson(before?.status?.ports, object.status?.ports) &&
    sameJson(before?.status?.conditions, object.status?.conditions);
  if (same) return;
  for (const { metadata } of view.containersOfOwner(object.metadata.uid)) to.container(asUid(metadata.uid));
}
