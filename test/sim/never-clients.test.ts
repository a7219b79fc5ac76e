/** What must never happen to the mounts of clients. Each test tells its story twice (never.ts). Source: spec 03, 14 no. 6, 7, 16; F6, F7. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { podPresent } from '../../actors/flows/pass.ts';
import { handlePodTermination } from '../../actors/flows/steps/pod-termination.ts';
import { WEKA_IMAGE } from '../../deploy/sandbox/world/world.ts';
import { CLIENTS, CONTAINERS, PODS, refOf } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import {
  comes,
  comesUp,
  isGone,
  isTold,
  leftOut,
  nodeOf,
  now,
  podOf,
  processOf,
  remove,
  removePod,
  table,
  tell,
} from './never.ts';
import { MINUTE_MS, type Scene } from './scene.ts';

/** Nothing may happen in this time. */
const QUIET_MS = 5 * MINUTE_MS;

/** A client of the cluster, joined, on its own node; the fleet is up before. */
async function addClient(
  scene: Scene,
  name: string,
  node: string,
  port: number,
  overrides = {},
): Promise<WekaContainer> {
  const { world } = scene;
  const joinIpPorts = scene
    .own()
    .flatMap(({ status }) => (status?.managementIPs ?? []).map((ip) => `${ip}:${status?.allocations?.wekaPort}`));
  const owner = { apiVersion: 'weka.weka.io/v1alpha1', kind: 'WekaClient', name };
  const targetCluster = { name: 'demo', namespace: 'weka' };
  world.add(CLIENTS, { ...owner, metadata: { name, namespace: 'weka' }, spec: { image: WEKA_IMAGE, targetCluster } });
  const { uid } = world.store.get({ type: CLIENTS, namespace: 'weka', name })?.metadata ?? { uid: '' };
  world.add(CONTAINERS, {
    apiVersion: 'weka.weka.io/v1alpha1',
    kind: 'WekaContainer',
    metadata: { name, namespace: 'weka', ownerReferences: [{ ...owner, uid, controller: true }] },
    spec: {
      mode: 'client',
      name: `client${name}`,
      image: WEKA_IMAGE,
      numCores: 1,
      hugepages: 1_500,
      nodeAffinity: node,
      port,
      agentPort: port + 100,
      joinIpPorts,
      overrides,
    },
  });
  // Two clients shun each other: the second is put there as by a scheduler that knows no such rule.
  const ref = { type: PODS, namespace: 'weka', name };
  await scene.until(() => world.store.get(ref) !== undefined, MINUTE_MS);
  world.store.request({ verb: 'mergePatch', ref, patch: { spec: { nodeName: node } } });
  const stored = () => world.store.get<WekaContainer>({ type: CONTAINERS, namespace: 'weka', name });
  const up = await scene.until(
    () => stored()?.status?.status === 'Running' && stored()?.status?.containerID !== undefined,
    10 * MINUTE_MS,
  );
  assert.type(up, 'number', JSON.stringify(stored()?.status));
  const client = stored();
  assert.ok(client);
  return client;
}
async function mounted(scene: Scene): Promise<WekaContainer> {
  await comesUp(scene);
  const client = await addClient(scene, 'client', 'node-0006', 36_000);
  nodeOf(scene, client).activeMounts = 3;
  return client;
}
const stays = async (scene: Scene): Promise<void> => void (await scene.until(() => isTold(scene), QUIET_MS));

test('spec 03 §14 #6, §17 #19: a client that is deleted is not stopped while file systems are mounted through it', () =>
  tell({
    seed: 'never 6',
    expected: ['client-stopped-under-mounts'],
    without: { controller: { flows: leftOut('deleting', 'D19') } },
    story: async (scene, guarded) => {
      const client = await mounted(scene);
      remove(scene, client);
      await stays(scene);
      if (!guarded) return;
      assert.is(now(scene, client)?.status?.status, 'Draining');
      assert.is(processOf(scene, client)?.local?.runStatus, 'Running');
      nodeOf(scene, client).activeMounts = 0;
      await comes(scene, () => isGone(scene, client));
    },
  }));

test('spec 03 §14 #6, §17 #24: nor is its object removed when its pod is gone', () =>
  tell({
    seed: 'never 6 podless',
    expected: ['client-removed-under-mounts'],
    without: {
      controller: { flows: table('deleting', 'D19', (row) => ({ ...row, when: [...row.when, podPresent] })) },
    },
    story: async (scene, guarded) => {
      const client = await mounted(scene);
      scene.world.evictPod(podOf(scene, client)?.metadata.uid ?? '');
      remove(scene, client);
      const ref = refOf(PODS, client.metadata);
      scene.world.store.request({ verb: 'delete', ref, gracePeriodSeconds: 0 });
      await stays(scene);
      if (!guarded) return;
      assert.is(podOf(scene, client), undefined);
      assert.ok(now(scene, client));
      nodeOf(scene, client).activeMounts = 0;
      await comes(scene, () => isGone(scene, client));
    },
  }));

test('spec 03 §14 #7, §17 #46: a drained node waits for the mounts of its client', () =>
  tell({
    seed: 'never 7',
    expected: ['client-stopped-under-mounts'],
    without: {
      controller: {
        flows: table('active', '20', (row) => ({
          ...row,
          run: (pass) => {
            const { node } = pass;
            if (node === undefined) return handlePodTermination(pass);
            return handlePodTermination({ ...pass, node: { ...node, spec: { ...node.spec, unschedulable: false } } });
          },
        })),
      },
    },
    story: async (scene, guarded) => {
      const client = await mounted(scene);
      scene.world.life.cordon(nodeOf(scene, client).name, true);
      await scene.forMs(1_000);
      removePod(scene, client);
      await stays(scene);
      if (!guarded) return;
      assert.is(processOf(scene, client)?.local?.runStatus, 'Running');
      nodeOf(scene, client).activeMounts = 0;
      await comes(scene, () => processOf(scene, client) === undefined);
    },
  }));

test('spec 03 §14 #16: a driver is not drained under another client of the node', () =>
  tell({
    seed: 'never 16',
    expected: ['other-client-drained'],
    without: { env: { FORCE_DRAIN_SHARED_NODE: 'true' } },
    story: async (scene, guarded) => {
      await comesUp(scene);
      const client = await addClient(scene, 'client', 'node-0006', 36_000, { forceDrain: true });
      await addClient(scene, 'neighbour', 'node-0006', 36_300);
      nodeOf(scene, client).activeMounts = 2;
      remove(scene, client);
      await stays(scene);
      if (guarded) assert.ok(now(scene, client));
    },
  }));

test.run();
