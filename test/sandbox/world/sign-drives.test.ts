/** Signing runs of the modelled fleet. Source: spec 06, 5.3 and 6.2. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { podKit } from './pod-kit.ts';

/** Two drives that no one has signed. */
function unsigned() {
  const kit = podKit();
  const node = kit.node('a', 1);
  for (const drive of node.drives.values()) drive.signedFor = 'nobody';
  let count = 0;
  const sign = (payload: object) => {
    const INSTRUCTIONS = JSON.stringify({ type: 'sign-drives', payload: JSON.stringify(payload) });
    const { process } = kit.start(node, 'adhoc-op', `sign-${count++}`, { INSTRUCTIONS });
    kit.clock.advance(6_000);
    return JSON.parse(kit.weka(process, 'cat /weka-runtime/results.json').stdout);
  };
  return { kit, node, sign };
}
const serials = ({ drives }: { drives: { serial_id: string }[] }) => drives.map(({ serial_id }) => serial_id);

test('an exclusive run lists every weka partition after it, and all disks', () => {
  const { sign } = unsigned();
  assert.equal(serials(sign({ type: 'aws-all' })), []);
  assert.equal(serials(sign({ type: 'device-paths', devicePaths: ['/dev/nvme2n1'] })), ['S1-2']);
  assert.equal(serials(sign({ type: 'device-identifiers', pciDevices: { vendorId: '0x144d', deviceId: '0xa80a' } })), [
    'S1-1',
    'S1-2',
  ]);
  assert.is(sign({ type: 'all-not-root' }).raw_drives.length, 2);
});

test('a shared run gives the drives to the proxy: the kernel list does not have them', () => {
  const { sign } = unsigned();
  const { proxy_drives } = sign({ type: 'all-not-root', shared: true });
  assert.equal(proxy_drives[0], { physical_uuid: 'physical-S1-1', serial: 'S1-1', capacity_gib: 7_000, type: 'TLC' });
  assert.is(proxy_drives.length, 2);
  assert.equal(serials(sign({ type: 'all-not-root' })), [], 'what the proxy has is not signed for another');
});

test('the oracle sees a drive signed anew while a cluster has it; an excluded one is left alone', () => {
  const { kit, node, sign } = unsigned();
  sign({ type: 'all-not-root' });
  const { process } = kit.start(node, 'drive', 'member', { PORT: '35000', AGENT_PORT: '35300' });
  kit.clock.advance(3_000);
  process.write('/opt/weka/k8s-runtime/resources.json', '{}');
  kit.clock.advance(10_000);
  kit.clusters.form([`${process.ip}:35000`]);
  assert.is(kit.weka(process, 'weka cluster drive add 0 /dev/nvme1n1').code, 0);
  const options = { allowEraseWekaPartitions: true };
  sign({ type: 'all-not-root' });
  sign({ type: 'all-not-root', options, excludedSerialIds: ['S1-1'] });
  assert.equal(kit.oracle.violations, []);
  sign({ type: 'all-not-root', options });
  assert.equal(
    kit.oracle.violations.map(({ rule }) => rule),
    ['drive-signed-in-cluster'],
  );
});

const CLOUDS = { 'aws-all': ['1d0f', 'cd01'], 'gcp-all': ['1ae0', '001f'] } as const;
for (const [type, [vendorId, deviceId]] of Object.entries(CLOUDS)) {
  test(`${type} takes the local disks of that cloud only`, () => {
    const { node, sign } = unsigned();
    const drive = node.drives.get('S1-2');
    assert.ok(drive);
    node.drives.set('S1-2', { ...drive, pci: { vendorId, deviceId } });
    assert.equal(serials(sign({ type })), ['S1-2']);
  });
}

test('a mounted disk is never signed, and is listed as mounted', () => {
  const { node, sign } = unsigned();
  const drive = node.drives.get('S1-1');
  assert.ok(drive);
  node.drives.set('S1-1', { ...drive, mounted: true });
  const result = sign({ type: 'device-paths', devicePaths: ['/dev/nvme1n1', '/dev/nvme2n1'] });
  assert.equal(serials(result), ['S1-2']);
  assert.equal(
    result.raw_drives.map((raw: { is_mounted: boolean }) => raw.is_mounted),
    [true, false],
  );
});

for (const [holds, option] of [
  ['partitions', 'allowEraseNonWekaPartitions'],
  ['data', 'allowNonEmptyDevice'],
] as const) {
  test(`a disk that holds ${holds} is signed with ${option} and not without`, () => {
    const { node, sign } = unsigned();
    for (const drive of node.drives.values()) drive.holds = holds;
    const other = option === 'allowNonEmptyDevice' ? 'allowEraseNonWekaPartitions' : 'allowNonEmptyDevice';
    assert.equal(serials(sign({ type: 'all-not-root', options: { [other]: true } })), []);
    assert.equal(serials(sign({ type: 'all-not-root', options: { [option]: true } })), ['S1-1', 'S1-2']);
  });
}

test('weka partitions are erased only with allowEraseWekaPartitions, also for the other use', () => {
  const { node, sign } = unsigned();
  sign({ type: 'all-not-root' });
  assert.equal(sign({ type: 'all-not-root', shared: true }).proxy_drives, []);
  const options = { allowEraseWekaPartitions: true };
  assert.is(sign({ type: 'all-not-root', shared: true, options }).proxy_drives.length, 2);
  assert.ok([...node.drives.values()].every(({ signedFor }) => signedFor === 'proxy'));
});

test('a forced resign gives a drive back to the kernel without signature; without serials it never answers', () => {
  const { kit, node } = unsigned();
  const drive = node.drives.get('S1-1');
  assert.ok(drive);
  drive.signedFor = 'proxy';
  drive.guid = 'another cluster';
  const resign = (uid: string, payload: object) => {
    const INSTRUCTIONS = JSON.stringify({ type: 'force-resign-drives', payload: JSON.stringify(payload) });
    const { process } = kit.start(node, 'adhoc-op', uid, { INSTRUCTIONS });
    kit.clock.advance(6_000);
    return kit.weka(process, 'cat /weka-runtime/results.json');
  };
  assert.is(resign('empty', { nodeName: node.name }).code, 1);
  assert.equal(JSON.parse(resign('one', { deviceSerials: ['S1-1'] }).stdout), { err: null, drives: ['/dev/nvme1n1'] });
  assert.equal([drive.signedFor, drive.guid], ['exclusive', undefined]);
});

test('an unmount names what was mounted and leaves nothing; discovered drives are only listed', () => {
  const { kit, node } = unsigned();
  node.activeMounts = 2;
  const ask = (type: string) => {
    const { process } = kit.start(node, 'adhoc-op', type, { INSTRUCTIONS: JSON.stringify({ type, payload: '{}' }) });
    kit.clock.advance(6_000);
    return JSON.parse(kit.weka(process, 'cat /weka-runtime/results.json').stdout);
  };
  assert.equal(ask('umount'), { error: [], umounted_paths: ['/mnt/weka-1', '/mnt/weka-2'] });
  assert.is(node.activeMounts, 0);
  const found = ask('discover-drives');
  assert.equal([found.drives, found.raw_drives.length], [[], 2]);
});

test('an instruction that no one knows ends the process', () => {
  const { kit, node } = unsigned();
  const { exits } = kit.start(node, 'adhoc-op', 'odd', { INSTRUCTIONS: JSON.stringify({ type: 'odd' }) });
  kit.clock.advance(10_000);
  assert.equal(exits, [1]);
});

test.run();
