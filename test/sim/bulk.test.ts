/** Many clients leave at once: nothing is asked without bound, and one that is not reached holds up nobody. Source: spec 03, 17 no. 55. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ExecApi, KubeApi } from '../../io/outside.ts';
import { CONTAINERS } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { createScene, describe, MINUTE_MS, type Scene, UP_MS_MAX } from './scene.ts';

const CLIENTS = 60;
const AT_ONCE = 8;
/** Its finalizer, its pod, its Job, status and events; and again where a write met another. */
const REQUESTS_EACH_MAX = 25;

const clients = ({ world }: Scene): readonly WekaContainer[] =>
  world.store.all<WekaContainer>(CONTAINERS).filter(({ spec }) => spec.mode === 'client');

test(`spec 03 §17 #55: ${CLIENTS} clients (for 10,000) deleted at once: pools are kept, each pod is told, one that is not reached holds up nobody, all go`, async () => {
  const now = { running: 0, most: 0, requests: 0, counts: false };
  const exec = (api: ExecApi): ExecApi => ({
    ...api,
    run: async (...asked) => {
      now.running += 1;
      now.most = Math.max(now.most, now.running);
      try {
        return await api.run(...asked);
      } finally {
        now.running -= 1;
      }
    },
  });
  const kube = (api: KubeApi): KubeApi => ({
    ...api,
    request: (...asked) => {
      if (now.counts) now.requests += 1;
      return api.request(...asked);
    },
  });
  const env = { EXEC_CONCURRENCY: String(AT_ONCE) };
  const scene = createScene({ seed: 'bulk', nodes: CLIENTS, drive: 5, compute: 5, env, outside: { exec, kube } });
  const { world } = scene;
  scene.start();
  assert.ok(await scene.until(scene.allUp, 6 * UP_MS_MAX), scene.notUp().join('\n'));
  world.addClient({ name: 'clients', cluster: 'demo' });
  const running = () => clients(scene).filter(({ status }) => status?.status === 'Running').length;
  assert.ok(await scene.until(() => running() === CLIENTS, 6 * UP_MS_MAX), clients(scene).map(describe).join('\n'));

  const [sick] = clients(scene);
  assert.ok(sick);
  const { name } = sick.metadata;
  const all = clients(scene).map(({ metadata }) => metadata);
  const fromMs = scene.clock.monotonicMs();
  world.faults.add({ match: { node: sick.spec.nodeAffinity ?? '' }, action: { kind: 'drop', afterDoing: false } });
  now.counts = true;
  world.deleteClient('clients');
  const othersGone = await scene.until(() => clients(scene).length === 1, 10 * MINUTE_MS);
  assert.ok(othersGone, clients(scene).map(describe).join('\n'));
  assert.is(clients(scene)[0]?.metadata.name, name);
  world.faults.clear();
  const allGone = await scene.until(() => clients(scene).length === 0, 30 * MINUTE_MS);
  assert.ok(allGone, clients(scene).map(describe).join('\n'));
  assert.ok(now.most <= AT_ONCE, `${now.most} commands at a time`);
  // In the pod itself, or through the agent of its node, which is given the uid.
  const told = world.exec.log.filter(({ startMs, outcome }) => startMs >= fromMs && outcome === 'ok');
  const isTold = (uid: string, pod: string): boolean =>
    told.some((each) =>
      each.name === 'StopInstructionsViaAgent'
        ? each.argv.some((word) => word.includes(uid))
        : each.name.startsWith('Allow') && each.pod === pod,
    );
  const untold = all.filter((each) => !isTold(each.uid, `${each.namespace}/${each.name}`));
  assert.equal(untold, []);
  assert.ok(now.requests <= CLIENTS * REQUESTS_EACH_MAX, `${now.requests / CLIENTS} requests for each`);
  assert.equal(world.oracle.violations, []);
});

test.run();
