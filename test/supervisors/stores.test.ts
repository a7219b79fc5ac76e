/** In which order the stores begin: a replica that waits to lead knows everything but the containers. Source: design, 8. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { noLog } from '../../io/log.ts';
import { CONTAINERS } from '../../messages/kube.ts';
import { createStores } from '../../supervisors/stores.ts';
import { createScene, MINUTE_MS } from '../sim/scene.ts';
import { testConfig } from '../support/config.ts';
import { random } from '../support/seeded.ts';

test('warm stores know all but the containers; the start brings these, and starts no watch twice', async () => {
  const { clock, mount, world, until } = createScene({ seed: 'stores', nodes: 3, drive: 1, compute: 1 });
  const watched: string[] = [];
  const kube: typeof mount.kube = {
    ...mount.kube,
    watch: (request, take, signal) => {
      watched.push(`${request.type.plural} ${request.labelSelector ?? request.fieldSelector ?? ''}`);
      return mount.kube.watch(request, take, signal);
    },
  };
  await until(() => world.store.all(CONTAINERS).length > 0, MINUTE_MS);
  const stores = createStores({ kube, settings: testConfig(), clock, random: random('stores'), log: noLog });
  assert.not.ok(stores.isWarm());
  let warm = false;
  void stores.warm().then(() => {
    warm = true;
  });
  await until(() => warm, MINUTE_MS);
  assert.ok(stores.isWarm());
  assert.ok(stores.nodes.size() > 0);
  assert.not.ok(stores.synced());
  assert.not(watched.some((line) => line.startsWith('wekacontainers')));
  void stores.start();
  await until(() => stores.synced(), MINUTE_MS);
  assert.ok(stores.containers.size() > 0);
  assert.is(new Set(watched).size, watched.length);
  stores.stop();
});

test.run();
