/** Which shard serves a container, by its labels. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { projectForShard } from '../../io/projections.ts';
import { drainLabel, ownershipOf, shardLabel, withoutShardLabels } from '../../messages/shard.ts';
import { containerOf } from '../support/containers.ts';

const RING = 'weka-containers';
const US = { ring: RING, name: 'a' };
const labels = (shard: string, drained = false) => ({
  [shardLabel(RING)]: shard,
  ...(drained ? { [drainLabel(RING)]: 'true' } : {}),
});

test('ours, to be given up, or another one’s; without a ring all is ours', () => {
  assert.is(ownershipOf(labels('b'), undefined), 'ours');
  assert.is(ownershipOf(labels('a'), US), 'ours');
  assert.is(ownershipOf(labels('a', true), US), 'draining');
  assert.is(ownershipOf(labels('b', true), US), 'others');
  assert.is(ownershipOf(undefined, US), 'others');
  assert.is(ownershipOf({ [shardLabel('another-ring')]: 'a' }, US), 'others');
});

test('labels of shards do not reach what is made after a container; others do', () => {
  const { metadata } = containerOf('drive');
  const clean = { ...metadata, labels: { app: 'weka' } };
  assert.is(withoutShardLabels(clean), clean);
  assert.equal(withoutShardLabels({ ...clean, labels: { ...clean.labels, ...labels('a', true) } }), clean);
});

test('of another shard’s container the holdings are kept, not what its pod is made of', () => {
  const whole = containerOf('drive', {
    spec: { tolerations: [{ key: 'a', operator: 'Exists' }], numDrives: 2 },
    status: { allocations: { drives: ['S1'], wekaPort: 14000 }, stats: { activeMounts: 3 }, containerID: 4 },
  });
  const given = (shard: string, drained = false) => ({
    ...whole,
    metadata: {
      ...whole.metadata,
      labels: { ...whole.metadata.labels, ...labels(shard, drained) },
      annotations: { a: 'b' },
    },
  });
  const project = projectForShard(US);
  const foreign = project(given('b'));
  assert.is(foreign.ownership, 'others');
  assert.equal(foreign.status?.allocations, whole.status?.allocations);
  assert.is(foreign.status?.containerID, 4);
  assert.is(foreign.spec.numDrives, 2);
  assert.equal(
    [foreign.spec.tolerations, foreign.status?.stats, foreign.metadata.annotations],
    [undefined, undefined, undefined],
  );
  assert.equal(foreign.metadata.labels, whole.metadata.labels ?? {});
  const ours = project(given('a'));
  assert.not('ownership' in ours);
  assert.equal(ours.spec, whole.spec);
  assert.equal(project(given('a', true)), { ...ours, ownership: 'draining' });
});

test.run();
