/** What becomes of events: created, counted, combined, kept back. A pool by hand, a virtual clock. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BURST, COMBINED_PREFIX, GROUP_MESSAGES_MAX, REFILL_MS, REPEAT_MS } from '../../io/event-series.ts';
import { cut, eventRecorder } from '../../io/events.ts';
import { noLog } from '../../io/log.ts';
import type { ObjectRequest } from '../../io/outside.ts';
import type { SubmitEnd } from '../../io/submit.ts';
import { CONTAINERS, type KubeObject } from '../../messages/kube.ts';
import { normal, warning, warningEachMinute } from '../../messages/verdict.ts';
import { SIM_START_WALL_MS, simClock } from '../support/sim-clock.ts';

const about = (uid = 'u'): KubeObject => ({
  apiVersion: `${CONTAINERS.group}/${CONTAINERS.version}`,
  kind: CONTAINERS.kind,
  metadata: { name: 'c', namespace: 'ns', uid, resourceVersion: '7', creationTimestamp: '' },
});

function setUp() {
  const clock = simClock();
  const sent: { readonly request: ObjectRequest; readonly answer: (end: SubmitEnd) => void }[] = [];
  const recorder = eventRecorder({
    submit: (request, workClass, done) => {
      assert.is(workClass, 'periodic');
      sent.push({ request, answer: done });
      return () => undefined;
    },
    clock,
    log: noLog,
    instance: 'replica-0',
  });
  const ok: SubmitEnd = { kind: 'ok', answer: about() };
  const answerAll = (end: SubmitEnd = ok) => {
    for (const { answer } of sent.splice(0)) answer(end);
  };
  const created = () =>
    sent.flatMap(({ request }) =>
      request.verb === 'create' ? [request.object as unknown as Record<string, unknown>] : [],
    );
  const patched = () => sent.flatMap(({ request }) => (request.verb === 'mergePatch' ? [request.patch] : []));
  return { clock, recorder, sent, ok, answerAll, created, patched };
}

test('spec 01 §10: an event is a core/v1 Event of wekaContainer-controller about the container', () => {
  const { recorder, created } = setUp();
  recorder.record(about(), warning('UnschedulablePod', 'Pod is unschedulable'));
  const stamp = (BigInt(SIM_START_WALL_MS) * 1_000_000n).toString(16);
  assert.equal(created(), [
    {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `c.${stamp}`, namespace: 'ns' },
      involvedObject: {
        apiVersion: 'weka.weka.io/v1alpha1',
        kind: 'WekaContainer',
        namespace: 'ns',
        name: 'c',
        uid: 'u',
        resourceVersion: '7',
      },
      reason: 'UnschedulablePod',
      message: 'Pod is unschedulable',
      type: 'Warning',
      source: { component: 'wekaContainer-controller' },
      reportingComponent: 'wekaContainer-controller',
      reportingInstance: 'replica-0',
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      count: 1,
    },
  ]);
});

test('the same event within a minute is only counted, afterwards the Event is patched with the count', () => {
  const { recorder, clock, sent, answerAll, patched } = setUp();
  const record = () => recorder.record(about(), warningEachMinute('NodeNotReady', 'node n is not ready'));
  record();
  answerAll();
  for (let i = 0; i < 5; i++) record();
  assert.is(sent.length, 0);
  clock.advance(REPEAT_MS);
  record();
  assert.equal(patched(), [{ count: 7, lastTimestamp: '2026-01-01T00:01:00Z', message: 'node n is not ready' }]);
  answerAll();
  assert.equal(recorder.counts(), { created: 1, repeated: 1, kept: 5, dropped: 0, failed: 0 });
});

test('an event told once a minute stays silent for that minute also with another text, then comes with it as a new Event', () => {
  const { recorder, clock, sent, answerAll, created } = setUp();
  recorder.record(about(), warningEachMinute('ActiveMounts', '3 mounts are still active'));
  answerAll();
  recorder.record(about(), warningEachMinute('ActiveMounts', '2 mounts are still active'));
  assert.is(sent.length, 0);
  clock.advance(REPEAT_MS);
  recorder.record(about(), warningEachMinute('ActiveMounts', '1 mounts are still active'));
  assert.equal(
    created().map(({ message, count }) => [message, count]),
    [['1 mounts are still active', 1]],
  );
});

test('other events are sent for each text, at once', () => {
  const { recorder, created } = setUp();
  for (const serial of ['A', 'B', 'C']) recorder.record(about(), normal('DriveAdded', `Drive ${serial} added`));
  recorder.record(about(), normal('DriveAdded', 'Drive A added'));
  assert.is(created().length, 3);
  assert.is(new Set(created().map(({ metadata }) => (metadata as { name: string }).name)).size, 3);
});

test('I3: objects of the same name and another uid do not share their minute', () => {
  const { recorder, created } = setUp();
  recorder.record(about('u1'), warningEachMinute('NodeNotReady', 'x'));
  recorder.record(about('u2'), warningEachMinute('NodeNotReady', 'x'));
  assert.is(created().length, 2);
});

test('spec 02 §2.5: too many texts for one reason are combined into one Event', () => {
  const { recorder, created, answerAll } = setUp();
  for (let i = 0; i < GROUP_MESSAGES_MAX + 5; i++) recorder.record(about(), warning('DrivesAddingError', `error ${i}`));
  assert.is(created().length, GROUP_MESSAGES_MAX + 1);
  assert.is(created().at(-1)?.message, `${COMBINED_PREFIX}error ${GROUP_MESSAGES_MAX}`);
  answerAll();
});

test('a combined Event goes on with the newest text and its count', () => {
  const { recorder, clock, answerAll, patched } = setUp();
  for (let i = 0; i < GROUP_MESSAGES_MAX + 1; i++) recorder.record(about(), warning('E', `error ${i}`));
  answerAll();
  clock.advance(REPEAT_MS);
  recorder.record(about(), warning('E', 'error x'));
  assert.equal(patched(), [{ count: 2, lastTimestamp: '2026-01-01T00:01:00Z', message: `${COMBINED_PREFIX}error x` }]);
});

test('spec 02 §2.5: one object sends a burst of 25, then one per 5 minutes', () => {
  const { recorder, clock, sent } = setUp();
  for (let i = 0; i < 2 * BURST; i++) recorder.record(about(), warning(`Reason${i}`, 'x'));
  assert.is(sent.length, BURST);
  clock.advance(REFILL_MS);
  for (let i = 0; i < BURST; i++) recorder.record(about(), warning(`More${i}`, 'x'));
  assert.is(sent.length, BURST + 1);
  recorder.record(about('other'), warning('Reason', 'x'));
  assert.is(sent.length, BURST + 2);
});

test('an Event that expired meanwhile is created anew with its count', () => {
  const { recorder, clock, sent, answerAll, created } = setUp();
  const record = () => recorder.record(about(), warning('E', 'x'));
  record();
  answerAll();
  clock.advance(3 * 3_600_000);
  record();
  const patch = sent.splice(0);
  patch[0]?.answer({ kind: 'notFound', message: '' });
  assert.equal(
    created().map(({ count, firstTimestamp }) => [count, firstTimestamp]),
    [[2, '2026-01-01T00:00:00Z']],
  );
});

test('a failure is counted and forgotten, and the next minute tries again', () => {
  const { recorder, clock, answerAll, created } = setUp();
  recorder.record(about(), warning('E', 'x'));
  answerAll({ kind: 'refused', status: 403, reason: 'Forbidden', message: 'namespace is being terminated' });
  assert.is(recorder.counts().failed, 1);
  clock.advance(REPEAT_MS);
  recorder.record(about(), warning('E', 'x'));
  assert.is(created().length, 1);
});

test('events do not pile up behind an API server that does not answer', () => {
  const { recorder, sent, answerAll } = setUp();
  for (let i = 0; i < 500; i++) recorder.record(about(`u${i}`), warning('E', 'x'));
  assert.is(sent.length, 200);
  assert.is(recorder.counts().dropped, 300);
  answerAll();
  recorder.record(about('later'), warning('E', 'x'));
  assert.is(sent.length, 1);
});

test('a text is cut at its last whole character', () => {
  assert.is(cut('short', 1024), 'short');
  assert.is(cut('aä€𝄞zzzzzz', 10), 'aä€...');
  assert.ok(Buffer.byteLength(cut('€'.repeat(1_000), 1024)) <= 1024);
});

test.run();
