/** Feature flags of an image: fetched once, from a pod where there is one, shared by all that ask. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decider, type Effect, image, initial, type State } from '../../actors/image.ts';
import { spawn, tell } from '../../actors/machine.ts';
import { flagsName } from '../../actors/rules/helpers.ts';
import type { Attempt } from '../../messages/ids.ts';
import type { FeatureFlags, ImageAnswer, ImageMessage } from '../../messages/image.ts';
import type { KubeObject } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { containerOf, IMAGE, memberOf, OPERATOR_NAMESPACE, podFor, uidOf } from '../support/containers.ts';
import { drive } from '../support/drive.ts';
import { fakeView } from '../support/fake-view.ts';
import { SETTINGS, surroundings } from '../support/pass.ts';
import { absent, did, exit, type Line, nameOf, okJson, play, requestOf } from '../support/play.ts';
import { stage } from '../support/stage.ts';

const settings = { ...SETTINGS, operatorDeploymentName: 'weka-operator' };
const HELPER = `wekacontainers/${OPERATOR_NAMESPACE}/${flagsName(IMAGE)}`;
const deployment: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'weka-operator', uid: 'dep', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
};
const helper = (result?: string): WekaContainer =>
  containerOf('adhoc-op-with-container', {
    name: flagsName(IMAGE),
    metadata: { namespace: OPERATOR_NAMESPACE },
    status: result === undefined ? {} : { result },
  });

function bench(...objects: readonly KubeObject[]) {
  const view = fakeView(...surroundings(), ...objects);
  const known = new Map<string, FeatureFlags>();
  const decide = decider(IMAGE, { view, settings, known });
  let state: State = initial;
  let fresh = 0;
  const send = (msg: ImageMessage): readonly Effect[] => {
    fresh += 1;
    const [next, effects] = decide(state, msg, { fresh: fresh as Attempt, ms: fresh });
    state = next;
    for (const effect of effects) {
      if (effect.kind === 'answer') effect.to(effect.answer);
      if (effect.kind === 'known') known.set(IMAGE, effect.flags);
    }
    return effects;
  };
  const ask = (container: WekaContainer): readonly [ImageAnswer | undefined, readonly Effect[]] => {
    const box: ImageAnswer[] = [];
    const effects = send({
      kind: 'asked',
      ask: { kind: 'flags', image: IMAGE, uid: uidOf(container) },
      answer: (answer) => box.push(answer),
    });
    return [box[0], effects];
  };
  const fetched = (effects: readonly Effect[], lines: readonly Line[]) => {
    const started = effects.find((effect) => effect.kind === 'fetch');
    if (started === undefined) throw new Error('nothing was fetched');
    const { calls, verdict } = play(started.script, lines);
    const flags = verdict !== undefined && 'flags' in verdict ? verdict.flags : undefined;
    const failure = verdict !== undefined && 'failure' in verdict ? verdict.failure : undefined;
    return { calls, effects: send({ kind: 'ended', attempt: started.attempt, flags, failure }) };
  };
  return { view, known, send, ask, fetched, state: () => state };
}
const kinds = (effects: readonly Effect[]): readonly string[] => effects.map(({ kind }) => kind);

test('spec 06 §10 #55: a running pod of the image is asked with one cat; all that wait are woken', () => {
  const first = containerOf('compute', { name: 'first', status: null });
  const peer = memberOf('drive', 'peer', 4);
  const { ask, fetched, known } = bench(first, peer, podFor(peer));
  const [answer, effects] = ask(first);
  assert.equal(answer, { kind: 'pending' });
  const [again, none] = ask(peer);
  assert.equal(again, { kind: 'pending' });
  assert.equal(kinds(none), ['answer']);
  const { effects: end } = fetched(effects, [
    ['exec ReadFeatureFlagsFile', okJson({ agent_validate_60_ports_per_container: true })],
  ]);
  assert.equal(kinds(end), ['known', 'wake', 'wake']);
  assert.is(known.get(IMAGE)?.agent_validate_60_ports_per_container, true);
  assert.is(ask(first)[0]?.kind, 'known');
});

test('spec 07 §23 #52: no pod has the file: one helper in the operator namespace, owned by the Deployment', () => {
  const first = containerOf('compute', { name: 'first' });
  const peer = memberOf('drive', 'peer', 4);
  const { ask, fetched, view, send } = bench(first, peer, podFor(peer));
  const { calls, effects } = fetched(ask(first)[1], [
    ['exec ReadFeatureFlagsFile', exit()],
    [`get deployments/${OPERATOR_NAMESPACE}/weka-operator`, did(deployment)],
    [`create ${HELPER}`, did(helper())],
  ]);
  assert.equal(effects, []);
  const request = requestOf(calls, 'create');
  assert.equal(
    request.verb === 'create' && request.object.metadata.ownerReferences?.map(({ kind, name }) => [kind, name]),
    [['Deployment', 'weka-operator']],
  );
  view.put(helper());
  assert.equal(kinds(ask(first)[1]), ['answer']); // It is at work.
  view.put(helper('{"feature_flags":{"agent_validate_60_ports_per_container":true}}'));
  const { effects: end } = fetched(send({ kind: 'lookAgain' }), [[`delete ${HELPER}`, absent]]);
  assert.equal(kinds(end), ['known', 'wake']);
});

test('spec 06 §10 #72: a helper without a result is waited for, no pod is asked', () => {
  const first = containerOf('compute', { name: 'first' });
  const peer = memberOf('drive', 'peer', 4);
  const { ask } = bench(first, peer, podFor(peer), helper());
  assert.equal(kinds(ask(first)[1]), ['answer']);
});

test('a result without flags is a failure that whoever asks hears, and is tried again after a rest', () => {
  const first = containerOf('compute', { name: 'first' });
  const { ask, fetched, send, state, view } = bench(first, helper('{}'));
  const { effects } = fetched(ask(first)[1], [[`delete ${HELPER}`, did(helper())]]);
  assert.equal(kinds(effects), ['timer']);
  const [answer] = ask(first);
  assert.ok(answer?.kind === 'failed' && answer.reason.startsWith('no feature flags to cache'));
  view.remove(helper());
  assert.equal(kinds(send({ kind: 'retryDue', attempt: state().attempt })), ['fetch']);
});

test('no Deployment: the text of the reference', () => {
  const first = containerOf('compute', { name: 'first' });
  const { ask, fetched } = bench(first);
  fetched(ask(first)[1], [[`get deployments/${OPERATOR_NAMESPACE}/weka-operator`, absent]]);
  const [answer] = ask(first);
  assert.ok(answer?.kind === 'failed' && answer.reason.startsWith('error getting operator deployment: '));
});

test('what is known outlives a restart of the actor', () => {
  const { ask, known } = bench(containerOf('compute'));
  known.set(IMAGE, {});
  const [answer, effects] = ask(containerOf('compute'));
  assert.equal(answer, { kind: 'known', flags: {} });
  assert.equal(kinds(effects), ['answer']);
});

test('as an actor: 500 that ask at once cause one fetch, and each is woken', async () => {
  const { system, clock, judge } = stage('image');
  const all = Array.from({ length: 500 }, (_, index) => containerOf('compute', { name: `c${index}` }));
  const view = fakeView(...surroundings(), ...all);
  const calls: string[] = [];
  let woken = 0;
  const machine = image(IMAGE, {
    view,
    settings,
    known: new Map(),
    wake: () => (woken += 1),
    clock,
    callers: {
      exec: () => () => {},
      agent: () => () => {},
      node: () => () => {},
      cluster: () => () => {},
      image: () => () => {},
      namespace: () => () => {},
      catchUp: () => () => {},
      sleep: () => () => {},
      kube: (call, answer) => {
        calls.push(nameOf(call));
        if (calls.length === 2) view.put(helper('{"feature_flags":{}}'));
        answer(did(deployment));
        return () => {};
      },
    },
  });
  const actor = spawn(system.root, 'image', machine, judge);
  let pending = 0;
  for (const each of all)
    tell(actor, {
      kind: 'asked',
      ask: { kind: 'flags', image: IMAGE, uid: uidOf(each) },
      answer: () => (pending += 1),
    });
  await drive(system, clock, 1_000);
  tell(actor, { kind: 'lookAgain' });
  await drive(system, clock, 2_000);
  assert.is(pending, 500);
  assert.is(woken, 500);
  assert.equal(calls, [`get deployments/${OPERATOR_NAMESPACE}/weka-operator`, `create ${HELPER}`, `delete ${HELPER}`]);
  system.stop();
});

test.run();
