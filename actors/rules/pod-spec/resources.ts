/** Requests and limits of the main container. Source: spec 04, 10. */
import type { WekaContainerSpec } from '../../../messages/weka-container.ts';
import {
  hasContainerCapacity,
  isAdhocOp,
  isDrive,
  isDriversContainer,
  usesDriveSharing,
} from '../../../messages/weka-modes.ts';
import { capacitySplit } from '../capacity-split.ts';
import type { Hugepages } from './hugepages.ts';
import { memoryOf } from './memory.ts';
import { ephemeralStorage, type RequestAndLimit } from './modes.ts';
import type { Amounts, Resources } from './pod-draft.ts';

/** No limits at all for the ad-hoc set; `nicsRequested` says whether the node hands out NICs. */
export function resourcesOf(
  spec: WekaContainerSpec,
  cpu: RequestAndLimit,
  hugepages: Hugepages,
  nicsRequested: boolean,
): Resources {
  const memory = memoryOf(spec);
  // Request = limit for all of these, so they are built once.
  const both: Amounts = isAdhocOp(spec.mode)
    ? {}
    : { [`hugepages-${hugepages.size}`]: hugepages.amount, ...extendedResources(spec, nicsRequested) };
  const requests = {
    cpu: cpu.request,
    memory: memory.request,
    'ephemeral-storage': ephemeralStorage(spec.mode),
    ...both,
  };
  if (cpu.limit === undefined || memory.limit === undefined) return { requests };
  return { requests, limits: { cpu: cpu.limit, memory: memory.limit, ...both } };
}

/** What the node hands out beside CPU and memory. Source: spec 04, 10.4; the ad-hoc set gets none (spec/README F26). */
function extendedResources(spec: WekaContainerSpec, nicsRequested: boolean): Amounts {
  const nics = nicsRequested && spec.network?.udpMode !== true && !isDriversContainer(spec.mode);
  return { ...driveResources(spec), ...(nics ? { 'weka.io/nics': String(spec.numCores) } : {}) };
}

function driveResources(spec: WekaContainerSpec): Amounts {
  if (!isDrive(spec.mode)) return {};
  const drives = spec.numDrives ?? 0;
  if (!usesDriveSharing(spec)) return { 'weka.io/drives': String(drives) };
  if (!hasContainerCapacity(spec)) {
    return { 'weka.io/shared-drives-capacity': String(drives * (spec.driveCapacity ?? 0)) };
  }
  const { tlcGiB, qlcGiB } = capacitySplit(spec.containerCapacity ?? 0, spec.driveTypesRatio);
  return {
    ...(tlcGiB === 0 ? {} : { 'weka.io/shared-drives-capacity': String(tlcGiB) }),
    ...(qlcGiB === 0 ? {} : { 'weka.io/shared-drives-capacity-qlc': String(qlcGiB) }),
  };
}
