/** Writes of models: in order for one object, again where a failure may pass, never again where it is the answer. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createSender } from '../../../deploy/sandbox/live/sender.ts';
import type { ObjectRequest } from '../../../io/outside.ts';
import { type KubeObject, type KubeOutcome, PODS } from '../../../messages/kube.ts';
import { simClock } from '../../support/sim-clock.ts';

const patch = (name: string, text: string): ObjectRequest => ({
  verb: 'mergePatch',
  ref: { type: PODS, namespace: 'weka', name },
  patch: text,
});
const metadata = { name: 'a', uid: 'a', resourceVersion: '1', creationTimestamp: '' };
const OK: KubeOutcome<KubeObject> = { kind: 'ok', answer: { apiVersion: 'v1', kind: 'Pod', metadata } };
const CONFLICT: KubeOutcome<KubeObject> = { kind: 'conflict', message: '' };

function scene(...answers: readonly KubeOutcome<KubeObject>[]) {
  const clock = simClock();
  const left = [...answers];
  const asked: string[] = [];
  const request = async (sent: ObjectRequest): Promise<KubeOutcome<KubeObject>> => {
    asked.push(sent.verb === 'mergePatch' ? `${sent.ref.name} ${String(sent.patch)}` : sent.verb);
    return left.shift() ?? OK;
  };
  const sender = createSender({ request }, clock);
  const ends: string[] = [];
  const send = (sent: ObjectRequest): void => sender.send(sent, ({ kind }) => void ends.push(kind));
  const pass = async (): Promise<void> => {
    for (let turn = 0; turn < 50; turn += 1) {
      await new Promise<void>((done) => void setImmediate(done));
      clock.step(clock.monotonicMs() + 1_000);
    }
  };
  return { send, asked, ends, pass, stop: sender.stop };
}

test('a second write to an object waits until the first got through; one to another object does not', async () => {
  const { send, asked, ends, pass } = scene({ kind: 'transport', cause: 'hang up' }, OK, OK, CONFLICT);
  send(patch('a', '1'));
  send(patch('a', '2'));
  send(patch('b', '1'));
  await pass();
  assert.equal(asked, ['a 1', 'b 1', 'a 1', 'a 2', 'a 2']);
  assert.equal(ends, ['ok', 'ok', 'ok']);
});

test('a refusal, or the conflict of a deletion, is the answer', async () => {
  const { send, asked, ends, pass } = scene({ kind: 'refused', status: 422, reason: 'Invalid', message: '' }, CONFLICT);
  send(patch('a', '1'));
  send({ verb: 'delete', ref: { type: PODS, namespace: 'weka', name: 'a' }, uid: 'of another' });
  await pass();
  assert.equal(asked, ['a 1', 'delete']);
  assert.equal(ends, ['refused', 'conflict']);
});

test('a server that never answers well is given up', async () => {
  const { send, asked, ends, pass } = scene(...Array(20).fill({ kind: 'throttled', retryAfterMs: 10 }));
  send(patch('a', '1'));
  await pass();
  assert.is(asked.length, 8);
  assert.equal(ends, ['throttled']);
});

test('after the end nothing is sent', async () => {
  const { send, asked, pass, stop } = scene();
  await stop();
  send(patch('a', '1'));
  await pass();
  assert.equal(asked, []);
});

test.run();
