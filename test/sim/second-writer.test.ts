/** Another controller reconciles one container of the fleet as well: that one is left to it, all others go on. Source: spec 08, 8.8. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CONTESTED_MS, REFERENCE_MANAGER } from '../../io/second-writer.ts';
import { CONTAINERS, EVENTS, type KubeObject, refOf } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { controllerFamilies } from '../../supervisors/figures.ts';
import { comesUp, first, podOf, removePod } from './never.ts';
import { createScene, MINUTE_MS, type Scene } from './scene.ts';

interface EventObject extends KubeObject {
  readonly reason: string;
  readonly count: number;
  readonly involvedObject: { readonly uid: string };
}
const asReference = ({ world }: Scene, { metadata }: WekaContainer, status: object): void => {
  const outcome = world.store.request(
    { verb: 'mergePatch', ref: refOf(CONTAINERS, metadata), subresource: 'status', patch: { status } },
    { fieldManager: REFERENCE_MANAGER },
  );
  assert.is(outcome.kind, 'ok');
};
const told = ({ world }: Scene, { metadata }: WekaContainer): readonly EventObject[] =>
  world.store
    .all<EventObject>(EVENTS)
    .filter(({ reason, involvedObject }) => reason === 'SecondWriter' && involvedObject.uid === metadata.uid);

test('spec 08 §11 #45: weka-operator sets status.status: a warning within a minute and each minute, nothing more is done to it; others go on', async () => {
  const sent: string[] = [];
  const scene = createScene({
    seed: 'second writer',
    nodes: 7,
    drive: 3,
    compute: 3,
    outside: {
      kube: (api) => ({
        ...api,
        request: (request, signal) => {
          const name = 'ref' in request ? request.ref.name : request.object.metadata.name;
          const type = 'ref' in request ? request.ref.type : request.type;
          if (request.verb !== 'get' && type !== EVENTS) sent.push(`${name} ${request.verb} ${type.kind}`);
          return api.request(request, signal);
        },
      }),
      exec: (api) => ({
        run: (request, signal) => {
          sent.push(`${request.target.pod} exec ${request.argv.join(' ')}`);
          return api.run(request, signal);
        },
      }),
    },
  });
  await comesUp(scene);
  await scene.forMs(2 * MINUTE_MS);
  const [victim, other] = [first(scene, 'compute'), first(scene, 'drive')];
  const toVictim = () => sent.filter((line) => line.startsWith(`${victim.metadata.name} `));
  const podUidOf = (container: WekaContainer): string | undefined => podOf(scene, container)?.metadata.uid;
  const before = { victim: podUidOf(victim), other: podUidOf(other) };

  asReference(scene, victim, { status: 'Error' });
  await scene.forMs(1_000);
  assert.is(told(scene, victim).length, 1);
  const figure = (): number | undefined =>
    [
      ...(controllerFamilies(scene.controller(), () => 0)
        .find(({ name }) => name === 'containers_contested')
        ?.read() ?? []),
    ][0]?.value;
  assert.is(figure(), 1);
  sent.length = 0;
  // Both pods are to go: one is let go and made anew, the other is for the other controller to let go.
  removePod(scene, victim);
  removePod(scene, other);
  await scene.forMs(4 * MINUTE_MS);
  assert.equal(toVictim(), []);
  assert.is(podUidOf(victim), before.victim);
  assert.type(podUidOf(other), 'string');
  assert.is.not(podUidOf(other), before.other);
  assert.ok((told(scene, victim)[0]?.count ?? 0) >= 4, 'said again each minute');
  assert.is(told(scene, other).length, 0);

  // Its figures say that it is still there.
  asReference(scene, victim, { stats: { lastUpdate: '2026-01-01T00:00:00Z' } });
  await scene.forMs(CONTESTED_MS - MINUTE_MS);
  assert.equal(toVictim(), []);
  // And then it is not.
  const anew = () => ![undefined, before.victim].includes(podUidOf(victim)) && scene.allUp();
  const back = await scene.until(anew, 10 * MINUTE_MS);
  assert.type(back, 'number', scene.notUp().join('\n'));
  assert.is(figure(), 0);
  assert.is(scene.controller().system.counts.crashes, 0);
  assert.is(scene.world.oracle.text(), '');
  scene.crash();
});

test.run();
