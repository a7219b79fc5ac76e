/** What the modelled cluster controller sets up once the first container of a protocol has joined. Source: spec 07, 3.5 and 10.1. */
import { CLUSTER_S3_CREATED } from '../../../messages/condition.ts';
import type { Role } from './cluster-objects.ts';
import { type Command, inPod, member, type Run } from './cluster-steps.ts';
import { isTrue, type Turn } from './cluster-turn.ts';

/** Hosts that form an S3 cluster; the others add themselves. */
const FORMING_COUNT_MAX = 3;
/** Of this model alone: nobody waits for it. */
const NFS_READY = 'NfsInterfaceGroupCreated';

export function advanceProtocols(now: Turn, run: Run): void {
  const { cluster, condition } = now;
  const setUp = (type: string, commands: readonly Command[]): void =>
    run(commands, (ended) => {
      if (ended === 'done') condition(type);
    });
  const s3 = joined(now, 's3');
  if (s3.length > 0 && !isTrue(cluster, CLUSTER_S3_CREATED)) setUp(CLUSTER_S3_CREATED, s3Commands(now, s3));
  else if (joined(now, 'nfs').length > 0 && !isTrue(cluster, NFS_READY)) setUp(NFS_READY, nfsCommands(now));
}

/** Host ids of those that are in, and stay. */
function joined({ members }: Turn, role: Role): readonly number[] {
  return members
    .filter((one) => one.spec.mode === role && one.spec.state === 'active' && isTrue(one, 'JoinedCluster'))
    .flatMap(({ status }) => status?.containerID ?? [])
    .toSorted((a, b) => a - b);
}

function s3Commands(now: Turn, ids: readonly number[]): readonly Command[] {
  const { lbPort = 0, lbAdminPort = 0, s3Port = 0 } = now.cluster.status?.ports ?? {};
  const ports = `--port ${lbPort} --envoy-admin-port ${lbAdminPort} --internal-port ${s3Port}`;
  const hosts = ids.slice(0, FORMING_COUNT_MAX).join(',');
  const run = inPod(member(now));
  return [run(`wekaauthcli s3 cluster create default .config_fs ${ports} --container ${hosts}`)];
}

function nfsCommands(now: Turn): readonly Command[] {
  const run = inPod(member(now));
  return [
    run('wekaauthcli nfs global-config set --config-fs .config_fs'),
    run('wekaauthcli nfs interface-group add MgmtInterfaceGroup NFS --subnet 0.0.0.0'),
  ];
}
