/** The model of S3 and NFS: what weka answers about both, in its own words, and what the oracle says. Source: spec 07, 3.5 and 21.3. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Process } from '../../../deploy/sandbox/world/pod-process.ts';
import { nfsAddEnd, nfsPortAbsent, notInS3, s3NotConfigured } from '../../../io/weka-errors.ts';
import { parseNfsInterfaceGroup, portsOf } from '../../../io/weka-parsers/nfs.ts';
import { parseS3Cluster, parseS3Containers } from '../../../io/weka-parsers/s3.ts';
import { formed, type Kit, podKit, started } from './pod-kit.ts';

const CREATE_S3 =
  'wekaauthcli s3 cluster create default .config_fs --port 9000 --envoy-admin-port 9001 --internal-port 9002 --container';
const CREATE_NFS = 'wekaauthcli nfs interface-group add MgmtInterfaceGroup NFS --subnet 0.0.0.0';
const READ_NFS = 'weka nfs interface-group --name MgmtInterfaceGroup --json';
const PORT = 'wekaauthcli nfs interface-group port';
const s3 = (kit: Kit, process: Process, line: string) => kit.weka(process, `wekaauthcli s3 cluster containers ${line}`);
const members = (kit: Kit, process: Process) => parseS3Containers(s3(kit, process, 'list --json').stdout);
function cluster(count = 3): { kit: Kit; first: Process; all: readonly Process[] } {
  const kit = podKit();
  const all = formed(kit, count).map(({ process }) => process);
  return { kit, all, first: all[0] as Process };
}
const rules = (kit: Kit) => kit.oracle.violations.map(({ rule }) => rule);
const stops = (kit: Kit, process: Process): void => {
  kit.shell(process, 'touch /tmp/.allow-stop && kill 1');
  kit.clock.advance(10_000);
};

test('spec 07 §21.3: no S3 cluster: reading it exits with 0, its members and changes do not', () => {
  const { kit, first } = cluster();
  const read = () => parseS3Cluster(kit.weka(first, 'wekaauthcli s3 cluster --json').stdout);
  assert.is(kit.weka(first, 'wekaauthcli s3 cluster --json').stdout, '{"active":false,"s3_hosts":[]}\n');
  for (const line of ['add 0', 'remove 0', 'list --json'])
    assert.ok(s3NotConfigured(s3(kit, first, line).stderr), line);
  assert.is(kit.weka(first, `${CREATE_S3} 0,7`).code, 1, 'an unknown host');
  assert.is(kit.weka(first, `${CREATE_S3} 0,1`).code, 0);
  assert.match(kit.weka(first, `${CREATE_S3} 0`).stderr, 'already exists');
  const now = read();
  assert.ok(now.kind === 'ok' && now.value.active && now.value.port === '9000' && now.value.internal_port === '9002');
  assert.equal(now.kind === 'ok' && now.value.s3_hosts, ['HostId<0>', 'HostId<1>']);
});

test('spec 07 §21.3: hosts of the S3 cluster come and go by weka’s texts; leaving takes a while', () => {
  const { kit, first, all } = cluster();
  kit.weka(first, `${CREATE_S3} 0`);
  assert.is(s3(kit, first, 'add 2').code, 0);
  assert.is(
    s3(kit, first, 'add 2').stderr,
    'error: Trying to set an invalid S3 configuration: Specified host HostId<2> is already part of the S3 cluster\n',
  );
  assert.is(s3(kit, first, 'remove 9').stderr, 'error: Unrecognized host ID HostId<9>\n');
  assert.ok(notInS3(s3(kit, first, 'remove 1').stderr, 1));
  stops(kit, all[2] as Process);
  const before = kit.clock.monotonicMs();
  assert.is(s3(kit, first, 'remove 2').code, 0);
  assert.ok(kit.clock.monotonicMs() > before);
  assert.equal(members(kit, first), { kind: 'ok', value: [0] });
  assert.equal(rules(kit), []);
  assert.is(kit.weka(first, 'wekaauthcli s3 cluster destroy -f').code, 0);
  assert.ok(s3NotConfigured(s3(kit, first, 'list --json').stderr));
});

test('spec 07 §21.3: the NFS group: empty before it is made, one interface per host, weka’s texts', () => {
  const { kit, first } = cluster();
  const ports = (id: number) => {
    const read = parseNfsInterfaceGroup(kit.weka(first, READ_NFS).stdout);
    return read.kind === 'ok' && read.value !== undefined ? portsOf(read.value, id) : undefined;
  };
  const add = (id: number, port: string) => kit.weka(first, `${PORT} add MgmtInterfaceGroup ${id} ${port}`);
  const remove = (id: number, port: string) => kit.weka(first, `${PORT} delete -f MgmtInterfaceGroup ${id} ${port}`);
  assert.is(kit.weka(first, READ_NFS).stdout, '[]\n');
  assert.is(add(1, 'eth1').code, 1);
  assert.is(kit.weka(first, 'wekaauthcli nfs global-config set --config-fs .config_fs').code, 0);
  assert.is(kit.weka(first, CREATE_NFS).code, 0);
  assert.match(kit.weka(first, CREATE_NFS).stderr, 'already exists');
  assert.is(kit.weka(first, 'wekaauthcli nfs interface-group ip-range add MgmtInterfaceGroup 10.0.7.10').code, 0);
  assert.equal([add(1, 'eth1').code, add(2, 'eth1').code, add(9, 'eth1').code], [0, 0, 1]);
  assert.equal([ports(1), ports(2)], [['eth1'], ['eth1']]);
  assert.is(nfsAddEnd(add(1, 'eth1').stderr, 'eth1'), 'alreadyThere');
  assert.is(nfsAddEnd(add(1, 'eth2').stderr, 'eth2'), 'constraint');
  assert.ok(nfsPortAbsent(remove(1, 'eth2').stderr));
  assert.equal([remove(1, 'eth1').code, ports(1)], [0, []]);
});

test('the oracle hears of a host that is taken away while it serves, and of a leave under a running process', () => {
  const { kit, first } = cluster();
  kit.weka(first, `${CREATE_S3} 1`);
  kit.weka(first, CREATE_NFS);
  kit.weka(first, `${PORT} add MgmtInterfaceGroup 2 eth1`);
  for (const id of [1, 2]) kit.weka(first, `wekaauthcli cluster container deactivate ${id}`);
  kit.clock.advance(30_000);
  for (const id of [1, 2]) kit.weka(first, `wekaauthcli cluster container remove ${id} --no-unimprint`);
  assert.equal(rules(kit), [
    'serving-host-deactivated',
    'serving-host-deactivated',
    'serving-host-removed',
    'serving-host-removed',
  ]);
  s3(kit, first, 'add 0');
  s3(kit, first, 'remove 0');
  assert.is(rules(kit).at(-1), 's3-left-while-serving');
});

test('a pod outside the cluster knows nothing of either', () => {
  const kit = podKit();
  const { process } = started(kit, kit.node('a', 1), 's3', 'u');
  for (const line of ['wekaauthcli s3 cluster containers list --json', READ_NFS]) {
    assert.match(kit.weka(process, line).stderr, 'Failed connecting');
  }
});

test('spec 07 §21.4: smbw takes its resources, shows no management address and fails', () => {
  const kit = podKit();
  const { process, exits } = started(kit, kit.node('a', 1), 'smbw', 'u');
  assert.equal(exits, [1]);
  assert.is(process.read('/opt/weka/k8s-runtime/management_ips'), undefined);
});

test.run();
