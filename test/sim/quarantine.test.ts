/** A fault in the code for one container is that container's own. Source: README I11; design.md 4. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Step } from '../../actors/flows/step.ts';
import { flows } from '../../actors/flows/tables.ts';
import { CONDITIONS, conditionOf } from '../../messages/condition.ts';
import { CONTAINERS, EVENTS, type KubeObject, refOf } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { controllerFamilies } from '../../supervisors/figures.ts';
import { createScene, isUp, MINUTE_MS, type Scene, UP_MS_MAX } from './scene.ts';

const isRunning = (container: WekaContainer | undefined): boolean => container?.status?.status === 'Running';
const quarantinedFigure = (scene: Scene): number | undefined =>
  controllerFamilies(scene.controller(), scene.clock.monotonicMs)
    .find(({ name }) => name === 'containers_quarantined')
    ?.read()
    [Symbol.iterator]()
    .next().value?.value;

const cases = [
  // A cluster is formed when all of its containers run their process: until then the others wait in STEM.
  { from: 'its first message', faultyWhen: () => true, othersAre: 'Running', ready: isRunning },
  { from: 'the moment its process runs', faultyWhen: isRunning, othersAre: 'Running and joined', ready: isUp },
] as const;

for (const { from, faultyWhen, othersAre, ready } of cases) {
  test(`a handler that throws on every message from ${from}: its container is quarantined, the other 11 become ${othersAre}, and it recovers`, async () => {
    let victim = '';
    let broken = true;
    const faulty: Step = {
      number: '0',
      name: 'faulty',
      when: [],
      run: ({ container }) => {
        if (broken && container.metadata.name === victim && faultyWhen(ofVictim()))
          throw new Error('cannot think about this one');
        return { kind: 'done' };
      },
      onFailure: 'stop',
    };
    const scene = createScene({
      seed: `quarantine from ${from}`,
      nodes: 7,
      drive: 6,
      compute: 6,
      controller: { flows: { ...flows, active: [faulty, ...flows.active] } },
    });
    assert.type(await scene.until(() => scene.own().length === 12, MINUTE_MS), 'number');
    const found = scene.own().find(({ spec }) => spec.mode === 'compute');
    assert.ok(found);
    victim = found.metadata.name;
    const ofVictim = () => scene.own().find(({ metadata }) => metadata.name === victim);
    const quarantined = () => conditionOf(ofVictim()?.status?.conditions, CONDITIONS.quarantined);
    scene.start();

    const others = () => scene.own().filter(({ metadata }) => metadata.name !== victim);
    assert.type(await scene.until(() => others().every(ready), UP_MS_MAX), 'number', scene.notUp().join('\n'));
    assert.is(others().length, 11);
    assert.is(quarantined()?.status, 'True');
    assert.match(
      quarantined()?.message ?? '',
      /^crashed 6 times, next try in \d+ s: Error: cannot think about this one$/,
    );
    assert.is(quarantinedFigure(scene), 1);
    const events = scene.world.store.all<KubeObject & { reason: string; involvedObject: { name: string } }>(EVENTS);
    const named = events.filter(({ reason }) => reason === 'ContainerQuarantined');
    assert.equal(new Set(named.map(({ involvedObject }) => involvedObject.name)), new Set([victim]));

    // Its generation changes: tried at once, which fails again.
    const crashes = () => scene.controller().system.counts.crashes;
    const change = (numCores: number) =>
      scene.world.store.request({
        verb: 'mergePatch',
        ref: refOf(CONTAINERS, found.metadata),
        patch: { spec: { overrides: { podDeleteForceReplace: numCores > 1 } } },
      });
    const before = crashes();
    assert.is(change(2).kind, 'ok');
    await scene.forMs(200);
    assert.is(crashes(), before + 1);
    assert.is(quarantinedFigure(scene), 1);

    broken = false;
    assert.type(await scene.until(scene.allUp, 15 * MINUTE_MS + UP_MS_MAX), 'number', scene.notUp().join('\n'));
    assert.is(quarantined()?.status, 'False');
    assert.is(quarantined()?.reason, 'Recovered');
    assert.is(quarantinedFigure(scene), 0);
    assert.equal(scene.world.oracle.violations, []);
    scene.crash();
  });
}

test.run();
