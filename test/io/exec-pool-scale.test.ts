/**
 * The pool of commands under a whole fleet, on a virtual clock: 10,000 containers that are looked at every 30 s, of which one
 * in a hundred hangs in every command and is looked at again 3 s after each time-out, as the flow does. Source: spec 07, 22.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { localPs } from '../../io/commands.ts';
import { execPool } from '../../io/exec-pool.ts';
import type { ExecApi } from '../../io/outside.ts';
import { testConfig } from '../support/config.ts';
import { random } from '../support/seeded.ts';
import { simClock } from '../support/sim-clock.ts';
import { type ExecEnd, flush, OK } from './fake-jobs.ts';

const CONTAINERS_COUNT = 10_000;
const NODES_COUNT = 2_000;
const PERIOD_MS = 30_000;
const AGAIN_MS = 3_000;
const RUN_MS = 4 * 60_000;
/** The first round is still spread out. */
const SETTLED_MS = 90_000;

test('spec 07 §23 #54: 10,000 containers, 1 % hang: the limits hold and a healthy one is never older than two periods', async () => {
  const clock = simClock();
  const chance = random('scale');
  const settings = testConfig();
  const hangs = Array.from({ length: CONTAINERS_COUNT }, () => chance() < 0.01);
  const hangingCount = hangs.filter(Boolean).length;
  let running = 0;
  const onNode = new Map<string, number>();
  const most = { running: 0, onNode: 0, waiting: 0 };

  const nodeOf = (index: number): string => `node-${index % NODES_COUNT}`;
  const api: ExecApi = {
    run: ({ target, timeoutMs }) =>
      new Promise((resolve) => {
        const index = Number(target.pod);
        const node = nodeOf(index);
        const now = (onNode.get(node) ?? 0) + 1;
        running += 1;
        onNode.set(node, now);
        most.running = Math.max(most.running, running);
        most.onNode = Math.max(most.onNode, now);
        const end = (outcome: ExecEnd): void => {
          running -= 1;
          onNode.set(node, (onNode.get(node) ?? 0) - 1);
          resolve(outcome);
        };
        if (hangs[index] === true) clock.after(timeoutMs, () => end({ kind: 'timeout', afterMs: timeoutMs }));
        else clock.after(50 + 100 * chance(), () => end(OK));
      }),
  };
  const pool = execPool({ api, clock, random: random('scale/pool'), settings });
  const seenMs = new Float64Array(CONTAINERS_COUNT);
  const ages: number[] = [];
  let hangingTries = 0;
  const { argv, timeoutMs, class: kind } = localPs();
  const look = (index: number): void => {
    const pod = String(index);
    const job = { namespace: 'weka', pod, podUid: pod, node: nodeOf(index), container: 'weka-container' };
    if (hangs[index] === true) hangingTries += 1;
    pool.submit(
      { ...job, argv, timeoutMs, class: kind, priority: 'periodic', deadlineMs: 30 * 60_000 },
      ({ kind: end }) => {
        const nowMs = clock.monotonicMs();
        if (end === 'ok') {
          seenMs[index] = nowMs;
        }
        clock.after(end === 'ok' ? PERIOD_MS * (0.9 + 0.2 * chance()) : AGAIN_MS, () => look(index));
      },
    );
    const { waiting } = pool.counts();
    most.waiting = Math.max(most.waiting, waiting.periodic);
  };
  for (let index = 0; index < CONTAINERS_COUNT; index += 1) clock.after(PERIOD_MS * chance(), () => look(index));

  let sampleMs = SETTLED_MS;
  for (let atMs = 0; atMs < RUN_MS; atMs += 10) {
    while (clock.step(atMs));
    await flush();
    if (atMs < sampleMs) continue;
    sampleMs += PERIOD_MS;
    for (let index = 0; index < CONTAINERS_COUNT; index += 1)
      if (hangs[index] !== true) ages.push(atMs - (seenMs[index] ?? 0));
  }
  assert.is(most.running, settings.execConcurrency, 'the bound was reached');
  assert.ok(most.onNode <= settings.execConcurrencyPerNode);
  assert.ok(most.waiting < CONTAINERS_COUNT / 4, `${most.waiting} waited`);
  assert.ok(hangingCount > 50 && hangingTries > hangingCount, 'those that hang are tried again');
  const sorted = Float64Array.from(ages).sort();
  assert.is(sorted.length, 5 * (CONTAINERS_COUNT - hangingCount));
  assert.ok((sorted.at(-1) ?? 0) <= 2 * PERIOD_MS, `the oldest is ${sorted.at(-1)} ms old`);
  pool.stop();
});

test.run();
