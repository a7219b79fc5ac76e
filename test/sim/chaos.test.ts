/** A few lives in bad times. More of them: `npm run sim -- --chaos --seeds 1..200`. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { live } from './chaos.ts';

for (const seed of [11, 18, 22, 26]) {
  test(`chaos ${seed}: nodes, pods, containers, API server and process come and go; afterwards all is up, then all is gone`, async () => {
    const { faults, story } = await live({ seed, failShare: 0.1, nodes: 8, drive: 6, compute: 6 });
    assert.is(faults.join('\n'), '', story.join('\n'));
  });
}

test('chaos 7: the same with containers that serve S3 and NFS', async () => {
  const { faults, story } = await live({ seed: 7, failShare: 0.1, nodes: 8, drive: 3, compute: 3, s3: 2, nfs: 2 });
  assert.is(faults.join('\n'), '', story.join('\n'));
});

test.run();
