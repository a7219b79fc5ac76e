/** What of a pod depends on the mode alone: the sheet of fixed numbers. Source: spec 04, 3, 10.1 and 10.2. */

import type { ContainerMode } from '../../../messages/weka-container.ts';
import {
  hasAgent,
  hasPersistentStorage,
  isAdhocOp,
  isDriversContainer,
  isWekaContainer,
} from '../../../messages/weka-modes.ts';

/** A year: such a pod goes when it was told to stop, not when time is up. */
const UNTIL_TOLD_SECONDS = 31_536_000;

const GRACE_SECONDS: Readonly<Partial<Record<ContainerMode, number>>> = {
  envoy: 300,
  telemetry: 300,
  dist: 300,
  'drivers-dist': 300,
  'drivers-builder': 120,
  'drivers-loader': 60,
  discovery: 30,
  'adhoc-op': 60,
  'adhoc-op-with-container': 60,
};

/** Seconds between the delete of a pod and its kill. */
export const graceSeconds = (mode: ContainerMode): number => GRACE_SECONDS[mode] ?? UNTIL_TOLD_SECONDS;

export interface RequestAndLimit {
  readonly request: string;
  /** Absent: no limit is set. */
  readonly limit?: string;
}

/** CPU of modes whose size does not follow from their cores; undefined for all others. */
export function fixedCpu(mode: ContainerMode): RequestAndLimit | undefined {
  if (isAdhocOp(mode)) return { request: '100m' };
  if (isDriversContainer(mode)) return { request: '500m', limit: '2000m' };
  switch (mode) {
    case 'discovery':
      return { request: '500m', limit: '500m' };
    case 'ssdproxy':
      return { request: '500m', limit: '2000m' };
    case 'telemetry':
      return { request: '1', limit: '4' };
    default:
      return undefined;
  }
}

/** Memory of modes whose size does not follow from their spec; undefined for all others. */
export function fixedMemory(mode: ContainerMode): RequestAndLimit | undefined {
  if (isAdhocOp(mode)) return { request: '128Mi' };
  if (isDriversContainer(mode)) return { request: '3000M', limit: '3000M' };
  switch (mode) {
    case 'discovery':
      return { request: '500M', limit: '500M' };
    case 'ssdproxy':
      return { request: '2500M', limit: '7500M' };
    case 'telemetry':
      return { request: '4Gi', limit: '32Gi' };
    default:
      return undefined;
  }
}

/** Requested, never limited: an agent without a persistent directory keeps its files in the pod. */
export function ephemeralStorage(mode: ContainerMode): string {
  if (!hasAgent(mode) || hasPersistentStorage(mode)) return '100Mi';
  return isWekaContainer(mode) ? '3.5Gi' : '2Gi';
}
