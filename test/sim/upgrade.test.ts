/** Another image for a whole cluster and its clients: one container at a time, mounts wait. Source: spec 03, 9. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { STANDARD_NODE } from '../../deploy/sandbox/world/nodes.ts';
import { downOf } from '../../deploy/sandbox/world/weka-clusters.ts';
import { NEXT_WEKA_IMAGE } from '../../deploy/sandbox/world/world.ts';
import { CLIENTS, CLUSTERS, CONTAINERS } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { createScene, describe, MINUTE_MS, type Scene, UP_MS_MAX } from './scene.ts';

const joined = ({ world }: Scene, modes: readonly string[]): readonly WekaContainer[] =>
  world.store.all<WekaContainer>(CONTAINERS).filter(({ spec }) => modes.includes(spec.mode));
const isUpgraded = ({ status }: WekaContainer): boolean =>
  status?.lastAppliedImage === NEXT_WEKA_IMAGE && status.status === 'Running' && status.internalStatus === 'READY';
const behind = (containers: readonly WekaContainer[]): readonly WekaContainer[] =>
  containers.filter((one) => !isUpgraded(one));

const BACKENDS = ['drive', 'compute', 's3', 'nfs'];

test('a cluster is upgraded one container at a time; then its clients, but not under their mounts', async () => {
  const order = { s3Containers: 1, nfsContainers: 1, nodeSelector: { use: 'backend' } };
  // Apart: a node tolerates one frontend, and one that is being upgraded would lose its place to a client that waits for it.
  const labels = (index: number) => ({ use: index < 5 ? 'backend' : 'client' });
  const shape = { ...STANDARD_NODE, labels };
  const scene = createScene({ seed: 'upgrade', nodes: 8, drive: 3, compute: 3, order, world: { shape } });
  const { world } = scene;
  scene.start();
  assert.ok(await scene.until(scene.allUp, 6 * UP_MS_MAX), scene.notUp().join('\n'));
  world.addClient({ name: 'clients', cluster: 'demo', nodeSelector: { use: 'client' } });
  const clients = (): readonly WekaContainer[] => joined(scene, ['client']).filter(({ status }) => status?.containerID);
  assert.ok(await scene.until(() => clients().length === 3, 6 * UP_MS_MAX), scene.notUp().join('\n'));

  let most = 0;
  world.setImage(CLUSTERS, 'demo', 'weka', NEXT_WEKA_IMAGE);
  const upgraded = await scene.until(() => {
    for (const cluster of world.clusters.all()) most = Math.max(most, downOf(cluster).length);
    return behind(joined(scene, BACKENDS)).length === 0;
  }, 30 * MINUTE_MS);
  assert.ok(upgraded, behind(joined(scene, BACKENDS)).map(describe).join('\n'));
  assert.is(most, 1);

  const [mounted] = clients();
  assert.ok(mounted);
  const node = world.nodes.get(mounted.spec.nodeAffinity ?? '');
  assert.ok(node);
  node.activeMounts = 2;
  const pod = mounted.metadata.name;
  const process = () => [...node.processes.values()].find((one) => one.pod === pod);
  const before = process();
  world.setImage(CLIENTS, 'clients', 'weka', NEXT_WEKA_IMAGE);
  const others = await scene.until(() => behind(clients()).length === 1, 30 * MINUTE_MS);
  assert.ok(others, behind(clients()).map(describe).join('\n'));
  await scene.forMs(10 * MINUTE_MS);
  assert.is(process(), before, 'the process under the mounts lives');
  node.activeMounts = 0;
  const all = await scene.until(() => behind(clients()).length === 0, 10 * MINUTE_MS);
  assert.ok(all, behind(clients()).map(describe).join('\n'));
  assert.equal(world.oracle.violations, []);
  assert.is(scene.controller().system.counts.crashes, 0);
});

test.run();
