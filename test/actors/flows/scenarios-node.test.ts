/** Acceptance scenarios of what a node says of itself in annotations, and of a node that is gone. Source: spec 01, 14 and 23. */
import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Node } from '../../../messages/resources.ts';
import type { ContainerMode, WekaContainer } from '../../../messages/weka-container.ts';
import { BOOT, containerOf, type Given, IMAGE, NODE, nodeOf, ownedBy, podFor } from '../../support/containers.ts';
import { exit, ok } from '../../support/play.ts';
import { type Story, type StoryOptions, serving, story } from '../../support/story.ts';

type Exec = Parameters<NonNullable<StoryOptions['exec']>>[0];
const here: Given = { spec: { nodeAffinity: NODE } };
const annotation = (s: Story, name: string): string | undefined => s.view.node(NODE)?.metadata.annotations?.[name];
/** A helper has done its work: its result is there, and nothing holds it when it is deleted. */
function finishes(s: Story, namespace: string, name: string, result: object): void {
  const helper = s.view.containerByName(namespace, name);
  if (helper === undefined) throw new Error(`no helper ${namespace}/${name}`);
  const done: WekaContainer = {
    ...helper,
    metadata: { ...helper.metadata, finalizers: [] },
    status: { status: 'PodRunning', result: JSON.stringify(result) },
  };
  s.view.put(done);
}

// Discovery.

const record = (more: object): string =>
  JSON.stringify({ is_ht: false, kubernetes_distro: 'k8s', os: 'ubuntu', boot_id: BOOT, schema: 3, ...more });
test('spec 01 §23 #27: a record of this boot and schema needs no discovery', () => {
  const s = story(containerOf('compute', here));
  s.until(() => s.view.pod('weka', 'compute') !== undefined);
  assert.is(s.count('create wekacontainers'), 0);
});
for (const [name, text] of [
  ['of another boot', record({ boot_id: 'earlier' })],
  ['of schema 2', record({ schema: 2 })],
  ['that is cut off', '{'],
] as const) {
  test(`spec 01 §23 #27, 04 §17 #31: a record ${name}: a discovery container; then this schema and boot, and it is gone`, () => {
    const node = nodeOf(NODE, { annotations: { 'weka.io/discovery.json': text } });
    const s = story(containerOf('drivers-dist', here), { world: [node] });
    s.look();
    assert.is(s.count('create wekacontainers/weka/weka-dsc-node-1'), 1);
    assert.is(s.view.pod('weka', 'drivers-dist'), undefined);
    finishes(s, 'weka', 'weka-dsc-node-1', { is_ht: false, kubernetes_distro: 'k8s', os: 'ubuntu', schema: 1 });
    s.until(() => s.view.pod('weka', 'drivers-dist') !== undefined);
    const { schema, boot_id } = JSON.parse(annotation(s, 'weka.io/discovery.json') ?? '');
    assert.equal([schema, boot_id], [3, BOOT]);
    assert.is(s.view.containerByName('weka', 'weka-dsc-node-1'), undefined);
  });
}

// Signed drives.

/** A signing on its node whose process printed that. */
function signing(result: object, annotations: Readonly<Record<string, string>> = {}): Story {
  const container = containerOf('adhoc-op', { spec: { nodeAffinity: NODE, instructions: { type: 'sign-drives' } } });
  const exec = ({ command }: Exec) => (command.name === 'FetchResults' ? ok(JSON.stringify(result)) : undefined);
  return story(container, { world: [podFor(container), nodeOf(NODE, { annotations })], exec });
}
const FOUND = {
  err: null,
  drives: [{ serial_id: 'A' }, { serial_id: 'B' }],
  raw_drives: [{ path: '/dev/a', serial_id: 'A', is_mounted: true }],
};

test('spec 01 §23 #28: drives join those that are listed, a mounted one is blocked, the rest counts; the container stays', () => {
  const s = signing(FOUND, { 'weka.io/weka-drives': '["A",""]', 'weka.io/blocked-drives': '[]' });
  s.until(() => s.count('delete pods/weka/adhoc-op') > 0);
  assert.equal(new Set(JSON.parse(annotation(s, 'weka.io/weka-drives') ?? '')), new Set(['A', 'B']));
  assert.is(annotation(s, 'weka.io/blocked-drives'), '["A"]');
  assert.is(annotation(s, 'weka.io/sign-drives-hash'), createHash('sha256').update(BOOT).digest('hex'));
  const { capacity, allocatable } = s.view.node(NODE)?.status ?? {};
  assert.equal([capacity?.['weka.io/drives'], allocatable?.['weka.io/drives']], ['1', '1']);
  assert.is(s.status().status, 'Completed');
  for (let round = 0; round < 10; round += 1) s.tick();
  assert.is(s.count('delete wekacontainers') + s.count('create pods'), 0);
});

