/** How clients leave: mounts counted, waited for, drained; what each override changes. Spec 03, 6 and 17; F6, F7, F33. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AgentAnswer } from '../../../actors/calls.ts';
import { umountOnHost } from '../../../actors/flows/steps/umount.ts';
import { done, wait } from '../../../messages/verdict.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { agentOn, containerOf, type Given, jobOf, NODE, nodeOf, ownedBy, podFor } from '../../support/containers.ts';
import { passFor } from '../../support/pass.ts';
import { absent, agentOk, did, exit, noAgent, ok, play } from '../../support/play.ts';
import { type StoryOptions, story } from '../../support/story.ts';

const CLEAN_UP = 'weka-cleanup-container-uid-client';
const UMOUNT = `weka-umount-${NODE}`;
const clientOf = (given: Given = {}): WekaContainer =>
  containerOf('client', {
    ...given,
    metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', ...given.metadata },
    spec: { state: 'deleting', nodeAffinity: NODE, ...given.spec },
    status: { status: 'Running', nodeAffinity: NODE, internalStatus: 'READY', containerID: 9, ...given.status },
  });

/** A client that leaves, its node agent counting `mounts.count`, or giving another answer. */
function clientStory(
  given: Given = {},
  options: StoryOptions & { readonly withoutPod?: true; readonly notDeleted?: true } = {},
) {
  const marked = clientOf(given);
  const { deletionTimestamp: _, ...unmarked } = marked.metadata;
  const client = options.notDeleted === true ? { ...marked, metadata: unmarked } : marked;
  const mounts: { count: number; answer: AgentAnswer | undefined } = { count: 0, answer: undefined };
  const s = story(client, {
    ...options,
    world: [...(options.withoutPod === true ? [] : [podFor(client)]), agentOn(NODE), ...(options.world ?? [])],
    agent: ({ request }) =>
      request.path.startsWith('/getActiveMounts')
        ? (mounts.answer ?? agentOk({ active_mounts: mounts.count }))
        : agentOk({}),
    exec: options.exec ?? (() => ok()),
  });
  return {
    s,
    mounts,
    podEnds: () => s.view.remove(podFor(client)),
    emptied: () => s.view.put(jobOf(CLEAN_UP, { succeeded: 1 })),
    /** Nothing of it was stopped. */
    untouched: () => s.count('delete pods') + s.count('exec Allow') + s.count('exec StopInstr') === 0,
  };
}

test('spec 03 §17 #19, 07 §23 #41: mounts: Draining, one event a minute, no instruction; at 0: Deleting, forced stop, emptied, gone', () => {
  const { s, mounts, podEnds, emptied, untouched } = clientStory();
  mounts.count = 3;
  s.look();
  assert.is(s.known().status, 'Draining');
  assert.is(s.rest(), 15_000);
  assert.ok(s.count('Warning ActiveMounts: 3 mounts are still active') > 0);
  assert.ok(untouched());
  mounts.count = 0;
  s.tick();
  assert.is(s.known().status, 'Deleting');
  assert.ok(s.log.includes('delete pods/weka/client'));
  assert.ok(s.log.includes('exec AllowForceStop in client'));
  podEnds();
  s.until(() => s.count(`create jobs/`) > 0);
  emptied();
  s.until(() => s.container() === undefined);
  assert.is(s.count('exec AllowStop '), 0, 'a client is never stopped gracefully');
});

test('the own mounts are asked for by name and uid', () => {
  const { s, mounts } = clientStory({ spec: { name: 'a b&c' } });
  mounts.count = 1;
  s.look();
  assert.ok(s.log.includes('agent GET /getActiveMounts?container_name=a+b%26c&container_uuid=uid-client'));
});

test('spec 03 §17 #20, 07 §23 #43: no agent: nothing is stopped or changed; it goes on when the agent is back', () => {
  const { s, mounts, untouched } = clientStory({}, { notDeleted: true });
  mounts.answer = { kind: 'unusable', why: 'Agent pod exists but is not running', absent: false };
  s.look();
  assert.is(s.rest(), 10_000);
  assert.is(s.known().status, 'Running');
  assert.is(s.count('delete '), 0, 'not even the object is deleted');
  assert.ok(untouched());
  mounts.answer = undefined;
  s.until(() => s.count('exec AllowForceStop') > 0);
});

test('spec 03 §17 #21: an agent of another version is no agent; the text names both images', () => {
  const why = 'node agent image mismatch: node-agent has a:1 but operator has a:2';
  const { s, mounts, untouched } = clientStory();
  mounts.answer = { kind: 'unusable', why, absent: false };
  s.look();
  assert.ok(untouched());
  assert.is(s.known().status, 'Running');
});

