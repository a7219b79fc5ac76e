/** A running fleet whose node agents restart, change their token, or are of another image. Source: spec 07, 13 to 16. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { STANDARD_NODE } from '../../deploy/sandbox/world/nodes.ts';
import { CONTAINERS, PODS, refOf, SECRETS } from '../../messages/kube.ts';
import type { Pod } from '../../messages/resources.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { createScene, MINUTE_MS, type Scene, type SceneOptions, UP_MS_MAX } from './scene.ts';

async function running(seed: string, more: Partial<SceneOptions> = {}): Promise<Scene> {
  const scene = createScene({ seed, nodes: 3, drive: 2, compute: 2, ...more });
  scene.start();
  assert.type(await scene.until(scene.allUp, UP_MS_MAX), 'number', scene.notUp().join('\n'));
  await scene.forMs(5 * MINUTE_MS);
  return scene;
}
const callsOf = ({ world, clock }: Scene, sinceMs: number) =>
  world.agent.log.filter(({ startMs }) => startMs >= sinceMs && startMs <= clock.monotonicMs());
const secretRef = { type: SECRETS, namespace: 'weka-operator-system', name: 'weka-node-agent-secret' };
/** Virtual minutes since the figures of the container that is worst off were written. */
const oldestMinutes = ({ own, clock }: Scene): number =>
  Math.max(...own().map(({ status }) => clock.wallMs() - Date.parse(status?.stats?.lastUpdate ?? ''))) / MINUTE_MS;

test('I7: an agent hears of a container once, however long it runs', async () => {
  const scene = await running('once');
  const fromMs = scene.clock.monotonicMs();
  await scene.forMs(10 * MINUTE_MS);
  const routes = callsOf(scene, fromMs).map(({ route }) => route);
  assert.is(routes.filter((route) => route === '/register').length, 0);
  assert.ok(routes.filter((route) => route === '/getContainerInfo').length >= 4 * 6);
  scene.crash();
});

test('spec 07 §23 #47: after a restart of an agent its containers are registered again within 2 minutes, and figures go on', async () => {
  const scene = await running('restart');
  for (const name of scene.world.nodes.keys()) scene.world.agentRestarted(name);
  const fromMs = scene.clock.monotonicMs();
  await scene.forMs(2 * MINUTE_MS);
  const registered = callsOf(scene, fromMs).filter(({ route }) => route === '/register');
  assert.is(registered.length, scene.own().length);
  await scene.forMs(10 * MINUTE_MS);
  assert.ok(oldestMinutes(scene) < 4, `${oldestMinutes(scene)}`);
  const last = callsOf(scene, fromMs + 3 * MINUTE_MS).filter(({ route }) => route === '/getContainerInfo');
  assert.ok(last.length > 0 && last.every(({ outcome }) => outcome === 'ok'));
  scene.crash();
});

test('spec 07 §23 #47: a new pod of the agent is told of every container, an ssdproxy too, which no figures are read of', async () => {
  const scene = await running('new-pod', {
    world: { shape: { ...STANDARD_NODE, signedFor: () => 'proxy' } },
    order: { driveCapacity: 500, numDrives: 1 },
  });
  const proxies = () => scene.world.store.all<WekaContainer>(CONTAINERS).filter(({ spec }) => spec.mode === 'ssdproxy');
  assert.ok(proxies().length > 0);
  const fromMs = scene.clock.monotonicMs();
  for (const pod of scene.world.store.all<Pod>(PODS)) {
    if (pod.metadata.labels?.app !== 'weka-node-agent') continue;
    scene.world.store.request({ verb: 'delete', ref: refOf(PODS, pod.metadata) });
  }
  await scene.forMs(2 * MINUTE_MS);
  const registered = callsOf(scene, fromMs).filter(({ route, outcome }) => route === '/register' && outcome === 'ok');
  // One whose figures are read in that very moment is told twice: on the 404, and on the change.
  assert.ok(registered.length >= scene.own().length + proxies().length, `${registered.length}`);
  const known = registered.length;
  await scene.forMs(5 * MINUTE_MS);
  assert.is(callsOf(scene, fromMs).filter(({ route }) => route === '/register').length, known, 'and then no more');
  scene.crash();
});

test('spec 07 §23 #48: with a new token the 401s stop within 2 minutes and nobody leaves Running', async () => {
  // An agent reads its token again at the first call after a minute: enough of them that some are called sooner.
  const scene = await running('token', { nodes: 8, drive: 8, compute: 8 });
  const left: string[] = [];
  scene.world.store.request({
    verb: 'mergePatch',
    ref: secretRef,
    patch: { data: { token: Buffer.from('another').toString('base64') } },
  });
  const fromMs = scene.clock.monotonicMs();
  await scene.until(() => {
    for (const { metadata, status } of scene.own()) if (status?.status !== 'Running') left.push(metadata.name);
    return false;
  }, 10 * MINUTE_MS);
  assert.equal(left, []);
  const refused = callsOf(scene, fromMs).filter(({ outcome }) => outcome === 'status');
  assert.ok(refused.length > 0, 'agents hold a token for up to a minute');
  assert.ok(refused.every(({ startMs }) => startMs < fromMs + 2 * MINUTE_MS));
  assert.ok(oldestMinutes(scene) < 4);
  scene.crash();
});

test('spec 07 §23 #49, 08 §11 #29: agents of another image are not called; their containers stay as they are', async () => {
  const scene = await running('image');
  for (const pod of scene.world.store.all<Pod>(PODS)) {
    if (pod.metadata.labels?.app !== 'weka-node-agent') continue;
    const containers = pod.spec?.containers?.map((container) => ({ ...container, image: 'other:1' }));
    scene.world.store.request({ verb: 'mergePatch', ref: refOf(PODS, pod.metadata), patch: { spec: { containers } } });
  }
  await scene.forMs(1_000);
  const fromMs = scene.clock.monotonicMs();
  const before = scene.own().map(({ status }) => status?.stats?.lastUpdate);
  await scene.forMs(10 * MINUTE_MS);
  assert.equal(callsOf(scene, fromMs), []);
  assert.ok(scene.allUp(), scene.notUp().join('\n'));
  assert.equal(
    scene.own().map(({ status }) => status?.stats?.lastUpdate),
    before,
    'the last figures stay, with their time',
  );
  scene.crash();
});

test.run();
