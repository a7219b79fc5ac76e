/** When a stop or an erased drive loses data, by what weka knows and what the owner had decided. Source: spec 03, 14. */
import type { Clock } from '../../../io/clock.ts';
import type { Cache } from './cache.ts';
import type { Container } from './holders.ts';
import type { HeldDrive } from './node-model.ts';
import type { Oracle } from './oracle.ts';
import type { Process } from './pod-process.ts';
import type { Host, WekaCluster } from './weka-clusters.ts';

/** The owner took the responsibility. */
const waived = (container: Container | undefined): boolean => container?.spec.overrides?.skipDeactivate === true;

/**
 * A container on its way out of a living cluster must be deactivated first. One that is paused, destroyed with its
 * cluster, or meant to come back may be stopped by force.
 */
export function judgeForcedStop(oracle: Oracle, containers: Cache<Container>, process: Process, by: string): void {
  const member = process.local?.member();
  if (member === undefined || member.cluster.doomed || member.host.state === 'INACTIVE') return;
  const who = `${process.namespace}/${process.pod}`;
  const container = containers.get(who);
  if (member.host.mode === 'client' || container?.spec.state !== 'deleting' || waived(container)) return;
  oracle.report('active-backend-force-stopped', who, `host ${member.host.id} was ${member.host.state}: ${by}`);
}

/** Whose process may be stopped gracefully. Source: spec 03, 1.2. */
const GRACEFUL: ReadonlySet<string> = new Set(['drive', 'compute', 's3', 'nfs', 'data-services']);
/** Its user wants the pod gone at any price. */
const replacesByForce = ({ spec }: Container): boolean =>
  spec.overrides?.upgradeForceReplace === true || spec.overrides?.podDeleteForceReplace === true;

/**
 * A backend that is to stay is stopped by force only where its user said so. What was allowed while it was paused or on
 * its way out may be acted on later: it is excused for the life of that process.
 */
export function backendStops(oracle: Oracle, clock: Clock, containers: Cache<Container>) {
  const excusedAtMs = new Map<string, number>();
  containers.listen((after, before) => {
    if (after === undefined) excusedAtMs.delete(before?.metadata.uid ?? '');
    else if (isExcused(after) || (before !== undefined && isExcused(before)))
      excusedAtMs.set(after.metadata.uid, clock.monotonicMs());
  });
  return (process: Process): void => {
    const member = process.local?.member();
    const who = `${process.namespace}/${process.pod}`;
    const container = containers.get(who);
    if (member === undefined || member.cluster.doomed || !GRACEFUL.has(process.mode)) return;
    if (container === undefined || isExcused(container)) return;
    if ((excusedAtMs.get(container.metadata.uid) ?? Number.NEGATIVE_INFINITY) >= process.startedAtMs) return;
    oracle.report('backend-force-stopped', who, `host ${member.host.id} was ${member.host.state}`);
  };
}
const isExcused = (container: Container): boolean =>
  !['active', '', undefined].includes(container.spec.state) || replacesByForce(container);

/** Whoever goes on working with a drive reads garbage from it, and writes over the next one's data. */
export function judgeErased(oracle: Oracle, containers: Cache<Container>, eraser: Process, drive: HeldDrive): void {
  for (const process of eraser.node.processes.values()) {
    const who = `${process.namespace}/${process.pod}`;
    const container = containers.get(who);
    if (process === eraser || container?.metadata.uid !== process.containerUid) continue;
    if (!holds(container, drive)) continue;
    oracle.report('drive-erased-under-process', who, `${drive.serial} on ${process.node.name}`);
  }
}
const holds = ({ status }: Container, drive: HeldDrive & { readonly uuid?: string }): boolean => {
  const { drives = [], virtualDrives = [] } = status?.allocations ?? {};
  if (drive.uuid === undefined) return drives.includes(drive.serial);
  return virtualDrives.some(({ virtualUUID }) => virtualUUID === drive.uuid);
};

