/**
 * Mode `adhoc-op`: one operation on the node's drives, chosen by its instruction. Erasing a signature is where data
 * are lost, so the oracle is asked first. Source: spec 06, 6.2 to 6.5; spec 04, 12.3.
 */
import { draw } from '../latency.ts';
import type { HeldDrive } from '../node-model.ts';
import type { Process, StartUp } from '../pod-process.ts';
import { instructionOf } from './feature-flags.ts';
import { listing, signDrives } from './sign-drives.ts';

const RESULTS = '/weka-runtime/results.json';

export function* adhocOp(process: Process): StartUp {
  const instruction = instructionOf(process);
  yield draw(process.machine.latency.adhoc, process.machine.random);
  switch (instruction?.type) {
    case 'force-resign-drives':
      resign(process, instruction.payload ?? '');
      return 'serving';
    case 'sign-drives':
      process.write(RESULTS, JSON.stringify(signDrives(process, instruction.payload ?? '')));
      return 'serving';
    case 'discover-drives':
      process.write(RESULTS, JSON.stringify(listing(process.node)));
      return 'serving';
    case 'umount':
      process.write(RESULTS, JSON.stringify({ error: [], umounted_paths: unmount(process) }));
      return 'serving';
    case 'debug':
      return 'serving';
    default:
      return 'failed';
  }
}

/** With neither serials nor paths no result is ever written. */
function resign(process: Process, payload: string): void {
  const { deviceSerials = [], devicePaths = [] } = JSON.parse(payload) as {
    deviceSerials?: string[];
    devicePaths?: string[];
  };
  if (deviceSerials.length + devicePaths.length === 0) return;
  const chosen = [...process.node.drives.values()].filter(
    ({ serial, blockDevice, mounted }) =>
      !mounted && (deviceSerials.includes(serial) || devicePaths.includes(blockDevice)),
  );
  for (const drive of chosen) {
    for (const virtual of drive.virtualDrives.values()) erase(process, virtual);
    erase(process, drive);
    drive.virtualDrives.clear();
    drive.signedFor = 'exclusive';
    drive.holds = 'nothing';
  }
  process.write(RESULTS, JSON.stringify({ err: null, drives: chosen.map(({ blockDevice }) => blockDevice) }));
}

/** The signature goes, and with it the data; a cluster that was given up forgets the drive. */
function erase(process: Process, drive: HeldDrive): void {
  const { heldAs } = drive;
  process.machine.erased(process, drive);
  const cluster = heldAs === undefined ? undefined : process.machine.clusters.holding(heldAs);
  if (cluster?.doomed === true) cluster.drives.delete(heldAs ?? '');
  else if (cluster !== undefined) process.machine.resigned(process, drive, cluster);
  drive.guid = undefined;
  drive.heldAs = undefined;
}

/** Paths that were mounted on the node until now. */
function unmount({ node }: Process): readonly string[] {
  const paths = Array.from({ length: node.activeMounts }, (_, index) => `/mnt/weka-${index + 1}`);
  node.activeMounts = 0;
  return paths;
}
