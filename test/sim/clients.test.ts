/** Clients of a modelled cluster: they come up, label their nodes for CSI, rest, survive a restart, leave. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RUNTIME } from '../../deploy/sandbox/world/pod-process.ts';
import type { KubeApi } from '../../io/outside.ts';
import { CLIENTS, CONTAINERS, CSI_NODES, NODES, PODS } from '../../messages/kube.ts';
import type { Node } from '../../messages/resources.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { createScene, describe, MINUTE_MS, type Scene, UP_MS_MAX } from './scene.ts';

const DRIVER = 'demo.weka.weka.io';
const KEYS = ['accessible', 'node', 'transport'].map((name) => `topology.${DRIVER}/${name}`);
const CSI = { CSI_INSTALLATION_ENABLED: 'true' };

interface Counted {
  nodeWrites: number;
  clientLists: number;
}
function clientScene(seed: string, nodes: number, env: Readonly<Record<string, string>> = CSI, failShare = 0) {
  const counted: Counted = { nodeWrites: 0, clientLists: 0 };
  const counting = (api: KubeApi): KubeApi => ({
    ...api,
    request: (request, ...rest) => {
      if (request.verb === 'mergePatch' && request.ref.type === NODES) counted.nodeWrites += 1;
      return api.request(request, ...rest);
    },
    list: (request, ...rest) => {
      if (request.type === CLIENTS) counted.clientLists += 1;
      return api.list(request, ...rest);
    },
  });
  const scene = createScene({ seed, nodes, drive: 5, compute: 5, failShare, env, outside: { kube: counting } });
  return { scene, counted };
}
const clients = ({ world }: Scene): readonly WekaContainer[] =>
  world.store.all<WekaContainer>(CONTAINERS).filter(({ spec }) => spec.mode === 'client');
const labelsOf = ({ world }: Scene, name: string): Readonly<Record<string, string>> =>
  world.store.get<Node>({ type: NODES, name })?.metadata.labels ?? {};
const labelled = (scene: Scene): number =>
  [...scene.world.nodes.keys()].filter((name) => {
    const labels = labelsOf(scene, name);
    return KEYS.every((key) => labels[key] !== undefined) && labels[`topology.${DRIVER}/node`] === name;
  }).length;
const running = (scene: Scene): number => clients(scene).filter(({ status }) => status?.status === 'Running').length;

const csiNode = (name: string) => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSINode',
  metadata: { name },
  spec: { drivers: [{ name: DRIVER, nodeID: name }] },
});

async function up(scene: Scene, count: number): Promise<void> {
  scene.start();
  assert.ok(await scene.until(scene.allUp, 6 * UP_MS_MAX), scene.notUp().join('\n'));
  scene.world.addClient({ name: 'clients', cluster: 'demo' });
  const took = await scene.until(() => running(scene) === count && labelled(scene) === count, 6 * UP_MS_MAX);
  assert.ok(took, `${labelled(scene)} labelled\n${clients(scene).map(describe).join('\n')}`);
}

test('spec 01 §23 #36, 08 §11 #49: 20 clients come up with labels; at rest nobody writes a node or lists WekaClients', async () => {
  const { scene, counted } = clientScene('clients-20', 20);
  await up(scene, 20);
  for (const { processes } of scene.world.nodes.values()) {
    const [client] = [...processes.values()].filter(({ mode }) => mode === 'client');
    const [port, agent] = ['port', 'agent_port'].map((name) => Number(client?.read(`${RUNTIME}/vars/${name}`)));
    // Chosen by itself: one for its agent, then the first hundred behind it.
    assert.equal([port, agent], [45_001, 45_000]);
  }
  const before = { ...counted };
  await scene.forMs(10 * MINUTE_MS);
  assert.equal(counted, before);
  assert.is(labelled(scene), 20);
  assert.equal(scene.world.oracle.violations, []);
  scene.world.deleteClient('clients');
  const gone = await scene.until(() => clients(scene).length === 0, UP_MS_MAX);
  assert.ok(gone, clients(scene).map(describe).join('\n'));
  assert.is(labelled(scene), 0);
  assert.equal(scene.world.oracle.violations, []);
  assert.is(scene.controller().system.counts.crashes, 0);
  scene.crash();
});

test('with one call in ten failing clients come up, and leave without a label', async () => {
  const { scene } = clientScene('clients-failing', 8, { ...CSI, CSI_CLEAN_STALE_LABELS: 'true' }, 0.1);
  await up(scene, 8);
  scene.world.deleteClient('clients');
  const gone = await scene.until(() => clients(scene).length === 0, 6 * UP_MS_MAX);
  assert.ok(gone, clients(scene).map(describe).join('\n'));
  assert.is(labelled(scene), 0);
  assert.equal(scene.world.oracle.violations, []);
  assert.is(scene.controller().system.counts.crashes, 0);
  scene.crash();
});

test('spec 08 §11 #28: a controller that was away for 10 minutes takes no label away', async () => {
  const { scene, counted } = clientScene('clients-away', 6);
  await up(scene, 6);
  await scene.forMs(MINUTE_MS); // What was learned is written by then.
  scene.crash();
  await scene.forMs(10 * MINUTE_MS);
  const before = counted.nodeWrites;
  const oldest = () => Math.min(...clients(scene).map(({ status }) => Date.parse(status?.stats?.lastUpdate ?? '')));
  const old = oldest();
  scene.start();
  assert.ok(await scene.until(() => oldest() > old, 2 * MINUTE_MS));
  await scene.forMs(10 * MINUTE_MS);
  assert.is(counted.nodeWrites, before);
  assert.is(labelled(scene), 6);
  scene.crash();
});

test('spec 08 §11 #10, #11: labels edited by hand are put right, those of other drivers are left alone', async () => {
  const { scene } = clientScene('clients-edit', 6);
  await up(scene, 6);
  const [name = ''] = scene.world.nodes.keys();
  const labels = { [`topology.${DRIVER}/transport`]: 'nfs', 'topology.other.weka.io/accessible': 'true' };
  const ref = { type: NODES, name };
  scene.world.store.request({ verb: 'mergePatch', ref, patch: { metadata: { labels } } });
  assert.ok(await scene.until(() => labelsOf(scene, name)[`topology.${DRIVER}/transport`] === 'wekafs', 30_000));
  assert.is(labelsOf(scene, name)['topology.other.weka.io/accessible'], 'true');
  scene.crash();
});

test('spec 08 §11 #13: node writes refused for ever do not keep a client from Running', async () => {
  const refusing = (api: KubeApi): KubeApi => ({
    ...api,
    request: (request, ...rest) => {
      const labels = request.verb === 'mergePatch' && JSON.stringify(request.patch).includes('topology.');
      if (!labels) return api.request(request, ...rest);
      return Promise.resolve({ kind: 'refused', status: 403, reason: 'Forbidden', message: 'nodes is forbidden' });
    },
  });
  const scene = createScene({
    seed: 'clients-403',
    nodes: 6,
    drive: 5,
    compute: 5,
    env: CSI,
    outside: { kube: refusing },
  });
  scene.start();
  assert.ok(await scene.until(scene.allUp, UP_MS_MAX), scene.notUp().join('\n'));
  scene.world.addClient({ name: 'clients', cluster: 'demo' });
  assert.ok(await scene.until(() => clients(scene).length === 6 && running(scene) === 6, UP_MS_MAX));
  await scene.forMs(5 * MINUTE_MS);
  assert.is(labelled(scene), 0);
  const bad = clients(scene).flatMap(
    ({ status }) => status?.conditions?.filter(({ status: is }) => is !== 'True') ?? [],
  );
  assert.equal(bad, []);
  scene.crash();
});

test('spec 08 §11 #20: without their target cluster clients are repaired, leave, and take their labels with them', async () => {
  const { scene } = clientScene('clients-orphaned', 6);
  await up(scene, 6);
  scene.world.deleteCluster('demo');
  const [first] = clients(scene);
  const ref = { type: PODS, namespace: 'weka', name: first?.metadata.name ?? '' };
  const gone = () => scene.world.store.all<WekaContainer>(CONTAINERS).every(({ spec }) => spec.mode === 'client');
  assert.ok(await scene.until(gone, UP_MS_MAX));
  const pod = scene.world.store.get(ref)?.metadata.uid;
  for (const process of [...(scene.world.nodes.get(first?.spec.nodeAffinity ?? '')?.processes.values() ?? [])])
    process.end(1);
  scene.world.store.request({ verb: 'delete', ref });
  const repaired = () => ![undefined, pod].includes(scene.world.store.get(ref)?.metadata.uid);
  assert.ok(await scene.until(repaired, UP_MS_MAX));
  assert.is(labelled(scene) > 0, true);
  scene.world.deleteClient('clients');
  assert.ok(await scene.until(() => clients(scene).length === 0, UP_MS_MAX));
  assert.is(labelled(scene), 0);
  scene.crash();
});

test('spec 08 §11 #55: with CSI_REQUIRE_NODE_PLUGIN labels wait for the driver in the CSINode', async () => {
  const { scene } = clientScene('clients-plugin', 6, { ...CSI, CSI_REQUIRE_NODE_PLUGIN: 'true' });
  scene.start();
  assert.ok(await scene.until(scene.allUp, UP_MS_MAX), scene.notUp().join('\n'));
  scene.world.addClient({ name: 'clients', cluster: 'demo' });
  assert.ok(await scene.until(() => running(scene) === 6, UP_MS_MAX));
  await scene.forMs(5 * MINUTE_MS);
  assert.is(labelled(scene), 0);
  const [name = ''] = scene.world.nodes.keys();
  scene.world.store.request({
    verb: 'create',
    type: CSI_NODES,
    object: csiNode(name),
  });
  assert.ok(await scene.until(() => labelled(scene) === 1, 30_000));
  scene.crash();
});

test.run();
