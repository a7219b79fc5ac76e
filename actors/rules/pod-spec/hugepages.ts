/** Hugepages of a pod and the MEMORY that weka is told to use of them. Source: spec 04, 10.3. */
import type { Config } from '../../../config.ts';
import type { WekaContainerSpec } from '../../../messages/weka-container.ts';
import { usesDriveSharing } from '../../../messages/weka-modes.ts';

export type HugepageSettings = Pick<Config, 'ssdProxyHugepagesOffsetMiB' | 'hugepages1GiExact'>;

export interface Hugepages {
  readonly size: '2Mi' | '1Gi';
  /** As a quantity. */
  readonly amount: string;
  /** Env MEMORY. */
  readonly memory: string;
}

/** Truncates as the reference does: towards 0. Negative amounts of memory are sent as they are, the pod ignores them. */
export function hugepagesOf(spec: WekaContainerSpec, settings: HugepageSettings): Hugepages {
  const pages = plan(spec.hugepages ?? 0, spec, settings);
  const override = spec.hugepagesSizeOverride ?? '';
  return override === '' ? pages : { ...pages, memory: override };
}

function plan(totalMiB: number, spec: WekaContainerSpec, settings: HugepageSettings): Hugepages {
  const offsetMiB = offsetOf(spec, settings);
  if (spec.hugepagesSize !== '1Gi') {
    return { size: '2Mi', amount: `${totalMiB}Mi`, memory: `${totalMiB - offsetMiB}MiB` };
  }
  if (!settings.hugepages1GiExact) {
    // Divided by 1000 on purpose: the reference's sizes are in the field. HUGEPAGES_1GI_EXACT is the way out.
    const count = Math.trunc(totalMiB / 1000);
    return { size: '1Gi', amount: `${count}Gi`, memory: `${count}GiB` };
  }
  const count = Math.trunc(totalMiB / 1024);
  return { size: '1Gi', amount: `${count}Gi`, memory: `${Math.max(0, count * 1024 - offsetMiB)}MiB` };
}

/** MiB of the pages that weka must leave to others. */
function offsetOf(spec: WekaContainerSpec, settings: HugepageSettings): number {
  const given = spec.hugepagesOffset ?? 0;
  if (given !== 0) return given;
  if (spec.mode === 'ssdproxy') return settings.ssdProxyHugepagesOffsetMiB;
  if (spec.mode !== 'drive') return 200;
  return 200 * (usesDriveSharing(spec) ? spec.numCores : (spec.numDrives ?? 0));
}
