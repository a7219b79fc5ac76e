/** Labels, annotations and owner of a pod, from the container alone. Source: spec 04, 4; spec 01, 12.2. */
import type { OwnerReference } from '../../../messages/kube.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';

export type Texts = Readonly<Record<string, string>>;

export const APPLIED_ANNOTATIONS = 'weka.io/applied-annotations';
/** Only with POD_KEEP_FOREIGN_LABELS: the label keys that are ours, comma separated. */
export const APPLIED_LABELS = 'weka.io/applied-labels';

/** UID of the first owner of kind WekaCluster; empty when there is none. */
export const clusterUidOf = (container: WekaContainer): string =>
  container.metadata.ownerReferences?.find((owner) => owner.kind === 'WekaCluster')?.uid ?? '';

/** The labels we give a pod. `weka.io/mode` always tells the true mode (spec/README I2). */
function podLabels(container: WekaContainer): Texts {
  const clusterUid = clusterUidOf(container);
  return {
    'app.kubernetes.io/name': 'WekaContainer',
    'app.kubernetes.io/part-of': 'weka-operator',
    'app.kubernetes.io/created-by': 'weka-operator',
    ...container.metadata.labels,
    ...(clusterUid === '' ? {} : { 'weka.io/cluster-id': clusterUid }),
    'weka.io/mode': container.spec.mode,
  };
}

/**
 * The annotations a pod with `present` ones should have: the container's are put over them, what the list names and the
 * container no longer has goes. The list only grows: it is wire format (spec 04, 16 no. 2).
 */
function podAnnotations(container: WekaContainer, present: Texts): Texts {
  const own = container.metadata.annotations ?? {};
  const listed = keysOf(present[APPLIED_ANNOTATIONS]);
  const foreign = Object.entries(present).filter(([key]) => !listed.includes(key) && key !== APPLIED_ANNOTATIONS);
  const list = listOf([...listed, ...Object.keys(own)]);
  return { ...Object.fromEntries(foreign), ...own, ...(list === '' ? {} : { [APPLIED_ANNOTATIONS]: list }) };
}

/** Keys of a comma separated list; absent counts as empty. */
export const keysOf = (list: string | undefined): readonly string[] =>
  (list ?? '').split(',').filter((key) => key !== '');

/** Sorted and without repeats, so that the same keys give the same text. */
export const listOf = (keys: readonly string[]): string => [...new Set(keys)].sort().join(',');

export interface PodMetadata {
  readonly labels: Texts;
  readonly annotations: Texts;
}

/**
 * Labels and annotations, whole, of a pod that has `present` ones (none at its creation). With `keepForeignLabels` the
 * label keys that are ours are recorded in an annotation, and only those ever go (spec/README V3).
 */
export function podMetadata(container: WekaContainer, present: PodMetadata, keepForeignLabels: boolean): PodMetadata {
  const labels = podLabels(container);
  const annotations = podAnnotations(container, present.annotations);
  if (!keepForeignLabels) return { labels, annotations };
  const ours = keysOf(present.annotations[APPLIED_LABELS]);
  const foreign = Object.entries(present.labels).filter(([key]) => !ours.includes(key));
  return {
    labels: { ...Object.fromEntries(foreign), ...labels },
    annotations: { ...annotations, [APPLIED_LABELS]: listOf(Object.keys(labels)) },
  };
}

/** The one owner of a pod. */
export const controllerReference = ({ metadata }: WekaContainer): OwnerReference => ({
  apiVersion: 'weka.weka.io/v1alpha1',
  kind: 'WekaContainer',
  name: metadata.name,
  uid: metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});
