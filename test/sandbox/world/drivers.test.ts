/** Drivers in the modelled fleet: built, uploaded, served, loaded. Source: spec 06, 4.5 to 4.10; 07, 3.3. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createLocal } from '../../../deploy/sandbox/world/local-container.ts';
import { KERNEL } from '../../../deploy/sandbox/world/nodes.ts';
import * as commands from '../../../io/commands.ts';
import { podKit } from './pod-kit.ts';

const URL = 'https://drivers-dist.weka.svc.cluster.local:60002';
const IMAGE = { IMAGE_NAME: 'weka-in-container:4.4.10' };
const built = { port: 60_002, version: '4.4.10', signature: KERNEL, packSupported: true };
const argv = (checked: commands.Checked): readonly string[] => (checked.kind === 'ok' ? checked.command.argv : []);

/** A distributor that serves `URL`, and a node without drivers. */
function distributor() {
  const kit = podKit();
  const dist = kit.start(kit.node('dist', 1), 'drivers-dist', 'dist', { NAME: 'dist' }).process;
  kit.distributors.set(URL, dist.pod);
  const node = kit.node('worker', 2);
  node.drivers = undefined;
  const load = (uid: string) => kit.start(node, 'drivers-loader', uid, { ...IMAGE, DIST_SERVICE: URL }).process;
  kit.clock.advance(10_000);
  return { kit, dist, node, load };
}

test('spec 06 §4.5: what no one has uploaded cannot be loaded; the loader says so after two minutes', () => {
  const { kit, node, load } = distributor();
  const loader = load('loader');
  kit.clock.advance(100_000);
  assert.is(kit.weka(loader, 'cat /weka-runtime/results.json').code, 1);
  kit.clock.advance(60_000);
  const result = JSON.parse(kit.weka(loader, 'cat /weka-runtime/results.json').stdout);
  assert.is(result.drivers_loaded, false);
  assert.match(result.err, 'Failed to download the drivers');
  assert.is(node.drivers, undefined);
});

test('spec 06 §4.8: a build is uploaded by D2 and D3, found by D5, and then loaded', () => {
  const { kit, dist, node, load } = distributor();
  const check = () => kit.run(dist, argv(commands.checkUploadedDrivers(built)));
  assert.match(check().stderr, 'Failed to download the drivers');
  const builder = kit.start(kit.node('builder', 3), 'drivers-builder', 'builder', { ...IMAGE, PORT: '60002' }).process;
  const from = { ...built, podIp: builder.ip };
  kit.clock.advance(15_000);
  assert.is(kit.run(dist, argv(commands.downloadDrivers(from))).code, 1, 'it is still building');
  kit.clock.advance(60_000);
  const result = JSON.parse(kit.weka(builder, 'cat /weka-runtime/results.json').stdout);
  assert.equal([result.weka_version, result.kernel_signature], ['4.4.10', KERNEL]);
  assert.is(kit.run(dist, argv(commands.downloadVersion(from))).code, 0);
  assert.is(kit.run(dist, argv(commands.downloadDrivers(from))).code, 0);
  assert.is(check().code, 0);
  load('loader');
  kit.clock.advance(25_000);
  assert.is(node.drivers, IMAGE.IMAGE_NAME);
  assert.equal(kit.oracle.violations, []);
});

test('the oracle sees two loads at once on one node', () => {
  const { kit, load } = distributor();
  load('one');
  load('two');
  assert.equal(
    kit.oracle.violations.map(({ rule }) => rule),
    ['drivers-loaded-twice-at-once'],
  );
});

for (const [way, packSupported, copyOnly] of [
  ['not packed', false, false],
  ['modules', false, true],
] as const) {
  test(`spec 06 §4.8: drivers built as ${way} are loaded once all of their files are uploaded`, () => {
    const { kit, dist, node, load } = distributor();
    kit.ways.set(IMAGE.IMAGE_NAME, way);
    const builder = kit.start(kit.node('builder', 3), 'drivers-builder', 'builder', {
      ...IMAGE,
      PORT: '60002',
    }).process;
    const from = { ...built, packSupported, podIp: builder.ip };
    kit.clock.advance(75_000);
    const result = JSON.parse(kit.weka(builder, 'cat /weka-runtime/results.json').stdout);
    assert.equal([result.weka_pack_not_supported, result.no_weka_drivers_handling], [true, copyOnly]);
    load('loader');
    const upload = copyOnly
      ? [commands.copyDrivers(from)]
      : [commands.downloadDrivers(from), commands.copyChecksum(from)];
    for (const command of upload) {
      kit.clock.advance(25_000);
      assert.is(node.drivers, undefined);
      assert.is(kit.run(dist, argv(command)).code, 0);
    }
    kit.clock.advance(25_000);
    assert.is(node.drivers, IMAGE.IMAGE_NAME);
  });
}

test('a driver built for another kernel, or of another image, is not loaded', () => {
  for (const other of [{ kernel: '6.8.0-40-generic' }, { image: 'weka-in-container:4.4.11' }]) {
    const { kit, dist, node, load } = distributor();
    const made = Object.assign(kit.node('builder', 3), other.kernel === undefined ? {} : { kernel: other.kernel });
    const image = other.image === undefined ? IMAGE : { IMAGE_NAME: other.image };
    const builder = kit.start(made, 'drivers-builder', 'builder', { ...image, PORT: '60002' }).process;
    kit.clock.advance(75_000);
    const result = JSON.parse(kit.weka(builder, 'cat /weka-runtime/results.json').stdout);
    const built = { port: 60_002, packSupported: true, podIp: builder.ip };
    const from = { ...built, version: result.weka_version, signature: result.kernel_signature };
    assert.is(kit.run(dist, argv(commands.downloadDrivers(from))).code, 0);
    const loader = load('loader');
    kit.clock.advance(150_000);
    assert.is(JSON.parse(kit.weka(loader, 'cat /weka-runtime/results.json').stdout).drivers_loaded, false);
    assert.is(node.drivers, undefined);
  }
});

test('the oracle sees drivers of another image loaded under a running frontend (F17)', () => {
  for (const [image, rules] of [
    ['weka-in-container:4.4.10', []],
    ['weka-in-container:4.4.9', ['drivers-changed-under-frontend']],
  ] as const) {
    const kit = podKit();
    const node = kit.node('worker', 2);
    const sleeps = { WEKA_OPERATOR_DEBUG_SLEEP: '1000' };
    const { process } = kit.start(node, 'client', 'frontend', { IMAGE_NAME: image, ...sleeps });
    process.local = createLocal(process, 'frontend');
    process.local.start();
    kit.start(node, 'drivers-loader', 'loader', IMAGE);
    kit.clock.advance(25_000);
    assert.equal(
      kit.oracle.violations.map(({ rule }) => rule),
      rules,
    );
  }
});

test.run();