test('spec 01 §23 #30: an unreadable block list: nothing is written on the node, the condition says so, again and again', () => {
  const s = signing(FOUND, { 'weka.io/blocked-drives': 'not json' });
  s.until(() => s.condition('CondResultsProcessed') !== undefined);
  for (let round = 0; round < 5; round += 1) s.tick();
  assert.match(s.condition('CondResultsProcessed') ?? '', /^False error unmarshalling blocked drives: /);
  assert.is(s.rest(), 10_000);
  assert.is(s.count('mergePatch nodes'), 0);
  assert.is(s.count('delete pods'), 0);
  s.view.put(nodeOf(NODE, { annotations: { 'weka.io/blocked-drives': '[]' } }));
  s.until(() => s.status().status === 'Completed');
});

test('spec 01 §23 #31, F32: a signing that failed: no write on the node, Error and its event', () => {
  const s = signing({ err: 'boom', drives: [] });
  s.until(() => s.status().status === 'Error');
  for (let round = 0; round < 5; round += 1) s.tick();
  assert.ok(s.count('Warning OperationResultError: boom') > 0);
  assert.is(s.count('mergePatch nodes'), 0);
  assert.match(s.condition('CondResultsProcessed') ?? '', /^False boom/);
});

// Cloud NICs.

const nic = (mac: string) => ({ mac_address: mac, primary_ip: '10.0.1.9', subnet_cidr_block: '10.0.1.0/24' });
function cloud(macs: readonly string[] | string | undefined, allocations?: string): Node {
  const nics = typeof macs === 'object' ? JSON.stringify(macs.map(nic)) : macs;
  const node = nodeOf(NODE, { annotations: { 'weka.io/weka-nics': nics, 'weka.io/allocations': allocations } });
  return { ...node, spec: { providerID: 'aws:///zone/i-1' } };
}

test('spec 01 §23 #31: the pod of an operation on an AWS node asks for no NICs', () => {
  const container = containerOf('adhoc-op', { ...here, spec: { ...here.spec, instructions: { type: 'umount' } } });
  const s = story(container, { world: [cloud(['m1'])] });
  s.until(() => s.view.pod('weka', 'adhoc-op') !== undefined);
  assert.not.ok(JSON.stringify(s.view.pod('weka', 'adhoc-op')).includes('weka.io/nics'));
  assert.is(annotation(s, 'weka.io/allocations'), undefined);
});

test('spec 01 §23 #32: one free NIC for two cores is given, the pod comes, and the second once there is one', () => {
  const other = containerOf('compute', { name: 'other', status: { nodeAffinity: NODE } });
  const drive = containerOf('drive', { spec: { nodeAffinity: NODE, numCores: 2 }, status: { nodeAffinity: NODE } });
  const held = '{"weka/other":{"nics":["m1"]}}';
  const s = story(drive, { world: [other, cloud(['m1', 'm2'], held)] });
  s.until(() => s.view.pod('weka', 'drive') !== undefined);
  const nicsOf = (key: string): unknown => JSON.parse(annotation(s, 'weka.io/allocations') ?? '{}')[key]?.nics;
  assert.equal([nicsOf('weka/other'), nicsOf('weka/drive')], [['m1'], ['m2']]);
  s.view.put(cloud(['m1', 'm2', 'm3'], annotation(s, 'weka.io/allocations')));
  s.tick();
  s.tick();
  assert.equal([nicsOf('weka/other'), nicsOf('weka/drive')], [['m1'], ['m2', 'm3']]);
});
for (const [name, nics] of [
  ['without a list of NICs', undefined],
  ['with a list that cannot be read', 'no list'],
] as const) {
  test(`spec 01 §23 #32: ${name}: an error, 10 s, no pod`, () => {
    const drive = containerOf('drive', { spec: { nodeAffinity: NODE }, status: { nodeAffinity: NODE } });
    const s = story(drive, { world: [cloud(nics)] });
    s.look();
    assert.is(s.rest(), 10_000);
    assert.is(s.count('create pods') + s.count('mergePatch nodes'), 0);
  });
}

// Drivers.

const LOADER = 'weka-drivers-loader-uid-node-1';
const marked = (mark: string, boot: string = BOOT) =>
  nodeOf(NODE, { boot, annotations: { 'weka.io/drivers-loaded': mark } });
const looksUp = (s: Story): void => s.until(() => s.count(`create wekacontainers/weka-operator-system/${LOADER}`) > 0);

for (const mode of ['client', 's3', 'nfs'] as const) {
  test(`spec 01 §23 #34: after a reboot, ${mode}: WaitForDrivers, the mark goes, the loader runs, the mark is of this boot`, () => {
    const s = story(containerOf(mode, { ...here, status: { nodeAffinity: NODE } }), {
      world: [marked(`${IMAGE}:${BOOT}`, 'boot-2')],
    });
    looksUp(s);
    assert.is(annotation(s, 'weka.io/drivers-loaded'), undefined);
    s.until(() => s.status().status === 'WaitForDrivers');
    assert.is(s.count('create pods'), 0);
    // The loader's own pod needed a record of this boot.
    const rebooted = record({ boot_id: 'boot-2' });
    s.view.put(
      nodeOf(NODE, {
        boot: 'boot-2',
        annotations: { 'weka.io/discovery.json': rebooted, 'weka.io/drivers-loaded': undefined },
      }),
    );
    finishes(s, 'weka-operator-system', LOADER, { err: null, drivers_loaded: true });
    s.look();
    assert.is(annotation(s, 'weka.io/drivers-loaded'), `${IMAGE}:boot-2`);
    assert.is(s.view.containerByName('weka-operator-system', LOADER), undefined);
  });
}

