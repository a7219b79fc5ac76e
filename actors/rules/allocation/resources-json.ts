/** What `resources.json` in the pod must say, and when two such files say the same. Source: spec 05, 9.1, 9.3. */
import type { Allocations } from '../../../messages/weka-container.ts';
import { goJson } from '../go-json.ts';

/** Key order is the reference's: readers compare texts. `netDevices` is computed for each write. */
export function resourcesOf(allocations: Allocations | undefined, netDevices: readonly string[]): Allocations {
  const {
    drives = [],
    wekaPort = 0,
    agentPort = 0,
    failureDomain,
    machineIdentifier = '',
    virtualDrives = [],
  } = allocations ?? {};
  return {
    ...(drives.length > 0 ? { drives } : {}),
    ...(wekaPort > 0 ? { wekaPort } : {}),
    ...(agentPort > 0 ? { agentPort } : {}),
    ...(failureDomain === undefined ? {} : { failureDomain }),
    ...(machineIdentifier === '' ? {} : { machineIdentifier }),
    ...(netDevices.length > 0 ? { netDevices } : {}),
    ...(virtualDrives.length > 0 ? { virtualDrives } : {}),
  };
}

/** The file's bytes. */
export const resourcesText = (resources: Allocations): string => goJson(resources);

/** Lists in their order; absent and empty are equal but for `failureDomain`; the type of a virtual drive does not count. */
export function sameResources(a: Allocations, b: Allocations): boolean {
  const virtual = (list: Allocations['virtualDrives'] = []): string =>
    JSON.stringify(list.map((drive) => [drive.virtualUUID, drive.physicalUUID, drive.capacityGiB, drive.serial]));
  const list = (values: readonly string[] = []): string => JSON.stringify(values);
  return (
    (a.wekaPort ?? 0) === (b.wekaPort ?? 0) &&
    (a.agentPort ?? 0) === (b.agentPort ?? 0) &&
    (a.failureDomain ?? null) === (b.failureDomain ?? null) &&
    (a.machineIdentifier ?? '') === (b.machineIdentifier ?? '') &&
    list(a.drives) === list(b.drives) &&
    list(a.netDevices) === list(b.netDevices) &&
    virtual(a.virtualDrives) === virtual(b.virtualDrives)
  );
}
