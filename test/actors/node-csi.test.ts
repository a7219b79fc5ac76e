/** CSI labels of a node: one place writes them, whatever its clients say and in which order. Spec 08, 2.5, 2.7, 10; F36. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Effect } from '../../actors/node.ts';
import type { KubeObject } from '../../messages/kube.ts';
import type { CsiSays, NodeAsk } from '../../messages/node.ts';
import { NODE, nodeOf, uidOf } from '../support/containers.ts';
import { labelledNode, labelsFor, ofClient, parents } from '../support/csi.ts';
import { nodeBench, patchOf } from '../support/node-bench.ts';
import { conflict, did, type Line, refused } from '../support/play.ts';

const D = 'c.weka.weka.io';
const [a, b] = [ofClient({ name: 'a' }), ofClient({ name: 'b' })];
const PATCH = (answer: unknown): Line => [`mergePatch nodes/${NODE}`, answer];
const WRITTEN: readonly Line[] = [PATCH(did(nodeOf())), ['sleep 1000', undefined]];

function bench(...objects: readonly KubeObject[]) {
  const { view, send, ask, work } = nodeBench([...parents(), ...objects], { csiInstallationEnabled: true });
  const asked = (of: NodeAsk) => {
    const { answer, effects } = ask(of);
    return { answer: answer.kind, effects };
  };
  return {
    view,
    send,
    claim: (of: typeof a, says: CsiSays, driver = D) => asked({ kind: 'csiClaim', uid: uidOf(of), driver, says }),
    leave: (of: typeof a, driver?: string) => asked({ kind: 'csiLeave', uid: uidOf(of), driver }),
    /** `patch`: of the node's labels. */
    work: (effects: readonly Effect[], lines: readonly Line[], stored?: KubeObject) => {
      const { calls, after } = work(effects, lines, stored);
      return { patch: patchOf(calls), after };
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
