/** What lies on a node: its disks and who signed them, the directories of containers. Source: spec 07, 21.1; spec 04, 12.1. */
/** What a cluster can take in. `guid` is the weka signature left by the cluster that used the drive; absent: free for use. */
export interface HeldDrive {
  readonly serial: string;
  guid: string | undefined;
  /** UUID under which a cluster has it now. */
  heldAs: string | undefined;
}
export interface PhysicalDrive extends HeldDrive {
  readonly blockDevice: string;
  readonly partition: string;
  /** In GiB. */
  readonly capacityGib: number;
  /** A proxy makes them of it; `QLC` for coarse flash. */
  readonly type: 'TLC' | 'QLC';
  readonly physicalUuid: string;
  readonly pci: PciIds;
  /** A file system of the node lies on it: no tool signs it. */
  readonly mounted: boolean;
  /** What others have left on it; signing it away needs its own permission. */
  holds: 'nothing' | 'partitions' | 'data';
  /** Signed for whom: no weka partition at all, one for a single container, or the node's SSD proxy's. */
  signedFor: SignedFor;
  /** What the proxy has cut out of it, by UUID. */
  readonly virtualDrives: Map<string, VirtualDrive>;
}
/** Four hexadecimal digits each. */
export interface PciIds {
  readonly vendorId: string;
  readonly deviceId: string;
}
export type SignedFor = 'nobody' | 'exclusive' | 'proxy';
/** `guid` is that of the cluster it was made for. */
export interface VirtualDrive extends HeldDrive {
  readonly uuid: string;
  readonly sizeGib: number;
}

/** A network card of a cloud node that weka may use, as `weka.io/weka-nics` lists it. Source: spec 01, 13.2. */
export interface Nic {
  readonly mac_address: string;
  readonly primary_ip: string;
  readonly subnet_cidr_block: string;
}
export type Cloud = 'none' | 'aws' | 'oci';

/** A persistent directory of one container on one node: it survives pods, nothing else. */
export interface Directory {
  /** By full path as seen in the pod. */
  readonly files: Map<string, string>;
  /** `weka local setup container` was done. */
  setUp: boolean;
  /** Recorded by `weka local resources join-ips`, or given at set-up. `ip:port` each. */
  joinIps: readonly string[];
  membership: { readonly guid: string; readonly hostId: number } | undefined;
}
/** Its key among the directories of a node: that of one on the host is its path. */
export const inClaim = (claim: string, containerUid: string): string => `${claim}:/containers/${containerUid}`;
export const emptyDirectory = (): Directory => ({
  files: new Map(),
  setUp: false,
  joinIps: [],
  membership: undefined,
});

export interface StopInstruction {
  readonly allowStop: boolean;
  readonly allowForceStop: boolean;
}

/** The kernel's list of weka partitions, as J6, without the proxy's. A drive in use stays listed, signed. Source: spec 07, 4 and 21.3. */
export const kernelDrives = (
  node: { readonly drives: ReadonlyMap<string, PhysicalDrive> },
  serials?: readonly string[],
): readonly Record<string, unknown>[] =>
  [...node.drives.values()]
    .filter(({ serial, signedFor }) => signedFor === 'exclusive' && (serials === undefined || serials.includes(serial)))
    .map(({ serial, blockDevice, partition, guid }) => ({
      serial_id: serial,
      block_device: blockDevice,
      partition,
      is_signed: guid !== undefined,
      ...(guid === undefined ? {} : { weka_guid: guid }),
    }));
