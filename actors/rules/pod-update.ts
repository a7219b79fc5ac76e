/**
 * What must change on a pod that lives: labels, annotations, added tolerations, and nothing else; or nothing at all.
 * The API accepts no other change. Source: spec 04, 4.2; spec 01, 12.2; spec/README I2, V3, V10.
 */
import type { Config } from '../../config.ts';
import type { Toleration } from '../../messages/core-types.ts';
import { mergeDiff } from '../../messages/merge-patch.ts';
import type { Pod } from '../../messages/resources.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import {
  APPLIED_ANNOTATIONS,
  APPLIED_LABELS,
  keysOf,
  listOf,
  type PodMetadata,
  podMetadata,
  type Texts,
} from './pod-spec/metadata.ts';

export type PodUpdateSettings = Pick<Config, 'podKeepForeignLabels'>;

/** Both maps as they should be, whole; undefined when the pod has them already. */
export function metadataChange(
  container: WekaContainer,
  pod: Pod,
  settings: PodUpdateSettings,
): PodMetadata | undefined {
  const present = { labels: pod.metadata.labels ?? {}, annotations: pod.metadata.annotations ?? {} };
  const due = podMetadata(container, present, settings.podKeepForeignLabels);
  return sameTexts(due.labels, present.labels) && sameAnnotations(due.annotations, present.annotations)
    ? undefined
    : due;
}

/** The lists are sets: one that was written in another order is not rewritten, or every pass would (spec 04, 16 no. 1). */
const sameAnnotations = (due: Texts, present: Texts): boolean => sameTexts(listsSorted(due), listsSorted(present));

function listsSorted(annotations: Texts): Texts {
  const lists = [APPLIED_ANNOTATIONS, APPLIED_LABELS].filter((key) => Object.hasOwn(annotations, key));
  return { ...annotations, ...Object.fromEntries(lists.map((key) => [key, listOf(keysOf(annotations[key]))])) };
}

function sameTexts(one: Texts, other: Texts): boolean {
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && one[key] === other[key])
  );
}

/**
 * The whole list with what `spec.tolerations` adds: new ones at the end, other seconds in place, none removed.
 * Undefined when nothing is to be added. The built-in tolerations are not looked at.
 */
export function tolerationsChange(container: WekaContainer, pod: Pod): readonly Toleration[] | undefined {
  const list: Toleration[] = [...(pod.spec?.tolerations ?? [])];
  let changed = false;
  for (const wanted of container.spec.tolerations ?? []) {
    const index = list.findIndex((present) => sameToleration(present, wanted));
    const present = list[index];
    if (present !== undefined && present.tolerationSeconds === wanted.tolerationSeconds) continue;
    list.splice(present === undefined ? list.length : index, present === undefined ? 0 : 1, wanted);
    changed = true;
  }
  return changed ? list : undefined;
}

const sameToleration = (one: Toleration, other: Toleration): boolean =>
  (one.key ?? '') === (other.key ?? '') &&
  (one.operator ?? '') === (other.operator ?? '') &&
  (one.value ?? '') === (other.value ?? '') &&
  (one.effect ?? '') === (other.effect ?? '');

/**
 * A merge patch of `metadata` for exactly this pod: the uid in it makes the server refuse a successor of the same name.
 * Keys that nobody changed are not in it, so what others write meanwhile stays until the next look.
 */
export const metadataPatch = (pod: Pod, due: PodMetadata): unknown => ({
  metadata: {
    uid: pod.metadata.uid,
    ...patchOf('labels', pod.metadata.labels, due.labels),
    ...patchOf('annotations', pod.metadata.annotations, due.annotations),
  },
});

const patchOf = (key: string, present: Texts | undefined, due: Texts): Readonly<Record<string, unknown>> => {
  const patch = mergeDiff(present ?? {}, due);
  return patch === undefined ? {} : { [key]: patch };
};

/** The list goes whole; a toleration that someone added meanwhile makes the server refuse it, and the next look repeats it. */
export const tolerationsPatch = (pod: Pod, tolerations: readonly Toleration[]): unknown => ({
  metadata: { uid: pod.metadata.uid },
  spec: { tolerations },
});
