/** Commands about the S3 cluster and the NFS interface group. Source: spec 07, 3.1 E17 to E20, 3.2 A1, 3.5, 21.3. */
import { draw } from '../latency.ts';
import type { Process } from '../pod-process.ts';
import { judgeS3Leave, type NfsGroup } from '../protocols.ts';
import { type Answer, type Command, fail, json, type Later, type Match, ok, words } from './answer.ts';
import { clusterCommand, type Member } from './member.ts';

const GROUP = 'MgmtInterfaceGroup';
const NO_S3 = 'error: S3 cluster is not configured';
const unknownHost = (id: string): Answer => fail(`error: Unrecognized host ID HostId<${id}>`);
const hostId = (id: number): string => `HostId<${id}>`;

const CREATE_S3 = words(
  'wekaauthcli s3 cluster create default .config_fs --port <p> --envoy-admin-port <p> --internal-port <p> --container <ids>',
);
const CREATE_S3_WORDS = 14;
/** Whatever more its owner wants of it may follow. */
const createS3: Match = (argv) => CREATE_S3(argv.slice(0, CREATE_S3_WORDS));
const HOSTS_MAX = 3;

export const protocolCommands: readonly Command[] = [
  clusterCommand('GetS3Cluster', words('wekaauthcli s3 cluster --json'), ({ cluster: { protocols } }) => {
    const { s3 } = protocols;
    if (s3 === undefined) return json({ active: false, s3_hosts: [] });
    const { port, internalPort } = s3;
    const hosts = [...s3.members].map(hostId);
    return json({ active: true, s3_hosts: hosts, port, internal_port: internalPort, filesystem_name: 'default' });
  }),
  clusterCommand('CreateS3Cluster', createS3, ({ cluster }, [port = '', , internalPort = '', list = '']) => {
    if (cluster.protocols.s3 !== undefined) return fail('error: S3 cluster already exists');
    const ids = list.split(',').map(Number);
    const unknown = ids.find((id) => !cluster.hosts.has(id));
    if (unknown !== undefined) return unknownHost(String(unknown));
    if (ids.length > HOSTS_MAX) return fail(`error: at most ${HOSTS_MAX} hosts form an S3 cluster`);
    cluster.protocols.s3 = { members: new Set(ids), port, internalPort };
    return ok();
  }),
  clusterCommand('DeleteS3Cluster', words('wekaauthcli s3 cluster destroy -f'), ({ cluster: { protocols } }) => {
    if (protocols.s3 === undefined) return fail(NO_S3);
    protocols.s3 = undefined;
    return ok();
  }),
  clusterCommand(
    'ListS3ClusterContainers',
    words('wekaauthcli s3 cluster containers list --json'),
    ({ cluster: { protocols } }) =>
      protocols.s3 === undefined ? fail(NO_S3) : json([...protocols.s3.members].map(hostId)),
  ),
  clusterCommand(
    'JoinS3Cluster',
    words('wekaauthcli s3 cluster containers add <id>'),
    ({ cluster: { protocols, hosts } }, [id = '']) => {
      if (protocols.s3 === undefined) return fail(NO_S3);
      if (!hosts.has(Number(id))) return unknownHost(id);
      if (protocols.s3.members.has(Number(id))) {
        const what = `Specified host HostId<${id}> is already part of the S3 cluster`;
        return fail(`error: Trying to set an invalid S3 configuration: ${what}`);
      }
      protocols.s3.members.add(Number(id));
      return ok();
    },
  ),
  clusterCommand('RemoveFromS3Cluster', words('wekaauthcli s3 cluster containers remove <id>'), removeFromS3),

  ...['--config-fs .config_fs', '-f', '-f --mountd-port <n> --lockmgr-port <n> --notify-port <n>'].map((settings) =>
    clusterCommand('NfsGlobalConfig', words(`wekaauthcli nfs global-config set ${settings}`), () => ok()),
  ),
  clusterCommand(
    'AddNfsInterfaceGroup',
    words(`wekaauthcli nfs interface-group add ${GROUP} NFS --subnet 0.0.0.0`),
    ({ cluster: { protocols } }) => {
      if (protocols.nfs !== undefined) return fail(`error: NFS interface group ${GROUP} already exists`);
      protocols.nfs = { ips: new Set(), ports: new Map() };
      return ok();
    },
  ),
  groupCommand('AddNfsIpRange', words(`wekaauthcli nfs interface-group ip-range add ${GROUP} <range>`), range('add')),
  groupCommand(
    'RemoveNfsIpRange',
    words(`weka nfs interface-group ip-range remove ${GROUP} <range> -f`),
    range('delete'),
  ),
  clusterCommand(
    'GetNfsInterfaceGroup',
    words(`weka nfs interface-group --name ${GROUP} --json`),
    ({ cluster: { protocols, hosts } }) => {
      const { nfs } = protocols;
      if (nfs === undefined) return json([]);
      const ports = [...nfs.ports].map(([id, port]) => ({
        host_id: hostId(id),
        host_uid: hosts.get(id)?.uid ?? '',
        port,
        status: 'OK',
      }));
      return json([{ name: GROUP, type: 'NFS', subnet_mask: '0.0.0.0', status: 'OK', ips: [...nfs.ips], ports }]);
    },
  ),
  groupCommand(
    'AddNfsInterfaceGroupPort',
    words(`wekaauthcli nfs interface-group port add ${GROUP} <id> <iface>`),
    (group, { cluster }, [id = '', wanted = '']) => {
      if (!cluster.hosts.has(Number(id))) return unknownHost(id);
      const present = group.ports.get(Number(id));
      if (present === wanted)
        return fail(`error: The host ${id} with port ${wanted} is already part of group ${GROUP}.`);
      if (present !== undefined) {
        const why = `The host ${id} is already part of group ${GROUP}, but with port ${present}.`;
        return fail(`error: A host can't be added more than once to the same interface group. ${why}`);
      }
      group.ports.set(Number(id), wanted);
      return ok();
    },
  ),
  groupCommand(
    'RemoveNfsInterfaceGroupPort',
    words(`wekaauthcli nfs interface-group port delete -f ${GROUP} <id> <iface>`),
    (group, _member, [id = '', port = '']) => {
      if (group.ports.get(Number(id)) !== port) {
        return fail(`error: The host ${id} with port ${port} is not part of group ${GROUP}`);
      }
      group.ports.delete(Number(id));
      return ok();
    },
  ),
];

