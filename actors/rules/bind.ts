/** Who may have the place of the one container of its kind on a node. Pure. Source: spec 02, 6.22; F11. */

import type { ContainerUid, NodeName } from '../../messages/ids.ts';
import { controllerOf } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { isProtocol } from '../../messages/weka-modes.ts';
import type { View } from '../view.ts';

const FRONTEND_LABELS: ReadonlySet<string> = new Set(['nfs', 's3', 'client']);

/**
 * The container that has the place, or is before this one in the queue for it; undefined when the asking one may have it.
 * A bound one wins, then one that holds a grant, then the older one whose pod is on the node, then the smaller uid.
 */
export function placeTakenBy(
  asking: WekaContainer,
  node: NodeName,
  view: View,
  granted: ReadonlySet<ContainerUid>,
  manyProtocols: boolean,
): WekaContainer | undefined {
  const competes = competitor(asking, manyProtocols);
  const bound = view.containersOnNode(node).find(competes);
  if (bound !== undefined) return bound;
  const arriving = [...arrivingAt(node, view)].filter(competes);
  const holder = arriving.find(({ metadata }) => granted.has(metadata.uid as ContainerUid)); // The API's uid.
  if (holder !== undefined) return holder;
  if (granted.has(asking.metadata.uid as ContainerUid)) return undefined;
  return arriving.find((other) => before(other, asking));
}

/** Containers whose pod is on the node and which are not bound to it yet. One that leaves is in nobody's way. */
function* arrivingAt(node: NodeName, view: View): Generator<WekaContainer> {
  for (const pod of view.podsOnNode(node)) {
    const owner = controllerOf(pod.metadata);
    const container = owner === undefined ? undefined : view.container(owner.uid as ContainerUid); // Undefined for other owners.
    if (container !== undefined && container.status?.nodeAffinity !== node && !leaving(container)) yield container;
  }
}

const leaving = ({ metadata, spec }: WekaContainer): boolean =>
  metadata.deletionTimestamp !== undefined || spec.state === 'deleting' || spec.state === 'destroying';

function competitor(asking: WekaContainer, manyProtocols: boolean): (other: WekaContainer) => boolean {
  const { uid, namespace, labels = {} } = asking.metadata;
  const another = (other: WekaContainer): boolean => other.metadata.uid !== uid;
  if (isProtocol(asking.spec.mode) && !manyProtocols) {
    return (other) => another(other) && FRONTEND_LABELS.has(other.metadata.labels?.['weka.io/mode'] ?? '');
  }
  const wanted = Object.entries(labels);
  return (other) =>
    another(other) &&
    other.metadata.namespace === namespace &&
    wanted.every(([key, value]) => other.metadata.labels?.[key] === value);
}
function before(a: WekaContainer, b: WekaContainer): boolean {
  const [aAt, bAt] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
  return aAt < bAt || (aAt === bAt && a.metadata.uid < b.metadata.uid);
}
