/** Clusters that share the drives of their nodes: up, at rest, one container leaves, nothing stays on its proxy. Source: spec 06, 3. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { STANDARD_NODE } from '../../deploy/sandbox/world/nodes.ts';
import { CONTAINERS, refOf } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { createScene, MINUTE_MS, UP_MS_MAX } from './scene.ts';

for (const failShare of [0, 0.1]) {
  test(`drives are shared through one proxy a node, ${failShare * 100} % failing calls; one that leaves takes its virtual drives along`, async () => {
    const scene = createScene({
      seed: `sharing ${failShare}`,
      nodes: 7,
      drive: 6,
      compute: 6,
      failShare,
      world: { shape: { ...STANDARD_NODE, signedFor: () => 'proxy' } },
      order: { driveCapacity: 500, numDrives: 2 },
    });
    const { world } = scene;
    scene.start();
    assert.type(await scene.until(scene.allUp, 3 * UP_MS_MAX), 'number', scene.notUp().join('\n'));
    const drives = scene.own().filter(({ spec }) => spec.mode === 'drive');
    const shares = ({ status }: WekaContainer) =>
      (status?.allocations?.virtualDrives ?? []).map(({ virtualUUID }) => virtualUUID);
    const onProxy = (): readonly string[] =>
      [...world.nodes.values()].flatMap(({ drives: all }) =>
        [...all.values()].flatMap(({ virtualDrives }) => [...virtualDrives.keys()]),
      );
    assert.equal(
      drives.map((drive) => shares(drive).length),
      [2, 2, 2, 2, 2, 2],
    );
    const added = () =>
      scene.own().every(({ status }) => status?.addedDrives?.every((each) => each.status === 'ACTIVE') ?? true);
    assert.type(await scene.until(added, 5 * MINUTE_MS), 'number');
    assert.equal(onProxy().toSorted(), drives.flatMap(shares).toSorted());
    const proxies = world.store.all<WekaContainer>(CONTAINERS).filter(({ spec }) => spec.mode === 'ssdproxy');
    assert.is(new Set(proxies.map(({ spec }) => spec.nodeAffinity)).size, proxies.length);

    const [victim] = drives;
    assert.ok(victim);
    const { uid } = victim.metadata;
    world.store.request({ verb: 'delete', ref: refOf(CONTAINERS, victim.metadata), uid });
    const gone = () => scene.own().every(({ metadata }) => metadata.uid !== uid);
    assert.type(await scene.until(gone, 15 * MINUTE_MS), 'number', scene.notUp().join('\n'));
    assert.ok(shares(victim).every((uuid) => !onProxy().includes(uuid)));
    assert.is(world.oracle.text(), '');
  });
}

for (const [set, text] of [
  ['true', 'goes'],
  ['false', 'stays'],
] as const) {
  test(`V6: when a cluster is gone the proxy of its nodes ${text} with COLLECT_LEFTOVERS=${set}`, async () => {
    const scene = createScene({
      seed: `collect ${set}`,
      nodes: 3,
      drive: 2,
      compute: 2,
      env: { COLLECT_LEFTOVERS: set },
      world: { shape: { ...STANDARD_NODE, signedFor: () => 'proxy' } },
      order: { driveCapacity: 500, numDrives: 2 },
    });
    const { world } = scene;
    const proxies = () =>
      world.store.all<WekaContainer>(CONTAINERS).filter(({ spec }) => spec.mode === 'ssdproxy').length;
    scene.start();
    assert.type(await scene.until(scene.allUp, 3 * UP_MS_MAX), 'number', scene.notUp().join('\n'));
    await scene.forMs(15 * MINUTE_MS);
    assert.is(proxies(), 2, 'one in use stays');
    world.deleteCluster('demo');
    assert.type(await scene.until(() => scene.own().length === 0, 3 * UP_MS_MAX), 'number');
    assert.is(proxies(), 2);
    await scene.forMs(15 * MINUTE_MS);
    assert.is(proxies(), set === 'true' ? 0 : 2);
    assert.is(world.oracle.text(), '');
    scene.crash();
  });
}

test.run();
