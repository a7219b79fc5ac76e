/** The process may end at any moment: the API says all that its successor must know. Source: design.md 8; README F12, I8. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ObjectRequest } from '../../io/outside.ts';
import { CONTAINERS, type KubeObject, PODS } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { createScene, MINUTE_MS, type Scene, UP_MS_MAX } from './scene.ts';

/** Names of containers whose allocations were taken back or chosen again. */
function watchAllocations(scene: Scene): readonly string[] {
  const chosen = new Map<string, string>();
  const changed: string[] = [];
  scene.world.store.watch({ type: CONTAINERS, resourceVersion: '', sendInitialEvents: true }, (event) => {
    if (event.kind !== 'added' && event.kind !== 'modified') return;
    const { metadata, status } = event.object as WekaContainer;
    const text = status?.allocations === undefined ? undefined : JSON.stringify(status.allocations);
    const before = chosen.get(metadata.uid);
    if (before !== undefined && before !== text) changed.push(`${metadata.name}: ${before} -> ${text}`);
    if (text !== undefined) chosen.set(metadata.uid, text);
  });
  return changed;
}

for (const [everyMs, failShare] of [
  [7_000, 0],
  [13_000, 0.1],
  [29_000, 0],
] as const) {
  test(`a process that dies each ${everyMs / 1_000} s in the first minutes, with ${failShare * 100} % failing calls: all comes up, nothing is allocated twice`, async () => {
    const scene = createScene({ seed: `restart ${everyMs}`, nodes: 4, drive: 3, compute: 3, failShare });
    const changed = watchAllocations(scene);
    for (let deaths = 0; deaths < 8; deaths += 1) {
      scene.start();
      await scene.forMs(everyMs);
      scene.crash();
      await scene.forMs(1_500);
    }
    scene.start();
    const tookMs = await scene.until(scene.allUp, UP_MS_MAX);
    assert.type(tookMs, 'number', scene.notUp().join('\n'));
    assert.equal(changed, []);
    assert.is(scene.world.oracle.text(), '');
    assert.is(scene.controller().system.counts.crashes, 0);
    scene.crash();
  });
}

test('a restart over a settled fleet writes nothing but figures and touches no pod', async () => {
  const writes: ObjectRequest[] = [];
  const scene = createScene({
    seed: 'settled restart',
    nodes: 7,
    drive: 6,
    compute: 6,
    outside: {
      kube: (api) => ({
        ...api,
        request: (request, signal) => {
          if (request.verb !== 'get') writes.push(request);
          return api.request(request, signal);
        },
      }),
    },
  });
  scene.start();
  assert.type(await scene.until(scene.allUp, UP_MS_MAX), 'number', scene.notUp().join('\n'));
  await scene.forMs(6 * MINUTE_MS);
  scene.crash();
  await scene.forMs(MINUTE_MS);
  const pods = podsOf(scene);
  writes.length = 0;
  scene.start();
  await scene.forMs(10 * MINUTE_MS);
  assert.equal(
    writes.filter((request) => !isFigures(request)),
    [],
  );
  assert.equal(podsOf(scene), pods);
  assert.ok(scene.allUp(), scene.notUp().join('\n'));
  assert.is(scene.world.oracle.text(), '');
  scene.crash();
});

interface PodObject extends KubeObject {
  readonly status?: { readonly containerStatuses?: readonly { readonly restartCount?: number }[] };
}
const podsOf = ({ world }: Scene): readonly string[] =>
  world.store
    .all<PodObject>(PODS, 'weka')
    .map(({ metadata, status }) => `${metadata.uid} ${status?.containerStatuses?.[0]?.restartCount ?? 0}`);
function isFigures(request: ObjectRequest): boolean {
  if (request.verb !== 'mergePatch' || request.subresource !== 'status') return false;
  const { status = {} } = request.patch as { status?: object };
  return Object.keys(status).every((key) => key === 'stats' || key === 'printer');
}

test.run();
