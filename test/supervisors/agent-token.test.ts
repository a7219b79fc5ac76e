/** The Secret that the controller shares with node agents. Source: spec 07, 13; spec 08, 6.3 no. 5. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { noLog } from '../../io/log.ts';
import type { ObjectRequest } from '../../io/outside.ts';
import type { KubeOutcome } from '../../messages/kube.ts';
import type { Secret } from '../../messages/resources.ts';
import { agentToken, ensureAgentToken } from '../../supervisors/agent-token.ts';
import { testConfig } from '../support/config.ts';
import { did, exists, refused } from '../support/play.ts';
import { simClock } from '../support/sim-clock.ts';

const secretOf = (data: Readonly<Record<string, string>>): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
  data,
});
/** Only the list and its length are looked at. */
const holding = (...secrets: readonly Secret[]) =>
  ({ agentToken: { list: () => secrets, size: () => secrets.length } }) as never;
const settings = testConfig({ POD_NAMESPACE: 'ops' });

/** The requests that were made; each is answered as given, in order. */
function making(stores: never, answers: readonly KubeOutcome[]) {
  const sent: ObjectRequest[] = [];
  const clock = simClock();
  const submit = (request: ObjectRequest, _class: unknown, done: (end: KubeOutcome) => void) => {
    const answer = answers[sent.push(request) - 1];
    if (answer !== undefined) clock.after(0, () => done(answer));
    return () => {};
  };
  const end = ensureAgentToken({ stores, submit: submit as never, settings, clock, log: noLog }); // A part of Submit.
  clock.advance(0);
  return { sent, clock, end };
}

test('spec 08 §11 #30: a missing Secret is made once, with 64 letters; one that is there is left alone', () => {
  const { sent, clock } = making(holding(), [did(secretOf({}))]);
  clock.advance(3_600_000);
  assert.is(sent.length, 1);
  const [request] = sent;
  if (request?.verb !== 'create') throw new Error('nothing created');
  const { metadata, data } = request.object as unknown as Secret;
  assert.equal([metadata.namespace, metadata.name], ['ops', 'weka-node-agent-secret']);
  assert.match(Buffer.from(data?.token ?? '', 'base64').toString(), /^[A-Za-z0-9]{64}$/);
  assert.equal(making(holding(secretOf({})), []).sent, [], 'also without a token: it is never repaired');
});

test('spec 07 §13: it is tried again each second until somebody has made it', () => {
  const { sent, clock } = making(holding(), [refused, refused, exists]);
  clock.advance(999);
  assert.is(sent.length, 1);
  clock.advance(1);
  assert.is(sent.length, 2);
  clock.advance(60_000);
  assert.is(sent.length, 3);
  const ended = making(holding(), [refused]);
  ended.end();
  ended.clock.advance(60_000);
  assert.is(ended.sent.length, 1, 'not once the controller ends');
});

test('spec 07 §23 #63: without Secret, or without a token in it, nobody is called, and the text says which', () => {
  assert.equal(agentToken(holding(), 'weka-node-agent-secret'), {
    kind: 'none',
    why: 'secrets "weka-node-agent-secret" not found',
  });
  for (const data of [{}, { token: '' }, { other: 'eA==' }]) {
    assert.equal(agentToken(holding(secretOf(data)), 'x'), { kind: 'none', why: 'No token found' });
  }
  assert.equal(agentToken(holding(secretOf({ token: 'eA==' })), 'x'), { kind: 'known', token: 'x' });
});

test.run();
