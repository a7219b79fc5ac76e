/**
 * Ad-hoc operation `sign-drives`: chooses drives by its policy, signs those it may, lists what is there. A drive that
 * cannot be signed is passed over in silence. Source: spec 06, 6.2 and 5.3.
 */
import { kernelDrives, type PciIds, type PhysicalDrive } from '../node-model.ts';
import type { NodeModel, Process } from '../pod-process.ts';

interface Payload {
  readonly type?: string;
  readonly devicePaths?: readonly string[];
  readonly pciDevices?: { readonly vendorId?: string; readonly deviceId?: string };
  readonly options?: {
    readonly allowEraseWekaPartitions?: boolean;
    readonly allowEraseNonWekaPartitions?: boolean;
    readonly allowNonEmptyDevice?: boolean;
  };
  readonly shared?: boolean;
  readonly excludedSerialIds?: readonly string[];
}

/** Local disks of the clouds. */
const CLOUD_PCI: Readonly<Record<string, PciIds>> = {
  'aws-all': { vendorId: '1d0f', deviceId: 'cd01' },
  'gcp-all': { vendorId: '1ae0', deviceId: '001f' },
};

/** The result object; `payload` is the operation's, as JSON. */
export function signDrives(process: Process, payload: string): Record<string, unknown> {
  const wanted = parsed(payload);
  for (const drive of process.node.drives.values()) {
    if (isChosen(drive, wanted) && !isExcluded(drive, wanted)) sign(process, drive, wanted);
  }
  return wanted.shared === true ? { err: null, proxy_drives: proxyDrives(process.node) } : listing(process.node);
}

/** Every weka partition, newly signed or not, and every disk. */
export const listing = (node: NodeModel): Record<string, unknown> => ({
  err: null,
  drives: kernelDrives(node),
  raw_drives: [...node.drives.values()].map(({ blockDevice, serial, mounted }) => ({
    path: blockDevice,
    is_mounted: mounted,
    serial_id: serial,
  })),
});

function parsed(payload: string): Payload {
  try {
    return JSON.parse(payload) as Payload; // The pod contract: spec 06, 6.2.
  } catch {
    return {};
  }
}

function isChosen({ blockDevice, pci }: PhysicalDrive, { type = '', devicePaths = [], pciDevices }: Payload): boolean {
  if (type === 'all-not-root') return true;
  if (type === 'device-paths') return devicePaths.includes(blockDevice);
  const wanted = type === 'device-identifiers' ? pciDevices : CLOUD_PCI[type];
  const hex = (text = ''): string => text.toLowerCase().replace(/^0x/, '');
  return hex(wanted?.vendorId) === pci.vendorId && hex(wanted?.deviceId) === pci.deviceId;
}

/** What the sign tool refuses without the right option. */
function mayBeSigned({ signedFor, mounted, holds }: PhysicalDrive, { options = {} }: Payload): boolean {
  if (mounted) return false;
  if (signedFor !== 'nobody' && options.allowEraseWekaPartitions !== true) return false;
  if (holds === 'partitions' && options.allowEraseNonWekaPartitions !== true) return false;
  return holds !== 'data' || options.allowNonEmptyDevice === true;
}

/** The list counts only for drives that carry a cluster's signature. */
const isExcluded = ({ serial, guid }: PhysicalDrive, { excludedSerialIds = [] }: Payload): boolean =>
  guid !== undefined && excludedSerialIds.includes(serial);

function sign(process: Process, drive: PhysicalDrive, payload: Payload): void {
  if (!mayBeSigned(drive, payload)) return;
  const held = [drive, ...drive.virtualDrives.values()].find(({ heldAs }) => heldAs !== undefined);
  const cluster = process.machine.clusters.holding(held?.heldAs ?? '');
  if (cluster !== undefined && !cluster.doomed) {
    const what = `${drive.serial} on ${process.node.name} is in cluster ${cluster.guid}`;
    process.machine.report('drive-signed-in-cluster', process.pod, what);
  }
  if (drive.signedFor !== 'nobody') process.machine.signedAgain(process, drive);
  drive.holds = 'nothing';
  drive.signedFor = payload.shared === true ? 'proxy' : 'exclusive';
  drive.guid = undefined;
  drive.heldAs = undefined;
  drive.virtualDrives.clear();
}

const proxyDrives = (node: NodeModel) =>
  [...node.drives.values()]
    .filter(({ signedFor }) => signedFor === 'proxy')
    .map(({ physicalUuid, serial, capacityGib, type }) => ({
      physical_uuid: physicalUuid,
      serial,
      capacity_gib: capacityGib,
      type,
    }));
