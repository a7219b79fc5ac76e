/** The SSD proxy of the modelled fleet, through the node's agent and `cluster drive add`. Source: spec 07, 14 and 21.3. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { proxyCall } from '../../../deploy/sandbox/world/ssd-proxy.ts';
import { podKit } from './pod-kit.ts';

/** A node with a running proxy, both of its drives the proxy's. */
function withProxy() {
  const kit = podKit();
  const node = kit.node('a', 1);
  for (const drive of node.drives.values()) drive.signedFor = 'proxy';
  const { process } = kit.start(node, 'ssdproxy', 'proxy');
  kit.clock.advance(20_000);
  const call = (method: string, params: unknown, repeats: 'succeed' | 'fail' = 'succeed') =>
    proxyCall(process, `ssd_proxy_${method}`, params, repeats);
  const add = (virtualUuid: string, clusterGuid: string, sizeGB: number) =>
    call('add_virtual_drive', { virtualUuid, physicalUuid: 'physical-S1-1', clusterGuid, sizeGB });
  const list = () => call('list_virtual_drives', { physicalUuid: 'physical-S1-1' });
  return { kit, node, process, call, add, list };
}

test('a proxy shows one local container of its name once drivers are there, and no kernel drives', () => {
  const { kit, process } = withProxy();
  const [local] = JSON.parse(kit.weka(process, 'weka local ps --json').stdout);
  assert.equal([local.name, local.runStatus], ['ssdproxy', 'Running']);
});

test('virtual drives are made, listed and removed; what is unknown lists as empty', () => {
  const { call, add, list } = withProxy();
  assert.equal(add('v1', 'guid', 1_000), { result: null });
  assert.equal(list(), { result: [{ uuid: 'v1', clusterGuid: 'guid', sizeGB: 1_000 }] });
  assert.equal(call('list_virtual_drives', { physicalUuid: '' }), { result: [] });
  const physical = call('list_physical_drives', {}) as { result: { physicalUuid: string; numVirtualDrives: number }[] };
  assert.equal(
    physical.result.map(({ physicalUuid, numVirtualDrives }) => [physicalUuid, numVirtualDrives]),
    [
      ['physical-S1-1', 1],
      ['physical-S1-2', 0],
    ],
  );
  assert.equal(call('remove_virtual_drive', { virtualUuid: 'v1' }), { result: null });
  assert.equal(list(), { result: [] });
});

test('repeats succeed or fail, as the fleet is set; no drive is cut larger than it is', () => {
  const { call, add } = withProxy();
  add('v1', 'guid', 6_500);
  assert.equal(add('v1', 'guid', 6_500), { result: null });
  const again = { virtualUuid: 'v1', physicalUuid: 'physical-S1-1', clusterGuid: 'guid', sizeGB: 1 };
  assert.ok('error' in call('add_virtual_drive', again, 'fail'));
  assert.equal(call('remove_virtual_drive', { virtualUuid: 'v9' }), { result: null });
  assert.ok('error' in call('remove_virtual_drive', { virtualUuid: 'v9' }, 'fail'));
  assert.ok('error' in add('v2', 'guid', 501));
  assert.ok('error' in call('no_such_method', {}));
});

test('spec 07 §23 #58: a cluster takes a virtual drive made for it under its own UUID, once; its loss is seen', () => {
  const { kit, node, process, call, add } = withProxy();
  const { process: member } = kit.start(node, 'drive', 'member', { PORT: '35000', AGENT_PORT: '35300' });
  kit.clock.advance(3_000);
  member.write('/opt/weka/k8s-runtime/resources.json', '{}');
  kit.clock.advance(10_000);
  const cluster = kit.clusters.form([`${member.ip}:35000`]);
  if (cluster === undefined) throw new Error('nobody listens');
  const take = (uuid: string) => kit.weka(member, `weka cluster drive add 0 ${uuid} --pool iu4k`);
  assert.is(take('v1').code, 1, 'it does not exist yet');
  add('v1', cluster.guid, 1_000);
  add('v2', 'another-cluster', 1_000);
  assert.is(take('v1').code, 0);
  assert.match(take('v1').stderr, 'Device is already in use');
  assert.is(take('v2').code, 1, 'made for another cluster');
  const [listed] = JSON.parse(kit.weka(member, 'wekaauthcli cluster drive --container 0 --json').stdout);
  assert.equal([listed.uuid, listed.serial_number], ['v1', 'S1-1']);
  assert.is(kit.weka(member, 'weka cluster drive add 0 /dev/nvme1n1').code, 1, 'the kernel does not have it');
  assert.equal(kit.oracle.violations, []);
  call('remove_virtual_drive', { virtualUuid: 'v1' });
  assert.equal(
    kit.oracle.violations.map(({ rule }) => rule),
    ['drive-resigned-in-cluster'],
  );
  assert.is(process.ended, false);
});

test.run();
