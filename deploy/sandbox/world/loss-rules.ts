/** When a stop by force or an erased signature loses data, by what weka knows and what the owner had decided. Source: spec 03, 14. */
import type { Cache } from './cache.ts';
import type { Container } from './holders.ts';
import type { HeldDrive } from './node-model.ts';
import type { Oracle } from './oracle.ts';
import type { Process } from './pod-process.ts';
import type { WekaCluster } from './weka-clusters.ts';

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
  if (container?.spec.state !== 'deleting' || waived(container)) return;
  oracle.report('active-backend-force-stopped', who, `host ${member.host.id} was ${member.host.state}: ${by}`);
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
