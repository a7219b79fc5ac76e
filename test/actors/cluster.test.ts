/** Who runs a command for another member, and how removals are paced. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decider, FAILED_MEMBER_MS, initial, REMOVAL_EVERY_MS } from '../../actors/cluster.ts';
import type { Config } from '../../config.ts';
import type { ClusterAnswer, ClusterAsk } from '../../messages/cluster.ts';
import type { Attempt, ClusterUid, ContainerUid, NodeName } from '../../messages/ids.ts';
import type { KubeObject } from '../../messages/kube.ts';
import type { ContainerMode } from '../../messages/weka-container.ts';
import { memberOf, nodeOf } from '../support/containers.ts';
import { fakeView } from '../support/fake-view.ts';
import { SETTINGS } from '../support/pass.ts';

const CLUSTER = 'uid-c' as ClusterUid;
const uid = (name: string): ContainerUid => `uid-${name}` as ContainerUid;

function bench(objects: readonly KubeObject[] = [], settings: Partial<Config> = { removalThrottlingEnabled: true }) {
  const view = fakeView(...objects);
  const decide = decider(CLUSTER, { view, settings: { ...SETTINGS, ...settings } });
  let state = initial;
  return (ask: ClusterAsk, ms = 0, chance = 0): ClusterAnswer => {
    let got: ClusterAnswer | undefined;
    const [next, effects] = decide(
      state,
      { kind: 'asked', ask, answer: (answer) => (got = answer), chance },
      { fresh: 1 as Attempt, ms },
    );
    state = next;
    for (const effect of effects) effect.to(effect.answer);
    if (got === undefined) throw new Error('not answered in its turn');
    return got;
  };
}
const member = (name: string): ClusterAsk => ({ kind: 'member', cluster: CLUSTER, uid: uid(name) });
const slot = (name: string, mode: ContainerMode = 'drive'): ClusterAsk => ({
  kind: 'removalSlot',
  cluster: CLUSTER,
  uid: uid(name),
  mode,
});
const failed = (name: string): ClusterAsk => ({
  kind: 'removalFailed',
  cluster: CLUSTER,
  uid: uid(name),
  mode: 'drive',
});
const nameIn = (answer: ClusterAnswer): string => (answer.kind === 'member' ? answer.name : answer.kind);

test('spec 03 §17 #6: the one READY member runs the command, never the asking one', () => {
  const others = Array.from({ length: 10 }, (_, index) =>
    memberOf('compute', `m${index}`, index + 1, { status: { internalStatus: 'STEM' } }),
  );
  const ask = bench([...others, memberOf('drive', 'd1', 20), memberOf('drive', 'ready', 21)]);
  for (const chance of [0, 0.3, 0.6, 0.99]) assert.is(nameIn(ask(member('d1'), 0, chance)), 'ready');
});

test('spec 07 §23 #39: leaving, paused and stopped members come last or never; self never', () => {
  const self = memberOf('drive', 'self', 1);
  const ask = bench([
    self,
    memberOf('drive', 'leaving', 2, { spec: { state: 'deleting' } }),
    memberOf('drive', 'paused', 3, { spec: { state: 'paused' } }),
    memberOf('drive', 'marked', 4, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
    memberOf('client', 'client', 5),
    memberOf('s3', 's3', 6),
  ]);
  assert.equal(ask(member('self')), { kind: 'none', reason: 'No active container found' });
});

test('spec 07 §23 #39, F35: of self, a leaving, a stopped, one on a lost node and a good one the good one; the lost one never', () => {
  const [lost, good] = [nodeOf('lost', { ready: false }), nodeOf('good')];
  const on = (node: string) => ({ status: { nodeAffinity: node as NodeName } });
  const members = [
    memberOf('drive', 'self', 1, on('good')),
    memberOf('drive', 'leaving', 2, { ...on('good'), spec: { state: 'deleting' } }),
    memberOf('drive', 'stopped', 3, { status: { status: 'Stopped', nodeAffinity: 'good' as NodeName } }),
    memberOf('drive', 'lost', 4, on('lost')),
    memberOf('drive', 'good', 5, on('good')),
  ];
  for (const chance of [0, 0.2, 0.4, 0.6, 0.8, 0.99]) {
    assert.is(nameIn(bench([lost, good, ...members])(member('self'), 0, chance)), 'good');
  }
  assert.is(bench([lost, memberOf('drive', 'lost', 4, on('lost'))])(member('self')).kind, 'none');
});

test('a stopped member is asked only when nobody better is left', () => {
  const stopped = memberOf('drive', 'stopped', 2, { status: { status: 'Stopped' } });
  assert.is(nameIn(bench([stopped, memberOf('compute', 'good', 3)])(member('self'), 0, 0)), 'good');
  assert.is(nameIn(bench([stopped])(member('self'))), 'stopped');
});

test('spec 03 §17 #7: a member whose connection failed is asked last for a minute', () => {
  const ask = bench([memberOf('drive', 'a', 1), memberOf('drive', 'b', 2)]);
  assert.is(nameIn(ask(member('self'))), 'a');
  ask({ kind: 'memberFailed', cluster: CLUSTER, uid: uid('self'), member: uid('a') }, 1_000);
  assert.is(nameIn(ask(member('self'), 2_000)), 'b');
  ask({ kind: 'memberFailed', cluster: CLUSTER, uid: uid('self'), member: uid('b') }, 3_000);
  assert.is(nameIn(ask(member('self'), 4_000)), 'a'); // Nobody is left who did not fail: one of them all the same.
  assert.is(nameIn(ask(member('self'), 1_000 + FAILED_MEMBER_MS)), 'a');
});

test('equals take turns', () => {
  const ask = bench(['a', 'b', 'c', 'd'].map((name, index) => memberOf('drive', name, index)));
  const chosen = new Set([0, 0.25, 0.5, 0.75].map((chance) => nameIn(ask(member('self'), 0, chance))));
  assert.is(chosen.size, 4);
});

test('spec 03 §17 #14: removals of one role are 60 s apart; another role and protocols are not delayed', () => {
  const ask = bench();
  const first = REMOVAL_EVERY_MS + 1; // F36: after a start the slot counts as taken.
  assert.is(ask(slot('a')).kind, 'throttled');
  assert.is(ask(slot('a'), first).kind, 'granted');
  assert.is(ask(slot('b'), first + 1).kind, 'throttled');
  assert.is(ask(slot('k', 'compute'), first + 1).kind, 'granted');
  assert.is(ask(slot('s', 's3'), first + 1).kind, 'granted');
  assert.is(ask(slot('s2', 's3'), first + 1).kind, 'granted');
  assert.is(ask(slot('a'), first + 2).kind, 'granted'); // Still its own.
  assert.is(ask(slot('b'), first + REMOVAL_EVERY_MS).kind, 'throttled');
  assert.is(ask(slot('b'), first + REMOVAL_EVERY_MS + 1).kind, 'granted');
});

test('spec 03 §17 #15: a removal that failed gives the slot back; another one’s failure does not', () => {
  const ask = bench();
  const first = REMOVAL_EVERY_MS + 1;
  ask(slot('x'), 0);
  assert.is(ask(slot('a'), first).kind, 'granted');
  ask(failed('b'), first + 1);
  assert.is(ask(slot('b'), first + 2).kind, 'throttled');
  ask(failed('a'), first + 3);
  assert.is(ask(slot('b'), first + 4).kind, 'granted');
});

test('without the setting every removal is granted', () => {
  const ask = bench([], { removalThrottlingEnabled: false });
  assert.is(ask(slot('a')).kind, 'granted');
  assert.is(ask(slot('b')).kind, 'granted');
});

test.run();
