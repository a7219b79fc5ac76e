/** What a container's `resources.json` has to say now, of what it was given and what its node has. Source: spec 05, 9.1. */
import type { Node } from '../../../messages/resources.ts';
import type { Allocations, WekaContainer } from '../../../messages/weka-container.ts';
import { isAllocatable } from '../../../messages/weka-modes.ts';
import { machineIdentifier } from '../machine-identifier.ts';
import { netDevices } from './net-devices.ts';
import type { NicSettings } from './nics.ts';
import { resourcesOf } from './resources-json.ts';

export type ExpectedResources =
  | { readonly kind: 'known'; readonly resources: Allocations }
  | { readonly kind: 'failed'; readonly reason: string };

/** Clients have no allocations but may have a machine identifier; for all others it is the other way round. */
export function expectedResources(container: WekaContainer, node: Node, settings: NicSettings): ExpectedResources {
  const allocations = isAllocatable(container.spec.mode)
    ? container.status?.allocations
    : clientsShare(container, node);
  if (allocations === undefined) return failed('no allocations');
  if (typeof allocations === 'string') return failed(allocations);
  const devices = netDevices(container, node, settings);
  if (devices.kind === 'failed') return failed(`failed to get net devices: ${devices.reason}`);
  return { kind: 'known', resources: resourcesOf(allocations, devices.devices) };
}
function clientsShare({ spec }: WekaContainer, node: Node): Allocations | string {
  const found = machineIdentifier(spec, node);
  return found.kind === 'failed' ? found.reason : { machineIdentifier: found.value };
}
const failed = (reason: string): ExpectedResources => ({ kind: 'failed', reason });
