/** What a step sees: one container in this moment, with its working copy of the status, and the predicates of spec 02, 4.2. */
import type { Config } from '../../config.ts';
import { isTrue } from '../../messages/condition.ts';
import type { ContainerUid, NodeName } from '../../messages/ids.ts';
import { CONTAINERS, controllerOf, type ObjectRef, PODS, refOf } from '../../messages/kube.ts';
import { type Node, nodeReady, PODS_CONTAINER, type Pod } from '../../messages/resources.ts';
import type {
  ContainerMode,
  WekaContainer,
  WekaContainerSpec,
  WekaContainerStatus,
} from '../../messages/weka-container.ts';
import { isBackend } from '../../messages/weka-modes.ts';
import type { PodTarget } from '../calls.ts';
import type { View } from '../view.ts';

export interface Pass {
  readonly uid: ContainerUid;
  /** As stored, but `status` is the working copy: what earlier steps of this pass and unwritten ones of earlier passes changed. */
  readonly container: WekaContainer;
  readonly spec: WekaContainerSpec;
  readonly status: WekaContainerStatus;
  /** `spec.nodeAffinity`, else `status.nodeAffinity` of the working copy. */
  readonly nodeName: NodeName | undefined;
  readonly node: Node | undefined;
  /** Only a pod owned by this container (F4). */
  readonly pod: Pod | undefined;
  /** A pod of this name that belongs to somebody else, or to an earlier container of this name. */
  readonly foreignPod: Pod | undefined;
  readonly view: View;
  readonly settings: Config;
  readonly nowMs: number;
  readonly wallMs: number;
  /** Uniform in [0, 1), drawn once a pass: for choices among equals. */
  readonly chance: number;
}

const NO_STATUS: WekaContainerStatus = { status: '' };

export interface Surroundings {
  readonly view: View;
  readonly settings: Config;
}
export interface Moment {
  readonly nowMs: number;
  readonly wallMs: number;
  readonly chance: number;
}

/** The pass as the next step sees it. `status` is the working copy. */
export function passOf(
  stored: WekaContainer,
  status: WekaContainerStatus | undefined,
  { view, settings }: Surroundings,
  moment: Moment,
): Pass {
  const { namespace = '', name } = stored.metadata;
  const uid = stored.metadata.uid as ContainerUid; // The API's uid of this kind of object.
  const copy = status ?? NO_STATUS;
  const nodeName = stored.spec.nodeAffinity || copy.nodeAffinity || undefined;
  const pod = view.pod(namespace, name);
  const ours = pod !== undefined && controllerOf(pod.metadata)?.uid === uid;
  return {
    uid,
    container: { ...stored, status: copy },
    spec: stored.spec,
    status: copy,
    nodeName,
    node: nodeName === undefined ? undefined : view.node(nodeName),
    pod: ours ? pod : undefined,
    foreignPod: ours ? undefined : pod,
    view,
    settings,
    ...moment,
  };
}

export const namespaceOf = ({ container }: Pass): string => container.metadata.namespace ?? '';
export const containerRef = ({ container }: Pass): ObjectRef => refOf(CONTAINERS, container.metadata);
export const podRef = ({ container }: Pass): ObjectRef => refOf(PODS, container.metadata);
export const markedForDeletion = ({ container }: Pass): boolean => container.metadata.deletionTimestamp !== undefined;
export const hasCondition = ({ status }: Pass, type: string): boolean => isTrue(status.conditions, type);
export const podPresent = ({ pod }: Pass): boolean => pod !== undefined;
export const podAbsent = ({ pod }: Pass): boolean => pod === undefined;
export const nodeLoaded = ({ node }: Pass): boolean => node !== undefined;
export const nodeIsReady = ({ node }: Pass): boolean => nodeReady(node);
export const nodeUnschedulable = ({ node }: Pass): boolean => node?.spec?.unschedulable === true;
export const podTerminating = ({ pod }: Pass): boolean => pod?.metadata.deletionTimestamp !== undefined;
export const hasNodeName = ({ nodeName }: Pass): boolean => nodeName !== undefined;
export const usesCriO = ({ node }: Pass): boolean =>
  node?.status?.nodeInfo?.containerRuntimeVersion?.includes('cri-o') === true;
export const imageNotAligned = ({ spec, status }: Pass): boolean => status.lastAppliedImage !== spec.image;
/** Says that deactivation is required, not that it is still to be done. Source: spec 03, 2. */
export const shouldDeactivate = ({ spec, status }: Pass): boolean =>
  isBackend(spec.mode) &&
  spec.overrides?.skipDeactivate !== true &&
  spec.state === 'deleting' &&
  status.containerID !== undefined;
/** A predicate on the mode set, as a predicate on the pass. */
export const mode =
  (among: (of: ContainerMode) => boolean) =>
  ({ spec }: Pass): boolean =>
    among(spec.mode);
export const not =
  (predicate: (pass: Pass) => boolean) =>
  (pass: Pass): boolean =>
    !predicate(pass);

/** The container's own pod as the target of a command; undefined without a pod. */
export function ownPod({ pod, nodeName }: Pass): PodTarget | undefined {
  if (pod === undefined) return undefined;
  return {
    namespace: pod.metadata.namespace ?? '',
    pod: pod.metadata.name,
    podUid: pod.metadata.uid,
    node: pod.spec?.nodeName ?? nodeName ?? '',
    container: PODS_CONTAINER,
  };
}
