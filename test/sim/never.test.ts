/** What must never happen to a backend, its drives and its pod. Each test tells its story twice (never.ts). Source: spec 03, 14. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { probeLateJoin } from '../../actors/flows/steps/late-join.ts';
import { handlePodTermination } from '../../actors/flows/steps/pod-termination.ts';
import { resignDrives } from '../../actors/flows/steps/resign-drives.ts';
import { CONTAINERS, refOf } from '../../messages/kube.ts';
import {
  comes,
  comesUp,
  first,
  isGone,
  leftOut,
  now,
  podOf,
  processOf,
  remove,
  removePod,
  table,
  tell,
} from './never.ts';
import { noPods } from './outsides.ts';
import { createScene, MINUTE_MS, type Scene } from './scene.ts';

const leaves =
  (mode: string) =>
  async (scene: Scene): Promise<void> => {
    await comesUp(scene);
    const victim = first(scene, mode);
    remove(scene, victim);
    await comes(scene, () => isGone(scene, victim));
  };
/** As if the cluster went with it: nobody asks whether the drives still belong to it. */
const resignsUnasked = (flows = leftOut('deleting')) =>
  table(
    'deleting',
    'D25',
    (row) => ({ ...row, run: (pass) => resignDrives({ ...pass, spec: { ...pass.spec, state: 'destroying' } }) }),
    flows,
  );

test('spec 03 §14 #1: a member is not stopped by force before it is deactivated', () =>
  tell({
    seed: 'never 1',
    expected: ['active-backend-force-stopped'],
    without: { controller: { flows: leftOut('deleting', 'D15') } },
    story: leaves('compute'),
  }));

test('spec 03 §14 #1: the pod of a backend that is to stay is let go gracefully', () => {
  const overrides = { podDeleteForceReplace: true };
  const byForce = table('active', '20', (row) => ({
    ...row,
    run: (pass) => handlePodTermination({ ...pass, spec: { ...pass.spec, overrides } }),
  }));
  return tell({
    seed: 'never 1 active',
    expected: ['backend-force-stopped'],
    without: { controller: { flows: byForce } },
    story: async (scene) => {
      await comesUp(scene);
      const victim = first(scene, 'compute');
      const before = processOf(scene, victim);
      removePod(scene, victim);
      await comes(scene, () => ![undefined, before].includes(processOf(scene, victim)) && scene.allUp());
    },
  });
});

test('spec 03 §14 #2: nor one whose id was found at the last moment', () =>
  tell({
    seed: 'never 2',
    expected: ['active-backend-force-stopped'],
    without: { controller: { flows: table('deleting', 'D17', (row) => ({ ...row, run: probeLateJoin() })) } },
    story: async (scene) => {
      scene.start();
      await comes(scene, () => scene.own().some(({ spec }) => spec.mode === 'compute'));
      const victim = first(scene, 'compute');
      const pod = `${victim.metadata.namespace}/${victim.metadata.name}`;
      // It is a member from the forming on, and cannot say so.
      const speechless = scene.world.faults.add({
        match: { channel: 'exec', name: 'WekaLocalContainerGetIdentity', pod },
        action: { kind: 'exit', code: 1 },
      });
      await comes(scene, () => processOf(scene, victim)?.local?.member() !== undefined);
      assert.is(now(scene, victim)?.status?.containerID, undefined);
      remove(scene, victim);
      speechless();
      await comes(scene, () => isGone(scene, victim));
    },
  }));

test('spec 03 §14 #3: drives of one whose id is not on record are not erased while its cluster has them', () =>
  tell({
    seed: 'never 3',
    expected: ['drive-resigned-in-cluster'],
    without: { controller: { flows: resignsUnasked(leftOut('deleting', 'D17')) } },
    story: async (scene, guarded) => {
      await comesUp(scene);
      const { world } = scene;
      const victim = first(scene, 'drive');
      const { namespace, name, uid } = victim.metadata;
      world.faults.add({
        match: { channel: 'exec', name: 'WekaLocalContainerGetIdentity', pod: `${namespace}/${name}` },
        action: { kind: 'exit', code: 1 },
      });
      remove(scene, victim);
      const ref = refOf(CONTAINERS, victim.metadata);
      world.store.request({ verb: 'mergePatch', ref, subresource: 'status', patch: { status: { containerID: null } } });
      await comes(scene, () => isGone(scene, victim));
      if (!guarded) return;
      const hosts = world.clusters.all().flatMap((cluster) => [...cluster.hosts.values()]);
      assert.not.ok(
        hosts.some(({ containerUid }) => containerUid === uid),
        'it was not left behind either',
      );
    },
  }));

test('spec 03 §14 #4: drives are not erased before they and their host are out of the cluster', () =>
  tell({
    seed: 'never 4',
    expected: ['drive-resigned-in-cluster'],
    without: { controller: { flows: resignsUnasked(leftOut('deleting', 'D16', 'D22')) } },
    story: leaves('drive'),
  }));

test('spec 03 §14 #5: drives are not erased under the process that works with them', () =>
  tell({
    seed: 'never 5',
    expected: ['drive-erased-under-process'],
    without: { outside: { kube: noPods('demo-drive') } },
    story: leaves('drive'),
  }));

test('spec 03 §14 #12: hosts of one role leave a minute apart', () => {
  const world = { removalsApartMs: 55_000 };
  return tell({
    seed: 'never 12',
    expected: ['hosts-removed-at-once'],
    with: { drive: 6, world, env: { REMOVAL_THROTTLING_ENABLED: 'true' } },
    without: { env: {} },
    story: async (scene) => {
      await comesUp(scene);
      const victims = scene
        .own()
        .filter(({ spec }) => spec.mode === 'drive')
        .slice(0, 2);
      for (const victim of victims) remove(scene, victim);
      await comes(scene, () => victims.every((victim) => isGone(scene, victim)));
    },
  });
});

test('spec 03 §14 #15: one that was deactivated gets no pod again', () =>
  tell({
    seed: 'never 15',
    expected: ['pod-made-for-leaving'],
    without: {
      controller: {
        // The predicate before the last asks whether it is deactivated.
        flows: table('deleting', 'D6', (row) => ({ ...row, when: row.when.filter((_, index) => index !== 3) })),
      },
    },
    story: leaves('compute'),
  }));

test('spec 03 §14 #15: a start that is under way when the deletion comes makes no pod after it', async () => {
  const scene = createScene({ seed: 'never 15 start', nodes: 7, drive: 3, compute: 3 });
  scene.start();
  await comes(scene, () => scene.own().length === 6);
  const victims = scene.own();
  for (const victim of victims) remove(scene, victim);
  const late = (): boolean =>
    victims.some((victim) => now(scene, victim)?.spec.state === 'deleting' && podOf(scene, victim) !== undefined);
  await scene.forMs(1_000);
  assert.type(await scene.until(() => !late(), MINUTE_MS), 'number');
  await comes(scene, () => late() || victims.every((victim) => isGone(scene, victim)));
  assert.not.ok(late());
  assert.is(scene.world.oracle.text(), '');
  scene.crash();
});

test.run();
