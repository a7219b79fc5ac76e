/** What happens to nodes, agents and the API server under a running fleet. Afterwards all runs again, and nothing was lost. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CONTAINERS } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { createScene, MINUTE_MS, type Scene, UP_MS_MAX } from './scene.ts';
import { createWeather, type Weather } from './weather.ts';

interface Disturbance {
  readonly name: string;
  readonly happen: (scene: Scene, weather: Weather) => Promise<void>;
}
const nodeOf = (scene: Scene, mode: 'drive' | 'compute' = 'drive'): string =>
  scene.own().find(({ spec, status }) => spec.mode === mode && status?.nodeAffinity !== undefined)?.status
    ?.nodeAffinity ?? 'node-0001';

const disturbances: readonly Disturbance[] = [
  {
    name: 'a node reboots',
    happen: async (scene) => {
      const node = nodeOf(scene);
      scene.world.life.down(node);
      await scene.forMs(20_000);
      scene.world.life.up(node);
    },
  },
  {
    name: 'a node is down for ten minutes',
    happen: async (scene) => {
      const node = nodeOf(scene);
      scene.world.life.down(node);
      await scene.forMs(10 * MINUTE_MS);
      scene.world.life.up(node);
    },
  },
  {
    name: 'a node is cut off for five minutes',
    happen: async (scene) => {
      const node = nodeOf(scene, 'compute');
      scene.world.life.cut(node);
      await scene.forMs(5 * MINUTE_MS);
      scene.world.life.up(node);
    },
  },
  {
    name: 'the agent of each node restarts',
    happen: async (scene) => {
      for (const name of scene.world.nodes.keys()) scene.world.agentRestarted(name);
    },
  },
  {
    name: 'watches break and the API server has forgotten what was before',
    happen: async (scene, weather) => {
      weather.cutWatches();
      scene.world.store.forgetHistory();
    },
  },
  {
    name: 'the API server is not there for two minutes',
    happen: async (scene, weather) => {
      weather.setDown(true);
      await scene.forMs(2 * MINUTE_MS);
      weather.setDown(false);
    },
  },
];

/** Once nothing more happens: up, and up still a few minutes later, when slow consequences have come. */
async function recovers(scene: Scene, name: string): Promise<void> {
  const calm = async (): Promise<boolean> => {
    if ((await scene.until(scene.allUp, 2 * UP_MS_MAX)) === undefined) return false;
    await scene.forMs(3 * MINUTE_MS);
    return scene.allUp();
  };
  const recovered = (await calm()) || (await calm());
  assert.ok(recovered, `after "${name}":\n${scene.notUp().join('\n')}`);
  assert.is(scene.world.oracle.text(), '', name);
  assert.is(scene.controller().system.counts.crashes, 0, name);
}
function staged(seed: string): { readonly scene: Scene; readonly weather: Weather } {
  const weather = createWeather();
  const scene = createScene({ seed, nodes: 4, drive: 3, compute: 3, outside: { kube: weather.wrap } });
  scene.start();
  return { scene, weather };
}

test('a running fleet is Running again after each of: reboot, a node down or cut off, agents restarted, 410, no API server', async () => {
  const { scene, weather } = staged('running');
  await recovers(scene, 'start');
  for (const { name, happen } of disturbances) {
    await happen(scene, weather);
    await recovers(scene, name);
  }
  scene.crash();
});

for (const { name, happen } of disturbances) {
  test(`in the middle of a start: ${name}`, async () => {
    const { scene, weather } = staged(name);
    await scene.forMs(25_000);
    assert.not(scene.allUp());
    await happen(scene, weather);
    await recovers(scene, name);
    scene.crash();
  });
}

test('a node that dies under the helper which asks an image for its flags does not hold up the other nodes', async () => {
  const { scene } = staged('helper');
  const { store, life } = scene.world;
  const helpers = () =>
    store.all<WekaContainer>(CONTAINERS).filter(({ spec }) => spec.mode === 'adhoc-op-with-container');
  assert.type(await scene.until(() => helpers().length > 0, MINUTE_MS), 'number');
  const node = helpers()[0]?.spec.nodeAffinity ?? '';
  life.down(node);
  const others = () => scene.own().filter(({ status }) => status?.nodeAffinity !== node);
  const running = () => others().every(({ status }) => status?.status === 'Running');
  assert.type(await scene.until(running, 4 * MINUTE_MS), 'number', scene.notUp().join('\n'));
  assert.ok(others().length >= 4);
  life.up(node);
  await recovers(scene, 'the node is back');
  assert.type(await scene.until(() => helpers().length === 0, 5 * MINUTE_MS), 'number', 'helpers are left');
  scene.crash();
});

test.run();
