/** Many containers that no node is named for yet, over many nodes that nobody knows. Source: spec 06, 6.7; F39. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CONTAINERS } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { createScene, describe, isUp, MINUTE_MS, UP_MS_MAX } from './scene.ts';

/** In the proportion of the scenario's 200 on 80, which proves no more and takes four times as long (it was run and holds). */
const [NODES, CONTAINERS_COUNT] = [24, 60];
const LOOK_MS = 5_000;

test(`spec 06 §10 #77: ${CONTAINERS_COUNT} unpinned containers on ${NODES} undiscovered nodes (for 200 on 80): each discovered once, no helper is left`, async () => {
  const made: string[] = [];
  const scene = createScene({
    seed: 'discovery',
    nodes: NODES,
    drive: 18,
    compute: 18,
    outside: {
      kube: (api) => ({
        ...api,
        request: async (request, signal) => {
          const outcome = await api.request(request, signal);
          if (request.verb === 'create' && request.type === CONTAINERS && outcome.kind === 'ok') {
            const { name } = request.object.metadata;
            if (name.startsWith('weka-dsc-')) made.push(name);
          }
          return outcome;
        },
      }),
    },
  });
  const { world } = scene;
  world.addCluster({ name: 'other', drive: 12, compute: 12, numDrives: 1 });
  scene.start();
  const notUp = () => scene.own().filter((one) => !isUp(one));
  const up = () => scene.own().length === CONTAINERS_COUNT && notUp().length === 0;
  // Not at each step: most of the time would go into looking.
  for (let pastMs = 0; pastMs < UP_MS_MAX && !up(); pastMs += LOOK_MS) await scene.forMs(LOOK_MS);
  assert.ok(up(), notUp().map(describe).join('\n'));
  await scene.forMs(MINUTE_MS);
  assert.ok(scene.own().every(({ spec, status }) => !spec.nodeAffinity && status?.nodeAffinity));
  const used = new Set(scene.own().map(({ status }) => status?.nodeAffinity));
  assert.ok(used.size > NODES / 2, `${used.size} nodes have some`);
  assert.is(new Set(made).size, made.length, `made twice: ${made.toSorted().join(' ')}`);
  for (const node of used) assert.ok(made.includes(`weka-dsc-${node}`), `${node} was not discovered`);
  const left = world.store.all<WekaContainer>(CONTAINERS).filter(({ spec }) => spec.mode === 'discovery');
  assert.equal(left.map(describe), []);
  assert.is(world.oracle.text(), '');
  scene.crash();
});

test.run();
