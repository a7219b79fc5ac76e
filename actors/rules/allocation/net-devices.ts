/** Devices that `resources.json` names to the pod, first match: those of the spec, cloud NICs, or UDP. Source: spec 05, 10.4; A-18. */
import { isIPv6 } from 'node:net';
import type { Node } from '../../../messages/resources.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { providerOf } from '../node-info.ts';
import { keyOf, type NicSettings, nicOwners, nicsOf, ownsNics } from './nics.ts';

export type NetDevices =
  | { readonly kind: 'known'; readonly devices: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string };

/** Empty: the pod finds its devices itself, by selectors or subnets. */
export function netDevices(container: WekaContainer, node: Node, settings: NicSettings): NetDevices {
  const { ethDevice, ethDevices = [], selectors = [], deviceSubnets = [] } = container.spec.network ?? {};
  if (selectors.length > 0 || deviceSubnets.length > 0) return known([]);
  if (ethDevice) return known([ethDevice]);
  if (ethDevices.length > 0) return known(ethDevices);
  // Modes that never own NICs get UDP also where others have some.
  return ownsNics(container, node, settings) ? nicDevices(container, node) : known(['udp']);
}

function nicDevices(container: WekaContainer, node: Node): NetDevices {
  const name = node.metadata.name;
  const all = nicsOf(node);
  if (all === undefined) return failed(`node ${name} does not have weka-nics annotation`);
  if (all.kind === 'failed') return all;
  const owners = nicOwners(node);
  if (owners.kind === 'failed') return owners;
  if (node.metadata.annotations?.['weka.io/allocations'] === undefined)
    return failed(`node ${name} does not have allocations annotation`);
  const macs = owners.value.get(keyOf(container)) ?? [];
  if (macs.length === 0) return failed(`no NICs found in allocations for container ${keyOf(container)}`);
  const devices: string[] = [];
  for (const mac of macs) {
    const nic = all.value.find(({ mac_address }) => mac_address === mac);
    if (nic === undefined) return failed(`NIC ${mac} not found in WEKA NICs on node: ${name}`);
    const subnet = gatewayOf(nic.subnet_cidr_block);
    if (subnet.kind === 'failed') return subnet;
    devices.push(`${providerOf(node)}_${mac}/${nic.primary_ip}/${subnet.prefixLength}/${subnet.gateway}`);
  }
  return known(devices);
}

type Subnet =
  | { readonly kind: 'subnet'; readonly prefixLength: number; readonly gateway: string }
  | { readonly kind: 'failed'; readonly reason: string };

const IPV4_CIDR = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;

/** The network's address with 1 added to its last byte. */
function gatewayOf(cidr: string): Subnet {
  const [, ...parts] = IPV4_CIDR.exec(cidr) ?? [];
  const [prefixLength = Number.NaN, ...bytes] = [parts.at(-1), ...parts.slice(0, -1)].map(Number);
  // No leading zeros: they mean octal to some.
  const exact = parts.every((part) => String(Number(part)) === part);
  if (bytes.length === 4 && exact && bytes.every((byte) => byte <= 255) && prefixLength <= 32) {
    const address = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    const size = 2 ** (32 - prefixLength);
    const network = Math.floor(address / size) * size;
    const [a, b, c, d] = [24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256);
    return { kind: 'subnet', prefixLength, gateway: `${a}.${b}.${c}.${((d ?? 0) + 1) % 256}` };
  }
  const [address = '', prefix = ''] = cidr.split('/');
  if (isIPv6(address) && /^\d{1,3}$/.test(prefix) && Number(prefix) <= 128) return failed('not a valid IPv4 CIDR');
  return failed(`invalid CIDR: invalid CIDR address: ${cidr}`);
}

const known = (devices: readonly string[]): NetDevices => ({ kind: 'known', devices });
const failed = (reason: string): { readonly kind: 'failed'; readonly reason: string } => ({ kind: 'failed', reason });
