/** The exposition, what feeds it, and the counting of API requests. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ApiSample, countingKube, isWrite, tally } from '../../io/counting-kube.ts';
import { noLog } from '../../io/log.ts';
import { actorFamilies, eventFamilies, logFamilies, poolFamilies, watcherFamilies } from '../../io/metric-families.ts';
import { createMetrics, labelText } from '../../io/metrics.ts';
import type { KubeApi } from '../../io/outside.ts';
import { CONTAINERS, type KubeObject, PODS, refOf } from '../../messages/kube.ts';
import { simClock } from '../support/sim-clock.ts';

const create = () => createMetrics({ log: noLog, processFigures: false, version: '1.2.3' });
const linesOf = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

test('requests are counted by verb, kind, subresource, purpose and outcome, and timed by verb', async () => {
  const metrics = create();
  const sample: ApiSample = {
    verb: 'mergePatch',
    kind: 'WekaContainer',
    subresource: 'status',
    purpose: 'container',
    outcome: 'ok',
    tookMs: 40,
  };
  metrics.countApi(sample);
  metrics.countApi({ ...sample, outcome: 'conflict' });
  metrics.countApi({ ...sample, verb: 'watch', subresource: '', outcome: 'closed' });
  const lines = linesOf(await metrics.scrape());
  assert.ok(
    lines.includes(
      'wekacontainer_api_requests_total{verb="mergePatch",kind="WekaContainer",subresource="status",purpose="container",outcome="ok"} 1',
    ),
  );
  assert.ok(lines.includes('wekacontainer_api_request_duration_seconds_bucket{le="0.1",verb="mergePatch"} 2'));
  assert.not.ok(lines.some((line) => line.includes('duration_seconds_count{verb="watch"}')));
  assert.ok(lines.includes('wekacontainer_build_info{version="1.2.3"} 1'));
});

test('counts of other parts are read at each scrape, and are there from zero', async () => {
  const metrics = create();
  let turns = 0;
  const counts = () => ({ told: 2, turns, coalesced: 0, deadLetters: 0, crashes: 0, restarts: 0 });
  const pool = { pool: 'exec', running: 1, waiting: 2, dropped: { deadline: 0, queueFull: 3 } };
  const watched = { listings: 1, resumes: 0, silences: 0, failures: 0, malformed: 0, lastHeardMs: 4_000 };
  for (const family of [
    ...actorFamilies(counts, () => 0),
    ...poolFamilies(() => [pool]),
    ...watcherFamilies(
      () => ({ Pod: watched }),
      () => 10_000,
    ),
    ...eventFamilies(() => ({ created: 0, repeated: 0, kept: 0, dropped: 0, failed: 0 })),
    ...logFamilies(() => 0),
  ])
    metrics.addFamily(family);
  turns = 5;
  const lines = linesOf(await metrics.scrape());
  for (const line of [
    'wekacontainer_turns_total 5',
    'wekacontainer_dead_letters_total 0',
    'wekacontainer_containers_quarantined 0',
    'wekacontainer_pool_waiting{pool="exec"} 2',
    'wekacontainer_pool_dropped_total{pool="exec",why="deadline"} 0',
    'wekacontainer_pool_dropped_total{pool="exec",why="queueFull"} 3',
    'wekacontainer_watch_quiet_seconds{kind="Pod"} 6',
    'wekacontainer_events_total{result="failed"} 0',
    'wekacontainer_log_lines_dropped_total 0',
  ])
    assert.ok(lines.includes(line), line);
  turns = 6;
  assert.ok(linesOf(await metrics.scrape()).includes('wekacontainer_turns_total 6'));
});

test('a source that throws costs its own lines only, and is counted', async () => {
  const metrics = create();
  const fail = () => {
    throw new Error('a bug');
  };
  metrics.addFamily({ name: 'bad', help: 'x', type: 'gauge', read: fail });
  metrics.addText('bad text', fail);
  metrics.addText('good', () => `good{name=${labelText('a"b\\c\nd')}} 1\n`);
  await metrics.scrape();
  const lines = linesOf(await metrics.scrape());
  assert.ok(lines.includes('good{name="a\\"b\\\\c\\nd"} 1'));
  assert.ok(lines.includes('wekacontainer_metrics_sources_failed_total{source="bad text"} 2'));
  assert.not.ok(lines.some((line) => line.startsWith('wekacontainer_bad')));
  assert.throws(() => metrics.addText('good', () => ''), /exists already/);
});

test('a counted API answers as the one behind it, and tells of every request', async () => {
  const clock = simClock();
  const object = { metadata: { name: 'p' } } as KubeObject;
  const api: KubeApi = {
    request: async (request) => {
      clock.advance(5);
      return request.verb === 'get' ? { kind: 'ok', answer: object } : { kind: 'conflict', message: 'x' };
    },
    list: async () => ({ kind: 'ok', answer: { items: [], resourceVersion: '1' } }),
    watch: async (_, take) => {
      take({ kind: 'bookmark', resourceVersion: '2', initialEventsEnd: false });
      return { kind: 'closed' };
    },
  };
  const counts = tally();
  const samples: ApiSample[] = [];
  const purposeOf = (request: { readonly verb: string }) => (isWrite(request) ? 'write' : 'read');
  const counted = countingKube(api, clock, purposeOf, (sample) => {
    samples.push(sample);
    counts.take(sample);
  });
  const ref = refOf(CONTAINERS, { namespace: 'ns', name: 'c' });
  assert.equal(await counted.request({ verb: 'get', ref }), { kind: 'ok', answer: object });
  await counted.request({ verb: 'mergePatch', ref, subresource: 'status', patch: {} });
  await counted.request({ verb: 'mergePatch', ref, subresource: 'status', patch: {} });
  await counted.list({ verb: 'list', type: PODS });
  let heard = 0;
  const end = await counted.watch({ type: PODS, resourceVersion: '1' }, () => heard++, new AbortController().signal);
  assert.equal([end.kind, heard, samples.length, samples[0]?.tookMs], ['closed', 1, 5, 5]);
  const row = { kind: 'WekaContainer', subresource: '', purpose: 'read', count: 1 };
  assert.equal(counts.rows(), [
    { ...row, verb: 'get', outcome: 'ok' },
    { ...row, verb: 'mergePatch', subresource: 'status', purpose: 'write', outcome: 'conflict', count: 2 },
    { ...row, verb: 'list', kind: 'Pod', outcome: 'ok' },
    { ...row, verb: 'watch', kind: 'Pod', outcome: 'closed' },
  ]);
  assert.equal([counts.total(), counts.total(isWrite)], [5, 2]);
});

test.run();
