/** What must never happen to what a container leaves behind. Each test tells its story twice (never.ts). Source: spec 03, 14 no. 8, 9, 17. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ownDirectory } from '../../actors/flows/steps/clean-up.ts';
import { finalize } from '../../actors/flows/steps/finalize.ts';
import { knownInfo } from '../../actors/node/discovery.ts';
import { DISCOVERY_ANNOTATION } from '../../actors/rules/node-info.ts';
import { CONTAINERS, NODES, refOf } from '../../messages/kube.ts';
import { comes, comesUp, first, isGone, isTold, nodeOf, now, processOf, remove, table, tell } from './never.ts';
import { mainChanged, noPods, podsMade } from './outsides.ts';
import { MINUTE_MS, type Scene } from './scene.ts';

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

/** Of all containers: the uid that ends the path is missing. */
const directoryOfAll: typeof ownDirectory = (pass) => {
  const own = ownDirectory(pass);
  return typeof own === 'string' ? own : { ...own, path: own.path.slice(0, own.path.lastIndexOf('/')) };
};
test('spec 03 §14 #9: the directory of one that stays is not wiped', () =>
  tell({
    seed: 'never 9',
    expected: ['foreign-directory-wiped', 'directory-wiped-in-use'],
    // So few nodes that each has one of both roles.
    with: { nodes: 3 },
    without: {
      controller: { flows: table('deleting', 'D26', (row) => ({ ...row, run: finalize(directoryOfAll) })) },
    },
    story: async (scene, guarded) => {
      await comesUp(scene);
      const leaver = first(scene, 'compute');
      const node = nodeOf(scene, leaver);
      const own = processOf(scene, leaver)?.directory;
      const others = [...node.processes.values()].filter(({ local, directory }) => local && directory !== own);
      assert.ok(others.length > 0, 'it has a neighbour');
      remove(scene, leaver);
      await comes(scene, () => isGone(scene, leaver));
      if (!guarded) return;
      const left = [...node.directories.values()];
      assert.not.ok(own !== undefined && left.includes(own), 'its own is gone');
      for (const { directory, local } of others) {
        assert.ok(left.includes(directory) && directory.setUp);
        assert.is(local?.runStatus, 'Running');
      }
    },
  }));

/** As by a controller for which one claim of all containers is a setting of its own. */
const podsInClaim = mainChanged(({ env = [] }) => ({
  env: [...env, { name: 'WEKA_PERSISTENCE_MODE', value: 'global' }],
}));
const claim = { name: 'weka-container-global-persistence-dir', persistentVolumeClaim: { claimName: 'all' } };
const volumeOfAll = podsMade((spec) => ({ ...spec, volumes: [...(spec.volumes ?? []), claim] }));
/** Does not look at the setting. */
const directoryOnHost: typeof ownDirectory = (pass) =>
  ownDirectory({ ...pass, settings: { ...pass.settings, localDataPvc: '' } });
test('spec 03 §14 #9: nothing is wiped of one that may have its data in a claim its spec does not name', () =>
  tell({
    seed: 'never 9 claim',
    expected: ['other-directory-wiped'],
    with: { env: { LOCAL_DATA_PVC: 'all' }, outside: { kube: (api) => volumeOfAll(podsInClaim(api)) } },
    without: {
      controller: { flows: table('deleting', 'D26', (row) => ({ ...row, run: finalize(directoryOnHost) })) },
    },
    story: async (scene, guarded) => {
      await comesUp(scene);
      const leaver = first(scene, 'compute');
      const { directories } = nodeOf(scene, leaver);
      const own = processOf(scene, leaver)?.directory;
      remove(scene, leaver);
      await scene.until(() => isTold(scene) || isGone(scene, leaver), 15 * MINUTE_MS);
      if (!guarded) return;
      assert.ok(now(scene, leaver), 'it waits');
      assert.ok(own !== undefined && [...directories.values()].includes(own) && own.setUp);
      // Its cluster's controller comes to name the claim.
      const ref = refOf(CONTAINERS, leaver.metadata);
      scene.world.store.request({ verb: 'mergePatch', ref, patch: { spec: { pvc: { name: 'all' } } } });
      await comes(scene, () => isGone(scene, leaver));
      assert.not.ok([...directories.values()].includes(own), 'its own is gone');
    },
  }));

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
/** Where it lies is not guessed without a record of the node. */
const recordedDirectory: typeof ownDirectory = (pass) =>
  pass.node !== undefined && knownInfo(pass.node, pass.view, pass.settings).kind === 'known'
    ? ownDirectory(pass)
    : 'the node is not known yet';
test('spec 03 §14 #17, F39: a leave does not wait for what nobody finds out about its node', () =>
  tell({
    seed: 'never 17',
    expected: ['leave-waits-for-discovery'],
    without: {
      controller: {
        flows: table('deleting', 'D26', (row) => ({ ...row, run: finalize(recordedDirectory) })),
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