test('spec 03 §17 #22, 07 §23 #42: its node is gone: event NodeNotFound, no Job, gone without the agent', () => {
  const { s, mounts } = clientStory({}, { without: [nodeOf()], withoutPod: true });
  mounts.answer = noAgent;
  s.until(() => s.container() === undefined);
  assert.ok(s.count('Normal NodeNotFound: Node is not found') > 0);
  assert.is(s.count('create jobs'), 0);
});

test('spec 03 §17 #23, 07 §23 #40: no driver on the node: 404 counts as 0, the deletion proceeds', () => {
  const { s, mounts } = clientStory();
  mounts.answer = { kind: 'status', status: 404, body: 'driver interface file not found' };
  s.until(() => s.count('exec AllowForceStop') > 0);
  assert.is(s.known().status, 'Deleting');
});

test('mounts that cannot be told are not 0: any other answer keeps the client', () => {
  const answers: readonly AgentAnswer[] = [
    { kind: 'status', status: 500, body: 'x' },
    { kind: 'status', status: 401, body: 'x' },
    { kind: 'ok', body: '{"active_mounts":"0"}' },
    { kind: 'ok', body: '{}' },
    { kind: 'timeout', afterMs: 10_000 },
    { kind: 'transport', cause: 'connection refused' },
    { kind: 'dropped', why: 'breaker' },
  ];
  for (const state of ['deleting', 'destroying'] as const) {
    for (const answer of answers) {
      const { s, mounts, untouched } = clientStory({ spec: { state } });
      mounts.answer = answer;
      for (let round = 0; round < 5; round += 1) s.tick();
      assert.ok(untouched(), JSON.stringify(answer));
      assert.ok(s.container());
    }
  }
});

test('spec 03 §17 #24: a client whose pod died keeps Draining while the node counts mounts', () => {
  const { s, mounts } = clientStory({}, { withoutPod: true });
  mounts.count = 2;
  for (let round = 0; round < 5; round += 1) s.tick();
  assert.is(s.known().status, 'Draining');
  assert.ok(s.container());
  assert.is(s.count('create jobs'), 0, 'its directory is not emptied either');
});

test('spec 03 §17 #25: skipActiveMountsCheck: the count is only shown, nothing waits for it', () => {
  const given: Given = { spec: { overrides: { skipActiveMountsCheck: true } } };
  const counted = clientStory(given);
  counted.mounts.count = 5;
  counted.s.look();
  assert.is(counted.s.known().status, 'Draining');
  assert.is(counted.s.count('exec AllowForceStop'), 1);
  assert.is(counted.s.count('Warning ActiveMounts'), 0);
  const unknown = clientStory(given);
  unknown.mounts.answer = { kind: 'timeout', afterMs: 10_000 };
  unknown.s.look();
  assert.is(unknown.s.known().status, 'Deleting');
  assert.is(unknown.s.count('exec AllowForceStop'), 1);
});

test('spec 03 §17 #26: forceDrain cuts the mounts off in the own pod and counts again after 15 s', () => {
  const { s, mounts, untouched } = clientStory({ spec: { overrides: { forceDrain: true } } });
  mounts.count = 2;
  s.look();
  assert.is(s.count('exec DrainDriver in client'), 1);
  assert.ok(untouched(), 'the next count decides');
  assert.is(s.rest(), 15_000);
  assert.ok(s.count('exec DrainDriver in client') > 1, 'repeated while mounts remain');
  assert.is(s.count('create wekacontainers'), 0, 'umountOnHost is another override');
});

test('spec 03 §17 #26: with umountOnHost a helper umounts them; alone it does nothing', () => {
  const both = clientStory({ spec: { overrides: { forceDrain: true, umountOnHost: true } } });
  both.mounts.count = 2;
  both.s.until(() => both.s.count(`create wekacontainers/weka/${UMOUNT}`) > 0);
  const helper = both.s.view.containerByName('weka', UMOUNT);
  assert.equal(helper?.spec.instructions, { type: 'umount', payload: '{}' });
  assert.equal([helper?.spec.mode, helper?.spec.nodeAffinity, helper?.spec.hostPID], ['adhoc-op', NODE, true]);
  assert.equal(helper?.spec.tolerations, [{ operator: 'Exists' }]);
  assert.is(both.s.count(`Warning ActiveMounts`), 0, 'the event comes after the umount');
  if (helper === undefined) throw new Error('no helper');
  both.s.view.put({
    ...helper,
    metadata: { ...helper.metadata, finalizers: [] },
    status: { status: 'PodRunning', result: '{"error":["busy"],"umounted_paths":["/mnt/x"]}' },
  } as WekaContainer);
  both.s.until(() => both.s.view.containerByName('weka', UMOUNT) === undefined);
  assert.ok(both.s.count('Warning OperationResultError: umount on host: ') > 0);
  assert.ok(both.s.count('Warning ActiveMounts') > 0);
  const alone = clientStory({ spec: { overrides: { umountOnHost: true } } });
  alone.mounts.count = 2;
  for (let round = 0; round < 4; round += 1) alone.s.tick();
  assert.is(alone.s.count('create wekacontainers') + alone.s.count('exec DrainDriver'), 0);
});

