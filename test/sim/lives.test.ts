/** Whole lives with one call in ten failing, each lived twice. More of them: `npm run sim`. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { live } from './life.ts';

for (const seed of [21, 22, 23]) {
  test(`seed ${seed}: with 10 % failing calls a cluster comes up and goes without loss, the same way twice`, async () => {
    const options = { seed, nodes: 4, drive: 3, compute: 3, failShare: 0.1 };
    const life = await live(options);
    assert.equal(life.stuck, []);
    assert.ok(life.converged);
    assert.equal(life.violations, []);
    assert.is(life.crashes, 0);
    const again = await live(options);
    assert.is(again.traceLines, life.traceLines);
    assert.is(again.traceHash, life.traceHash);
  });
}

test.run();
