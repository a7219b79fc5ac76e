/**
 * V6: the drive proxy of a node goes once no container there shares drives any more; behind its setting. What virtual drives
 * it still has it keeps, whoever left them. Source: spec 01, 22 no. 24; spec 06, 8.2 no. 26.
 */
import type { Config } from '../../config.ts';
import { parsePhysicalDrives } from '../../io/weka-parsers/ssd-proxy.ts';
import type { ContainerUid, NodeName } from '../../messages/ids.ts';
import { NODES, refOf } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { isDrive, usesDriveSharing } from '../../messages/weka-modes.ts';
import { askAgent, kube, type Script } from '../calls.ts';
import { agentText, kubeText } from '../flows/said.ts';
import { proxyName } from '../rules/helpers.ts';
import type { View } from '../view.ts';
import { collect } from './discovery.ts';
import { forgiven, noWork, type Subject, type Work } from './work.ts';

/** Nobody has shared drives there for so long: a container that is made anew is back within minutes. */
export const UNUSED_MS = 10 * 60_000;
const REQUEST_TIMEOUT_MS = 10_000;

export interface UnusedProxy extends Work {
  /** Since when it has had nobody to work for; monotonic. */
  readonly unusedSinceMs: number | undefined;
}

/** Nobody waits for its end. */
export const unusedProxy: Subject<UnusedProxy> = {
  initial: { ...noWork, unusedSinceMs: undefined },
  plan: (part, { name, view, settings }, nowMs, granted) => {
    const unused = findUnused(name, [...granted.keys()], view, settings);
    const { unusedSinceMs } = part;
    const nothing = { part, wakes: [], next: undefined };
    if (unused === undefined)
      return unusedSinceMs === undefined
        ? nothing
        : { ...nothing, part: forgiven({ ...part, unusedSinceMs: undefined }) };
    if (unusedSinceMs === undefined) return { ...nothing, part: { ...part, unusedSinceMs: nowMs }, againMs: UNUSED_MS };
    if (nowMs - unusedSinceMs < UNUSED_MS) return nothing;
    // Whoever is given drives meanwhile is bound to the node by then: the view knows.
    const stillUnused = (): boolean => findUnused(name, [], view, settings) !== undefined;
    return { ...nothing, next: { script: removeProxy(name, unused, stillUnused) } };
  },
  waiting: () => [],
  pruned: (part) => part,
};

/** `granted`: those that were given drives of the node and may not have written that yet. Undefined: none, or one in use. */
function findUnused(
  name: NodeName,
  granted: readonly ContainerUid[],
  view: View,
  settings: Config,
): WekaContainer | undefined {
  if (!settings.collectLeftovers || !view.synced()) return undefined;
  const proxy = view.containerByName(settings.operatorNamespace, proxyName(name));
  const madeHere = proxy?.spec.mode === 'ssdproxy' && (proxy.metadata.ownerReferences?.length ?? 0) === 0;
  // One that another shard serves is looked after there.
  if (!madeHere || proxy.ownership !== undefined || proxy.metadata.deletionTimestamp !== undefined) return undefined;
  const there = [...view.containersOnNode(name), ...view.containersPinnedTo(name)];
  const coming = granted.flatMap((uid) => view.container(uid) ?? []);
  return [...there, ...coming].some(({ spec }) => isDrive(spec.mode) && usesDriveSharing(spec)) ? undefined : proxy;
}

/** Returns why it stays. A node that is gone cannot be asked; that it is gone is read live. `stillUnused`: asked once more at the end. */
function* removeProxy(name: NodeName, proxy: WekaContainer, stillUnused: () => boolean): Script<string | undefined> {
  const node = yield* kube({ verb: 'get', ref: refOf(NODES, { name }) }, 'periodic');
  if (node.kind !== 'ok' && node.kind !== 'notFound') return kubeText(node);
  const held = node.kind === 'ok' ? yield* whyHeld(name, proxy) : undefined;
  if (held !== undefined) return held;
  return stillUnused() ? yield* collect(proxy) : 'somebody shares drives again';
}
function* whyHeld(name: NodeName, { metadata }: WekaContainer): Script<string | undefined> {
  const body = JSON.stringify({ container_id: metadata.uid, method: 'ssd_proxy_list_physical_drives', params: {} });
  const answer = yield* askAgent(name, { method: 'POST', path: '/jsonrpc', body, timeoutMs: REQUEST_TIMEOUT_MS });
  if (answer.kind !== 'ok') return agentText(answer);
  const drives = parsePhysicalDrives(answer.body);
  if (drives.kind === 'bad') return drives.why;
  const count = drives.value.reduce((sum, { numVirtualDrives }) => sum + numVirtualDrives, 0);
  return count === 0 ? undefined : `${metadata.name} still has ${count} virtual drives`;
}
