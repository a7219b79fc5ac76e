/** A cluster that serves S3 and NFS: up, at rest, members of each leave, all goes. Source: spec 07, 9 and 10; spec 03, 4.6 to 4.8. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { flows } from '../../actors/flows/tables.ts';
import { REALISTIC } from '../../deploy/sandbox/world/latency.ts';
import { CLUSTERS, CONTAINERS, JOBS, PODS, refOf } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { createScene, MINUTE_MS, type Scene, type SceneOptions, UP_MS_MAX } from './scene.ts';

const fleet = (options: Partial<SceneOptions> & Pick<SceneOptions, 'seed'>): Scene =>
  createScene({ nodes: 7, drive: 3, compute: 3, order: { s3Containers: 2, nfsContainers: 2 }, ...options });
async function comesUp(scene: Scene): Promise<void> {
  scene.start();
  assert.type(await scene.until(scene.allUp, 3 * UP_MS_MAX), 'number', scene.notUp().join('\n'));
}
const protocols = ({ world }: Scene) => {
  const [cluster] = world.clusters.all();
  assert.ok(cluster);
  return cluster.protocols;
};
const first = (scene: Scene, mode: string): WekaContainer => {
  const found = scene.own().find(({ spec }) => spec.mode === mode);
  assert.ok(found);
  return found;
};
const remove = ({ world }: Scene, { metadata }: WekaContainer): void =>
  void world.store.request({ verb: 'delete', ref: refOf(CONTAINERS, metadata), uid: metadata.uid });
const isGone = (scene: Scene, { metadata }: WekaContainer): boolean =>
  scene.own().every((each) => each.metadata.uid !== metadata.uid);
const calls = ({ world }: Scene, name: string, id: number | undefined): number =>
  world.exec.log.filter((entry) => entry.name === name && entry.argv.includes(String(id))).length;

for (const { seed, failShare } of [
  { seed: 'calm', failShare: 0 },
  ...[1, 2].map((seed) => ({ seed, failShare: 0.1 })),
]) {
  test(`seed ${seed}, ${failShare * 100} % failing calls: drive, compute, s3 and nfs come up, one of each protocol is replaced, all go away`, async () => {
    const scene = fleet({ seed: `protocols ${seed}`, failShare });
    const { world } = scene;
    await comesUp(scene);
    const ids = (mode: string) =>
      scene.own().flatMap(({ spec, status }) => (spec.mode === mode ? (status?.containerID ?? []) : []));
    assert.equal([...(protocols(scene).s3?.members ?? [])].toSorted(), ids('s3').toSorted());
    assert.equal(
      [...(protocols(scene).nfs?.ports ?? [])].toSorted(),
      ids('nfs')
        .map((id) => [id, 'eth1'] as const)
        .toSorted(),
    );
    for (const victim of [first(scene, 's3'), first(scene, 'nfs')]) {
      const id = victim.status?.containerID ?? -1;
      remove(scene, victim);
      assert.type(await scene.until(() => isGone(scene, victim), 15 * MINUTE_MS), 'number', scene.notUp().join('\n'));
      assert.not.ok(protocols(scene).s3?.members.has(id) || protocols(scene).nfs?.ports.has(id));
    }
    assert.type(await scene.until(scene.allUp, 3 * UP_MS_MAX), 'number', scene.notUp().join('\n'));
    world.deleteCluster('demo');
    const left = () => [...world.store.all(CONTAINERS), ...world.store.all(JOBS), ...world.store.all(PODS, 'weka')];
    assert.type(await scene.until(() => left().length === 0, 60 * MINUTE_MS), 'number', scene.notUp().join('\n'));
    assert.is(world.oracle.text(), '');
    scene.crash();
  });
}

for (const [row, mode, what] of [
  ['D13', 's3', 'the S3 cluster'],
  ['D14', 'nfs', 'the NFS interface group'],
] as const) {
  test(`without row ${row} the oracle hears of an ${mode} host that is deactivated while it serves`, async () => {
    const deleting = flows.deleting.filter(({ number }) => number !== row);
    const scene = fleet({ seed: `without ${row}`, controller: { flows: { ...flows, deleting } } });
    await comesUp(scene);
    const victim = first(scene, mode);
    remove(scene, victim);
    assert.type(await scene.until(() => isGone(scene, victim), 10 * MINUTE_MS), 'number');
    const said = scene.world.oracle.violations.map((each) => `${each.rule}: ${each.what}`);
    const id = victim.status?.containerID;
    assert.equal(said, [
      `serving-host-deactivated: host ${id} is in ${what}`,
      `serving-host-removed: host ${id} is in ${what}`,
    ]);
    scene.crash();
  });
}

test('spec 03 §17 #17, 07 §23 #31: an s3 container is stopped, leaves the S3 cluster, is deactivated and removed, in that order', async () => {
  const scene = fleet({ seed: 's3 order' });
  const { world } = scene;
  await comesUp(scene);
  const victim = first(scene, 's3');
  const id = victim.status?.containerID ?? -1;
  const host = () => [...world.clusters.all()].flatMap(({ hosts }) => hosts.get(id) ?? [])[0];
  remove(scene, victim);
  const order: string[] = [];
  const note = (what: string, holds: boolean): void => {
    if (holds && !order.includes(what)) order.push(what);
  };
  const gone = await scene.until(() => {
    note('pod gone', world.store.get(refOf(PODS, victim.metadata)) === undefined);
    note('out of S3', protocols(scene).s3?.members.has(id) === false);
    note('deactivated', host()?.state === 'INACTIVE');
    note('removed', host() === undefined);
    return isGone(scene, victim);
  }, 10 * MINUTE_MS);
  assert.type(gone, 'number');
  assert.equal(order, ['pod gone', 'out of S3', 'deactivated', 'removed']);
  const inOwnPod = world.exec.log.filter(
    ({ name, pod }) => name === 'RemoveFromS3Cluster' && pod.endsWith(`/${victim.metadata.name}`),
  );
  assert.is(inOwnPod.length, 0);
  assert.is(world.oracle.text(), '');
  scene.crash();
});

test('F18: a leave of the S3 cluster that outlasts its command is asked for once and waited for', async () => {
  const scene = fleet({
    seed: 's3 slow',
    world: { latency: { ...REALISTIC, s3Leave: [4 * MINUTE_MS, 4 * MINUTE_MS + 1] } },
  });
  await comesUp(scene);
  const victim = first(scene, 's3');
  const id = victim.status?.containerID;
  remove(scene, victim);
  assert.type(await scene.until(() => isGone(scene, victim), 15 * MINUTE_MS), 'number', scene.notUp().join('\n'));
  assert.is(calls(scene, 'RemoveFromS3Cluster', id), 1);
  assert.is(scene.world.oracle.text(), '');
  scene.crash();
});

test('spec 03 §17 #36: a cluster that is destroyed in the middle of a leave of the S3 cluster does not wait for it', async () => {
  const scene = fleet({
    seed: 's3 preempted',
    world: { latency: { ...REALISTIC, s3Leave: [30 * MINUTE_MS, 30 * MINUTE_MS + 1] } },
  });
  const { world } = scene;
  await comesUp(scene);
  const victim = first(scene, 's3');
  remove(scene, victim);
  const asked = () => calls(scene, 'RemoveFromS3Cluster', victim.status?.containerID) > 0;
  assert.type(await scene.until(asked, 10 * MINUTE_MS), 'number');
  world.deleteCluster('demo');
  assert.type(await scene.until(() => isGone(scene, victim), MINUTE_MS), 'number', scene.notUp().join('\n'));
  assert.is(world.oracle.text(), '');
  scene.crash();
});

test('spec 07 §23 #33, F28: the cluster names another interface: each nfs host serves on it, and on no other', async () => {
  const scene = fleet({ seed: 'nfs change' });
  const { world } = scene;
  await comesUp(scene);
  const ref = { type: CLUSTERS, namespace: 'weka', name: 'demo' };
  world.store.request({ verb: 'mergePatch', ref, patch: { spec: { nfs: { interfaces: ['eth2'] } } } });
  const ports = () => [...(protocols(scene).nfs?.ports.values() ?? [])];
  const moved = await scene.until(
    () => ports().length === 2 && ports().every((port) => port === 'eth2'),
    2 * MINUTE_MS,
  );
  assert.type(moved, 'number', ports().join(' '));
  await scene.forMs(MINUTE_MS);
  const before = world.exec.counts.get('GetNfsInterfaceGroup');
  await scene.forMs(5 * MINUTE_MS);
  assert.is(world.exec.counts.get('GetNfsInterfaceGroup'), before, 'configured: nothing is run');
  assert.is(world.oracle.text(), '');
  scene.crash();
});

test.run();
