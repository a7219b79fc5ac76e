/** Deliberate difference of management IPs. Source: spec/README, section 5: F19. */
import { readManagementIps } from '../../../io/commands.ts';
import type { DeliberateDifference } from '../deliberate.ts';
import { runIn } from '../fake-pod.ts';

export const managementIpsDifferences: readonly DeliberateDifference[] = [
  {
    id: 'F19',
    kind: 'management-ips',
    what: 'empty lines are no addresses, a file without an address is an error',
    undo: (_, golden) => {
      const managementIPs = (runIn(golden, readManagementIps()) ?? '').trim().split('\n');
      const others = managementIPs.length > 1 ? ` (+${managementIPs.length - 1})` : '';
      return { managementIPs, printerManagementIPs: `${managementIPs[0]}${others}` };
    },
  },
];