/**
 * A client that stops takes its mounts with it. Allowed: its user said not to look, wants it replaced at any price or hot,
 * has paused it, or has deleted the pod of one that stays on a node that takes pods. Source: spec 03, 14 no. 6 and 7.
 */
export function judgeClientStop(
  oracle: Oracle,
  containers: Cache<Container>,
  unschedulable: (node: string) => boolean,
  process: Process,
): void {
  const { node, mode } = process;
  if (mode !== 'client' || node.activeMounts === 0 || process.local?.runStatus !== 'Running') return;
  const who = `${process.namespace}/${process.pod}`;
  const container = containers.get(who);
  if (container === undefined || container.spec.state === 'paused') return;
  const { overrides = {}, allowHotUpgrade } = container.spec;
  if (overrides.skipActiveMountsCheck === true || overrides.forceDrain === true || allowHotUpgrade === true) return;
  const stays = !['deleting', 'destroying'].includes(container.spec.state ?? '');
  if (stays && (replacesByForce(container) || !unschedulable(node.name))) return;
  oracle.report('client-stopped-under-mounts', who, `${node.activeMounts} mounts on ${node.name}`);
}

/** `/proc/wekafs/interface` is one for the whole node. Source: spec 03, 14 no. 16. */
export function judgeDrain(oracle: Oracle, drained: Process): void {
  const { node } = drained;
  if (node.activeMounts === 0) return;
  for (const other of node.processes.values()) {
    if (other === drained || other.mode !== 'client') continue;
    oracle.report('other-client-drained', `${other.namespace}/${other.pod}`, `by ${drained.pod} on ${node.name}`);
  }
}

/** At most one host of a role in so long; protocol hosts hold no data. Source: spec 03, 4.12; 14 no. 12. */
export function removalPace(oracle: Oracle, clock: Clock, apartMs: number) {
  const last = new Map<string, { readonly id: number; readonly atMs: number }>();
  return ({ id, mode, containerName }: Host): void => {
    if (mode !== 'drive' && mode !== 'compute') return;
    const before = last.get(mode);
    const atMs = clock.monotonicMs();
    last.set(mode, { id, atMs });
    if (before === undefined || before.id === id || atMs - before.atMs >= apartMs) return;
    oracle.report('hosts-removed-at-once', containerName, `${atMs - before.atMs} ms after host ${before.id}`);
  };
}

/** `cluster` lives and has the drive. */
export function judgeResign(
  oracle: Oracle,
  containers: Cache<Container>,
  process: Process,
  { serial, heldAs }: HeldDrive,
  cluster: WekaCluster,
): void {
  const drive = cluster.drives.get(heldAs ?? '');
  const ownerUid = cluster.hosts.get(drive?.hostId ?? -1)?.containerUid;
  if (waived([...containers.all()].find(({ metadata }) => metadata.uid === ownerUid))) return;
  const what = `${serial} on ${process.node.name} is ${drive?.status} in cluster ${cluster.guid}`;
  oracle.report('drive-resigned-in-cluster', `${process.namespace}/${process.pod}`, what);
}

/** Who may sign such a drive again knows that nobody uses it: not one that a container has allocated. */
export function judgeSignedAgain(
  oracle: Oracle,
  containers: Cache<Container>,
  { node, namespace, pod }: { readonly node: { readonly name: string } } & Pick<Process, 'namespace' | 'pod'>,
  { serial, virtualDrives }: { readonly serial: string; readonly virtualDrives: { has(uuid: string): boolean } },
): void {
  for (const { metadata, spec, status } of containers.all()) {
    if ((spec.nodeAffinity ?? status?.nodeAffinity) !== node.name) continue;
    const { drives = [], virtualDrives: virtual = [] } = status?.allocations ?? {};
    const holds = drives.includes(serial) || virtual.some(({ virtualUUID }) => virtualDrives.has(virtualUUID));
    if (!holds) continue;
    const what = `${serial} on ${node.name} is held by ${metadata.namespace}/${metadata.name}`;
    oracle.report('held-drive-signed', `${namespace}/${pod}`, what);
  }
}