/** The host serves until the end of it. A caller who has given up by then does not end it. */
function removeFromS3(
  { cluster: { protocols, hosts } }: Member,
  [id = '']: readonly string[],
  { machine }: Process,
): Answer | Later {
  const { s3 } = protocols;
  if (s3 === undefined) return fail(NO_S3);
  if (!hosts.has(Number(id))) return unknownHost(id);
  const outside = fail(`error: Specified host HostId<${id}> is not part of the S3 cluster`);
  if (!s3.members.has(Number(id))) return outside;
  judgeS3Leave(machine, hosts.get(Number(id)));
  return {
    afterMs: draw(machine.latency.s3Leave, machine.random),
    finish: () => (s3.members.delete(Number(id)) ? ok() : outside),
  };
}

/** A command that needs the group. */
function groupCommand(
  name: string,
  match: Match,
  run: (group: NfsGroup, member: Member, parts: readonly string[]) => Answer,
): Command {
  return clusterCommand(name, match, (member, parts) => {
    const group = member.cluster.protocols.nfs;
    return group === undefined ? fail(`error: NFS interface group ${GROUP} not found`) : run(group, member, parts);
  });
}
function range(act: 'add' | 'delete') {
  return ({ ips }: NfsGroup, _member: Member, [given = '']: readonly string[]): Answer => {
    ips[act](given);
    return ok();
  };
}
