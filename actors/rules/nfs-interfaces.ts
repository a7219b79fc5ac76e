/** On which network interface a host serves NFS, by the specs, and the mark of a list of them. Source: spec 07, 9.1 and 9.2. */
import { createHash } from 'node:crypto';
import type { WekaCluster } from '../../messages/weka-cluster.ts';
import type { Network } from '../../messages/weka-container.ts';

/** `invalid`: a text of the contract. */
export type NfsInterfaces =
  | { readonly kind: 'known'; readonly names: readonly string[] }
  | { readonly kind: 'invalid'; readonly why: string };

/** The cluster's word counts first, then the container's. Weka serves one interface per host. */
export function nfsInterfaces(cluster: WekaCluster, network: Network = {}): NfsInterfaces {
  const ofCluster = cluster.spec?.nfs?.interfaces ?? [];
  if (ofCluster.length > 0) return { kind: 'known', names: ofCluster };
  const { ethDevice = '', ethDevices = [], deviceSubnets = [], selectors = [] } = network;
  if (ethDevice !== '') return { kind: 'known', names: [ethDevice] };
  if (ethDevices.length === 1) return { kind: 'known', names: ethDevices };
  if (ethDevices.length > 1) {
    const why = `NFS configuration validation failed: multiple interfaces specified (${ethDevices.length}). NFS supports only a single interface per host. Interfaces: [${ethDevices.join(' ')}]`;
    return { kind: 'invalid', why };
  }
  if (deviceSubnets.length > 0) return unsupported('DeviceSubnets');
  if (selectors.length > 0) return unsupported('network Selectors');
  return {
    kind: 'invalid',
    why: 'no network interfaces configured for NFS; configure EthDevice, EthDevices, or cluster-level NFSConfig.Interfaces',
  };
}
const unsupported = (by: string): NfsInterfaces => ({
  kind: 'invalid',
  why: `NFS interface group configuration with ${by} is not supported; use EthDevice, EthDevices, or cluster-level NFSConfig.Interfaces instead`,
});

const HASH_DIGITS = 16;
/** What the condition's message remembers of the interfaces that were configured. */
export function interfacesHash(names: readonly string[]): string {
  if (names.length === 0) return 'empty';
  return createHash('sha256').update(names.toSorted().join(',')).digest('hex').slice(0, HASH_DIGITS);
}
