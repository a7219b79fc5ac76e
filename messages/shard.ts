/**
 * Which replica serves a container, as labels say that the sharder writes: the public protocol of a ControllerRing. The
 * labels are read here and nowhere else: what is kept of a container is without them, so that no pod or helper inherits them.
 * Source: design.md 8; kubernetes-controller-sharding, docs/implement-sharding.md.
 */
import type { ObjectMeta } from './kube.ts';

/** One replica among several: the ring it belongs to, and its own name, which is its Lease's. */
export interface Shard {
  readonly ring: string;
  readonly name: string;
}
/** `draining`: still ours, but to be given up. `others`: another shard's, or nobody's yet. */
export type Ownership = 'ours' | 'draining' | 'others';

/** Undefined: no ring, this process serves all. */
export const shardOf = ({
  controllerRing: ring,
  podName: name,
}: {
  readonly controllerRing: string;
  readonly podName: string;
}): Shard | undefined => (ring === '' ? undefined : { ring, name });

const SHARD_LABELS = 'shard.alpha.sharding.timebertt.dev/';
const DRAIN_LABELS = 'drain.alpha.sharding.timebertt.dev/';
/** On a shard's Lease; its value is the ring. */
export const RING_LABEL = 'alpha.sharding.timebertt.dev/controllerring';
/** A ring's name is the second part of a label's key. */
export const RING_NAME_MAX = 63;

export const shardLabel = (ring: string): string => `${SHARD_LABELS}${ring}`;
export const drainLabel = (ring: string): string => `${DRAIN_LABELS}${ring}`;

type Labels = Readonly<Record<string, string>>;
/** Without a ring all is ours. */
export function ownershipOf(labels: Labels | undefined, shard: Shard | undefined): Ownership {
  if (shard === undefined) return 'ours';
  if (labels?.[shardLabel(shard.ring)] !== shard.name) return 'others';
  return labels[drainLabel(shard.ring)] === undefined ? 'ours' : 'draining';
}

/** Of any ring. The same object where there is none. */
export function withoutShardLabels(metadata: ObjectMeta): ObjectMeta {
  const { labels } = metadata;
  if (labels === undefined || !Object.keys(labels).some(isShardLabel)) return metadata;
  return { ...metadata, labels: Object.fromEntries(Object.entries(labels).filter(([key]) => !isShardLabel(key))) };
}
const isShardLabel = (key: string): boolean => key.startsWith(SHARD_LABELS) || key.startsWith(DRAIN_LABELS);
