/**
 * Watches who holds which drive and which ports of a node, by the allocations of containers that still exist, and
 * tells the oracle of a second holder. Source: design 7; spec 05, 8.1 and 8.2; README F12.
 */
import type { KubeObject } from '../../../messages/kube.ts';
import type { Cache } from './cache.ts';
import { keyOf } from './objects.ts';
import type { Oracle } from './oracle.ts';

export interface Container extends KubeObject {
  readonly spec: {
    readonly mode: string;
    readonly image?: string;
    readonly name?: string;
    readonly nodeAffinity?: string;
    readonly state?: string;
    readonly allowHotUpgrade?: boolean;
    readonly overrides?: Readonly<Record<string, unknown>>;
  };
  readonly status?: {
    readonly status?: string;
    readonly internalStatus?: string;
    readonly lastAppliedImage?: string;
    readonly result?: string;
    readonly nodeAffinity?: string;
    readonly containerID?: number;
    readonly clusterID?: string;
    readonly managementIPs?: readonly string[];
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly addedDrives?: readonly unknown[];
    readonly allocations?: {
      readonly drives?: readonly string[];
      readonly wekaPort?: number;
      readonly agentPort?: number;
      readonly failureDomain?: string;
      readonly virtualDrives?: readonly { readonly virtualUUID: string }[];
    };
  };
}

/** `portsEach`: size of a weka port block, 100 or 60 by the image's flag. */
export function watchHolders(oracle: Oracle, containers: Cache<Container>, portsEach: number): void {
  /** Key of a resource (`node drive serial`, `node port number`) to the uids that hold it. */
  const holders = new Map<string, Map<string, string>>();
  containers.listen((after, before) => {
    // Most writes are statistics: they move no resource.
    if (after !== undefined && before !== undefined && signature(after) === signature(before)) return;
    const [had, has] = [held(before, portsEach), held(after, portsEach)];
    for (const resource of had) {
      if (has.has(resource) || before === undefined) continue;
      const there = holders.get(resource);
      there?.delete(before.metadata.uid);
      if (there?.size === 0) holders.delete(resource);
    }
    if (after === undefined) return;
    const reported = new Set<string>();
    for (const resource of has) {
      const there = holders.get(resource) ?? new Map<string, string>();
      holders.set(resource, there);
      if (there.has(after.metadata.uid)) continue;
      for (const other of there.values()) {
        // One report for a pair of overlapping blocks, not one per port.
        const rule = resource.includes(' drive ') ? 'drive-held-twice' : 'port-held-twice';
        if (reported.has(rule + other)) continue;
        reported.add(rule + other);
        oracle.report(rule, keyOf(after), `${resource} is held by ${other}`);
      }
      there.set(after.metadata.uid, keyOf(after));
    }
  });
}

const signature = ({ metadata, spec, status }: Container): string =>
  JSON.stringify([metadata.uid, spec.nodeAffinity, status?.nodeAffinity, status?.allocations]);

function held(container: Container | undefined, portsEach: number): ReadonlySet<string> {
  const allocations = container?.status?.allocations;
  const node = container?.spec.nodeAffinity ?? container?.status?.nodeAffinity;
  const resources = new Set<string>();
  if (allocations === undefined || node === undefined) return resources;
  for (const serial of allocations.drives ?? []) resources.add(`${node} drive ${serial}`);
  for (const { virtualUUID } of allocations.virtualDrives ?? []) resources.add(`${node} drive ${virtualUUID}`);
  const { wekaPort = 0, agentPort = 0 } = allocations;
  for (let port = wekaPort; wekaPort > 0 && port < wekaPort + portsEach; port++) resources.add(`${node} port ${port}`);
  if (agentPort > 0) resources.add(`${node} port ${agentPort}`);
  return resources;
}
