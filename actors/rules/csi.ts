/**
 * CSI of a client: whose driver it serves, whether it may take new workload, and the labels of its node that say so.
 * Pure. Source: spec 08, 2.2 to 2.4 and 10; README F25, V9.
 */
import type { Config } from '../../config.ts';
import type { CsiSays } from '../../messages/node.ts';
import type { WekaClient, WekaCluster } from '../../messages/weka-cluster.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import type { View } from '../view.ts';

/** `<group>.weka.io`. `none`: made by hand, or by another kind. `unknown`: what it is derived from cannot be found. */
export type Driver =
  | { readonly kind: 'driver'; readonly driver: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly why: string };

export function driverOf({ metadata }: WekaContainer, view: Pick<View, 'client' | 'clusterByName'>): Driver {
  const [owner, another] = metadata.ownerReferences ?? [];
  if (another !== undefined) return { kind: 'unknown', why: 'more than one owner reference found' };
  if (owner?.kind !== 'WekaClient') return { kind: 'none' };
  const client = view.client(owner.uid);
  if (client === undefined) return { kind: 'unknown', why: 'weka client not found' };
  const { name = '', namespace = '' } = client.spec?.targetCluster ?? {};
  if (name === '') return { kind: 'driver', driver: named(ofClient(client)) };
  const cluster = view.clusterByName(namespace, name);
  if (cluster === undefined) {
    return { kind: 'unknown', why: `failed to get target cluster: wekaclusters.weka.weka.io "${name}" not found` };
  }
  return { kind: 'driver', driver: named(ofCluster(cluster)) };
}
const named = (group: string): string => `${group}.weka.io`;
const ofCluster = ({ metadata, spec }: WekaCluster): string =>
  spec?.csiConfig?.csiGroup || `${metadata.name}.${metadata.namespace ?? ''}`;
const ofClient = ({ spec }: WekaClient): string => spec?.csiConfig?.csiGroup || 'csi';

/** Older figures say nothing of now. */
export const STATS_AGE_MS = 5 * 60_000;
type Switches = Pick<Config, 'csiPreventNewWorkloadOnClientContainerNotRunning' | 'csiLabelsFollowLifecycle'>;

/** What one client says of itself. `stale`: only that its figures are old, or not there. */
export function csiSays({ metadata, spec, status }: WekaContainer, settings: Switches, wallMs: number): CsiSays {
  const leaves = metadata.deletionTimestamp !== undefined || spec.state !== 'active';
  if (settings.csiLabelsFollowLifecycle && leaves) return 'no';
  if (settings.csiPreventNewWorkloadOnClientContainerNotRunning && status?.status !== 'Running') return 'no';
  const { lastUpdate, processes } = status?.stats ?? {};
  if (lastUpdate === undefined) return 'stale';
  const { active = 0, desired = 0 } = processes ?? {};
  if (active <= 0 || active !== desired) return 'no';
  // A time that cannot be read is no age below the limit.
  return wallMs - Date.parse(lastUpdate) < STATS_AGE_MS ? 'yes' : 'stale';
}

type Labels = Readonly<Record<string, string | undefined>>;
/** The three keys of a driver on an accessible node. */
const labelsOf = (driver: string, node: string): Readonly<Record<string, string>> => ({
  [`topology.${driver}/accessible`]: 'true',
  [`topology.${driver}/node`]: node,
  [`topology.${driver}/transport`]: 'wekafs',
});
/** What has to change of a node's labels, as a merge patch of them. Undefined: nothing. */
export function labelPatch(
  present: Labels,
  driver: string,
  node: string,
  accessible: boolean,
): Readonly<Record<string, string | null>> | undefined {
  const wanted = Object.entries(labelsOf(driver, node)).map(
    ([key, value]) => [key, accessible ? value : null] as const,
  );
  const changed = wanted.filter(([key, value]) => (present[key] ?? null) !== value);
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
}
