/** What must never happen to a pod and to what it leaves behind. Most tests tell their story twice (never.ts). Source: spec 03, 14. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Step } from '../../actors/flows/step.ts';
import { ask } from '../../actors/flows/step.ts';
import { finalize } from '../../actors/flows/steps/finalize.ts';
import { changeState } from '../../actors/flows/steps/object.ts';
import { handlePodTermination } from '../../actors/flows/steps/pod-termination.ts';
import { knownInfo } from '../../actors/node/discovery.ts';
import { DISCOVERY_ANNOTATION } from '../../actors/rules/node-info.ts';
import type { KubeApi } from '../../io/outside.ts';
import { CONTAINERS, JOBS, NODES, PODS, refOf } from '../../messages/kube.ts';
import { done, doneWith, wait } from '../../messages/verdict.ts';
import { TIMESTAMPS } from '../../messages/weka-container.ts';
import {
  comes,
  comesUp,
  first,
  isGone,
  isTold,
  nodeOf,
  noPods,
  now,
  podOf,
  processOf,
  remove,
  removePod,
  rules,
  table,
  tell,
} from './never.ts';
import { createScene, MINUTE_MS, type Scene } from './scene.ts';

test('spec 03 §14 #8: neither directory nor finalizer goes while the process lives', () =>
  tell({
    seed: 'never 8',
    expected: ['directory-wiped-in-use', 'object-gone-under-process'],
    without: { outside: { kube: noPods('demo-compute') } },
    story: async (scene) => {
      await comesUp(scene);
      const victim = first(scene, 'compute');
      remove(scene, victim);
      assert.type(await scene.until(() => isGone(scene, victim), 15 * MINUTE_MS), 'number');
    },
  }));

// The guard is in the text of the Job (test/actors/flows/steps/away.test.ts, no. 9): here a hand makes another one.
test('spec 03 §14 #9: the directory of one that stays is not wiped', async () => {
  const scene = createScene({ seed: 'never 9', nodes: 7, drive: 3, compute: 3 });
  await comesUp(scene);
  const [leaver, neighbour] = scene.own().filter(({ spec }) => spec.mode === 'compute');
  assert.ok(leaver && neighbour);
  remove(scene, leaver);
  await comes(scene, () => isGone(scene, leaver));
  assert.equal(rules(scene), []);
  const path = `/opt/k8s-weka/containers/${neighbour.metadata.uid}`;
  const volumes = [{ name: 'weka-container-data', hostPath: { path } }];
  const nodeName = nodeOf(scene, neighbour).name;
  const object = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: `weka-cleanup-container-${leaver.metadata.uid}`, namespace: 'weka-operator-system' },
    spec: { template: { spec: { nodeName, restartPolicy: 'OnFailure', containers: [], volumes } } },
  };
  scene.world.store.request({ verb: 'create', type: JOBS, object });
  await scene.forMs(MINUTE_MS);
  assert.equal(rules(scene), ['foreign-directory-wiped', 'directory-wiped-in-use']);
  scene.crash();
});

/** Counts from the first look at a terminating pod, whether it was told or not. */
const countsUntold: Step['run'] = (pass) => {
  const since = pass.status.timestamps?.[TIMESTAMPS.stoppingAttempt];
  const at = new Date(pass.wallMs).toISOString();
  if (since === undefined) return doneWith({ status: { timestamps: { [TIMESTAMPS.stoppingAttempt]: at } } });
  return pass.wallMs - Date.parse(since) > 5 * MINUTE_MS ? ask('object', changeState(pass, 'deleting', 'x')) : done;
};
test('spec 03 §14 #10, §17 #43: a pod that could not be told to stop is no reason to leave', () =>
  tell({
    seed: 'never 10',
    expected: ['evicted-before-its-time'],
    without: { controller: { flows: table('active', '20', (row) => ({ ...row, run: countsUntold })) } },
    story: async (scene, guarded) => {
      await comesUp(scene);
      const victim = first(scene, 'drive');
      scene.world.life.cut(nodeOf(scene, victim).name);
      removePod(scene, victim);
      await scene.until(() => isTold(scene), 20 * MINUTE_MS);
      assert.is(now(scene, victim)?.spec.state, guarded ? 'active' : 'deleting');
    },
  }));

test('spec 03 §14 #11, §17 #44: a time that was taken for an earlier pod does not count', () => {
  const ageless = table('active', '20', (row) => ({
    ...row,
    run: (pass) => {
      const { pod } = pass;
      if (pod === undefined) return done;
      const metadata = { ...pod.metadata, creationTimestamp: '1970-01-01T00:00:00Z' };
      return handlePodTermination({ ...pass, pod: { ...pod, metadata } });
    },
  }));
  return tell({
    seed: 'never 11',
    expected: ['evicted-before-its-time'],
    // The row before drops the time of a pod that does not terminate.
    without: { controller: { flows: table('active', '19', () => undefined, ageless) } },
    story: async (scene, guarded) => {
      await comesUp(scene);
      const { world, clock } = scene;
      const victim = first(scene, 'compute');
      const before = podOf(scene, victim)?.metadata.uid;
      const old = new Date(clock.wallMs() - 60 * MINUTE_MS).toISOString();
      const patch = { status: { timestamps: { [TIMESTAMPS.stoppingAttempt]: old } } };
      world.store.request({
        verb: 'mergePatch',
        ref: refOf(CONTAINERS, victim.metadata),
        subresource: 'status',
        patch,
      });
      removePod(scene, victim);
      await comes(scene, () => ![undefined, before].includes(podOf(scene, victim)?.metadata.uid) && scene.allUp());
      if (guarded) assert.is(now(scene, victim)?.spec.state, 'active');
    },
  });
});

