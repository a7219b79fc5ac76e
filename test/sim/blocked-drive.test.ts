/** A drive that is blocked on its node leaves its container and the cluster, and another one takes its place. Source: spec 06, 2.7 to 2.9. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NODES, refOf } from '../../messages/kube.ts';
import { createScene, MINUTE_MS, UP_MS_MAX } from './scene.ts';

for (const failShare of [0, 0.1]) {
  test(`spec 06 §10 #12: a blocked drive is replaced, ${failShare * 100} % failing calls`, async () => {
    const scene = createScene({ seed: `blocked ${failShare}`, nodes: 7, drive: 6, compute: 6, failShare });
    const { world } = scene;
    scene.start();
    assert.type(await scene.until(scene.allUp, 3 * UP_MS_MAX), 'number', scene.notUp().join('\n'));
    const victim = scene.own().find(({ spec }) => spec.mode === 'drive');
    assert.ok(victim);
    const now = () => scene.own().find(({ metadata }) => metadata.uid === victim.metadata.uid)?.status;
    const [serial = ''] = now()?.allocations?.drives ?? [];
    const name = victim.status?.nodeAffinity ?? '';
    const annotations = { 'weka.io/blocked-drives': JSON.stringify([serial]) };
    world.store.request({ verb: 'mergePatch', ref: refOf(NODES, { name }), patch: { metadata: { annotations } } });
    const replaced = (): boolean => {
      const { allocations, addedDrives = [] } = now() ?? {};
      const [drive] = addedDrives;
      const other = drive !== undefined && drive.serial_number !== serial && drive.status === 'ACTIVE';
      return addedDrives.length === 1 && other && allocations?.drives?.[0] === drive.serial_number;
    };
    assert.type(await scene.until(replaced, 15 * MINUTE_MS), 'number', JSON.stringify(now()));
    assert.is(world.nodes.get(name)?.drives.get(serial)?.heldAs, undefined);
    assert.is(world.oracle.text(), '');
  });
}

test.run();
