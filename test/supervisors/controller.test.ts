/** The controller as a whole, over the modelled fleet: what its parts alone cannot show. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Snapshot } from '../../actors/machine.ts';
import { CONFIG_MAPS } from '../../messages/kube.ts';
import { createScene, MINUTE_MS, UP_MS_MAX } from '../sim/scene.ts';

/** Names of all container actors. */
const names = ({ children }: Snapshot): readonly string[] =>
  children
    .filter(({ path }) => path.includes('/cell-'))
    .flatMap((cell) => cell.children.map(({ path }) => path.slice(path.lastIndexOf('/') + 1)))
    .toSorted();

test('a restart of the process: no actor starts before its container is known, so each bears its name', async () => {
  const scene = createScene({ seed: 'names', nodes: 3, drive: 2, compute: 2 });
  scene.start();
  assert.type(await scene.until(scene.allUp, UP_MS_MAX), 'number', scene.notUp().join('\n'));
  scene.crash();
  scene.start();
  const own = scene.own().map(({ metadata }) => `${metadata.namespace},${metadata.name}`);
  await scene.until(() => scene.controller().fleet.counts().containers >= own.length, UP_MS_MAX);
  await scene.forMs(1_000);
  const running = names(scene.controller().fleet.snapshot());
  assert.equal(
    running.filter((name) => !name.includes(',')),
    [],
  );
  for (const name of own) assert.ok(running.includes(name), name);
  scene.crash();
});

test('spec 04 §17 #36, #37: all containers of a namespace together make one copy of the boot scripts, and mend it once', async () => {
  const created: string[] = [];
  const others: string[] = [];
  const scene = createScene({
    seed: 'boot',
    nodes: 8,
    drive: 6,
    compute: 6,
    outside: {
      kube: (api) => ({
        ...api,
        request: (request, signal) => {
          if (request.verb === 'create' && request.type.kind === 'ConfigMap')
            created.push(request.object.metadata.namespace ?? '');
          if (request.verb !== 'create' && /^(ConfigMap|Pod)$/.test(request.ref.type.kind))
            others.push(`${request.verb} ${request.ref.type.kind} ${request.ref.namespace}`);
          return api.request(request, signal);
        },
      }),
    },
  });
  scene.start();
  assert.type(await scene.until(scene.allUp, UP_MS_MAX), 'number', scene.notUp().join('\n'));
  assert.equal(created, ['weka']);
  await scene.forMs(MINUTE_MS);
  others.length = 0;
  const ref = { type: CONFIG_MAPS, namespace: 'weka-operator-system', name: 'weka-boot-scripts' };
  const patch = { data: { 'weka_runtime.py': '# another version' } };
  assert.is(scene.world.store.request({ verb: 'mergePatch', ref, patch }).kind, 'ok');
  await scene.forMs(2 * MINUTE_MS);
  assert.equal(others, ['jsonPatch ConfigMap weka']);
  assert.equal(created, ['weka']);
  scene.crash();
});

test.run();