// There is no guard to take away: the place of an instruction names pod and boot, a flag ends with its container.
test('spec 03 §14 #13: an instruction to a pod does not stop the next one', async () => {
  const scene = createScene({ seed: 'never 13', nodes: 7, drive: 3, compute: 3 });
  await comesUp(scene);
  const victim = first(scene, 'compute');
  const { uid } = victim.metadata;
  const model = nodeOf(scene, victim);
  const before = podOf(scene, victim)?.metadata.uid ?? '';
  removePod(scene, victim);
  await comes(scene, () => ![undefined, before].includes(podOf(scene, victim)?.metadata.uid) && scene.allUp());
  const told = (pod: string): string => `${uid}/${pod}/${model.bootId}`;
  assert.ok(model.stopInstructions.get(told(before))?.allowStop, 'the old one lies there still');
  model.stopInstructions.set(told(before), { allowStop: true, allowForceStop: true });
  const successor = processOf(scene, victim);
  assert.ok(successor);
  // A signal alone does not stop it, and nothing permits it to.
  successor.terminate();
  await scene.forMs(5 * MINUTE_MS);
  assert.is(processOf(scene, victim), successor);
  assert.is(successor.local?.runStatus, 'Running');
  model.stopInstructions.set(told(successor.podUid), { allowStop: true, allowForceStop: false });
  successor.changed();
  assert.type(await scene.until(() => successor.ended, MINUTE_MS), 'number', 'its own stops it');
  assert.equal(rules(scene), []);
  scene.crash();
});

const withGrace =
  (gracePeriodSeconds: number) =>
  (api: KubeApi): KubeApi => ({
    ...api,
    request: (request, signal) =>
      api.request(
        request.verb === 'delete' && request.ref.type === PODS && request.ref.name.startsWith('demo-')
          ? { ...request, gracePeriodSeconds }
          : request,
        signal,
      ),
  });
for (const [seconds, rule] of [
  [30, 'pod-grace-shortened'],
  [0, 'pod-removed-under-process'],
] as const) {
  test(`spec 03 §14 #14: no pod is deleted with a grace period of ${seconds} s: the kubelet would kill weka`, () =>
    tell({
      seed: `never 14 ${seconds}`,
      expected: [rule],
      without: { outside: { kube: withGrace(seconds) } },
      story: async (scene) => {
        await comesUp(scene);
        const victim = first(scene, 'compute');
        remove(scene, victim);
        await comes(scene, () => isGone(scene, victim));
      },
    }));
}

test('spec 03 §14 #14: weka that is killed at the end of its grace period is heard of', async () => {
  const scene = createScene({ seed: 'never 14 killed', nodes: 7, drive: 3, compute: 3 });
  await comesUp(scene);
  const victim = first(scene, 'compute');
  // Nobody is left to tell it that it may stop.
  scene.crash();
  const ref = refOf(PODS, victim.metadata);
  scene.world.store.request({ verb: 'delete', ref, gracePeriodSeconds: 40 });
  await scene.forMs(2 * MINUTE_MS);
  assert.equal(rules(scene), ['pod-grace-shortened', 'weka-killed-by-kubelet']);
});

/** Nobody finds out anything about its node any more. */
function forgetNode(scene: Scene, node: string): void {
  const ref = { type: NODES, name: node };
  const patch = { metadata: { annotations: { [DISCOVERY_ANNOTATION]: null } } };
  scene.world.store.request({ verb: 'mergePatch', ref, patch });
  scene.world.faults.add({
    match: { channel: 'exec', name: 'FetchResults', node },
    action: { kind: 'stdout', text: '{' },
  });
}
test('spec 03 §14 #17, F39: a leave does not wait for what nobody finds out about its node', () =>
  tell({
    seed: 'never 17',
    expected: ['leave-waits-for-discovery'],
    without: {
      controller: {
        flows: table('deleting', 'D26', (row) => ({
          ...row,
          run: (pass) =>
            pass.node !== undefined && knownInfo(pass.node, pass.view, pass.settings).kind === 'known'
              ? finalize(pass)
              : wait(15_000, 'the node is not known yet'),
        })),
      },
    },
    story: async (scene, guarded) => {
      await comesUp(scene);
      const victim = first(scene, 'compute');
      forgetNode(scene, nodeOf(scene, victim).name);
      remove(scene, victim);
      await comes(scene, () => isGone(scene, victim), guarded ? 10 * MINUTE_MS : 40 * MINUTE_MS);
    },
  }));

test.run();
