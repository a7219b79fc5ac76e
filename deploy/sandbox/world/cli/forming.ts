/** Commands of the sibling cluster controller: forming a cluster and reading its state. Source: spec 07, 3.5, 4 (J10 to J13), 21.3. */
import type { Process } from '../pod-process.ts';
import { hostStatus, type WekaCluster } from '../weka-clusters.ts';
import { type Answer, type Command, fail, json, type Match, ok, shell, shellLike, words } from './answer.ts';
import { clusterCommand } from './member.ts';

const SECRETS = '/var/run/secrets/weka-operator/operator-user';
const CREATE =
  /^weka status \|\| weka cluster create (\S+(?: \S+)*?) --host-ips (\S+) --join-secret=`cat (\S+)\/join-secret` --admin-password `cat (\S+)\/password`(?: --leadership-size \d+| )$/;

/** Commands that only leave a trace in the cluster. */
const recorded: readonly (readonly [name: string, match: Match])[] = [
  ['WekaClusterUpdate', words('weka cluster update --parity-drives <n>')],
  ['WekaClusterUpdate', words('weka cluster update --data-drives <n>')],
  ['WekaClusterUpdate', words('weka cluster update --bucket-raft-size <n>')],
  ['WekaClusterHotSpare', words('weka cluster hot-spare <n>')],
  ['WekaDebugOverride', words('weka debug config override clusterInfo.nvmeEnabled false')],
  [
    'WekaDebugOverride',
    shell(
      'weka debug override list | grep authenticate_client_join || weka debug override add --key authenticate_client_join || weka debug override add --key authenticate_client_join --force',
    ),
  ],
  ['TriggerEvent', shellLike(/^wekaauthcli events trigger-event "([^"]*)"$/)],
];

export const formingCommands: readonly Command[] = [
  { name: 'WekaStatusOrWekaClusterCreate', takes: 'command', match: shellLike(CREATE), run: createCluster },
  ...recorded.map(([name, match]) =>
    clusterCommand(name, match, ({ cluster }, parts) => {
      cluster.settings.push([name, ...parts].join(' '));
      return ok();
    }),
  ),
  clusterCommand(
    'WekaClusterUpdate',
    words('weka cluster update --cluster-name <name>'),
    ({ cluster }, [name = '']) => {
      cluster.name = name;
      return ok();
    },
  ),
  clusterCommand('StartIO', shell('wekaauthcli cluster start-io'), ({ cluster }) => {
    cluster.ioStarted = true;
    return ok();
  }),
  clusterCommand('GetWekaStatus', words('wekaauthcli status --json'), ({ cluster }) => json(status(cluster))),
  clusterCommand('GetFilesystems', words('weka fs --json'), ({ cluster }) =>
    json([...cluster.filesystems].map(([name, { bytes }]) => filesystem(name, bytes))),
  ),
  clusterCommand('WekaListUsers', shell('wekaauthcli user -J'), ({ cluster }) =>
    json([...cluster.users].map((username) => ({ username }))),
  ),
  clusterCommand(
    'AddClusterUser',
    shellLike(/^wekaauthcli user add (\S+) (clusteradmin|regular) (\S+)$/),
    ({ cluster }, [user = '']) => made(cluster.users, user, `user ${user}`),
  ),
  clusterCommand('RemoveUser', shellLike(/^wekaauthcli user delete (\S+)$/), ({ cluster }, [user = '']) =>
    cluster.users.delete(user) ? ok() : fail(`error: user ${user} not found`),
  ),
  clusterCommand(
    'GenerateJoinSecret',
    words('wekaauthcli cluster join-token generate --access-token-timeout 5200w --json'),
    ({ cluster }) => json(`join-token-of-${cluster.guid}`),
  ),
  clusterCommand('CreateFilesystemGroup', words('weka fs group create <name>'), ({ cluster }, [name = '']) =>
    made(cluster.filesystemGroups, name, `Filesystem group ${name}`),
  ),
  clusterCommand('CreateFilesystem', matchFilesystem, ({ cluster }, [name = '', bytes = '0']) => {
    if (cluster.filesystems.has(name)) return fail(`error: Filesystem ${name} already exists`);
    cluster.filesystems.set(name, { bytes: Number(bytes) });
    return ok();
  }),
  clusterCommand('ListProcesses', words('wekaauthcli cluster process --json'), () => json([])),
  clusterCommand('ListTelemetryExports', shell('weka telemetry exports list -J'), () => json([])),
];

/** In a member nothing changes. Else the listed containers become one cluster, host ids in the order of the list. */
function createCluster(process: Process, [, endpoints = '', ...secretPaths]: readonly string[]): Answer {
  if (process.local?.member() !== undefined) return ok();
  if (secretPaths.some((path) => path !== SECRETS)) return fail('cat: no such file or directory');
  const cluster = process.machine.clusters.form(endpoints.split(','));
  return cluster === undefined ? fail('error: Failed connecting to one of the hosts') : ok();
}

function made(names: Set<string>, name: string, what: string): Answer {
  if (names.has(name)) return fail(`error: ${what} already exists`);
  names.add(name);
  return ok();
}

function matchFilesystem(argv: readonly string[]): readonly string[] | undefined {
  const encryption = argv.slice(10).join(' ');
  if (!['', '--encrypted', '--encrypted --allow-no-kms'].includes(encryption)) return undefined;
  const pattern =
    'wekaauthcli fs create <name> default <bytes> --thin-provision-max-ssd <bytes> --thin-provision-min-ssd <bytes>';
  return words(pattern)(argv.slice(0, 10));
}

const DRIVE_BYTES = 7_000_000_000_000;

function status(cluster: WekaCluster): Record<string, unknown> {
  const hosts = [...cluster.hosts.values()];
  const count = (wanted: (mode: string) => boolean) => {
    const chosen = hosts.filter(({ mode }) => wanted(mode));
    return { active: chosen.filter((host) => hostStatus(host) === 'UP').length, total: chosen.length };
  };
  const all = count(() => true);
  const drives = [...cluster.drives.values()];
  const totalBytes = Math.max(1, drives.length) * DRIVE_BYTES;
  const usedBytes = [...cluster.filesystems.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    name: cluster.name,
    guid: cluster.guid,
    status: all.active === all.total ? 'OK' : 'REBUILDING',
    io_status: cluster.ioStarted ? 'STARTED' : 'INIT',
    active_alerts_count: 0,
    activity: { num_ops: 0, num_reads: 0, num_writes: 0, sum_bytes_read: 0, sum_bytes_written: 0 },
    capacity: {
      hot_spare_bytes: 0,
      total_bytes: totalBytes,
      unavailable_bytes: 0,
      unprovisioned_bytes: Math.max(0, totalBytes - usedBytes),
    },
    containers: {
      ...all,
      backends: count((mode) => mode !== 'client'),
      clients: count((mode) => mode === 'client'),
      computes: count((mode) => mode === 'compute'),
      drives: count((mode) => mode === 'drive'),
    },
    drives: { active: drives.filter((drive) => drive.status === 'ACTIVE').length, total: drives.length },
    hot_spare: 0,
    stripe_data_drives: 3,
    stripe_protection_drives: 2,
    rebuild: { movingData: false, progressPercent: 0, protectionState: [{ MiB: 0, numFailures: 0, percent: 100 }] },
  };
}

const filesystem = (name: string, bytes: number): Record<string, unknown> => ({
  name,
  is_ready: true,
  total_budget: bytes,
  used_total: 0,
  ssd_budget: bytes,
  used_ssd: 0,
  available_ssd: bytes,
  obs_buckets: [],
});
