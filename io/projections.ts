/**
 * What is kept of each watched object: the fields that are read, so that memory follows use and heartbeats are no news. Pure.
 * All throw with all problems on an object that cannot be read: the store keeps it as malformed.
 */
import { nodeShape, podShape, readObject } from '../messages/foreign-shapes.ts';
import type { KubeObject } from '../messages/kube.ts';
import { readContainer } from '../messages/read-container.ts';
import type { Node, ObjectCondition, Pod, PodContainer } from '../messages/resources.ts';
import type { Shape } from '../messages/shape.ts';
import { ownershipOf, type Shard, withoutShardLabels } from '../messages/shard.ts';
import { type Project, withoutManagedFields } from '../messages/watch.ts';
import type { WekaContainer } from '../messages/weka-container.ts';

export function projectContainer(object: KubeObject): WekaContainer {
  const read = readContainer(withoutManagedFields(object));
  if (read.kind === 'malformed') throw new Error(read.problems.join('; '));
  return read.container;
}

/** As a shard keeps them: its own whole, of others' what their neighbours ask of them (design.md 8). */
export const projectForShard =
  (shard: Shard): Project<WekaContainer> =>
  (object) => {
    const container = projectContainer(object);
    const metadata = withoutShardLabels(container.metadata);
    const ownership = ownershipOf(container.metadata.labels, shard);
    if (ownership === 'others') return inOutline({ ...container, metadata, ownership });
    return ownership === 'ours' ? { ...container, metadata } : { ...container, metadata, ownership };
  };
/** Node, cluster, mode, state, what it holds and how far it is; not how its pod is built, nor its figures. */
function inOutline({ metadata, spec, status, ...rest }: WekaContainer): WekaContainer {
  const { annotations: _annotations, ...identity } = metadata;
  const outline = { ...rest, metadata: identity, spec: without(spec, OF_PODS) };
  return status === undefined ? outline : { ...outline, status: without(status, OF_FIGURES) };
}
const OF_PODS = [
  'affinity',
  'topologySpreadConstraints',
  'tolerations',
  'nodeSelector',
  'resources',
  'additionalSecrets',
  'tracesConfiguration',
  'joinIpPorts',
] as const;
const OF_FIGURES = ['printer', 'stats', 'timestamps', 'lastAppliedSpec'] as const;
function without<T extends object, K extends keyof T>(whole: T, keys: readonly K[]): Omit<T, K> {
  const rest = { ...whole };
  for (const key of keys) delete rest[key];
  return rest;
}

const READ_ANNOTATIONS = 'weka.io/';
/** Of a node's conditions only `Ready` is read, and of it not the heartbeat. */
export function projectNode(object: KubeObject): Node {
  const { apiVersion, kind, metadata, spec, status } = readObject(nodeShape, object);
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) => key.startsWith(READ_ANNOTATIONS));
  const ready = status?.conditions?.filter(({ type }) => type === 'Ready').map(withoutHeartbeat);
  const { name, uid, resourceVersion, creationTimestamp, deletionTimestamp, labels } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      uid,
      resourceVersion,
      creationTimestamp,
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(labels === undefined ? {} : { labels }),
      annotations: Object.fromEntries(annotations),
    },
    ...(spec === undefined ? {} : { spec }),
    status: {
      ...(ready === undefined ? {} : { conditions: ready }),
      ...(status?.capacity === undefined ? {} : { capacity: status.capacity }),
      ...(status?.allocatable === undefined ? {} : { allocatable: status.allocatable }),
      ...(status?.nodeInfo === undefined ? {} : { nodeInfo: status.nodeInfo }),
    },
  };
}
const withoutHeartbeat = ({ type, status, reason, lastTransitionTime }: ObjectCondition): ObjectCondition => ({
  type,
  status,
  ...(reason === undefined ? {} : { reason }),
  ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }),
});

/** Of a pod's spec: where it runs, what runs in it, what it tolerates, how long it may take to stop. */
export function projectPod(object: KubeObject): Pod {
  const pod = readObject(podShape, withoutManagedFields(object));
  const { nodeName, tolerations, terminationGracePeriodSeconds, containers = [] } = pod.spec ?? {};
  return {
    ...pod,
    spec: {
      ...(nodeName === undefined ? {} : { nodeName }),
      ...(tolerations === undefined ? {} : { tolerations }),
      ...(terminationGracePeriodSeconds === undefined ? {} : { terminationGracePeriodSeconds }),
      containers: containers.map(projectPodContainer),
    },
  };
}
/** What every pod of ours is told of its own image. Source: spec 04, 6.1. */
const IMAGE_NAME = 'IMAGE_NAME';
/** The image it was built for: a registry mirror's webhook may have put its own name in the image's place. */
function projectPodContainer({ name, image: run, env }: PodContainer): PodContainer {
  const image = env?.find((each) => each.name === IMAGE_NAME)?.value ?? run;
  return image === undefined ? { name } : { name, image };
}
/** As it is, less the bookkeeping of managers. */
export const projectAs =
  <T extends KubeObject>(shape: Shape<T>): Project<T> =>
  (object) =>
    readObject(shape, withoutManagedFields(object));
