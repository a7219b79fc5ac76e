/** How the network of a container is told to its pod. Source: spec 04, 6.2. */
import type { Network, NetworkSelector } from '../../../messages/weka-container.ts';
import { goJson } from '../go-json.ts';

/** The device or devices, empty when subnets or selectors decide, `udp` when nothing does. `udpMode` does not change it. */
export function networkDevice(network: Network): string {
  if (network.ethDevices !== undefined && network.ethDevices.length > 0) return network.ethDevices.join(',');
  if ((network.ethDevice ?? '') !== '') return network.ethDevice ?? '';
  const chosen = (network.deviceSubnets?.length ?? 0) + (network.selectors?.length ?? 0);
  return chosen > 0 ? '' : 'udp';
}

/** A JSON list without zero values; empty for an empty list. Members of later API revisions are passed through. */
export function selectorsText(selectors: readonly NetworkSelector[] | undefined): string {
  if (selectors === undefined || selectors.length === 0) return '';
  return goJson(
    selectors.map(({ subnet, min, max, deviceNames, ...later }) =>
      nonZero({ subnet, min, max, deviceNames, ...later }),
    ),
  );
}

const nonZero = (members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => !isZeroValue(value)));
const isZeroValue = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  value === 0 ||
  value === false ||
  (Array.isArray(value) && value.length === 0);
