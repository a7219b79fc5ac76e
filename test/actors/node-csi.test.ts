/** CSI labels of a node: one place writes them, whatever its clients say and in which order. Spec 08, 2.5, 2.7, 10; F36. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decider, type Effect, initial } from '../../actors/node.ts';
import type { Attempt } from '../../messages/ids.ts';
import type { KubeObject } from '../../messages/kube.ts';
import type { CsiAnswer, CsiSays, NodeAnswer, NodeMessage } from '../../messages/node.ts';
import { NODE, nodeOf, uidOf } from '../support/containers.ts';
import { labelledNode, labelsFor, ofClient, parents } from '../support/csi.ts';
import { fakeView } from '../support/fake-view.ts';
import { SETTINGS } from '../support/pass.ts';
import { conflict, did, type Line, play, refused } from '../support/play.ts';

const D = 'c.weka.weka.io';
const [a, b] = [ofClient({ name: 'a' }), ofClient({ name: 'b' })];
const PATCH = (answer: unknown): Line => [`mergePatch nodes/${NODE}`, answer];
const WRITTEN: readonly Line[] = [PATCH(did(nodeOf())), ['sleep 1000', undefined]];

function bench(...objects: readonly KubeObject[]) {
  const view = fakeView(...parents(), ...objects);
  const settings = { ...SETTINGS, csiInstallationEnabled: true };
  const decide = decider(NODE, { view, settings, flagsOf: () => undefined, newUuid: () => 'uuid', grants: new Map() });
  let state = initial;
  let fresh = 0;
  const send = (msg: NodeMessage): readonly Effect[] => {
    fresh += 1;
    const [next, effects] = decide(state, msg, { fresh: fresh as Attempt, ms: fresh });
    state = next;
    return effects;
  };
  const ask = (of: Extract<NodeMessage, { kind: 'asked' }>['ask']) => {
    let answer: NodeAnswer | undefined;
    const effects = send({ kind: 'asked', ask: of, answer: (given) => (answer = given) });
    for (const effect of effects) if (effect.kind === 'answer') effect.to(effect.answer);
    return { answer: (answer as CsiAnswer | undefined)?.kind, effects };
  };
  return {
    view,
    send,
    claim: (of: typeof a, says: CsiSays, driver = D) => ask({ kind: 'csiClaim', uid: uidOf(of), driver, says }),
    leave: (of: typeof a, driver?: string) => ask({ kind: 'csiLeave', uid: uidOf(of), driver }),
    /** Plays the patch that was started; `node` is what the store has then. Answers with its labels and what follows. */
    work: (effects: readonly Effect[], lines: readonly Line[], node?: KubeObject) => {
      const started = effects.find((effect) => effect.kind === 'work');
      if (started === undefined) throw new Error('nothing was started');
      const { calls, verdict } = play(started.script, lines);
      if (node !== undefined) view.put(node);
      const [call] = calls;
      const patch = call?.kind === 'kube' && call.request.verb === 'mergePatch' ? call.request.patch : undefined;
      return { patch, after: send({ kind: 'ended', work: 'csi', attempt: started.attempt, failure: verdict }) };
    },
  };
}
const isStarted = (effects: readonly Effect[]): boolean => effects.some(({ kind }) => kind === 'work');
const nulls = (driver: string) => Object.fromEntries(Object.keys(labelsFor(driver)).map((key) => [key, null]));

test('spec 08 §11 #2: one patch of the three keys, and none while it is under way or once they are there', () => {
  const { claim, work } = bench(nodeOf(), a);
  const first = claim(a, 'yes');
  assert.not.ok(isStarted(claim(a, 'yes').effects));
  const { patch, after } = work(first.effects, WRITTEN, labelledNode(D));
  assert.equal(patch, { metadata: { labels: labelsFor(D) } });
  assert.not.ok(isStarted(after));
  assert.is(claim(a, 'yes').answer, 'kept');
});

test('F36: one that says no does not take away what another says yes to, in any order', () => {
  for (const order of [[a, b] as const, [b, a] as const]) {
    const { claim } = bench(labelledNode(D), a, b);
    for (const each of order) assert.not.ok(isStarted(claim(each, each === a ? 'yes' : 'no').effects));
    assert.ok(isStarted(claim(a, 'no').effects));
  }
});

test('one that leaves waits for a patch that is under way, and for its own', () => {
  const { claim, leave, work } = bench(nodeOf(), a);
  const setting = claim(a, 'yes');
  assert.is(leave(a, D).answer, 'pending');
  const { after } = work(setting.effects, WRITTEN, labelledNode(D));
  assert.is(leave(a, D).answer, 'pending');
  const { patch } = work(after, WRITTEN, nodeOf());
  assert.equal(patch, { metadata: { labels: nulls(D) } });
  assert.is(leave(a, D).answer, 'kept');
});

test('one that leaves without knowing its driver leaves the one it last spoke for', () => {
  const { claim, leave, work } = bench(labelledNode(D), a);
  claim(a, 'yes');
  const { effects } = leave(a);
  assert.equal(work(effects, WRITTEN).patch, { metadata: { labels: nulls(D) } });
});

test('nothing is known of a driver after a restart: nothing is taken away', () => {
  const { leave } = bench(labelledNode(D), a);
  assert.equal(leave(a).answer, 'kept');
});

test('one that comes to serve another driver leaves the old keys alone', () => {
  const { claim, work } = bench(labelledNode(D), a);
  claim(a, 'yes');
  const { patch } = work(claim(a, 'yes', 'new.weka.io').effects, WRITTEN);
  assert.equal(patch, { metadata: { labels: labelsFor('new.weka.io') } });
});

test('a refused patch rests and says so; then it is tried again', () => {
  const { claim, work, send } = bench(nodeOf(), a);
  const { after } = work(claim(a, 'yes').effects, [PATCH(refused)]);
  assert.is(claim(a, 'yes').answer, 'failed');
  const timer = after.find((effect) => effect.kind === 'timer');
  assert.is(timer?.delayMs, 10_000);
  assert.ok(isStarted(send({ kind: 'retryDue', attempt: timer?.attempt ?? 0 })));
});

test('a conflict is tried again at once, three times', () => {
  const { claim, work } = bench(nodeOf(), a);
  const { after } = work(claim(a, 'yes').effects, [PATCH(conflict), PATCH(conflict), PATCH(conflict)]);
  assert.ok(after.some(({ kind }) => kind === 'timer'));
});

test('labels edited by hand are put right by the node’s own look', () => {
  const { claim, view, send } = bench(labelledNode(D), a);
  claim(a, 'yes');
  view.put(nodeOf(NODE, { labels: { ...labelsFor(D), [`topology.${D}/transport`]: 'nfs' } }));
  assert.ok(isStarted(send({ kind: 'lookAgain' })));
});

test.run();
