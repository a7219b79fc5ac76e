/** J5, the drives that a weka cluster lists, and J6, the drives that a node's kernel has. Source: spec 07, 4. */
import type { AddedDrive } from '../../messages/weka-container.ts';
import { flag, list, object, type Parsed, parseCliJson, text } from './json.ts';

type Listed = Omit<AddedDrive, 'size_bytes'>;
const listed = object<Listed>({
  uuid: text,
  added_time: text,
  device_path: text,
  serial_number: text,
  status: text,
});

/** Of one container, as they go into `status.addedDrives`: serial numbers without the blanks around them. */
export function parseContainerDrives(stdout: string): Parsed<readonly AddedDrive[]> {
  const parsed = parseCliJson(stdout, list(listed));
  if (parsed.kind === 'bad') return parsed;
  return {
    kind: 'ok',
    value: parsed.value.map((drive) => ({ ...drive, serial_number: drive.serial_number.trim() })),
  };
}

/** Of one uuid; the serial number as it is. Undefined: the cluster has no such drive (any more). */
export function parseClusterDrive(stdout: string): Parsed<AddedDrive | undefined> {
  const parsed = parseCliJson(stdout, list(listed));
  return parsed.kind === 'ok' ? { kind: 'ok', value: parsed.value[0] } : parsed;
}

/** A partition that carries, or can carry, weka's signature. */
export interface KernelDrive {
  readonly serial_id: string;
  /** What `cluster drive add` takes. */
  readonly block_device: string;
  readonly partition: string;
  readonly is_signed: boolean;
  /** Of the cluster whose signature it carries; empty on an unsigned one. */
  readonly weka_guid: string;
}
export const kernelDrive = object<KernelDrive>({
  serial_id: text,
  block_device: text,
  partition: text,
  is_signed: flag,
  weka_guid: text,
});

/** In the order of the file; of two with one serial number the later counts. */
export const parseKernelDrives = (stdout: string): Parsed<readonly KernelDrive[]> =>
  parseCliJson(stdout, list(kernelDrive));

export const bySerial = (drives: readonly KernelDrive[]): ReadonlyMap<string, KernelDrive> =>
  new Map(drives.map((drive) => [drive.serial_id, drive]));
