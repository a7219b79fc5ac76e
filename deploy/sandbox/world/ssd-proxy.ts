/**
 * What an SSD proxy answers to JSON-RPC: the physical drives of its node and the virtual ones it has cut out of them.
 * Source: spec 07, 14 (last table) and 21.3; spec 06, 3.4.
 */
import type { PhysicalDrive, VirtualDrive } from './node-model.ts';
import type { Process } from './pod-process.ts';

/** Adding what exists and removing what does not; no one knows what the real proxy does (spec 06, 9). */
export type ProxyRepeats = 'succeed' | 'fail';
export type ProxyAnswer = { readonly result: unknown } | { readonly code: number; readonly error: string };

const INVALID = -32_602;
const UNKNOWN_METHOD = -32_601;

export function proxyCall(process: Process, method: string, params: unknown, repeats: ProxyRepeats): ProxyAnswer {
  const given = typeof params === 'object' && params !== null ? (params as Readonly<Record<string, unknown>>) : {};
  const of = (name: string): string => String(given[name] ?? '');
  const drives = [...process.node.drives.values()].filter(({ signedFor }) => signedFor === 'proxy');
  const physical = drives.find(({ physicalUuid }) => physicalUuid === of('physicalUuid'));
  const repeated = (error: string): ProxyAnswer =>
    repeats === 'succeed' ? { result: null } : { code: INVALID, error };
  switch (method) {
    case 'ssd_proxy_list_physical_drives':
      return { result: drives.map(physicalRow) };
    case 'ssd_proxy_list_virtual_drives':
      return { result: [...(physical?.virtualDrives.values() ?? [])].map(virtualRow) };
    case 'ssd_proxy_add_virtual_drive': {
      const uuid = of('virtualUuid');
      if (drives.some(({ virtualDrives }) => virtualDrives.has(uuid))) return repeated(`${uuid} exists`);
      return physical === undefined
        ? { code: INVALID, error: `unknown physical drive ${of('physicalUuid')}` }
        : add(physical, uuid, of('clusterGuid'), Number(given.sizeGB));
    }
    case 'ssd_proxy_remove_virtual_drive': {
      const uuid = of('virtualUuid');
      const holder = drives.find(({ virtualDrives }) => virtualDrives.has(uuid));
      return holder === undefined ? repeated(`unknown virtual drive ${uuid}`) : remove(process, holder, uuid);
    }
    default:
      return { code: UNKNOWN_METHOD, error: `Method not found: ${method}` };
  }
}

function add({ serial, capacityGib, virtualDrives }: PhysicalDrive, uuid: string, guid: string, sizeGib: number) {
  const used = [...virtualDrives.values()].reduce((sum, drive) => sum + drive.sizeGib, 0);
  if (uuid === '' || guid === '' || !(sizeGib > 0)) return { code: INVALID, error: 'Invalid params' };
  if (used + sizeGib > capacityGib) return { code: INVALID, error: `not enough space on ${serial}` };
  virtualDrives.set(uuid, { uuid, serial, sizeGib, guid, heldAs: undefined });
  return { result: null };
}

/** What it held is gone; a cluster that was given up forgets the drive. */
function remove(process: Process, { virtualDrives }: PhysicalDrive, uuid: string): ProxyAnswer {
  const drive = virtualDrives.get(uuid);
  if (drive !== undefined) process.machine.erased(process, drive);
  const cluster = drive?.heldAs === undefined ? undefined : process.machine.clusters.holding(drive.heldAs);
  if (cluster?.doomed === true) cluster.drives.delete(uuid);
  else if (cluster !== undefined && drive !== undefined) process.machine.resigned(process, drive, cluster);
  virtualDrives.delete(uuid);
  return { result: null };
}

const physicalRow = ({ physicalUuid, virtualDrives, capacityGib, blockDevice }: PhysicalDrive) => ({
  physicalUuid,
  numVirtualDrives: virtualDrives.size,
  sizeGB: capacityGib,
  model: 'modelled',
  pciAddress: blockDevice,
});
const virtualRow = ({ uuid, guid, sizeGib }: VirtualDrive) => ({ uuid, clusterGuid: guid, sizeGB: sizeGib });
