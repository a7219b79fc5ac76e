/** Envoys beside s3, telemetry beside compute, data services: up, one left alone, all gone. Source: spec 07, 11; spec 04, 12.3. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CONTAINERS, JOBS, PODS, refOf } from '../../messages/kube.ts';
import { createScene, MINUTE_MS, UP_MS_MAX } from './scene.ts';

for (const failShare of [0, 0.1]) {
  test(`${failShare * 100} % failing calls: each envoy runs beside an s3, each telemetry container beside a compute, data services join; all go`, async () => {
    const scene = createScene({
      seed: `companions ${failShare}`,
      nodes: 7,
      drive: 3,
      compute: 3,
      failShare,
      order: { s3Containers: 2, dataServicesContainers: 1, telemetryContainers: 2 },
    });
    const { world } = scene;
    scene.start();
    assert.type(await scene.until(scene.allUp, 3 * UP_MS_MAX), 'number', scene.notUp().join('\n'));
    const nodesOf = (mode: string) =>
      scene.own().flatMap(({ spec, status }) => (spec.mode === mode ? (status?.nodeAffinity ?? []) : []));
    assert.equal(nodesOf('envoy').toSorted(), nodesOf('s3').toSorted());
    assert.ok(nodesOf('telemetry').every((node) => nodesOf('compute').includes(node)));
    const services = scene.own().find(({ spec }) => spec.mode === 'data-services');
    assert.type(services?.status?.containerID, 'number');
    world.deleteCluster('demo');
    const left = () => [...world.store.all(CONTAINERS), ...world.store.all(JOBS), ...world.store.all(PODS, 'weka')];
    assert.type(await scene.until(() => left().length === 0, 60 * MINUTE_MS), 'number', scene.notUp().join('\n'));
    assert.is(world.oracle.text(), '');
    scene.crash();
  });
}

test('a data services container that is deleted leaves its cluster like any backend, and is replaced', async () => {
  const scene = createScene({
    seed: 'data services',
    nodes: 7,
    drive: 3,
    compute: 3,
    order: { dataServicesContainers: 1 },
  });
  scene.start();
  assert.type(await scene.until(scene.allUp, 3 * UP_MS_MAX), 'number', scene.notUp().join('\n'));
  const victim = scene.own().find(({ spec }) => spec.mode === 'data-services');
  assert.ok(victim);
  scene.world.store.request({ verb: 'delete', ref: refOf(CONTAINERS, victim.metadata), uid: victim.metadata.uid });
  const gone = () => scene.own().every(({ metadata }) => metadata.uid !== victim.metadata.uid);
  assert.type(await scene.until(gone, 20 * MINUTE_MS), 'number', scene.notUp().join('\n'));
  assert.type(await scene.until(scene.allUp, 3 * UP_MS_MAX), 'number', scene.notUp().join('\n'));
  assert.is(scene.world.oracle.text(), '');
  scene.crash();
});

test.run();
