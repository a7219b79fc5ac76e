/** Who owns which part of a status: what tells a second writer from everybody else. */
import * as assert from 'uvu/assert';
import { noLog } from '../../../io/log.ts';
import { projectContainer } from '../../../io/projections.ts';
import { createSecondWriters, REFERENCE_MANAGER } from '../../../io/second-writer.ts';
import { CONTAINERS, type KubeObject } from '../../../messages/kube.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { simClock } from '../../support/sim-clock.ts';
import { behaviour, container, create, done, inNamespace, type Place, pathTo, read } from './server.ts';

const condition = (message: string) => ({
  type: 'JoinedCluster',
  status: 'False',
  reason: 'Error',
  message,
  lastTransitionTime: '2026-01-01T00:00:00Z',
});
/** A container whose every state is looked at; what is held against it. */
async function watched(place: Place) {
  const ref = inNamespace(place, CONTAINERS, 'x');
  let held: WekaContainer | undefined;
  const writers = createSecondWriters({ held: () => held, clock: simClock(), log: noLog });
  const project = writers.watching(projectContainer);
  const see = (object: KubeObject): void => {
    held = project(object);
  };
  const { metadata } = await create(place, CONTAINERS, container(place, 'x'));
  see(await read(place, ref));
  return {
    contest: () => writers.contestOf(metadata.uid)?.what,
    /** By the client of the controller itself. */
    ours: async (status: object) =>
      see(done(await place.kube.request({ verb: 'mergePatch', ref, subresource: 'status', patch: { status } }))),
    theirs: async (status: object) => {
      const { code } = await place.plain.ask(`${pathTo(ref, 'status')}?fieldManager=${REFERENCE_MANAGER}`, {
        method: 'PATCH',
        contentType: 'application/merge-patch+json',
        body: { status },
      });
      assert.is(code, 200);
      see(await read(place, ref));
    },
  };
}

export const OWNERS = [
  behaviour('a status or a condition that weka-operator changes is its own from then on', async (place) => {
    const one = await watched(place);
    await one.ours({ status: 'Running', conditions: [condition('a')] });
    await one.ours({ status: 'Unhealthy' });
    assert.is(one.contest(), undefined);
    await one.theirs({ status: 'Error' });
    assert.is(one.contest(), 'status');
  }),
  behaviour('conditions have one owner: who changed the list last', async (place) => {
    const one = await watched(place);
    await one.theirs({ status: 'Running', conditions: [condition('a')] });
    await one.ours({ conditions: [condition('b'), { ...condition('c'), type: 'ContainerAffinitySet' }] });
    await one.ours({ conditions: [condition('b')] });
    assert.is(one.contest(), undefined);
    await one.theirs({ conditions: [condition('d')] });
    assert.is(one.contest(), 'conditions');
  }),
  behaviour('lastAppliedSpec renews the entry of all that its manager wrote before, and is no sign', async (place) => {
    const one = await watched(place);
    await one.theirs({ status: 'Running', conditions: [condition('a')], lastAppliedSpec: 'x' });
    await one.theirs({ lastAppliedSpec: 'y' });
    await one.ours({ status: 'Unhealthy', stats: { cpuUtilization: '1.00' } });
    await one.theirs({ lastAppliedSpec: 'z' });
    await one.ours({ status: 'Running', conditions: [condition('b')] });
    assert.is(one.contest(), undefined);
  }),
  behaviour(
    'what the first write of a status is filled up with counts as its writer’s, and is no sign',
    async (place) => {
      const one = await watched(place);
      await one.theirs({ lastAppliedSpec: 'x' });
      assert.is(one.contest(), undefined);
      await one.ours({ status: 'Running' });
      assert.is(one.contest(), undefined);
    },
  ),
];
