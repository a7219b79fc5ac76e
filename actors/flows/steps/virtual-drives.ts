/**
 * Steps 56, 57, D24, X15: the virtual drives of a container on the proxy of its node, created there and removed from there.
 * Source: spec 06, 3.5, 3.8; spec 03, 4.13; F16, F29.
 */
import { getClusterDrive } from '../../../io/commands.ts';
import { parseClusterDrive } from '../../../io/weka-parsers/drives.ts';
import type { Parsed } from '../../../io/weka-parsers/json.ts';
import {
  type ProxyVirtualDrive,
  parsePhysicalDrives,
  parseProxyDone,
  parseVirtualDrives,
} from '../../../io/weka-parsers/ssd-proxy.ts';
import { done, doneWith, failed, type Verdict, wait, warningEachMinute } from '../../../messages/verdict.ts';
import type { VirtualDrive, WekaContainer } from '../../../messages/weka-container.ts';
import { isDrive, usesDriveSharing } from '../../../messages/weka-modes.ts';
import { type AgentAnswer, exec, type PodTarget, type Priority, type Script, sleep } from '../../calls.ts';
import { ownPod, type Pass } from '../pass.ts';
import { agentText } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { askProxy, noProxy, ownerOf, proxyOf } from './proxy.ts';
import { mayErase, podHolds } from './resign-drives.ts';

const NO_CLUSTER_MS = 10_000;
const NOT_OUT_MS = 15_000;
/** Longer than another one's word needs to get here: what nobody has then, nobody has. */
const SECOND_LOOK_MS = 15_000;

export const sharesDrives = ({ spec }: Pass): boolean => isDrive(spec.mode) && usesDriveSharing(spec);
export const virtualDrivesOf = ({ status }: Pick<WekaContainer, 'status'>): readonly VirtualDrive[] =>
  status?.allocations?.virtualDrives ?? [];
export const hasVirtualDrives = (pass: Pass): boolean => virtualDrivesOf(pass).length > 0;

/** An answer's content, or why there is none. */
export function contentOf<T>(answer: AgentAnswer, parse: (body: string) => Parsed<T>): Parsed<T> {
  return answer.kind === 'ok' ? parse(answer.body) : { kind: 'bad', why: agentText(answer) };
}

/** Steps 56 and 57; `sweeps`: what the cluster has left on the proxy is removed, too (F16). */
export const addVirtualDrives =
  (sweeps: boolean) =>
  (pass: Pass): Verdict | Ask => {
    const { status } = pass;
    if (!sweeps && !hasVirtualDrives(pass)) return done;
    if (!status.clusterID) return wait(NO_CLUSTER_MS, 'cluster ID is not set');
    const cluster = ownerOf(pass);
    if (typeof cluster === 'string') return failed(cluster);
    const guid = cluster.status?.clusterID;
    if (!guid) return wait(NO_CLUSTER_MS, 'cluster ID of the owner cluster is not set');
    const proxy = proxyOf(pass);
    if (proxy === undefined) return failed(noProxy(pass));
    return ask('drives', sweeps ? addAndSweep(pass, proxy, guid) : addMissing(pass, proxy, guid));
  };
function* addMissing(pass: Pass, proxy: WekaContainer, guid: string): Script<Verdict> {
  const wanted = virtualDrivesOf(pass);
  const present = yield* listed(pass, proxy, physicalUuids(wanted));
  if (typeof present === 'string') return failed(`error listing virtual drives: ${present}`);
  const there = new Set(present.map(({ uuid }) => uuid));
  const errors: string[] = [];
  for (const { virtualUUID, physicalUUID, capacityGiB } of wanted) {
    if (there.has(virtualUUID)) continue;
    const params = { virtualUuid: virtualUUID, physicalUuid: physicalUUID, clusterGuid: guid, sizeGB: capacityGiB };
    const answer = yield* askProxy(pass, proxy, 'ssd_proxy_add_virtual_drive', params);
    // Only the status of the answer counts (spec 06, 3.4).
    if (answer.kind !== 'ok') errors.push(`error adding virtual drive ${virtualUUID}: ${agentText(answer)}`);
  }
  return errors.length === 0 ? done : failed(`errors while adding virtual drives: [${errors.join(' ')}]`);
}
const physicalUuids = (drives: readonly VirtualDrive[]): readonly string[] => [
  ...new Set(drives.map(({ physicalUUID }) => physicalUUID)),
];
/** The virtual drives of these physical ones; a text when one of them cannot be told. */
export function* listed(
  pass: Pass,
  proxy: WekaContainer,
  physical: readonly string[],
  priority: Priority = 'activation',
): Script<readonly (ProxyVirtualDrive & { readonly physicalUuid: string })[] | string> {
  const all: (ProxyVirtualDrive & { readonly physicalUuid: string })[] = [];
  for (const physicalUuid of physical) {
    const answer = yield* askProxy(pass, proxy, 'ssd_proxy_list_virtual_drives', { physicalUuid }, priority);
    const drives = contentOf(answer, parseVirtualDrives);
    if (drives.kind === 'bad') return drives.why;
    all.push(...drives.value.map((drive) => ({ ...drive, physicalUuid })));
  }
  return all;
}
/** All virtual drives of the proxy, of every cluster. */
export function* contents(
  pass: Pass,
  proxy: WekaContainer,
): Script<readonly (ProxyVirtualDrive & { readonly physicalUuid: string })[] | string> {
  const answer = yield* askProxy(pass, proxy, 'ssd_proxy_list_physical_drives', {});
  const physical = contentOf(answer, parsePhysicalDrives);
  if (physical.kind === 'bad') return physical.why;
  const used = physical.value.filter(({ numVirtualDrives }) => numVirtualDrives > 0);
  return yield* listed(
    pass,
    proxy,
    used.map(({ physicalUuid }) => physicalUuid),
  );
}

