/** /metrics of a controller that has run a fleet, failures included, against the rules of the format. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { countingKube } from '../../io/counting-kube.ts';
import { noLog } from '../../io/log.ts';
import { createMetrics } from '../../io/metrics.ts';
import { controllerFamilies } from '../../supervisors/figures.ts';
import { lintExposition } from '../support/exposition-lint.ts';
import { createScene, MINUTE_MS, UP_MS_MAX } from './scene.ts';

/** Of prom-client's figures of Node: gauges all the same. */
const OF_PROM_CLIENT = ['nodejs_active_resources_total', 'nodejs_active_handles_total', 'nodejs_active_requests_total'];

for (const processFigures of [false, true]) {
  test(`the exposition of a running fleet has no problem, ${processFigures ? 'with' : 'without'} figures of the process`, async () => {
    const metrics = createMetrics({ log: noLog, processFigures, version: '1.2.3' });
    const scene = createScene({
      seed: 'exposition',
      nodes: 7,
      drive: 6,
      compute: 6,
      failShare: 0.05,
      outside: { kube: (api, { clock }) => countingKube(api, clock, () => 'controller', metrics.countApi) },
    });
    scene.start();
    for (const family of controllerFamilies(scene.controller(), scene.clock.monotonicMs)) metrics.addFamily(family);
    assert.equal(
      lintExposition(await metrics.scrape(), { foreignNames: OF_PROM_CLIENT }),
      [],
      'before anything happened',
    );
    assert.type(await scene.until(scene.allUp, 2 * UP_MS_MAX), 'number', scene.notUp().join('\n'));
    await scene.forMs(10 * MINUTE_MS);
    const text = await metrics.scrape();
    assert.equal(lintExposition(text, { foreignNames: OF_PROM_CLIENT }), []);
    for (const name of [
      'turns_total',
      'pool_running',
      'events_total',
      'containers',
      'api_requests_total',
      'watch_listings_total',
    ]) {
      assert.match(
        text,
        new RegExp(`^wekacontainer_${name}(\\{.*\\})? [1-9]|^wekacontainer_pool_running\\{`, 'm'),
        name,
      );
    }
    scene.crash();
  });
}

test.run();
