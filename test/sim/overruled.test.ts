/** A leave that its cluster overtakes: paused in the middle, then destroyed. Source: spec 03, 2 and 3.2. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CONDITIONS, isTrue } from '../../messages/condition.ts';
import { CONTAINERS, refOf } from '../../messages/kube.ts';
import { comesUp, first, isGone, now, podOf, remove } from './never.ts';
import { createScene, MINUTE_MS } from './scene.ts';

const IN_SIBLINGS = [
  'DeactivateContainer',
  'RemoveDrive',
  'RemoveContainer',
  'GetWekaContainer',
  'ListContainerDrives',
];

test('spec 03 §17 #62: deactivated, then paused, then destroyed: no command in a sibling, drives resigned once, gone', async () => {
  const scene = createScene({ seed: 'overruled', nodes: 7, drive: 3, compute: 3 });
  await comesUp(scene);
  const { world } = scene;
  const victim = first(scene, 'drive');
  const { uid } = victim.metadata;
  const setState = (state: string): void => {
    world.store.request({ verb: 'mergePatch', ref: refOf(CONTAINERS, victim.metadata), patch: { spec: { state } } });
  };
  let resigns = 0;
  world.store.watch({ type: CONTAINERS, resourceVersion: '', sendInitialEvents: true }, (event) => {
    if (event.kind === 'added' && event.object.metadata.name === `weka-force-resign-drives-${uid}`) resigns += 1;
  });
  remove(scene, victim);
  const deactivated = () => isTrue(now(scene, victim)?.status?.conditions, CONDITIONS.deactivated);
  assert.type(await scene.until(deactivated, 5 * MINUTE_MS), 'number');
  setState('paused');
  const paused = () => now(scene, victim)?.status?.status === 'Paused' && podOf(scene, victim) === undefined;
  assert.type(await scene.until(paused, 5 * MINUTE_MS), 'number');
  // As the cluster's own controller does before it has its containers destroyed.
  for (const cluster of world.clusters.all()) cluster.doomed = true;
  const before = world.exec.log.length;
  setState('destroying');
  assert.type(await scene.until(() => isGone(scene, victim), 10 * MINUTE_MS), 'number', scene.notUp().join('\n'));
  const id = String(victim.status?.containerID);
  const about = world.exec.log
    .slice(before)
    .filter(({ name, argv }) => IN_SIBLINGS.includes(name) && argv.includes(id));
  assert.equal(about, []);
  assert.is(resigns, 1);
  assert.is(world.oracle.text(), '');
  scene.crash();
});

test.run();
