/** Which taints a container's pod bears: the built-in tolerations, its own, and what is left untolerated on a node. Source: spec 02, 6.8; spec 04, 5.4. */
import type { Config } from '../../config.ts';
import type { Toleration } from '../../messages/core-types.ts';
import type { Taint } from '../../messages/resources.ts';
import type { ContainerMode, WekaContainerSpec } from '../../messages/weka-container.ts';

export type TolerationSettings = Pick<
  Config,
  'skipUnhealthyToleration' | 'skipClientNoScheduleToleration' | 'skipAuxNoScheduleToleration'
>;
/** Taints that are no mismatch; the switch turns the list off. */
export type IgnoredTaints = Pick<Config, 'tolerationsMismatchEnableIgnoredTaints' | 'tolerationsMismatchIgnoredTaints'>;

const AUXILIARY_MODES: ReadonlySet<ContainerMode> = new Set([
  'adhoc-op',
  'adhoc-op-with-container',
  'drivers-loader',
  'discovery',
]);
const UNHEALTHY = ['not-ready', 'unreachable', 'network-unavailable', 'unschedulable'] as const;
/** No taint `cpu-pressure` exists; the list is contract as it is (spec 04, 16 no. 20). */
const PRESSURE = ['disk-pressure', 'cpu-pressure', 'memory-pressure'] as const;

const exists = (effect: string, key?: string): Toleration =>
  key === undefined ? { operator: 'Exists', effect } : { key, operator: 'Exists', effect };

/** In the order of the contract: built-in ones first, then `spec.tolerations` as they are. */
export function podTolerations(spec: WekaContainerSpec, settings: TolerationSettings): readonly Toleration[] {
  const unhealthy = UNHEALTHY.map((name) => exists('NoExecute', `node.kubernetes.io/${name}`));
  const pressure = PRESSURE.flatMap((name) => [
    exists('NoSchedule', `node.kubernetes.io/${name}`),
    exists('NoExecute', `node.kubernetes.io/${name}`),
  ]);
  const anyNode = toleratesAnyNode(spec.mode, settings) ? [exists('NoSchedule'), exists('PreferNoSchedule')] : [];
  return [
    exists('NoExecute', 'weka.io/shutdown-node'),
    ...(settings.skipUnhealthyToleration ? [] : unhealthy),
    ...pressure,
    ...anyNode,
    ...(spec.tolerations ?? []),
  ];
}

const toleratesAnyNode = (mode: ContainerMode, settings: TolerationSettings): boolean =>
  (mode === 'client' && !settings.skipClientNoScheduleToleration) ||
  (AUXILIARY_MODES.has(mode) && !settings.skipAuxNoScheduleToleration);

/** The rule of Kubernetes: an absent effect or key matches all, an absent operator is `Equal`. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if ((toleration.effect ?? '') !== '' && toleration.effect !== taint.effect) return false;
  if ((toleration.key ?? '') !== '' && toleration.key !== taint.key) return false;
  switch (toleration.operator ?? '') {
    case '':
    case 'Equal':
      return (toleration.value ?? '') === (taint.value ?? '');
    case 'Exists':
      return true;
    default:
      return false;
  }
}

/** The first taint the container does not bear; every effect counts, PreferNoSchedule too. Undefined: none. */
export function untoleratedTaint(
  spec: WekaContainerSpec,
  taints: readonly Taint[],
  settings: TolerationSettings & IgnoredTaints,
): Taint | undefined {
  const tolerations = podTolerations(spec, settings);
  const ignored = settings.tolerationsMismatchEnableIgnoredTaints ? settings.tolerationsMismatchIgnoredTaints : [];
  return taints.find(
    (taint) => !ignored.includes(taint.key) && !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
}

/** True when no taint keeps the scheduler from placing the pod: PreferNoSchedule is a wish only, the ignored list is not known to it. */
export const schedulable = (
  spec: WekaContainerSpec,
  taints: readonly Taint[],
  settings: TolerationSettings,
): boolean => {
  const tolerations = podTolerations(spec, settings);
  return taints.every(
    (taint) => taint.effect === 'PreferNoSchedule' || tolerations.some((toleration) => tolerates(toleration, taint)),
  );
};
