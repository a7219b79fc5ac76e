/** What must never stop a pod, or send its container away. Each test tells its story twice (never.ts). Source: spec 03, 14 no. 10, 11, 13, 14. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { handlePodTermination } from '../../actors/flows/steps/pod-termination.ts';
import { CONTAINERS, refOf } from '../../messages/kube.ts';
import { done } from '../../messages/verdict.ts';
import { TIMESTAMPS } from '../../messages/weka-container.ts';
import {
  comes,
  comesUp,
  first,
  isGone,
  isTold,
  nodeOf,
  now,
  podOf,
  processOf,
  remove,
  removePod,
  table,
  tell,
} from './never.ts';
import { mainChanged, nodesReady, podsMade, sentIsDone, withGrace } from './outsides.ts';
import { MINUTE_MS, type SceneOptions } from './scene.ts';

test('spec 03 §14 #10, §17 #43: a pod that could not be told to stop is no reason to leave', () =>
  tell({
    seed: 'never 10',
    expected: ['evicted-before-its-time'],
    without: { outside: { kube: nodesReady, exec: sentIsDone } },
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

/** Whoever says where names the container, whichever pod it has; the pods look there. */
const placeOfAll: Partial<SceneOptions> = {
  controller: {
    flows: table('active', '20', (row) => ({
      ...row,
      run: (pass) => {
        const { pod, uid } = pass;
        if (pod === undefined) return done;
        return handlePodTermination({ ...pass, pod: { ...pod, metadata: { ...pod.metadata, uid } } });
      },
    })),
  },
  outside: {
    kube: mainChanged(({ env = [] }) => {
      const container = env.find(({ name }) => name === 'WEKA_CONTAINER_ID')?.value ?? '';
      return { env: env.map((each) => (each.name === 'POD_ID' ? { name: 'POD_ID', value: container } : each)) };
    }),
  },
};
/** `/tmp` is one for all pods of a container. */
const lastingFlags: Partial<SceneOptions> = {
  outside: {
    kube: mainChanged(({ volumeMounts = [] }) => ({
      volumeMounts: [...volumeMounts, { name: 'weka-container-persistence-dir', mountPath: '/tmp', subPath: 'tmp' }],
    })),
  },
};
for (const [what, without] of [
  ['whose place names its pod', placeOfAll],
  ['that is a flag of its container', lastingFlags],
] as const) {
  test(`spec 03 §14 #13: an instruction ${what} does not stop the next one`, () =>
    tell({
      seed: 'never 13',
      expected: ['instruction-outlived-its-pod'],
      without,
      story: async (scene, guarded) => {
        await comesUp(scene);
        const victim = first(scene, 'compute');
        const replaced = async (): Promise<void> => {
          const before = podOf(scene, victim)?.metadata.uid;
          removePod(scene, victim);
          await comes(scene, () => ![undefined, before].includes(podOf(scene, victim)?.metadata.uid) && scene.allUp());
        };
        await replaced();
        if (!guarded) return;
        const successor = processOf(scene, victim);
        assert.ok(successor);
        // A signal alone does not stop it, and nothing permits it to.
        successor.terminate();
        await scene.forMs(5 * MINUTE_MS);
        assert.is(processOf(scene, victim), successor);
        assert.is(successor.local?.runStatus, 'Running');
        await replaced();
        assert.ok(successor.ended, 'its own stops it');
      },
    }));
}

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

/** Kubernetes gives them half a minute. */
const graceOfOthers = podsMade(({ terminationGracePeriodSeconds: _, ...spec }) => spec);
test('spec 03 §14 #14: a pod that cannot be told to stop is waited for: its grace period does not end', () =>
  tell({
    seed: 'never 14 untold',
    expected: ['weka-killed-by-kubelet'],
    without: { outside: { kube: graceOfOthers } },
    story: async (scene, guarded) => {
      await comesUp(scene);
      const { faults } = scene.world;
      const victim = first(scene, 'compute');
      const process = processOf(scene, victim);
      const deaf = ['StopInstructionsViaAgent', 'AllowForceStop', 'WekaLocalStop'].map((name) =>
        faults.add({ match: { name, node: nodeOf(scene, victim).name }, action: { kind: 'exit', code: 1 } }),
      );
      remove(scene, victim);
      await comes(scene, () => podOf(scene, victim)?.metadata.deletionTimestamp !== undefined);
      await scene.until(() => isTold(scene), 30 * MINUTE_MS);
      if (!guarded) return;
      assert.is(processOf(scene, victim), process);
      assert.is(process?.local?.runStatus, 'Running');
      for (const hears of deaf) hears();
      await comes(scene, () => isGone(scene, victim));
    },
  }));

test.run();