test('a drain that fails is told and ends the pass, without the event', () => {
  const { s, mounts } = clientStory(
    { spec: { overrides: { forceDrain: true } } },
    { exec: ({ command }) => (command.name === 'DrainDriver' ? exit(1, 'no such device') : ok()) },
  );
  mounts.count = 1;
  s.look();
  assert.is(s.rest(), 10_000);
  assert.is(s.count('Warning ActiveMounts'), 0);
});

test('spec 03 §14 no. 16, F7: beside another client nothing is drained by force, unless a setting allows it', () => {
  const neighbour = containerOf('client', {
    name: 'other',
    metadata: { namespace: 'b' },
    status: { nodeAffinity: NODE },
  });
  const given: Given = { spec: { overrides: { forceDrain: true } } };
  const drains = (settings: StoryOptions['settings']) => {
    const { s, mounts } = clientStory(given, { world: [neighbour], ...(settings === undefined ? {} : { settings }) });
    mounts.count = 1;
    s.look();
    return [s.count('exec DrainDriver'), s.count('Warning ForceDrainRefused: client b/other is on the same node')];
  };
  assert.equal(drains({}), [0, 1]);
  assert.equal(drains({ forceDrainSharedNode: true }), [1, 0]);
  assert.equal(drains({ clientMountsPerContainer: true }), [0, 1], 'the image does not count for each');
});

test('spec 03 §17 #27: where each client has an interface of its own, a neighbour’s mounts neither hold nor forbid', () => {
  const { s, mounts } = clientStory({}, { settings: { clientMountsPerContainer: true } });
  mounts.count = 0; // What the agent says of this one; its neighbour has 4.
  s.until(() => s.count('exec AllowForceStop') > 0);
  assert.ok(s.log.some((line) => line.includes('container_uuid=uid-client')));
});

test('destroying a client: the same guard, then stopped at any state of its node', () => {
  const { s, mounts, untouched } = clientStory(
    { spec: { state: 'destroying' } },
    { world: [nodeOf(NODE, { ready: false, readySince: '2026-01-01T00:00:00Z' })] },
  );
  mounts.count = 1;
  s.look();
  assert.ok(untouched());
  assert.is(s.known().status, 'Draining');
  mounts.count = 0;
  s.until(() => s.log.includes('delete pods/weka/client'));
  assert.is(s.known().status, 'Destroying');
});

test('a client that never was on a node has nothing mounted and needs no agent', () => {
  const nowhere = containerOf('client', {
    metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
    spec: { state: 'deleting' },
  });
  const s = story(nowhere);
  s.until(() => s.container() === undefined);
  assert.is(s.count('agent'), 0);
});

// The umount helper.

const umounting = passFor(clientOf());
const READ = `get wekacontainers/weka/${UMOUNT}`;

test('F33: a helper of another client is waited for, not read and not removed', () => {
  const other = containerOf('adhoc-op', {
    name: UMOUNT,
    metadata: { ownerReferences: [ownedBy('WekaContainer', 'other')] },
    status: { result: '{"error":[],"umounted_paths":[]}' },
  });
  const { verdict } = play(umountOnHost(umounting), [[READ, did(other)]]);
  assert.equal(verdict, wait(3_000, 'umount on host: busy for other'));
});

test('F33: its own helper is used again: no second one is made, its result is read and it goes', () => {
  const own = (status: Given['status']) =>
    containerOf('adhoc-op', {
      name: UMOUNT,
      metadata: { ownerReferences: [ownedBy('WekaContainer', 'client')] },
      ...(status === undefined ? {} : { status }),
    });
  assert.equal(
    play(umountOnHost(umounting), [[READ, did(own({ status: 'PodRunning' }))]]).verdict,
    wait(3_000, 'umount on host: results are not ready'),
  );
  const { verdict } = play(umountOnHost(umounting), [
    [READ, did(own({ result: '{"error":[],"umounted_paths":["/mnt/x"]}' }))],
    [`delete wekacontainers/weka/${UMOUNT}`, did(own({}))],
  ]);
  assert.equal(verdict, done);
  const first = play(umountOnHost(umounting), [
    [READ, absent],
    [`create wekacontainers/weka/${UMOUNT}`, did(own({}))],
  ]);
  assert.equal(first.verdict, wait(3_000, 'umount on host: results are not ready'));
});

test.run();
