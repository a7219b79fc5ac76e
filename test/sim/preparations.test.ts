/** A fleet from bare nodes: drives signed, drivers built, NICs attached by the siblings' operations, done by the controller's helpers. Source: spec 06, 4 to 6. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { driversUrl } from '../../deploy/sandbox/world/drivers-policy.ts';
import { STANDARD_NODE } from '../../deploy/sandbox/world/nodes.ts';
import type { Node } from '../../deploy/sandbox/world/objects.ts';
import type { Action } from '../../deploy/sandbox/world/operation-kinds.ts';
import { WEKA_IMAGE, type World } from '../../deploy/sandbox/world/world.ts';
import { CONTAINERS, MANUAL_OPERATIONS, NODES, POLICIES } from '../../messages/kube.ts';
import type { WekaManualOperation } from '../../messages/weka-cluster.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { createScene, MINUTE_MS, UP_MS_MAX } from './scene.ts';

const apiVersion = 'weka.weka.io/v1alpha1';
const URL = driversUrl('drivers', 'weka');

function operate(world: World, action: Action, payload: object, name: string = action): void {
  const metadata = { name, namespace: 'weka' };
  const spec = { action, payload, ...(action === 'sign-drives' ? {} : { image: WEKA_IMAGE }) };
  world.add(MANUAL_OPERATIONS, { apiVersion, kind: 'WekaManualOperation', metadata, spec });
}
const buildDrivers = (world: World): void =>
  world.add(POLICIES, {
    apiVersion,
    kind: 'WekaPolicy',
    metadata: { name: 'drivers', namespace: 'weka' },
    spec: { type: 'enable-local-drivers-distribution', image: WEKA_IMAGE },
  });
const statusOf = (world: World, name: string) =>
  world.store.get<WekaManualOperation>({ type: MANUAL_OPERATIONS, namespace: 'weka', name })?.status;
const helpersOf = (world: World, mode: string) =>
  world.store.all<WekaContainer>(CONTAINERS).filter(({ spec }) => spec.mode === mode);
const annotation = ({ metadata }: Node, name: string): unknown => JSON.parse(metadata.annotations?.[name] ?? 'null');

for (const failShare of [0, 0.1]) {
  test(`bare nodes: drives are signed and drivers built before a cluster comes up, ${failShare * 100} % failing calls`, async () => {
    const scene = createScene({
      seed: `bare ${failShare}`,
      nodes: 4,
      drive: 3,
      compute: 3,
      failShare,
      world: { shape: { ...STANDARD_NODE, signedFor: () => 'nobody' } },
      order: { driversDistService: URL },
    });
    const { world } = scene;
    operate(world, 'sign-drives', { type: 'all-not-root' });
    buildDrivers(world);
    scene.start();
    const finished = (): boolean => statusOf(world, 'sign-drives')?.status === 'Done' && scene.allUp();
    assert.type(await scene.until(finished, 4 * UP_MS_MAX), 'number', scene.notUp().join('\n'));
    assert.is(JSON.parse(statusOf(world, 'sign-drives')?.result ?? '').message, 'Signed 32 drives on 4 nodes');
    // An operation deletes its helpers once it has their results, which they may not have written to their nodes yet (F32).
    const helpersGone = (): boolean => helpersOf(world, 'adhoc-op').length === 0;
    assert.type(await scene.until(helpersGone, 15 * MINUTE_MS), 'number');
    for (const node of world.store.all<Node>(NODES)) {
      const serials = [...(world.nodes.get(node.metadata.name)?.drives.keys() ?? [])];
      assert.equal([...(annotation(node, 'weka.io/weka-drives') as string[])].sort(), serials);
      assert.is(node.status?.allocatable?.['weka.io/drives'], '8');
    }
    const [dist] = helpersOf(world, 'drivers-dist');
    assert.ok(dist);
    const [node] = [...world.nodes.values()].filter(({ processes }) =>
      [...processes.values()].some(({ pod }) => pod === dist.metadata.name),
    );
    const served = [...(node?.processes.values() ?? [])].find(({ pod }) => pod === dist.metadata.name)?.directory.files;
    assert.ok([...(served?.keys() ?? [])].some((path) => path.includes('4.4.10.183-5.15.0-130-generic')));
    assert.is(world.oracle.text(), '');
  });
}

test('what no one has built is not loaded, and no container starts without; once it is built all come up', async () => {
  const scene = createScene({ seed: 'not built', nodes: 3, drive: 2, compute: 2, order: { driversDistService: URL } });
  const { world } = scene;
  world.serveDrivers(URL, 'nobody');
  scene.start();
  await scene.forMs(8 * MINUTE_MS);
  assert.equal(
    scene.own().map(({ status }) => status?.status),
    Array(4).fill('WaitForDrivers'),
  );
  assert.ok([...world.nodes.values()].every(({ drivers }) => drivers === undefined));
  buildDrivers(world);
  assert.type(await scene.until(scene.allUp, 3 * UP_MS_MAX), 'number', scene.notUp().join('\n'));
  assert.is(world.oracle.text(), '');
});

test('shared drives are signed for the proxy; a signing run that comes again leaves them alone', async () => {
  const scene = createScene({
    seed: 'shared bare',
    nodes: 3,
    drive: 2,
    compute: 2,
    world: { shape: { ...STANDARD_NODE, signedFor: () => 'nobody' } },
    order: { driveCapacity: 500, numDrives: 2 },
  });
  const { world } = scene;
  operate(world, 'sign-drives', { type: 'all-not-root', shared: true }, 'first');
  scene.start();
  assert.type(await scene.until(scene.allUp, 4 * UP_MS_MAX), 'number', scene.notUp().join('\n'));
  operate(world, 'sign-drives', { type: 'all-not-root', shared: true }, 'second');
  const again = (): boolean => statusOf(world, 'second')?.status === 'Done';
  assert.type(await scene.until(again, 10 * MINUTE_MS), 'number');
  for (const node of world.store.all<Node>(NODES)) {
    assert.is((annotation(node, 'weka.io/weka-shared-drives') as unknown[]).length, 8);
    assert.is(node.status?.allocatable?.['weka.io/shared-drives-capacity'], '56000');
  }
  assert.is(world.oracle.text(), '');
});

test('on AWS nodes containers wait for NICs, get one each once they are attached, and none is given twice', async () => {
  const scene = createScene({
    seed: 'aws',
    nodes: 3,
    drive: 2,
    compute: 2,
    world: { shape: { ...STANDARD_NODE, cloud: () => 'aws' } },
    order: { network: {} },
  });
  const { world } = scene;
  scene.start();
  await scene.forMs(3 * MINUTE_MS);
  assert.is(scene.allUp(), false);
  operate(world, 'ensure-nics', { type: 'aws', dataNICsNumber: 3 });
  assert.type(await scene.until(scene.allUp, 3 * UP_MS_MAX), 'number', scene.notUp().join('\n'));
  const given = world.store.all<Node>(NODES).flatMap((node) => {
    const record = (annotation(node, 'weka.io/allocations') ?? {}) as Record<string, { nics?: string[] }>;
    assert.is(node.status?.allocatable?.['weka.io/nics'], '3');
    return Object.values(record).flatMap(({ nics = [] }) => nics);
  });
  assert.is(given.length, 4);
  assert.is(new Set(given).size, 4);
  assert.is(world.oracle.text(), '');
});

test.run();