test('spec 01 §23 #34: a client and the mark of another image: the loader runs', () => {
  const s = story(containerOf('client', here), { world: [marked(`other:${BOOT}`)] });
  looksUp(s);
  s.until(() => s.status().status === 'WaitForDrivers');
});

for (const mode of ['drive', 'compute'] as const) {
  test(`spec 01 §23 #34: ${mode}: any mark will do, until local ps fails and its log names a driver`, () => {
    let missing = '';
    let answers = true;
    const container = containerOf(mode, here);
    const exec = serving(`w-${mode}`, ({ command }) => {
      if (command.name === 'CheckDriversLoaded') return ok(missing);
      return command.name === 'WekaLocalPs' && !answers ? exit(1) : undefined;
    });
    const drives = { 'weka.io/weka-drives': '["S1"]', 'weka.io/drivers-loaded': 'other:earlier' };
    const world = [nodeOf(NODE, { annotations: drives }), podFor(container)];
    const s = story(container, { world, exec });
    s.until(() => s.known().status === 'Running');
    answers = false;
    for (let round = 0; round < 5; round += 1) s.tick();
    assert.is(s.count('create wekacontainers'), 0, 'no driver is missing');
    missing = 'wekafsio\n';
    looksUp(s);
    s.until(() => s.known().status === 'WaitForDrivers');
  });
}

// Clients.

test('spec 01 §23 #35: the machine identifier is what the node’s annotation points at; without it an error and no write', () => {
  const written = (path: string) => {
    const client = containerOf('client', here);
    let text = '';
    const exec = serving('w-client', ({ command }) => {
      if (command.name === 'WriteResources') text = command.argv[2] ?? '';
      return undefined;
    });
    const node = nodeOf(NODE, { annotations: { 'weka.io/machine-identifier-ref': path } });
    const s = story(client, { world: [node, podFor(client)], exec });
    s.until(() => s.condition('ContainerResourcesWritten') !== undefined);
    const [, base64 = ''] = /echo '([A-Za-z0-9+/=]+)'/.exec(text) ?? [];
    return { s, json: base64 === '' ? undefined : JSON.parse(Buffer.from(base64, 'base64').toString()) };
  };
  assert.is(written('.metadata.uid').json?.machineIdentifier, 'uid-node-1');
  const { s, json } = written('.metadata.nothing');
  assert.is(json, undefined);
  assert.match(s.condition('ContainerResourcesWritten') ?? '', /^False .*field \.metadata\.nothing not found/);
  assert.is(s.rest(), 10_000);
  assert.is(s.count('exec WriteResources'), 0);
});

// Its node is gone.

const unowned: Given = { metadata: { ownerReferences: [] } };
const ofPolicy: Given = { metadata: { ownerReferences: [ownedBy('WekaPolicy', 'p')] } };
for (const [mode, given, cleanupRemovedNodes, goes] of [
  ['compute', {}, false, false],
  ['compute', {}, true, true],
  ['client', {}, false, true],
  ['envoy', {}, false, true],
  ['telemetry', {}, false, true],
  ['discovery', {}, false, true],
  ['drivers-loader', {}, false, true],
  ['drivers-loader', unowned, false, true],
  ['drivers-builder', ofPolicy, false, true],
  ['ssdproxy', unowned, false, false],
] as const satisfies readonly (readonly [ContainerMode, Given, boolean, boolean])[]) {
  const owner = given === unowned ? ', without owner' : '';
  const name = `${mode}${owner}${cleanupRemovedNodes ? ', with the setting' : ''}`;
  test(`spec 01 §23 #46: the node is gone: ${name} ${goes ? 'is deleted' : 'stays'}`, () => {
    const container = containerOf(mode, { ...given, status: { status: 'Running', nodeAffinity: NODE } });
    const s = story(container, { without: [nodeOf()], settings: { cleanupRemovedNodes, nodeGoneGraceMs: 0 } });
    s.look();
    s.tick();
    assert.is(s.count('delete wekacontainers') > 0, goes);
    if (!goes) assert.is(s.container()?.spec.state, 'active');
  });
}

test('spec 01 §23 #46: a builder of nobody, bound to no node by its spec, starts again from Init', () => {
  const container = containerOf('drivers-builder', {
    ...unowned,
    status: { status: 'Completed', nodeAffinity: NODE, result: '{}' },
  });
  const s = story(container, { without: [nodeOf()], settings: { nodeGoneGraceMs: 0 } });
  s.look();
  assert.equal([s.known().status, s.known().nodeAffinity, s.known().result], ['', undefined, undefined]);
  s.until(() => s.known().status === 'Init');
  assert.is(s.count('delete wekacontainers'), 0);
});

test.run();
