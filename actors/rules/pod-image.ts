/** Which image a pod runs its weka process from, and how a container comes to another one. Source: spec 03, 9. */
import type { Config } from '../../config.ts';
import { PODS_CONTAINER, type Pod } from '../../messages/resources.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';

/** The image it was built for (io/projections.ts). Undefined: the pod has no container `weka-container`. */
export const imageOf = (pod: Pod): string | undefined =>
  pod.spec?.containers?.find(({ name }) => name === PODS_CONTAINER)?.image;

/** Pods go without a look at mounts and neighbours (V10: the policy alone says so where the setting is on). */
export const upgradesByForce = (
  { spec }: Pick<WekaContainer, 'spec'>,
  settings: Pick<Config, 'allAtOnceForceReplaces'>,
): boolean =>
  spec.overrides?.upgradeForceReplace === true ||
  (settings.allAtOnceForceReplaces && spec.upgradePolicyType === 'all-at-once-force');

/** The first to go of two that wait for each other: the older one, then the smaller uid (F31). */
export function goesFirst({ metadata: a }: WekaContainer, { metadata: b }: WekaContainer): boolean {
  return a.creationTimestamp === b.creationTimestamp ? a.uid < b.uid : a.creationTimestamp < b.creationTimestamp;
}
