/** What one look at a modelled WekaCluster works with, and two questions about its members. Source: spec 07, 6.2. */
import type { WekaCluster } from '../../../messages/weka-cluster.ts';
import type { WorldContext } from './context.ts';
import type { Container } from './holders.ts';
import type { Pod } from './objects.ts';
import type { Clusters } from './weka-clusters.ts';

/** What one cluster's turn works with. */
export interface Turn {
  readonly ctx: WorldContext;
  readonly clusters: Clusters;
  readonly cluster: WekaCluster;
  readonly members: readonly Container[];
  readonly patchStatus: (patch: Readonly<Record<string, unknown>>) => void;
  readonly condition: (type: string) => void;
}

export const isTrue = (object: WekaCluster | Container | Pod | undefined, type: string): boolean =>
  object?.status?.conditions?.some((one) => one.type === type && one.status === 'True') === true;

/** `ip:port` for each management IP, IPv6 in brackets. */
export const endpointsOf = ({ status }: Container): readonly string[] =>
  (status?.managementIPs ?? []).map((ip) => `${ip.includes(':') ? `[${ip}]` : ip}:${status?.allocations?.wekaPort}`);