function* addAndSweep(pass: Pass, proxy: WekaContainer, guid: string): Script<Verdict> {
  const added = yield* addMissing(pass, proxy, guid);
  const target = ownPod(pass);
  if (added.kind !== 'done' || target === undefined) return added;
  if ((yield* leftOvers(pass, proxy, guid)).length === 0) return added;
  // A word of another one may be on its way here.
  yield* sleep(SECOND_LOOK_MS);
  const left = yield* leftOvers(pass, proxy, guid);
  const errors: string[] = [];
  for (const uuid of left) {
    if (!(yield* isOutOfWeka(target, uuid))) continue;
    const error = yield* removeFromProxy(pass, proxy, uuid);
    if (error !== undefined) errors.push(error);
  }
  return errors.length === 0 ? added : failed(`errors while removing virtual drives: [${errors.join(' ')}]`);
}
/** Virtual drives of this cluster that no container of the node has, as far as all that have some say so. */
function* leftOvers(pass: Pass, proxy: WekaContainer, guid: string): Script<readonly string[]> {
  const { view, nodeName } = pass;
  if (nodeName === undefined || !view.synced()) return [];
  const sharing = view.containersOnNode(nodeName).filter(({ spec }) => isDrive(spec.mode) && usesDriveSharing(spec));
  // One that has lost its record holds what nobody can tell (F21).
  if (sharing.some(({ status }) => status?.allocations === undefined && status?.containerID !== undefined)) return [];
  const held = new Set([pass.container, ...sharing].flatMap(virtualDrivesOf).map(({ virtualUUID }) => virtualUUID));
  const all = yield* contents(pass, proxy);
  if (typeof all === 'string') return [];
  return all.filter(({ uuid, clusterGuid }) => clusterGuid === guid && !held.has(uuid)).map(({ uuid }) => uuid);
}
/** Definitely: its cluster says that it has no such drive. */
function* isOutOfWeka(target: PodTarget, uuid: string): Script<boolean> {
  const read = getClusterDrive(uuid);
  if (read.kind === 'invalid') return false;
  const outcome = yield* exec(target, read.command);
  if (outcome.kind !== 'ok') return false;
  const drive = parseClusterDrive(outcome.stdout);
  return drive.kind === 'ok' && drive.value === undefined;
}
/** Undefined: it is gone. */
export function* removeFromProxy(pass: Pass, proxy: WekaContainer, virtualUuid: string): Script<string | undefined> {
  const answer = yield* askProxy(pass, proxy, 'ssd_proxy_remove_virtual_drive', { virtualUuid }, 'removal');
  const removed = contentOf(answer, parseProxyDone);
  return removed.kind === 'ok' ? undefined : `error removing virtual drive ${virtualUuid}: ${removed.why}`;
}

/** Whether a container that leaves has something on a proxy that can still be reached. */
export const leavesVirtualDrives = (pass: Pass): boolean =>
  sharesDrives(pass) && pass.nodeName !== undefined && hasVirtualDrives(pass);
export const proxyIsNeeded = (pass: Pass): boolean => leavesVirtualDrives(pass) && whyKept(pass) === undefined;
function whyKept({ spec, node, nodeName, view }: Pass): string | undefined {
  if (spec.overrides?.skipVirtualDrivesRemoval === true) return 'overrides.skipVirtualDrivesRemoval is set';
  return node === undefined && view.synced() ? `node ${nodeName} does not exist` : undefined;
}

/** D24, X15: what is listed is removed; what is not has been. */
export function removeVirtualDrives(pass: Pass): Verdict | Ask {
  const kept = whyKept(pass);
  if (kept !== undefined) {
    const uuids = virtualDrivesOf(pass).map(({ virtualUUID }) => virtualUUID);
    const text = `virtual drives [${uuids.join(' ')}] are not removed: ${kept}`;
    return doneWith({ events: [warningEachMinute('VirtualDrivesNotRemoved', text)] });
  }
  if (!mayErase(pass))
    return wait(NOT_OUT_MS, 'membership is not known, the virtual drives may still belong to the cluster');
  const proxy = proxyOf(pass);
  if (proxy === undefined)
    return failed(`failed to find SSDProxy container for virtual drive removal: ${noProxy(pass)}`);
  return ask('drives', removeListed(pass, proxy));
}
function* removeListed(pass: Pass, proxy: WekaContainer): Script<Verdict> {
  const held = yield* podHolds(pass, 'the pod still exists, virtual drives are not removed');
  if (held !== undefined) return held;
  const own = virtualDrivesOf(pass);
  const present = yield* listed(pass, proxy, physicalUuids(own), 'removal');
  if (typeof present === 'string') return failed(`errors while removing virtual drives: [${present}]`);
  const there = new Set(present.map(({ uuid }) => uuid));
  const errors: string[] = [];
  for (const { virtualUUID } of own) {
    if (!there.has(virtualUUID)) continue;
    const error = yield* removeFromProxy(pass, proxy, virtualUUID);
    if (error !== undefined) errors.push(error);
  }
  return errors.length === 0 ? done : failed(`errors while removing virtual drives: [${errors.join(' ')}]`);
}
/** Once all are removed they are not asked for again. */
export const uuidsOf = (pass: Pass): string =>
  virtualDrivesOf(pass)
    .map(({ virtualUUID }) => virtualUUID)
    .join(' ');
