/** A whole life with no permission but the chart's: whatever else the controller asks for is refused, and told here. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RULES } from '../../deploy/permissions.ts';
import { DEPLOYMENT_NAME } from '../../deploy/sandbox/world/world.ts';
import { CONTAINERS, JOBS } from '../../messages/kube.ts';
import { grantedOnly } from '../support/granted.ts';
import { createScene, MINUTE_MS, UP_MS_MAX } from './scene.ts';

const where = { namespace: 'weka-operator-system', deployment: DEPLOYMENT_NAME };

test('spec 08 §11 #36, modelled: a cluster with S3 and NFS comes up and goes with the rules of the chart alone', async () => {
  const refused: string[] = [];
  const scene = createScene({
    seed: 36,
    nodes: 5,
    drive: 3,
    compute: 3,
    order: { s3Containers: 1, nfsContainers: 1 },
    outside: { kube: (api) => grantedOnly(api, RULES, where, (line) => refused.push(line)) },
  });
  const { world } = scene;
  scene.start();
  assert.ok((await scene.until(scene.allUp, UP_MS_MAX)) !== undefined, scene.notUp().join('\n'));
  world.deleteCluster('demo');
  const left = () => [...world.store.all(CONTAINERS), ...world.store.all(JOBS)];
  const gone = await scene.until(() => left().length === 0, 60 * MINUTE_MS);
  scene.crash();
  assert.equal([...new Set(refused)], []);
  assert.ok(
    gone !== undefined,
    left()
      .map(({ metadata }) => metadata.name)
      .join('\n'),
  );
});

test('without one of the rules it is refused: the test above sees what is missing', async () => {
  const refused: string[] = [];
  const fewer = RULES.filter(({ resource }) => resource !== 'nodes');
  const scene = createScene({
    seed: 36,
    nodes: 3,
    drive: 1,
    compute: 1,
    outside: { kube: (api) => grantedOnly(api, fewer, where, (line) => refused.push(line)) },
  });
  scene.start();
  await scene.forMs(MINUTE_MS);
  scene.crash();
  assert.ok(refused.includes('watch nodes */*'), refused.join('\n'));
});

test.run();
