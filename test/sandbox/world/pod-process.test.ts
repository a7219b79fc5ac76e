/** What runs inside a pod: start-up milestones, formation, joining, drives, leaving, stopping. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Process } from '../../../deploy/sandbox/world/pod-process.ts';
import { createText, formed, podKit, started } from './pod-kit.ts';

const RUNTIME = '/opt/weka/k8s-runtime';
test('a backend shows its milestones in order and waits for what it does not have', () => {
  const kit = podKit();
  const node = kit.node('a', 1);
  node.drivers = undefined;
  const { process } = kit.start(node, 'drive', 'u1');
  assert.is(kit.shell(process, `test -f ${RUNTIME}/persistency-configured`).code, 1);
  assert.is(kit.writeResources(process, {}).code, 1, 'no marker, no file');
  kit.clock.advance(3_000);
  assert.is(kit.shell(process, `test -f ${RUNTIME}/persistency-configured`).code, 0);
  assert.is(kit.weka(process, `cat ${RUNTIME}/management_ips`).code, 1);
  kit.writeResources(process, { drives: ['S1-1'], wekaPort: 35_000, agentPort: 35_300 });
  assert.match(kit.shell(process, `cat ${RUNTIME}/resources.json`).stdout, '"wekaPort":35000');
  kit.clock.advance(1_500);
  assert.is(kit.weka(process, `cat ${RUNTIME}/management_ips`).stdout, '10.0.0.1');
  assert.is(kit.shell(process, 'cat /tmp/weka-drivers.log').stdout, 'wekafsio');
  const down = kit.weka(process, 'weka local ps --json');
  assert.equal([down.code, down.stderr], [1, "error: weka-agent isn't running\n"]);

  const loader = kit.start(node, 'drivers-loader', 'loader');
  kit.clock.advance(20_000);
  assert.is(kit.weka(loader.process, 'cat /weka-runtime/results.json').stdout, '{"err": null, "drivers_loaded": true}');
  kit.clock.advance(6_000);
  assert.is(kit.shell(process, 'cat /tmp/weka-drivers.log').stdout, '');
  assert.is(kit.display(process), 'STEM');
  assert.is(kit.identity(process).has_value, false);
  assert.equal(
    JSON.parse(kit.shell(process, `cat ${RUNTIME}/drives.json`).stdout).map(
      (drive: { serial_id: string }) => drive.serial_id,
    ),
    ['S1-1'],
  );
});

test('spec 07 §23 #57: formation makes members of those that were named, in order, once', () => {
  const kit = podKit();
  const all = [0, 1, 2].map((index) => started(kit, kit.node(`n${index}`, index + 1), 'compute', `u${index}`));
  const [a, b, c] = all.map(({ process }) => process) as [Process, Process, Process];
  assert.is(kit.weka(a, 'weka cluster update --cluster-name x').code, 1, 'no cluster yet');
  assert.is(kit.shell(a, createText([a, b])).code, 0);
  assert.is(kit.weka(a, 'weka cluster update --cluster-name wk1').code, 0, 'in the same second');
  assert.is(kit.display(a), 'CLUSTERIZING');
  kit.clock.advance(25_000);
  assert.equal([a, b, c].map(kit.display), ['READY', 'READY', 'STEM']);
  assert.equal(
    [a, b].map((process) => kit.identity(process).value.host_id),
    [0, 1],
  );
  assert.is(kit.shell(a, createText([a, b])).code, 0);
  assert.is(kit.clusters.all().length, 1, 'no second guid');
  assert.match(kit.weka(c, 'wekaauthcli status --json').stderr, 'Failed connecting to http://127.0.0.1:35000/api/v1');
  const absent = kit.shell(c, createText([c]).replaceAll(c.ip, '10.9.9.9'));
  assert.is(absent.code, 1, 'nobody listens there');
});

test('a container with join IPs becomes a member under a new id, and keeps it over a new pod', () => {
  const kit = podKit();
  const [first] = formed(kit, 2);
  const node = kit.node('joiner', 9);
  const env = { JOIN_IPS: `10.0.0.1:35000` };
  const { process } = started(kit, node, 'compute', 'late', env);
  assert.is(kit.display(process), 'CLUSTERIZING');
  kit.clock.advance(20_000);
  assert.is(kit.display(process), 'READY');
  assert.is(kit.identity(process).value.host_id, 2);
  process.end(137);
  assert.match(kit.weka(first?.process as Process, 'wekaauthcli cluster container 2 --json').stdout, '"status":"DOWN"');
  const again = kit.start(node, 'compute', 'late', env, 'second-pod');
  kit.clock.advance(30_000);
  assert.is(kit.identity(again.process).value.host_id, 2, 'the old resources were accepted at once');
  assert.is(kit.clusters.all()[0]?.hosts.size, 3);
});

test('spec 07 §23 #24 (pod side): a STEM container is rescued by join-ips, apply, restart', () => {
  const kit = podKit();
  formed(kit, 2);
  const { process } = started(kit, kit.node('stem', 9), 'compute', 'stem');
  assert.is(kit.display(process), 'STEM');
  for (const line of [
    'weka local resources join-ips 10.0.0.1:35000 10.0.0.2:35000',
    'weka local resources apply -f',
    'weka local restart --force',
  ]) {
    assert.is(kit.weka(process, line).code, 0);
  }
  assert.is(kit.display(process), 'CLUSTERIZING');
  kit.clock.advance(20_000);
  assert.is(kit.display(process), 'READY');
  assert.is(kit.identity(process).value.host_id, 2);
});

test('join IPs that name no live member leave it CLUSTERIZING with a failure', () => {
  const kit = podKit();
  const { process } = started(kit, kit.node('alone', 9), 'compute', 'alone', { JOIN_IPS: '10.0.0.1:35000' });
  kit.clock.advance(60_000);
  const [local] = JSON.parse(kit.weka(process, 'weka local ps --json').stdout);
  assert.is(local.internalStatus.display_status, 'CLUSTERIZING');
  assert.is.not(local.lastFailure, '');
});

test('drives are added once, phase in, and stay signed after their removal until a resign', () => {
  const kit = podKit();
  const [one] = formed(kit, 2);
  const process = one?.process as Process;
  const add = () => kit.weka(process, 'weka cluster drive add 0 /dev/nvme1n1');
  assert.is(add().code, 0);
  assert.match(add().stderr, 'Device is already in use');
  const list = () => JSON.parse(kit.weka(process, 'wekaauthcli cluster drive --container 0 --json').stdout);
  assert.equal([list()[0].status, list()[0].serial_number], ['PHASING_IN', 'S1-1']);
  kit.clock.advance(12_000);
  assert.is(list()[0].status, 'ACTIVE');
  const { uuid } = list()[0];
  assert.is(kit.weka(process, `wekaauthcli cluster drive remove ${uuid} -f`).code, 1, 'not INACTIVE');
  assert.is(kit.weka(process, `wekaauthcli cluster drive deactivate ${uuid} -f`).code, 0);
  kit.clock.advance(12_000);
  assert.is(kit.weka(process, `wekaauthcli cluster drive remove ${uuid} -f`).code, 0);
  assert.match(
    kit.weka(process, `wekaauthcli cluster drive remove ${uuid} -f`).stderr,
    `The given drive "${uuid}" does not exist`,
  );
  assert.equal(JSON.parse(kit.weka(process, `wekaauthcli cluster drive ${uuid} --json`).stdout), []);
  const physical = process.node.drives.get('S1-1');
  assert.is.not(physical?.guid, undefined);
  const payload = JSON.stringify({ nodeName: 'node-0', deviceSerials: ['S1-1'] });
  const instructions = JSON.stringify({ type: 'force-resign-drives', payload });
  const resign = kit.start(process.node, 'adhoc-op', 'resign', { INSTRUCTIONS: instructions });
  kit.clock.advance(6_000);
  assert.is(
    kit.weka(resign.process, 'cat /weka-runtime/results.json').stdout,
    '{"err":null,"drives":["/dev/nvme1n1"]}',
  );
  assert.is(physical?.guid, undefined);
  assert.equal(kit.oracle.violations, []);
});

test('the oracle sees a host removed while active, and a drive resigned while a cluster has it', () => {
  const kit = podKit();
  const [one, two] = formed(kit, 2);
  const [process, other] = [one?.process, two?.process] as [Process, Process];
  kit.weka(process, 'weka cluster drive add 0 /dev/nvme1n1');
  assert.is(kit.weka(other, 'wekaauthcli cluster container remove 0 --no-unimprint').code, 1);
  const payload = JSON.stringify({ deviceSerials: ['S1-1'] });
  kit.start(process.node, 'adhoc-op', 'r', { INSTRUCTIONS: JSON.stringify({ type: 'force-resign-drives', payload }) });
  kit.clock.advance(6_000);
  assert.equal(
    kit.oracle.violations.map(({ rule }) => rule),
    ['host-removed-while-active', 'drive-resigned-in-cluster'],
  );
});

test('the oracle sees a second container listen where one listens already, and none that comes after it', () => {
  const kit = podKit();
  const node = kit.node('a', 1);
  const { process } = started(kit, node, 'drive', 'first');
  process.end(137);
  const { process: next } = started(kit, node, 'drive', 'next');
  assert.equal(kit.oracle.violations, []);
  started(kit, node, 'compute', 'second');
  assert.equal(
    kit.oracle.violations.map(({ rule, what }) => [rule, what]),
    [['port-held-twice', `${next.name} listens at 10.0.0.1:35000`]],
  );
});

test('spec 07 §23 #36 (model side): a host is deactivated over time, its drives with it, then removed', () => {
  const kit = podKit();
  const [one, two] = formed(kit, 2);
  const [process, other] = [one?.process, two?.process] as [Process, Process];
  kit.weka(process, 'weka cluster drive add 0 /dev/nvme1n1');
  const status = () => JSON.parse(kit.weka(other, 'wekaauthcli cluster container 0 --json').stdout)[0]?.status;
  assert.is(status(), 'UP');
  assert.is(kit.weka(other, 'wekaauthcli cluster container deactivate 0').code, 0);
  assert.is(status(), 'DEACTIVATING');
  kit.clock.advance(25_000);
  assert.is(status(), 'INACTIVE');
  const drives = JSON.parse(kit.weka(other, 'wekaauthcli cluster drive --container 0 --json').stdout);
  assert.is(drives[0].status, 'INACTIVE');
  assert.is(kit.weka(other, 'wekaauthcli cluster container remove 0 --no-unimprint').code, 0);
  kit.clock.advance(4_000);
  assert.is(status(), undefined);
  assert.is(
    kit.weka(other, 'wekaauthcli cluster container deactivate 0').stderr,
    'error: Host HostId<0> not found\n\0',
  );
});

test('spec 04 §17 #52: a drive waits for its permission, then weka stops gracefully; a client is stopped by force', () => {
  for (const [mode, forced] of [
    ['drive', []],
    ['client', ['pod-u: weka local stop --force']],
  ] as const) {
    const kit = podKit();
    const { process, exits } = started(kit, kit.node('a', 1), mode, 'u');
    assert.is(process.local?.runStatus, 'Running');
    process.terminate();
    kit.clock.advance(3_600_000);
    assert.equal(exits, [], `${mode} stays`);
    assert.is(kit.shell(process, 'touch /tmp/.allow-stop && kill 1').code, 0);
    kit.clock.advance(10_000);
    assert.equal(exits, [0]);
    assert.equal(kit.forced, forced);
  }
});

test('spec 04 §17 #50 (model side): the disk keeps what was handed over: a new pod goes on without a new write', () => {
  const kit = podKit();
  const node = kit.node('a', 1);
  const first = started(kit, node, 'drive', 'u');
  first.process.end(137);
  const { process } = kit.start(node, 'drive', 'u', {}, 'second-pod');
  kit.clock.advance(30_000);
  assert.match(kit.shell(process, `cat ${RUNTIME}/resources.json`).stdout, '"wekaPort":35000');
  assert.is(kit.display(process), 'STEM');
});

test('spec 03 §5.3: a backend ignores SIGTERM until it is allowed to stop, then stops gracefully', () => {
  const kit = podKit();
  const { process, exits } = started(kit, kit.node('a', 1), 'compute', 'u');
  process.terminate();
  kit.clock.advance(3_600_000);
  assert.equal(exits, []);
  assert.is(kit.shell(process, 'touch /tmp/.allow-stop && kill 1').code, 0);
  kit.clock.advance(10_000);
  assert.equal(exits, [0]);
  assert.equal(kit.forced, []);
});

test('spec 03 §5.3, 04 §17 #54: the instruction of the node agent counts only for this pod and this boot', () => {
  const kit = podKit();
  const node = kit.node('a', 1);
  const { process, exits } = started(kit, node, 'compute', 'u');
  process.terminate();
  node.stopInstructions.set(`u/other-pod/${node.bootId}`, { allowStop: false, allowForceStop: true });
  node.stopInstructions.set('u/pod-of-u/earlier-boot', { allowStop: false, allowForceStop: true });
  process.changed();
  kit.clock.advance(60_000);
  assert.equal(exits, []);
  node.stopInstructions.set(`u/pod-of-u/${node.bootId}`, { allowStop: false, allowForceStop: true });
  process.changed();
  kit.clock.advance(60_000);
  assert.equal(exits, [0]);
  assert.equal(kit.forced, ['pod-u: weka local stop --force']);
});

test('spec 04 §17 #53: with allow_stop alone, a pod that waits for drivers keeps waiting; with force from the start it ends', () => {
  const kit = podKit();
  const node = kit.node('a', 1);
  node.drivers = undefined;
  const gentle = started(kit, node, 'drive', 'gentle');
  kit.shell(gentle.process, 'touch /tmp/.allow-stop && kill 1');
  kit.clock.advance(600_000);
  assert.equal(gentle.exits, []);
  const harsh = started(kit, node, 'drive', 'harsh');
  kit.shell(harsh.process, 'touch /tmp/.allow-force-stop && kill 1');
  kit.clock.advance(5_000);
  assert.equal(harsh.exits, [0]);
});

test('an argv that drifted by one byte exits 127', () => {
  const kit = podKit();
  const { process } = started(kit, kit.node('a', 1), 'compute', 'u');
  for (const argv of [
    ['weka', 'local', 'ps'],
    ['weka', 'local', 'ps', '--json', ''],
    ['bash', '-c', 'cat /tmp/weka-drivers.log'],
    ['bash', '-ce', 'cat  /tmp/weka-drivers.log'],
    ['sh', '-ce', 'cat /tmp/weka-drivers.log'],
  ]) {
    assert.is(kit.run(process, argv).code, 127, argv.join(' '));
  }
});

test.run();
