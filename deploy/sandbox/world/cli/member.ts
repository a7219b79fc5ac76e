/** Commands against a cluster from the pod of one of its members: hosts and drives. Source: spec 07, 3.1 E11 to E16, 3.2, 21.3. */
import type { Process } from '../pod-process.ts';
import { type Drive, drivesOf, type Host, hostStatus, type WekaCluster } from '../weka-clusters.ts';
import { type Answer, type Command, either, fail, json, type Later, ok, words } from './answer.ts';

export interface Member {
  readonly cluster: WekaCluster;
  readonly host: Host;
}

/** Membership of a started local container decides, not its display. */
export function asMember(process: Process, act: (member: Member) => Answer | Later): Answer | Later {
  const member = process.local?.member();
  if (member !== undefined) return act(member);
  const port = process.read('/opt/weka/k8s-runtime/vars/port') ?? '14000';
  return fail(`error: Failed connecting to http://127.0.0.1:${port}/api/v1`);
}

/** A command of a member; `takes` is the same for all of them. */
export const clusterCommand = (
  name: string,
  match: Command['match'],
  run: (member: Member, parts: readonly string[], process: Process) => Answer | Later,
): Command => ({
  name,
  takes: 'command',
  match,
  run: (process, parts) => asMember(process, (member) => run(member, parts, process)),
});

/** With the trailing newline and NUL of the real text. */
const unknownHost = (id: string): Answer => ({
  code: 1,
  stdout: '',
  stderr: `error: Host HostId<${id}> not found\n\0`,
});

export const memberCommands: readonly Command[] = [
  clusterCommand('ListWekaContainers', words('wekaauthcli cluster container --json'), ({ cluster }) =>
    json([...cluster.hosts.values()].map(hostRow)),
  ),
  clusterCommand('GetWekaContainer', words('wekaauthcli cluster container <id> --json'), ({ cluster }, [id = '']) => {
    const host = cluster.hosts.get(Number(id));
    return json(host === undefined ? [] : [hostRow(host)]);
  }),
  clusterCommand(
    'DeactivateContainer',
    words('wekaauthcli cluster container deactivate <id>'),
    ({ cluster }, [id = '']) => {
      const host = cluster.hosts.get(Number(id));
      if (host === undefined) return unknownHost(id);
      cluster.deactivateHost(host);
      return ok();
    },
  ),
  clusterCommand(
    'RemoveContainer',
    words('wekaauthcli cluster container remove <id> --no-unimprint'),
    ({ cluster }, [id = '']) => {
      const host = cluster.hosts.get(Number(id));
      if (host === undefined) return unknownHost(id);
      return cluster.removeHost(host) ? ok() : fail(`error: Host HostId<${id}> must be inactive before it is removed`);
    },
  ),
  clusterCommand(
    'ListContainerDrives',
    words('wekaauthcli cluster drive --container <id> --json'),
    ({ cluster }, [id = '']) => {
      const host = cluster.hosts.get(Number(id));
      return json(host === undefined ? [] : drivesOf(cluster, host).map(driveRow));
    },
  ),
  clusterCommand('GetClusterDrive', words('wekaauthcli cluster drive <uuid> --json'), ({ cluster }, [uuid = '']) => {
    const drive = cluster.drives.get(uuid);
    return json(drive === undefined ? [] : [driveRow(drive)]);
  }),
  clusterCommand(
    'AddDrive',
    either(
      words('weka cluster drive add <id> <dev>'),
      words('weka cluster drive add <id> <dev> --pool iu4k'),
      words('weka cluster drive add <id> <dev> --pool iubig'),
    ),
    addDrive,
  ),
  clusterCommand(
    'DeactivateDrive',
    words('wekaauthcli cluster drive deactivate <uuid> -f'),
    ({ cluster }, [uuid = '']) => {
      const drive = cluster.drives.get(uuid);
      if (drive === undefined) return unknownDrive(uuid);
      cluster.deactivateDrive(drive);
      return ok();
    },
  ),
  clusterCommand('RemoveDrive', words('wekaauthcli cluster drive remove <uuid> -f'), ({ cluster }, [uuid = '']) => {
    const drive = cluster.drives.get(uuid);
    if (drive === undefined) return unknownDrive(uuid);
    return cluster.removeDrive(drive) ? ok() : fail(`error: Drive ${uuid} is ${drive.status}, deactivate it first`);
  }),
];

const unknownDrive = (uuid: string): Answer => fail(`error: The given drive "${uuid}" does not exist.`);

/** A drive of the kernel list of the node on which the host runs, or one that its proxy has made for this cluster. */
function addDrive({ cluster }: Member, [id = '', device = '']: readonly string[], process: Process): Answer {
  const host = cluster.hosts.get(Number(id));
  if (host === undefined) return unknownHost(id);
  const node = host.local?.process.node ?? process.node;
  const drives = [...node.drives.values()];
  const virtual = drives.map(({ virtualDrives }) => virtualDrives.get(device)).find((found) => found !== undefined);
  if (virtual !== undefined) {
    if (virtual.guid !== cluster.guid) return fail(`error: ${device} was made for cluster ${virtual.guid}`);
    if (virtual.heldAs !== undefined) return fail('error: Device is already in use');
    cluster.addDrive(host, virtual, device, device);
    return ok();
  }
  const physical = drives.find(({ blockDevice, signedFor }) => blockDevice === device && signedFor === 'exclusive');
  if (physical === undefined) return fail(`error: No drive ${device} on host HostId<${id}>`);
  if (physical.heldAs !== undefined) return fail('error: Device is already in use');
  if (physical.guid !== undefined) return fail(`error: ${device} carries the signature of cluster ${physical.guid}`);
  cluster.addDrive(host, physical, device);
  return ok();
}

const hostRow = (host: Host): Record<string, unknown> => ({
  host_id: `HostId<${host.id}>`,
  host_ip: host.ip,
  hostname: host.node,
  container_name: host.containerName,
  uid: host.uid,
  state: host.state === 'ACTIVE' ? 'ACTIVE' : host.state,
  status: hostStatus(host),
  mode: 'backend',
  cores: host.cores,
});

const driveRow = (drive: Drive): Record<string, unknown> => ({
  uuid: drive.uuid,
  added_time: new Date(drive.addedAtMs).toISOString().replace('Z', '000Z'),
  device_path: drive.devicePath,
  serial_number: drive.serial,
  status: drive.status,
});
