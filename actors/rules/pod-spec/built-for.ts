/**
 * Whether a pod that was built before its node was known is right on the node it landed on: host directories, CPUs, cloud
 * NICs and what it may do on the host come from the node's system. Source: spec 04, 2.2, 16 no. 9; F27.
 */
import type { KubeObject } from '../../../messages/kube.ts';
import { sameQuantity } from '../../../messages/quantity.ts';
import { PODS_CONTAINER } from '../../../messages/resources.ts';
import { isPinnedTo } from './affinity.ts';
import type { PodSpec } from './pod-draft.ts';

/** A pod as the API has it; what admission added to it is no matter. */
export interface LivePod extends KubeObject {
  readonly spec?: Partial<PodSpec>;
}

/** Of what a node's system decides. */
const AMOUNTS = ['cpu', 'weka.io/nics'] as const;

/**
 * `built`: what would be built for the node now. Not judged, so true: a pod that was pinned to the node when it was made
 * (another one would be the same), and one that does not tell what it mounts.
 */
export function suitsNode({ spec }: LivePod, built: PodSpec, node: string): boolean {
  const { volumes, containers = [], initContainers = [] } = spec ?? {};
  if (volumes === undefined || isPinnedTo(spec?.affinity, node)) return true;
  const main = (list: PodSpec['containers']) => list.find(({ name }) => name === PODS_CONTAINER)?.resources?.requests;
  const [has, wants] = [main(containers), main(built.containers)];
  return (
    built.volumes.every(({ name, hostPath }) => {
      const live = volumes.find((volume) => volume.name === name);
      return live?.hostPath?.path === hostPath?.path;
    }) &&
    AMOUNTS.every((name) => sameQuantity(has?.[name] ?? '0', wants?.[name] ?? '0')) &&
    (built.initContainers ?? []).every(({ name, image }) =>
      initContainers.some((live) => live.name === name && live.image === image),
    ) &&
    (spec?.hostNetwork ?? false) === (built.hostNetwork ?? false) &&
    (spec?.hostPID ?? false) === (built.hostPID ?? false)
  );
}
