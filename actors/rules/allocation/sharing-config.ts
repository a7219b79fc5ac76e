/** What a spec may not ask for of shared drives, should its CRD have let it through. Source: spec 05, 4.3. */
import type { WekaContainerSpec } from '../../../messages/weka-container.ts';

/** The text of event and condition; undefined where all is well. */
export function invalidDriveSharing({
  numDrives = 0,
  numCores,
  driveCapacity = 0,
  containerCapacity = 0,
}: WekaContainerSpec): string | undefined {
  if (numDrives > 0 && containerCapacity > 0)
    return 'numDrives and containerCapacity are mutually exclusive; use numDrives with driveCapacity for TLC-only mode, or containerCapacity with driveTypesRatio for mixed drive types';
  if (driveCapacity > 0 && numDrives > 0 && numDrives < numCores)
    return `numDrives (${numDrives}) must be >= numCores (${numCores}) when using driveCapacity (TLC-only mode); each core requires at least one virtual drive`;
  return undefined;
}
