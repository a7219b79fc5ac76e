/** A weka that misbehaves while a fleet comes up and while containers leave: nothing is lost, and when it behaves again all is as it should be. Source: spec 07, 21.5. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MISBEHAVIOURS, type Misbehaviour } from '../../deploy/sandbox/world/misbehaviour.ts';
import { CLUSTERS, CONTAINERS, EVENTS, JOBS, type KubeObject, PODS, refOf } from '../../messages/kube.ts';
import type { WekaCluster } from '../../messages/weka-cluster.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { createScene, describe, MINUTE_MS, type Scene, UP_MS_MAX } from './scene.ts';

const left = ({ world: { store } }: Scene) => [
  ...store.all<WekaContainer>(CONTAINERS),
  ...store.all(JOBS),
  ...store.all(PODS, 'weka'),
];

const reasons = ({ world: { store } }: Scene): ReadonlySet<unknown> =>
  new Set(store.all<KubeObject & { readonly reason?: string }>(EVENTS).map(({ reason }) => reason));

for (const name of Object.keys(MISBEHAVIOURS) as Misbehaviour[]) {
  test(`spec 07 §21.5 ${name}: up, one leaves, all leave; each ends right once weka behaves`, async () => {
    const scene = createScene({ seed: `misbehaviour ${name}`, nodes: 4, drive: 3, compute: 3 });
    const { world } = scene;
    const misbehave = (): void => {
      for (const rule of MISBEHAVIOURS[name]) world.faults.add(rule);
    };
    const clean = (): void => assert.is(world.oracle.text(), '', name);
    const id = () => world.store.all<WekaCluster>(CLUSTERS)[0]?.status?.clusterID;
    scene.start();
    // A cluster takes its id from its first member: until then nobody can tell a wrong one.
    if (name === 'anotherContainer') assert.type(await scene.until(() => Boolean(id()), UP_MS_MAX), 'number');
    misbehave();
    await scene.forMs(3 * MINUTE_MS);
    clean();
    world.faults.clear();
    assert.type(await scene.until(scene.allUp, UP_MS_MAX), 'number', scene.notUp().join('\n'));

    const victim = scene.own().find(({ spec }) => spec.mode === 'drive') as WekaContainer;
    const present = () => scene.own().some(({ metadata }) => metadata.uid === victim.metadata.uid);
    misbehave();
    world.store.request({ verb: 'delete', ref: refOf(CONTAINERS, victim.metadata) });
    await scene.forMs(3 * MINUTE_MS);
    clean();
    if (name === 'readOnly') assert.ok(present(), 'nothing was taken out of a cluster that refuses it');
    if (name === 'anotherContainer') assert.ok(reasons(scene).has('ClusterIdMismatch'));
    world.faults.clear();
    assert.type(await scene.until(() => !present(), 30 * MINUTE_MS), 'number', scene.own().map(describe).join('\n'));
    assert.type(await scene.until(scene.allUp, 2 * UP_MS_MAX), 'number', scene.notUp().join('\n'));

    misbehave();
    world.deleteCluster('demo');
    await scene.forMs(3 * MINUTE_MS);
    clean();
    world.faults.clear();
    const gone = await scene.until(() => left(scene).length === 0, 30 * MINUTE_MS);
    assert.type(
      gone,
      'number',
      left(scene)
        .map(({ metadata }) => metadata.name)
        .join(' '),
    );
    clean();
    assert.is(scene.controller().system.counts.crashes, 0);
    scene.crash();
  });
}

test.run();
