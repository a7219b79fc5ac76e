/** One container of a running cluster is deleted: out of the cluster first, then away. Source: spec 03, 3.1 and 14. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CONTAINERS, JOBS, PODS, refOf } from '../../messages/kube.ts';
import type { TraceRecord } from '../../messages/trace.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { createScene, MINUTE_MS, type Scene, UP_MS_MAX } from './scene.ts';

/** As `kubectl delete` does. */
function remove(scene: Scene, { metadata }: WekaContainer): void {
  const outcome = scene.world.store.request({ verb: 'delete', ref: refOf(CONTAINERS, metadata), uid: metadata.uid });
  assert.is(outcome.kind, 'ok');
}
const find = (scene: Scene, uid: string): WekaContainer | undefined =>
  scene.own().find(({ metadata }) => metadata.uid === uid);

for (const { seed, failShare, limitMs } of [
  { seed: 'calm', failShare: 0, limitMs: 5 * MINUTE_MS },
  ...[1, 2, 3].map((seed) => ({ seed, failShare: 0.1, limitMs: 15 * MINUTE_MS })),
]) {
  test(`seed ${seed}, ${failShare * 100} % failing calls: a deleted drive container is deactivated, its drives go, then its host, signature, directory, finalizer`, async () => {
    const scene = createScene({ seed: `deletion ${seed}`, nodes: 7, drive: 6, compute: 6, failShare });
    const { world } = scene;
    scene.start();
    assert.type(await scene.until(scene.allUp, 3 * UP_MS_MAX), 'number', scene.notUp().join('\n'));
    const victim = scene.own().find(({ spec }) => spec.mode === 'drive');
    assert.ok(victim);
    const { uid, name } = victim.metadata;
    const node = world.nodes.get(victim.status?.nodeAffinity ?? '');
    const [cluster] = world.clusters.all();
    const [serial = ''] = victim.status?.allocations?.drives ?? [];
    const drive = node?.drives.get(serial);
    const directory = () => [...(node?.directories.keys() ?? [])].filter((path) => path.includes(uid));
    const hosts = () => [...(cluster?.hosts.values() ?? [])].filter(({ containerUid }) => containerUid === uid);
    assert.is(drive?.guid, cluster?.guid);
    assert.is(directory().length, 1);
    assert.is(hosts().length, 1);

    remove(scene, victim);
    /** Facts of the model, in the order in which they came true. */
    const order: string[] = [];
    const note = (what: string, holds: boolean): void => {
      if (holds && !order.includes(what)) order.push(what);
    };
    const gone = await scene.until(() => {
      const [host] = hosts();
      note('deactivated', host?.state === 'INACTIVE');
      note('drives removed', drive?.heldAs === undefined);
      note('pod gone', world.store.get({ ...refOf(PODS, victim.metadata) }) === undefined);
      note('host removed', host === undefined);
      note('resigned', drive?.guid === undefined);
      note('directory empty', directory().length === 0);
      note('object gone', find(scene, uid) === undefined);
      return order.includes('object gone');
    }, limitMs);
    assert.type(gone, 'number', `${name}: ${order.join(', ')}: ${scene.notUp().join('\n')}`);
    assert.equal(order, [
      'deactivated',
      'drives removed',
      'pod gone',
      'host removed',
      'resigned',
      'directory empty',
      'object gone',
    ]);
    assert.is(world.oracle.text(), '');
    // Its successor comes up, and no helper is left of it all.
    assert.type(await scene.until(scene.allUp, 3 * UP_MS_MAX), 'number', scene.notUp().join('\n'));
    scene.mount.setFailShare(0);
    await scene.forMs(7 * MINUTE_MS);
    const left = [
      ...world.store.all<WekaContainer>(CONTAINERS).filter(({ spec }) => !['drive', 'compute'].includes(spec.mode)),
      ...world.store.all(JOBS),
    ];
    assert.equal(
      left.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
      [],
    );
    assert.is(world.oracle.text(), '');
    scene.crash();
  });
}

test('a deletion while a start is parked in a script: the script is aborted and the new flow begins in the same turn', async () => {
  const records: TraceRecord[] = [];
  const scene = createScene({
    seed: 'preempted',
    nodes: 4,
    drive: 3,
    compute: 3,
    controller: { trace: (record) => records.push(record) },
  });
  // The commands of this container hang: its pass stays parked in a script.
  let parked: WekaContainer | undefined;
  scene.start();
  await scene.until(() => scene.own().some(({ status }) => status?.status === 'PodNotRunning'), MINUTE_MS);
  for (const { metadata } of scene.own()) {
    scene.world.faults.add({
      match: { channel: 'exec', pod: `${metadata.namespace}/${metadata.name}` },
      action: { kind: 'hang' },
    });
  }
  const path = ({ metadata }: WekaContainer) => `/fleet/cell-0/${metadata.namespace},${metadata.name}`;
  const working = (container: WekaContainer): boolean =>
    scene
      .controller()
      .fleet.snapshot()
      .children.flatMap(({ children }) => children)
      .some(
        (actor) => actor.path === path(container) && actor.children.some((child) => child.path.endsWith('/member')),
      );
  await scene.until(() => {
    parked = scene.own().find(working);
    return parked !== undefined;
  }, 2 * MINUTE_MS);
  assert.ok(parked, 'a container waits for a command');
  const own = path(parked);
  records.length = 0;
  remove(scene, parked);
  // `kubectl delete` leaves spec.state alone: the active flow goes on until its row 2, which is at the head of each pass.
  await scene.forMs(1_000);
  const turns = records.filter((record) => record.path === own);
  const abort = turns.find(({ effects }) => effects.startsWith('abort'));
  assert.ok(abort, turns.map(({ message, effects }) => `${message}: ${effects}`).join('\n'));
  assert.is(abort.effects, 'abort,ask');
  assert.ok(find(scene, parked.metadata.uid)?.spec.state === 'deleting');
  scene.crash();
});

test.run();
