/** The owner of a node's drives, ports and places: what it grants, to whom, and what it does about discovery and drivers. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Call } from '../../actors/calls.ts';
import { spawn, tell } from '../../actors/machine.ts';
import { initial } from '../../actors/node/state.ts';
import { RETRY_MS_MAX, RETRY_MS_MIN } from '../../actors/node/work.ts';
import { decider, type Effect, node } from '../../actors/node.ts';
import type { Config } from '../../config.ts';
import type { Attempt, ContainerUid } from '../../messages/ids.ts';
import type { FeatureFlags } from '../../messages/image.ts';
import type { KubeObject } from '../../messages/kube.ts';
import type { NodeAnswer, NodeAsk, NodeMessage } from '../../messages/node.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { containerOf, memberOf, NODE, nodeOf, podFor, uidOf } from '../support/containers.ts';
import { drive } from '../support/drive.ts';
import { fakeView } from '../support/fake-view.ts';
import { nodeBench } from '../support/node-bench.ts';
import { SETTINGS, surroundings } from '../support/pass.ts';
import { conflict, did, exists, type Line, nameOf, play } from '../support/play.ts';
import { stage } from '../support/stage.ts';

const newUuid = (): string => 'uuid';

function bench(objects: readonly KubeObject[], settings: Partial<Config> = {}) {
  const { ask, work, ...rest } = nodeBench(objects, settings);
  return {
    ...rest,
    ask: (of: NodeAsk): NodeAnswer => ask(of).answer,
    work: (effects: readonly Effect[], lines: readonly Line[]) => work(effects, lines).after,
  };
}
const NO_FLAGS: FeatureFlags = {};
const bound = (mode: 'drive' | 'compute', name: string, given: Parameters<typeof containerOf>[1] = {}): WekaContainer =>
  containerOf(mode, { name, ...given, status: { nodeAffinity: NODE, ...given.status } });
const allocate = (container: WekaContainer): NodeAsk => ({ kind: 'allocate', uid: uidOf(container), flags: NO_FLAGS });
const drivesNode = (serials: readonly string[], annotations: Readonly<Record<string, string | undefined>> = {}) =>
  nodeOf(NODE, { annotations: { 'weka.io/weka-drives': JSON.stringify(serials), ...annotations } });
const given = (answer: NodeAnswer) => {
  if (answer.kind !== 'allocated') throw new Error(`refused: ${JSON.stringify(answer)}`);
  return answer.allocations;
};
const kinds = (effects: readonly Effect[]): readonly string[] =>
  effects.map((effect) => (effect.kind === 'wake' ? `wake ${effect.uid}` : effect.kind));
const image = (uid: ContainerUid, name: string, forced = false): NodeAsk => ({
  kind: 'loadDrivers',
  uid,
  need: { image: name, frontend: true },
  forced,
});

test('a drive and a port are given once, also while nothing is written', () => {
  const [a, b] = [bound('drive', 'a', { spec: { numDrives: 1 } }), bound('drive', 'b', { spec: { numDrives: 1 } })];
  const { ask } = bench([drivesNode(['S1', 'S2']), a, b]);
  const [first, second] = [given(ask(allocate(a))), given(ask(allocate(b)))];
  assert.equal(first, { drives: ['S1'], wekaPort: 35000, agentPort: 35303 });
  assert.equal(second, { drives: ['S2'], wekaPort: 35100, agentPort: 35304 });
});

test('a restarted actor still holds what it granted', () => {
  const [a, b] = [bound('drive', 'a', { spec: { numDrives: 1 } }), bound('drive', 'b', { spec: { numDrives: 1 } })];
  const { ask, restart } = bench([drivesNode(['S1', 'S2']), a, b]);
  const first = given(ask(allocate(a)));
  restart();
  assert.equal(given(ask(allocate(b))).drives, ['S2']);
  assert.equal(given(ask(allocate(a))), first);
});

const more = (container: WekaContainer): NodeAsk => ({ kind: 'allocateMore', uid: uidOf(container) });
const grows = (answer: NodeAnswer) => {
  if (answer.kind !== 'more') throw new Error(`no more: ${JSON.stringify(answer)}`);
  return answer.allocations.drives;
};
const growing = (name: string, drives: readonly string[], numDrives = 2): WekaContainer =>
  bound('drive', name, { spec: { numDrives }, status: { allocations: { drives } } });

test('spec 05 §17 #40: two that grow at once get different drives, also after a crash, and hear the same again', () => {
  const [a, b] = [growing('a', ['S1']), growing('b', ['S2'])];
  const { ask, restart } = bench([drivesNode(['S1', 'S2', 'S3', 'S4']), a, b]);
  assert.equal(grows(ask(more(a))), ['S1', 'S3']);
  restart();
  assert.equal(grows(ask(more(b))), ['S2', 'S4']);
  assert.equal(grows(ask(more(a))), ['S1', 'S3']);
});

test('what was granted is held until the status names it, and a first allocation does not get it', () => {
  const [a, b] = [growing('a', ['S1']), bound('drive', 'b', { spec: { numDrives: 1 } })];
  const { ask, view, send, state } = bench([drivesNode(['S1', 'S2']), a, b]);
  assert.equal(grows(ask(more(a))), ['S1', 'S2']);
  assert.is(ask(allocate(b)).kind, 'refused');
  view.put(growing('a', ['S1'], 3));
  send({ kind: 'lookAgain' });
  assert.is(state().allocated?.size, 1, 'another change of it');
  view.put(growing('a', ['S1', 'S2']));
  send({ kind: 'lookAgain' });
  assert.is(state().allocated?.size, 0);
});

test('what was granted and then blocked is not handed out once more', () => {
  const a = growing('a', ['S1']);
  const { ask, view } = bench([drivesNode(['S1', 'S2', 'S3']), a]);
  assert.equal(grows(ask(more(a))), ['S1', 'S2']);
  view.put(drivesNode(['S1', 'S2', 'S3'], { 'weka.io/blocked-drives': '["S2"]' }));
  assert.equal(grows(ask(more(a))), ['S1', 'S3']);
});

test('what was promised is handed out again, also where the rest of a larger wish is not to be had', () => {
  const a = growing('a', ['S1']);
  const { ask, view } = bench([drivesNode(['S1', 'S2']), a]);
  assert.equal(grows(ask(more(a))), ['S1', 'S2']);
  view.put(growing('a', ['S1'], 4));
  const answer = ask(more(a));
  assert.equal(grows(answer), ['S1', 'S2']);
  assert.is(answer.kind === 'more' && answer.events[0]?.reason, 'AllocateContainerDrivesError');
});

test('growth holds what is new alone: a drive that is given up before it is written is free for others', () => {
  const [a, b] = [growing('a', ['S1', 'S2'], 3), bound('drive', 'b', { spec: { numDrives: 1 } })];
  const { ask, view, state, send } = bench([drivesNode(['S1', 'S2', 'S3']), a, b]);
  assert.equal(grows(ask(more(a))), ['S1', 'S2', 'S3']);
  // S2 was blocked and given up in the pass that writes S3; later it is unblocked.
  view.put(growing('a', ['S1', 'S3'], 2));
  send({ kind: 'lookAgain' });
  assert.is(state().allocated?.size, 0);
  assert.equal(given(ask(allocate(b))).drives, ['S2']);
});

test('spec 05 §17 #39: no drive left is told with an event, and what is held twice as well', () => {
  const [a, b] = [growing('a', ['S1']), growing('b', ['S1'], 1)];
  const answer = bench([drivesNode(['S1']), a, b]).ask(more(a));
  assert.equal(answer.kind === 'noMore' && [answer.retryMs, answer.events.map(({ reason }) => reason)], [
    10_000,
    ['AllocateContainerDrivesError', 'ResourceOwnedTwice'],
  ]);
});

test('one that asks twice hears the same, without a second event', () => {
  const a = bound('drive', 'a', { spec: { numDrives: 1 } });
  const { ask } = bench([drivesNode(['S1', 'S2']), a]);
  const first = ask(allocate(a));
  assert.ok(first.kind === 'allocated' && first.events.length === 1);
  assert.equal(ask(allocate(a)), { ...first, events: [] });
});

test('what the status says wins over a grant, and the grant is forgotten', () => {
  const a = bound('drive', 'a', { spec: { numDrives: 1 } });
  const { ask, view, send, state } = bench([drivesNode(['S1', 'S2']), a]);
  given(ask(allocate(a)));
  assert.is(state().allocated?.size, 1);
  view.put({
    ...a,
    status: { status: 'Init', nodeAffinity: NODE, allocations: { drives: ['S2'], wekaPort: 35100 } },
  } as KubeObject);
  send({ kind: 'lookAgain' });
  assert.is(state().allocated?.size, 0);
  assert.equal(given(ask(allocate(a))), { drives: ['S2'], wekaPort: 35100 });
});

test('a grant of one that is gone is free again; while the stores are not complete nobody counts as gone', () => {
  const [a, b] = [bound('drive', 'a', { spec: { numDrives: 1 } }), bound('drive', 'b', { spec: { numDrives: 1 } })];
  const { ask, view, send, state } = bench([drivesNode(['S1']), a, b]);
  given(ask(allocate(a)));
  view.remove(a);
  view.setSynced(false);
  send({ kind: 'lookAgain' });
  assert.is(state().allocated?.size, 1);
  view.setSynced(true);
  assert.equal(given(ask(allocate(b))).drives, ['S1']);
});

test('no time takes a grant back: its container may be able to write only then', () => {
  const [a, b] = [bound('drive', 'a', { spec: { numDrives: 1 } }), bound('drive', 'b', { spec: { numDrives: 1 } })];
  const view = fakeView(...surroundings(), drivesNode(['S1']), a, b);
  const decide = decider(NODE, { view, settings: SETTINGS, flagsOf: () => undefined, newUuid, grants: new Map() });
  const answers: NodeAnswer[] = [];
  const asked = (container: WekaContainer): NodeMessage => ({
    kind: 'asked',
    ask: allocate(container),
    answer: (answer) => answers.push(answer),
  });
  const [later, effects] = decide(initial, asked(a), { fresh: 1 as Attempt, ms: 0 });
  const [, more] = decide(later, asked(b), { fresh: 2 as Attempt, ms: 24 * 3_600_000 });
  for (const effect of [...effects, ...more]) if (effect.kind === 'answer') effect.to(effect.answer);
  assert.equal(
    answers.map(({ kind }) => kind),
    ['allocated', 'refused'],
  );
});

test('a grant does not outlive the binding to another node', () => {
  const a = bound('drive', 'a', { spec: { numDrives: 1 } });
  const { ask, view, send, state } = bench([drivesNode(['S1']), a]);
  given(ask(allocate(a)));
  view.put({ ...a, status: { status: 'Init', nodeAffinity: 'node-2' } } as KubeObject);
  send({ kind: 'lookAgain' });
  assert.is(state().allocated?.size, 0);
});

test('a shortage of drives is told with an event and asked again after 30 s; nothing is held', () => {
  const a = bound('drive', 'a', { spec: { numDrives: 2 } });
  const { ask, state } = bench([drivesNode(['S1']), a]);
  const reason = 'not enough drives available: need 2, have 1';
  assert.equal(ask(allocate(a)), {
    kind: 'refused',
    reason,
    plain: false,
    retryMs: 30_000,
    events: [
      {
        type: 'Warning',
        reason: 'InsufficientDrives',
        message: `${reason}. On node node-1: 1 drives, 1 free (S1), 0 owned, 0 blocked`,
        perMinute: true,
      },
    ],
  });
  assert.is(state().allocated?.size, 0);
});

test('without owner, node or cluster the refusal is an ordinary error', () => {
  const orphan = bound('drive', 'a', { metadata: { ownerReferences: [] } });
  const stray = bound('drive', 'b', {
    metadata: { ownerReferences: [{ apiVersion: 'x', kind: 'WekaCluster', name: 'gone', uid: 'u', controller: true }] },
  });
  const { ask, view } = bench([orphan, stray]);
  const text = (container: WekaContainer): string => {
    const answer = ask(allocate(container));
    if (answer.kind !== 'refused' || !answer.plain) throw new Error('not a plain refusal');
    return answer.reason;
  };
  assert.is(text(orphan), 'failed to get owner cluster: container has no owner references');
  assert.is(text(stray), 'failed to get owner cluster: wekaclusters.weka.weka.io "gone" not found');
  view.remove(nodeOf());
  assert.is(text(orphan), 'failed to get node node-1: not found');
});

// The place of the one container of its kind. F11.

const twins = (): readonly [WekaContainer, WekaContainer] => [
  containerOf('compute', { name: 'a', metadata: { creationTimestamp: '2026-01-01T00:00:01Z' } }),
  containerOf('compute', { name: 'b', metadata: { creationTimestamp: '2026-01-01T00:00:02Z' } }),
];
const bind = (container: WekaContainer): NodeAsk => ({ kind: 'bind', uid: uidOf(container) });

for (const order of ['older first', 'younger first'] as const) {
  test(`two pods on one node, ${order}: the older one is bound, the other is not`, () => {
    const [a, b] = twins();
    const { ask } = bench([a, b, podFor(a), podFor(b)]);
    const [first, second] = order === 'older first' ? [a, b] : [b, a];
    const answers = new Map([first, second].map((each) => [each, ask(bind(each)).kind]));
    assert.is(answers.get(a), 'granted');
    assert.is(answers.get(b), 'taken');
  });
}

test('a younger one that was granted the place keeps it when an older one arrives', () => {
  const [a, b] = twins();
  const { ask, view } = bench([a, b, podFor(b)]);
  assert.is(ask(bind(b)).kind, 'granted');
  view.put(podFor(a));
  assert.equal(ask(bind(a)), { kind: 'taken', by: 'b' });
  assert.is(ask(bind(b)).kind, 'granted');
});

test('a bound one wins over everybody, also when it is being deleted', () => {
  const [a, b] = twins();
  const boundOne = {
    ...b,
    status: { status: 'Running', nodeAffinity: NODE },
    spec: { ...b.spec, state: 'deleting' as const },
  };
  const { ask } = bench([a, boundOne, podFor(a)]);
  assert.equal(ask(bind(a)), { kind: 'taken', by: 'b' });
});

test('one that leaves unbound is in nobody’s way: never both deleting', () => {
  const [a, b] = twins();
  const leaving = { ...a, spec: { ...a.spec, state: 'deleting' as const } };
  const { ask } = bench([leaving, b, podFor(a), podFor(b)]);
  assert.is(ask(bind(b)).kind, 'granted');
});

test('equal times: the smaller uid', () => {
  const [a, b] = [containerOf('compute', { name: 'a' }), containerOf('compute', { name: 'b' })];
  const { ask } = bench([a, b, podFor(a), podFor(b)]);
  assert.is(ask(bind(b)).kind, 'taken');
  assert.is(ask(bind(a)).kind, 'granted');
});

test('containers of other labels or namespaces do not compete', () => {
  const a = containerOf('compute', { name: 'a' });
  const other = memberOf('drive', 'd', 1);
  const elsewhere = memberOf('compute', 'e', 2, { metadata: { namespace: 'other' } });
  const { ask } = bench([a, other, elsewhere, podFor(a)]);
  assert.is(ask(bind(a)).kind, 'granted');
});

test('a node or a container that is not known yet says nothing about the place', () => {
  const [a] = twins();
  const { ask, view } = bench([a]);
  assert.equal(ask({ kind: 'bind', uid: 'nobody' as ContainerUid }), { kind: 'failed', reason: 'container not found' });
  view.remove(nodeOf());
  assert.equal(ask(bind(a)), { kind: 'failed', reason: 'node not found' });
});

// Discovery. F32, F39.

const undiscovered = () => nodeOf(NODE, { annotations: { 'weka.io/discovery.json': undefined } });
const helper = (result?: string, metadata = {}): WekaContainer =>
  containerOf('discovery', {
    name: `weka-dsc-${NODE}`,
    metadata,
    status: { nodeAffinity: NODE, ...(result === undefined ? {} : { result }) },
  });
const discover = (container: WekaContainer): NodeAsk => ({ kind: 'discover', uid: uidOf(container) });
const RESULT = JSON.stringify({ is_ht: true, kubernetes_distro: 'k8s', os: 'ubuntu', schema: 1 });
const asked = (ask: NodeAsk): NodeMessage => ({ kind: 'asked', ask, answer: () => {} });

test('spec 06 §10 #53: a valid record needs no discovery; a missing one starts one helper for all that ask', () => {
  const [a, b] = [containerOf('drive', { name: 'a' }), containerOf('drive', { name: 'b' })];
  const known = bench([a]);
  assert.is(known.ask(discover(a)).kind, 'known');
  const { send, work, view, state } = bench([undiscovered(), a, b]);
  const first = send(asked(discover(a)));
  assert.equal(kinds(first), ['answer', 'work']);
  assert.equal(kinds(send(asked(discover(b)))), ['answer']); // One at a time.
  view.put(helper());
  assert.equal(work(first, [['create wekacontainers/weka/weka-dsc-node-1', did(helper())]]), []);
  view.put(helper(RESULT));
  const second = send({ kind: 'lookAgain' });
  assert.equal(kinds(second), ['work']);
  const recorded = nodeOf();
  const started = second.find((effect) => effect.kind === 'work');
  const lines: Line[] = [
    ['mergePatch nodes/node-1', did(recorded)],
    ['delete wekacontainers/weka/weka-dsc-node-1', did(helper())],
  ];
  const { calls } = play(started?.script ?? nothing(), lines);
  const patch = calls[0]?.kind === 'kube' && calls[0].request.verb === 'mergePatch' ? calls[0].request.patch : {};
  const record = JSON.parse(annotationOf(patch, 'weka.io/discovery.json'));
  assert.is(record.boot_id, 'boot-1');
  assert.is(record.schema, 3);
  view.put(recorded);
  view.remove(helper());
  const end = send({ kind: 'ended', work: 'discovery', attempt: started?.attempt ?? 0, failure: undefined });
  assert.equal(kinds(end), ['wake uid-a', 'wake uid-b']);
  assert.is(state().asking.size, 0);
});
function* nothing(): Generator<Call, string | undefined, unknown> {
  yield* [];
  return undefined;
}
const annotationOf = (patch: unknown, key: string): string =>
  (patch as { metadata: { annotations: Record<string, string> } }).metadata.annotations[key] ?? '';

test('spec 06 §10 #76: an unreadable result goes with its helper, those who wait hear why, and it is tried again', () => {
  const a = containerOf('drive', { name: 'a' });
  const { send, work, view, ask, state } = bench([undiscovered(), a, helper('[{"name":')]);
  const started = send(asked(discover(a)));
  const ended = work(started, [['delete wekacontainers/weka/weka-dsc-node-1', did(helper())]]);
  assert.equal(kinds(ended), ['wake uid-a', 'timer']);
  view.remove(helper());
  assert.is(ask(discover(a)).kind, 'failed');
  const due = send({ kind: 'retryDue', attempt: state().discovery.attempt });
  assert.equal(kinds(due), ['work']);
});

test('spec 06 §10 #71: a left-over helper of a discovered node is collected', () => {
  const { send } = bench([helper(RESULT)]);
  const started = send({ kind: 'lookAgain' }).find((effect) => effect.kind === 'work');
  const { calls } = play(started?.script ?? nothing(), [['delete wekacontainers/weka/weka-dsc-node-1', did(helper())]]);
  assert.is(calls.length, 1);
});

test('a helper of two namespaces lives in the operator’s, and nobody owns it', () => {
  const a = containerOf('drive', { name: 'a' });
  const b = containerOf('drive', { name: 'b', metadata: { namespace: 'other' } });
  const view = bench([undiscovered(), a, b]);
  view.send(asked(discover(a)));
  view.send({ kind: 'ended', work: 'discovery', attempt: view.state().discovery.attempt, failure: 'x' });
  view.send(asked(discover(b)));
  const due = view.send({ kind: 'retryDue', attempt: view.state().discovery.attempt });
  const started = due.find((effect) => effect.kind === 'work');
  const { calls } = play(started?.script ?? nothing(), [
    ['create wekacontainers/weka-operator-system/weka-dsc-node-1', did(helper())],
  ]);
  const request = calls[0]?.kind === 'kube' && calls[0].request.verb === 'create' ? calls[0].request.object : undefined;
  assert.is(request?.metadata.ownerReferences, undefined);
});

// Drivers. F17.

const loader = (imageName: string, result?: string): WekaContainer =>
  containerOf('drivers-loader', {
    name: `weka-drivers-loader-uid-${NODE}`,
    metadata: { namespace: 'weka-operator-system', ownerReferences: [] },
    spec: { image: imageName },
    status: { nodeAffinity: NODE, ...(result === undefined ? {} : { result }) },
  });
const LOADER = `wekacontainers/weka-operator-system/weka-drivers-loader-uid-${NODE}`;
const LOADED = '{"err":null,"drivers_loaded":true}';
const bare = () => nodeOf(NODE, { annotations: { 'weka.io/drivers-loaded': undefined } });

test('spec 06 §10 #35: ten containers of one node wait for one load', () => {
  const all = Array.from({ length: 10 }, (_, index) => containerOf('client', { name: `c${index}` }));
  const { send, work, view } = bench([bare(), ...all]);
  const started = all.flatMap((each) => send(asked(image(uidOf(each), 'i:1'))));
  assert.is(started.filter(({ kind }) => kind === 'work').length, 1);
  view.put(loader('i:1'));
  work(started, [[`create ${LOADER}`, did(loader('i:1'))]]);
  view.put(loader('i:1', LOADED));
  const finish = send({ kind: 'lookAgain' });
  view.put(nodeOf(NODE, { annotations: { 'weka.io/drivers-loaded': 'i:1:boot-1' } }));
  view.remove(loader('i:1'));
  const ended = work(finish, [
    ['mergePatch nodes/node-1', did(nodeOf())],
    [`delete ${LOADER}`, did(loader('i:1'))],
  ]);
  assert.equal(
    kinds(ended),
    all.map((each) => `wake ${uidOf(each)}`),
  );
});

test('spec 06 §10 #65: what was loaded is what the loader was made for, whoever waits', () => {
  const b = containerOf('client', { name: 'b' });
  const { send } = bench([bare(), b, loader('i:A', LOADED)]);
  const started = send(asked(image(uidOf(b), 'i:B'))).find((effect) => effect.kind === 'work');
  const { calls } = play(started?.script ?? nothing(), [
    ['mergePatch nodes/node-1', did(nodeOf())],
    [`delete ${LOADER}`, did(loader('i:A'))],
  ]);
  const patch = calls[0]?.kind === 'kube' && calls[0].request.verb === 'mergePatch' ? calls[0].request.patch : {};
  assert.is(annotationOf(patch, 'weka.io/drivers-loaded'), 'i:A:boot-1');
});

test('spec 06 §10 #34: failing loads come at growing intervals, although making the loader succeeds', () => {
  const a = containerOf('client', { name: 'a' });
  const { send, work, view, state } = bench([bare(), a]);
  const delays: number[] = [];
  let effects = send(asked(image(uidOf(a), 'i:1')));
  for (let round = 0; round < 7; round += 1) {
    view.put(loader('i:1', '{"err":"x","drivers_loaded":false}'));
    const made = work(effects, [[`create ${LOADER}`, did(loader('i:1'))]]);
    view.remove(loader('i:1'));
    const failed = work(made, [[`delete ${LOADER}`, did(loader('i:1'))]]);
    for (const effect of failed) if (effect.kind === 'timer') delays.push(effect.delayMs);
    const answer = state().drivers.failure;
    assert.is(answer, 'DriversNotLoadedError: x, re-create container');
    effects = send({ kind: 'retryDue', attempt: state().drivers.attempt });
  }
  assert.equal(delays, [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
  assert.is(delays[0], RETRY_MS_MIN);
  assert.is(delays.at(-1), RETRY_MS_MAX);
});

test('after a success the next failure waits the shortest time again', () => {
  const a = containerOf('client', { name: 'a' });
  const { send, view, state } = bench([bare(), a]);
  send(asked(image(uidOf(a), 'i:1')));
  send({ kind: 'ended', work: 'drivers', attempt: state().drivers.attempt, failure: 'x' });
  view.put(nodeOf(NODE, { annotations: { 'weka.io/drivers-loaded': 'i:1:boot-1' } }));
  assert.equal(kinds(send({ kind: 'retryDue', attempt: state().drivers.attempt })), ['wake uid-a']);
  assert.is(state().drivers.failures, 0);
});

test('I6: another image or another spec is no failure of the one before: it is loaded at once', () => {
  const a = containerOf('client', { name: 'a' });
  const { send, view, state, ask } = bench([bare(), a]);
  const fails = (name: string) => {
    send(asked(image(uidOf(a), name)));
    for (let times = 0; times < 4; times += 1) {
      send({ kind: 'ended', work: 'drivers', attempt: state().drivers.attempt, failure: 'x' });
      if (times < 3) send({ kind: 'retryDue', attempt: state().drivers.attempt });
    }
    assert.equal([state().drivers.phase, state().drivers.failures], ['resting', 4]);
  };
  fails('i:1');
  assert.is(ask(image(uidOf(a), 'i:1')).kind, 'failed');
  assert.equal(kinds(send(asked(image(uidOf(a), 'i:2')))), ['answer', 'work']);
  assert.is(ask(image(uidOf(a), 'i:2')).kind, 'pending');
  fails('i:2');
  view.put({ ...a, metadata: { ...a.metadata, generation: 2 } });
  assert.equal(kinds(send(asked(image(uidOf(a), 'i:2')))), ['answer', 'work']);
});

test('F17: image B is not loaded under a running frontend of image A', () => {
  const frontend = memberOf('client', 'f', 3, { status: { lastAppliedImage: 'i:A' } });
  const b = containerOf('client', { name: 'b' });
  const { send, ask } = bench([bare(), frontend, b]);
  assert.equal(kinds(send(asked(image(uidOf(b), 'i:B')))), ['answer']);
  const answer = ask(image(uidOf(b), 'i:B'));
  assert.ok(answer.kind === 'pending' && answer.reason === 'drivers of another image are in use by weka/f');
});

test('spec 06 §10 #37: after a reboot the mark of the old boot goes first', () => {
  const a = containerOf('client', { name: 'a' });
  const { send } = bench([nodeOf(NODE, { boot: 'boot-2' }), a]);
  const started = send(asked(image(uidOf(a), 'registry.example/weka:4.4.5'))).find((effect) => effect.kind === 'work');
  const { calls } = play(started?.script ?? nothing(), [['mergePatch nodes/node-1', did(nodeOf())]]);
  const patch = calls[0]?.kind === 'kube' && calls[0].request.verb === 'mergePatch' ? calls[0].request.patch : {};
  assert.is(annotationOf(patch, 'weka.io/drivers-loaded') || null, null);
});

test('spec 06 §10 #38: a forced load does not believe the annotation, also when it was asked for during a rest', () => {
  const a = containerOf('compute', { name: 'a' });
  const { send, state, ask } = bench([nodeOf(), a]);
  assert.is(ask(image(uidOf(a), 'registry.example/weka:4.4.5')).kind, 'loaded');
  send(asked(image(uidOf(a), 'registry.example/weka:4.4.5', true)));
  assert.is(state().drivers.phase, 'running');
  send({ kind: 'ended', work: 'drivers', attempt: state().drivers.attempt, failure: 'x' });
  send(asked(image(uidOf(a), 'registry.example/weka:4.4.5', true)));
  assert.equal(kinds(send({ kind: 'lookAgain' })), []);
  assert.equal(kinds(send({ kind: 'retryDue', attempt: state().drivers.attempt })), ['work']);
});

test('V5: while nobody asks for drivers the mark of an old boot stays: backends go by it', () => {
  const rebooted = nodeOf(NODE, { boot: 'boot-2' });
  const a = containerOf('client', { name: 'a' });
  const { send } = bench([rebooted, a]);
  assert.equal(kinds(send({ kind: 'lookAgain' })), []);
  assert.equal(kinds(send(asked(image(uidOf(a), 'registry.example/weka:4.4.5')))), ['answer', 'work']);
});

test('a loader for which nobody waits and which never got a pod is collected', () => {
  const unbound = containerOf('drivers-loader', {
    name: `weka-drivers-loader-uid-${NODE}`,
    metadata: { namespace: 'weka-operator-system' },
  });
  const { send } = bench([bare(), unbound]);
  const started = send({ kind: 'lookAgain' }).find((effect) => effect.kind === 'work');
  play(started?.script ?? nothing(), [[`delete ${LOADER}`, did(unbound)]]);
});

test('spec 06 §10 #65: a loader of image A without a pod makes way for one of image B; with a pod it ends its work', () => {
  const b = containerOf('client', { name: 'b' });
  const unbound = containerOf('drivers-loader', {
    name: `weka-drivers-loader-uid-${NODE}`,
    metadata: { namespace: 'weka-operator-system' },
    spec: { image: 'i:A' },
  });
  const { send, work, view } = bench([bare(), b, unbound]);
  const goes = send(asked(image(uidOf(b), 'i:B')));
  view.remove(unbound);
  const creates = work(goes, [[`delete ${LOADER}`, did(unbound)]]);
  const script = creates.find((effect) => effect.kind === 'work')?.script ?? nothing();
  const { calls } = play(script, [[`create ${LOADER}`, did(unbound)]]);
  const made = calls[0]?.kind === 'kube' && calls[0].request.verb === 'create' ? calls[0].request.object : undefined;
  assert.is((made as WekaContainer | undefined)?.spec.image, 'i:B');
  for (const other of [podFor(unbound), undefined]) {
    const stays = bench([bare(), b, unbound, ...(other === undefined ? [] : [other])]);
    assert.equal(kinds(stays.send(asked(image(uidOf(b), other === undefined ? 'i:A' : 'i:B')))), ['answer']);
  }
});

test('spec 06 §10 #66: a loader that is there already is used', () => {
  const a = containerOf('client', { name: 'a' });
  const { send, work, view } = bench([bare(), a]);
  const started = send(asked(image(uidOf(a), 'i:1')));
  view.put(loader('i:1'));
  assert.equal(kinds(work(started, [[`create ${LOADER}`, exists]])), [], 'no failure, no second one');
  view.put(loader('i:1', LOADED));
  assert.equal(kinds(send({ kind: 'lookAgain' })), ['work']);
});

test('spec 06 §10 #36: a conflict of the node’s mark is tried again; the loader stays until the mark is written', () => {
  const a = containerOf('client', { name: 'a' });
  const { send, work, state } = bench([bare(), a, loader('i:1', LOADED)]);
  const failed = work(send(asked(image(uidOf(a), 'i:1'))), [['mergePatch nodes/node-1', conflict]]);
  assert.equal(kinds(failed), ['wake uid-a', 'timer']);
  const again = send({ kind: 'retryDue', attempt: state().drivers.attempt }).find((effect) => effect.kind === 'work');
  play(again?.script ?? nothing(), [
    ['mergePatch nodes/node-1', did(nodeOf())],
    [`delete ${LOADER}`, did(loader('i:1'))],
  ]);
});

test('spec 06 §10 #39, #54: the loader and the discovery of a node that is gone are deleted, not before all is known', () => {
  for (const left of [loader('i:1'), helper()]) {
    const { send, view } = bench([left]);
    view.remove(nodeOf());
    view.setSynced(false);
    assert.equal(kinds(send({ kind: 'lookAgain' })), []);
    view.setSynced(true);
    const started = send({ kind: 'lookAgain' }).find((effect) => effect.kind === 'work');
    const { namespace, name } = left.metadata;
    play(started?.script ?? nothing(), [[`delete wekacontainers/${namespace}/${name}`, did(left)]]);
  }
});

test('the end of an earlier try changes nothing', () => {
  const a = containerOf('client', { name: 'a' });
  const { send, state } = bench([bare(), a]);
  send(asked(image(uidOf(a), 'i:1')));
  const before = state();
  assert.equal(send({ kind: 'ended', work: 'drivers', attempt: 999, failure: 'late' }), []);
  assert.is(state().drivers, before.drivers);
});

test('discovery and drivers started by one turn have numbers of their own', () => {
  const a = containerOf('client', { name: 'a' });
  const { send, state } = bench([
    nodeOf(NODE, { annotations: { 'weka.io/discovery.json': undefined, 'weka.io/drivers-loaded': undefined } }),
    a,
  ]);
  send(asked(discover(a)));
  send(asked(image(uidOf(a), 'i:1')));
  assert.is.not(state().discovery.attempt, state().drivers.attempt);
});

test('as an actor: calls go out, the answer ends the work, whoever waits is woken, the timer tries again', async () => {
  const { system, clock, judge } = stage('node');
  const a = containerOf('client', { name: 'a' });
  const view = fakeView(...surroundings(), bare(), a);
  const calls: string[] = [];
  const woken: string[] = [];
  const machine = node(NODE, {
    view,
    settings: SETTINGS,
    flagsOf: () => undefined,
    newUuid,
    grants: new Map(),
    wake: (uid) => woken.push(uid),
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
        answer({ kind: 'refused', status: 500, reason: 'x', message: 'broken' });
        return () => {};
      },
    },
  });
  const actor = spawn(system.root, NODE, machine, judge);
  tell(actor, asked(image(uidOf(a), 'i:1')));
  await drive(system, clock, 35_000);
  assert.equal(calls, [`create ${LOADER}`, `create ${LOADER}`, `create ${LOADER}`]); // At 0, 10 and 30 s.
  assert.equal(woken, ['uid-a', 'uid-a', 'uid-a']);
  system.stop();
});

test.run();
