/** Evicted pods are cleared away, whoever they belong to. Source: spec 08, 6.6; spec 02, 2.7. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { REFERENCE_MANAGER } from '../../io/second-writer.ts';
import { CONTAINERS, PODS, refOf } from '../../messages/kube.ts';
import type { Pod } from '../../messages/resources.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { createScene, MINUTE_MS, type Scene, UP_MS_MAX } from './scene.ts';

/** Steps that replace finished pods are off: only the rule itself is at work. */
async function running(seed: string, env: Readonly<Record<string, string>> = {}) {
  const scene = createScene({
    seed,
    nodes: 2,
    drive: 1,
    compute: 2,
    env: { FINISHED_POD_CLEANUP_ENABLED: 'false', ...env },
  });
  scene.start();
  const formed = () => scene.own().length === 3 && scene.own().every(({ status }) => status?.status === 'Running');
  assert.type(await scene.until(formed, UP_MS_MAX), 'number', scene.notUp().join('\n'));
  return { scene, formed };
}
const podOf = (scene: Scene): Pod => {
  const container = scene.own().find(({ spec }) => spec.mode === 'compute');
  const pod = container && scene.world.store.get<Pod>(refOf(PODS, container.metadata));
  if (pod === undefined) throw new Error('no pod');
  return pod;
};

test('spec 02 §12 #47, 08 §11 #31: an evicted pod is deleted within the interval, and its container makes a new one', async () => {
  const { scene, formed } = await running('evicted');
  const evicted = podOf(scene);
  scene.world.evictPod(evicted.metadata.uid);
  const ref = refOf(PODS, evicted.metadata);
  const uid = () => scene.world.store.get(ref)?.metadata.uid;
  assert.type(await scene.until(() => uid() !== evicted.metadata.uid, 2 * MINUTE_MS), 'number');
  assert.type(await scene.until(() => uid() !== undefined && formed(), UP_MS_MAX), 'number', scene.notUp().join('\n'));
  assert.is(scene.world.oracle.text(), '');
  scene.crash();
});

for (const [name, env, status] of [
  ['switched off', { EVICTED_POD_CLEANUP_ENABLED: 'false' }, { phase: 'Failed', reason: 'Evicted' }],
  ['another reason', {}, { phase: 'Failed', reason: 'NodeLost' }],
  ['not failed', {}, { phase: 'Running', reason: 'Evicted' }],
] as const) {
  test(`spec 08 §11 #31: nothing is deleted: ${name}`, async () => {
    const { scene } = await running('kept', env);
    const pod = podOf(scene);
    const ref = refOf(PODS, pod.metadata);
    scene.world.store.request({ verb: 'mergePatch', ref, subresource: 'status', patch: { status } });
    await scene.forMs(6 * MINUTE_MS);
    assert.is(scene.world.store.get(ref)?.metadata.uid, pod.metadata.uid);
    scene.crash();
  });
}

test('spec 08 §8.8: an evicted pod of a container that another controller reconciles too is left to it', async () => {
  const { scene } = await running('contested');
  const pod = podOf(scene);
  const contest = (): void => {
    const container = scene.world.store.get<WekaContainer>(refOf(CONTAINERS, pod.metadata));
    const status = container?.status?.status === 'Error' ? 'Unhealthy' : 'Error';
    const request = { verb: 'mergePatch', ref: refOf(CONTAINERS, pod.metadata), subresource: 'status' } as const;
    scene.world.store.request({ ...request, patch: { status: { status } } }, { fieldManager: REFERENCE_MANAGER });
  };
  contest();
  await scene.forMs(1_000);
  const ref = refOf(PODS, pod.metadata);
  const evicted = { status: { phase: 'Failed', reason: 'Evicted' } };
  scene.world.store.request({ verb: 'mergePatch', ref, subresource: 'status', patch: evicted });
  for (let minute = 0; minute < 6; minute += 1) {
    await scene.forMs(MINUTE_MS);
    contest();
  }
  assert.is(scene.world.store.get(ref)?.metadata.uid, pod.metadata.uid);
  scene.crash();
});

test.run();
