/** A few lives with one leave each. More of them: `npm run sim -- --leaves --seeds 1..200`. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { live } from './leaves.ts';

for (let seed = 1; seed <= 15; seed += 1) {
  test(`leaves ${seed}: whoever stays is up on its image, whoever leaves is gone or says what it waits for, nothing is lost`, async () => {
    const { faults, story } = await live({ seed, failShare: 0.1, nodes: 8, drive: 3, compute: 3, s3: 1, nfs: 1 });
    assert.is(faults.join('\n'), '', story.join('\n'));
  });
}

test.run();
