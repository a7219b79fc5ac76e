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

test.run();
