/** Joining and leaving a Weka cluster: identity, rescue, late join, deactivation, drives out, host out. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { guidMismatch, reconcileClusterStatus } from '../../../../actors/flows/steps/identity.ts';
import { probeLateJoin } from '../../../../actors/flows/steps/late-join.ts';
import { deactivate, removeDrives, removeHost } from '../../../../actors/flows/steps/leave-cluster.ts';
import { NOT_MEMBER } from '../../../../actors/flows/steps/resign-drives.ts';
import { inStem, setJoinIpsIfStuckInStem } from '../../../../actors/flows/steps/stem-rescue.ts';
import type { Condition } from '../../../../messages/condition.ts';
import { done, failed, type Verdict, wait } from '../../../../messages/verdict.ts';
import type { WekaClient } from '../../../../messages/weka-cluster.ts';
import type { WekaContainerStatus } from '../../../../messages/weka-container.ts';
import {
  BORN,
  clusterOf,
  containerOf,
  type Given,
  memberOf,
  NODE,
  ownedBy,
  podFor,
  uidOf,
} from '../../../support/containers.ts';
import { passFor } from '../../../support/pass.ts';
import {
  absent,
  argvOf,
  conflict,
  did,
  exit,
  type Line,
  lost,
  ok,
  okJson,
  playStep,
  requestOf,
  timeout,
} from '../../../support/play.ts';
import { SIM_START_WALL_MS } from '../../../support/sim-clock.ts';

const withPod = (status: Partial<WekaContainerStatus> = {}, given: Given = {}, world = {}) => {
  const container = containerOf('compute', { ...given, status: { nodeAffinity: NODE, ...status } });
  return passFor(container, { world: [podFor(container)], ...world });
};
const ZERO = '00000000-0000-0000-0000-000000000000';
const GUID = 'guid-c';
const member = (guid = GUID, host: unknown = 4): Line => [
  'exec WekaLocalContainerGetIdentity',
  okJson({ has_value: true, value: { cluster_guid: guid, host_id: host } }),
];
const identity = (answer: unknown): Line => ['exec WekaLocalContainerGetIdentity', answer];
const saidBy = (lines: readonly Line[], status = {}): Verdict =>
  playStep(reconcileClusterStatus(withPod(status)), lines).verdict;

const SIBLING = memberOf('drive', 's', 2);
const CHOSEN: Line = ['cluster member', { kind: 'member', uid: uidOf(SIBLING), namespace: 'weka', name: 's' }];

// Identity. Spec 07, 6.4.

test('spec 07 §23 #19: guid and host id are stored; an id that is known is not asked for again', () => {
  assert.equal(saidBy([member()]), { kind: 'done', status: { containerID: 4, clusterID: GUID } });
  assert.equal(saidBy([member(GUID, 0)]), { kind: 'done', status: { containerID: 0, clusterID: GUID } });
  assert.equal(saidBy([], { containerID: 0 }), done);
});

for (const [name, answer, expected] of [
  [
    'an all-zero guid',
    okJson({ has_value: true, value: { cluster_guid: ZERO, host_id: 1 } }),
    wait(15_000, 'container is not part of the cluster yet'),
  ],
  ['an exception', okJson({ has_value: false, exception: 'not yet' }), wait(15_000, 'not yet')],
] as const) {
  test(`spec 07 §23 #20: ${name} is looked at again after 15 s`, () => {
    assert.equal(saidBy([identity(answer)]), expected);
  });
}
for (const [name, answer] of [
  ['a host id of the wrong type', okJson({ has_value: true, value: { cluster_guid: GUID, host_id: '4' } })],
  ['no JSON', ok('[')],
  ['an exit', exit(1)],
  ['a time-out', timeout(15_000)],
  ['a lost connection', lost],
] as const) {
  test(`spec 07 §23 #21: ${name}: nothing is stored, again after 3 s`, () => {
    const verdict = saidBy([identity(answer)]);
    assert.ok(verdict.kind === 'wait' && verdict.delayMs === 3_000 && verdict.status === undefined);
  });
}

test('spec 07 §23 #22: the two forms of the command', () => {
  const argv = (given: Given) =>
    argvOf(playStep(reconcileClusterStatus(withPod({}, given)), [member()]).calls, 'WekaLocalContainerGetIdentity')[2];
  const rest =
    'local run wapi -H HOST:$(cat /opt/weka/k8s-runtime/vars/agent_port)/jrpc -W container-get-identity --container-name w-compute --json';
  assert.is(argv({})?.trim(), `weka ${rest.replace('HOST', 'localhost')}`);
  assert.is(
    argv({ spec: { joinIpPorts: ['10.0.0.1:1'] } })?.trim(),
    `wekaauthcli ${rest.replace('HOST', '127.0.0.1')}`,
  );
});

test('a name that is no word never reaches a shell (F37)', () => {
  const verdict = playStep(reconcileClusterStatus(withPod({}, { spec: { name: 'a; reboot' } }))).verdict;
  assert.is(verdict.kind, 'wait');
});

test('spec 07 §23 #23, F3: another cluster’s guid is an event, never an id', () => {
  const verdict = saidBy([member('other')]);
  assert.is(verdict.kind === 'wait' && verdict.status, undefined);
  assert.equal('events' in verdict && verdict.events?.map(({ reason }) => reason), ['ClusterIdMismatch']);
  const young = withPod({}, {}, { world: [podFor(containerOf('compute')), clusterOf({ status: {} })] });
  assert.is(guidMismatch(young, 'any'), undefined);
});

test('without a pod nothing is asked', () => {
  assert.equal(reconcileClusterStatus(passFor(containerOf('compute'))), failed('Pod is not found'));
});

// Late join. Spec 03, 4.10.

const probe = (lines: readonly Line[], restart: string | undefined = 'ensurePodForDeactivation', given: Given = {}) =>
  playStep(probeLateJoin(restart)(withPod({}, { spec: { state: 'deleting' }, ...given })), lines).verdict;

test('spec 03 §17 #9, F1: an id found while leaving starts the flow again before the stop', () => {
  assert.equal(probe([member(GUID, 9)]), {
    kind: 'restartAt',
    step: 'ensurePodForDeactivation',
    reason: 'the container has joined its cluster',
    status: { containerID: 9, clusterID: GUID },
  });
});

test('where membership changes nothing the id is noted and the flow goes on', () => {
  assert.equal(playStep(probeLateJoin()(withPod()), [member(GUID, 9)]).verdict, {
    kind: 'done',
    status: { containerID: 9, clusterID: GUID },
  });
});

test('F2: only a definite "no" is remembered', () => {
  const no = probe([identity(okJson({ has_value: true, value: { cluster_guid: ZERO, host_id: 0 } }))]);
  assert.is(no.kind, 'skipped');
  assert.equal('status' in no && no.status, {
    timestamps: { [NOT_MEMBER]: new Date(SIM_START_WALL_MS).toISOString() },
  });
  for (const unknown of [exit(1), lost, ok('{'), okJson({ has_value: true, value: {} })]) {
    const verdict = probe([identity(unknown)]);
    assert.ok(verdict.kind === 'failed' && verdict.status === undefined);
  }
  const foreign = probe([member('other')]);
  assert.ok(foreign.kind === 'failed' && foreign.status === undefined);
});

// Without a process that could be asked, its cluster is. Spec 03, 14 no. 3.

const written: Condition = {
  type: 'ContainerResourcesWritten',
  status: 'True',
  reason: 'x',
  message: 'x',
  lastTransitionTime: BORN,
};
const podless = (given: Given = {}, restart: string | undefined = 'ensurePodForDeactivation') => {
  const container = containerOf('drive', {
    ...given,
    spec: { state: 'deleting', ...given.spec },
    status: { nodeAffinity: NODE, allocations: { drives: ['A'] }, conditions: [written], ...given.status },
  });
  return probeLateJoin(restart)(passFor(container, { world: [SIBLING, podFor(SIBLING)] }));
};
const NO_POD: Line = ['get pods/weka/drive', absent];
const listing = (...names: readonly string[]): Line => [
  'exec ListWekaContainers',
  okJson(names.map((name, index) => ({ host_id: `HostId<${index}>`, container_name: name, status: 'DOWN' }))),
];
const asked = (...lines: readonly Line[]) => playStep(podless(), [NO_POD, CHOSEN, ...lines]);

test('spec 03 §14 #3: pod gone, no id: a member is asked, and an id it knows is taken up at D6 (F1)', () => {
  const { calls, verdict } = asked(listing('w-s', 'w-other', 'w-drive'));
  assert.equal(argvOf(calls, 'ListWekaContainers'), ['wekaauthcli', 'cluster', 'container', '--json']);
  assert.ok(calls.every((call) => call.kind !== 'exec' || call.target.pod === 's'));
  assert.equal(verdict, {
    kind: 'restartAt',
    step: 'ensurePodForDeactivation',
    reason: 'the container has joined its cluster',
    status: { containerID: 2, clusterID: GUID },
  });
});

test('spec 03 §14 #3: a whole list without it is a definite "no", and is remembered', () => {
  const { verdict } = asked(listing('w-other', 'w-s'));
  assert.is(verdict.kind, 'skipped');
  assert.equal('status' in verdict && verdict.status, {
    timestamps: { [NOT_MEMBER]: new Date(SIM_START_WALL_MS).toISOString() },
  });
});

for (const [what, answer] of [
  ['is empty', listing()],
  ['does not name the member that gave it', listing('w-other')],
  ['has a nameless host', listing('w-s', '')],
  ['names it twice', listing('w-s', 'w-drive', 'w-drive')],
  [
    'gives it no readable id',
    [
      'exec ListWekaContainers',
      okJson(['w-s', 'w-drive'].map((name) => ({ host_id: 'HostId<x>', container_name: name }))),
    ],
  ],
  ['is torn', ['exec ListWekaContainers', ok('[{"host_id":"HostId<1>","container_na')]],
  ['does not come', ['exec ListWekaContainers', exit(1, 'error: Failed connecting')]],
] as const) {
  test(`spec 03 §14 #3: a list that ${what} proves nothing`, () => {
    const { verdict } = asked(answer);
    assert.is(verdict.kind, 'failed');
    assert.is('status' in verdict ? verdict.status : undefined, undefined);
  });
}

test('spec 03 §14 #3: nobody is asked while the pod exists, and of drives that are nobody’s concern', () => {
  const there = playStep(podless(), [['get pods/weka/drive', did(podFor(containerOf('drive')))]]).verdict;
  assert.is(there.kind, 'wait');
  for (const given of [
    { status: { allocations: { drives: [] } } },
    { status: { conditions: [] } },
    { status: { timestamps: { [NOT_MEMBER]: BORN } } },
  ])
    assert.equal(podless(given), failed('Pod is not found'));
  assert.equal(probeLateJoin('x')(passFor(containerOf('compute'))), failed('Pod is not found'));
});

test('F3: a member of another cluster than the owner’s is not asked', () => {
  const strayed = memberOf('drive', 's', 2, { status: { clusterID: 'other' } });
  const container = containerOf('drive', {
    spec: { state: 'deleting' },
    status: { nodeAffinity: NODE, allocations: { drives: ['A'] }, conditions: [written] },
  });
  const step = probeLateJoin('x')(passFor(container, { world: [strayed, podFor(strayed)] }));
  assert.is(playStep(step, [NO_POD, CHOSEN]).verdict.kind, 'failed');
});

// STEM rescue. Spec 07, 6.3.

const PEERS = [memberOf('drive', 'd', 1), memberOf('compute', 'k', 2)];
const ADDRESSES = ['10.0.0.1:35000', '10.0.0.2:35000'];
const stem = (more: Partial<WekaContainerStatus> = {}, ageMs = 120_000) =>
  withPod(
    { internalStatus: 'STEM', ...more },
    {},
    {
      world: [podFor(containerOf('compute')), ...PEERS],
      wallMs: SIM_START_WALL_MS + ageMs,
    },
  );
const ME = 'wekacontainers/weka/compute';
const RESTARTED = { type: 'StemRescue', status: 'True', reason: 'x', message: 'x', lastTransitionTime: 'x' } as const;
const SETUP: readonly Line[] = [
  ['exec WekaLocalResources', ok()],
  ['exec WekaLocalResourcesApply', ok()],
];
const conditionOf = (verdict: Verdict) =>
  (verdict.kind === 'restartAt'
    ? undefined
    : (verdict.status?.conditions as readonly { type: string }[] | undefined)
  )?.map(({ type }) => type);

test('spec 07 §23 #24: join addresses, apply, restart in order, then the spec; the restart is remembered', () => {
  const { calls, verdict } = playStep(setJoinIpsIfStuckInStem(stem()), [
    ...SETUP,
    ['exec WekaLocalRestart', ok()],
    [`mergePatch ${ME}`, did(containerOf('compute'))],
  ]);
  assert.equal(argvOf(calls, 'WekaLocalResources'), ['weka', 'local', 'resources', 'join-ips', ...ADDRESSES]);
  const request = requestOf(calls, 'mergePatch');
  assert.equal(request.verb === 'mergePatch' && request.patch, {
    metadata: { resourceVersion: '1' },
    spec: { joinIpPorts: ADDRESSES },
  });
  assert.equal([verdict.kind, conditionOf(verdict)], ['done', ['StemRescue']]);
});

test('I5: a client in STEM joins the cluster that its WekaClient points at', () => {
  const client: WekaClient = {
    apiVersion: 'weka.weka.io/v1alpha1',
    kind: 'WekaClient',
    metadata: { name: 'cl', namespace: 'weka', uid: 'uid-cl', resourceVersion: '1', creationTimestamp: BORN },
    spec: { targetCluster: { name: 'c', namespace: 'weka' } },
  };
  const container = containerOf('client', {
    metadata: { ownerReferences: [ownedBy('WekaClient', 'cl')] },
    status: { nodeAffinity: NODE, internalStatus: 'STEM' },
  });
  const world = [podFor(container), client, ...PEERS];
  const wallMs = SIM_START_WALL_MS + 120_000;
  const { calls } = playStep(setJoinIpsIfStuckInStem(passFor(container, { world, wallMs })), [
    ...SETUP,
    ['exec WekaLocalRestart', ok()],
    ['mergePatch wekacontainers/weka/client', did(container)],
  ]);
  assert.equal(argvOf(calls, 'WekaLocalResources').slice(-2), ADDRESSES);
});

test('spec 07 §23 #24: exactly one restart, also when the update conflicts', () => {
  const { verdict } = playStep(setJoinIpsIfStuckInStem(stem()), [
    ...SETUP,
    ['exec WekaLocalRestart', ok()],
    [`mergePatch ${ME}`, conflict],
  ]);
  assert.equal([verdict.kind, conditionOf(verdict)], ['failed', ['StemRescue']]);
  const again = playStep(setJoinIpsIfStuckInStem(stem({ conditions: [RESTARTED] })), [
    [`mergePatch ${ME}`, did(containerOf('compute'))],
  ]);
  assert.is(again.verdict.kind, 'done');
});

for (const [name, outcome, repeats] of [
  ['exited', exit(1), true],
  ['was never sent', { kind: 'dropped', why: 'deadline' }, true],
  ['found no pod', { kind: 'podGone', cause: 'x' }, true],
  ['was refused before it began', { kind: 'transport', cause: 'x', notStarted: true }, true],
  ['timed out', timeout(), false],
  ['lost its connection', lost, false],
] as const) {
  test(`F18: a restart that ${name} is ${repeats ? 'repeated' : 'taken as done'}`, () => {
    const patch: readonly Line[] = repeats ? [] : [[`mergePatch ${ME}`, did(containerOf('compute'))]];
    const { verdict } = playStep(setJoinIpsIfStuckInStem(stem()), [
      ...SETUP,
      ['exec WekaLocalRestart', outcome],
      ...patch,
    ]);
    assert.equal([verdict.kind, conditionOf(verdict)], repeats ? ['failed', undefined] : ['done', ['StemRescue']]);
  });
}

test('spec 07 §23 #25: not within a minute of the forming, not without members, an error before the forming', () => {
  assert.equal(setJoinIpsIfStuckInStem(stem({}, 60_000)), done);
  const alone = withPod(
    { internalStatus: 'STEM' },
    {},
    { world: [podFor(containerOf('compute'))], wallMs: SIM_START_WALL_MS + 120_000 },
  );
  assert.equal(setJoinIpsIfStuckInStem(alone), done);
  const unformed = withPod(
    { internalStatus: 'STEM' },
    {},
    { world: [podFor(containerOf('compute')), clusterOf({ status: {} })] },
  );
  assert.equal(
    setJoinIpsIfStuckInStem(unformed),
    failed('error getting cluster creation time: cluster creation time not found'),
  );
});

test('who is stuck: no id, no addresses of its own, internal status STEM', () => {
  assert.is(inStem(stem()), true);
  assert.is(inStem(stem({ containerID: 0 })), false);
  assert.is(inStem(stem({ internalStatus: 'READY' })), false);
  assert.is(inStem(withPod({ internalStatus: 'STEM' }, { spec: { joinIpPorts: ['x'] } })), false);
});

// Leaving. Spec 03, 4.5 to 4.12.

const leaving = (more: { world?: readonly never[]; given?: Given } = {}) => {
  const container = memberOf('drive', 'd1', 7, { spec: { state: 'deleting' }, ...more.given });
  return passFor(container, { world: [podFor(container), SIBLING, podFor(SIBLING)] });
};
const host = (status: string, name = 'w-d1'): Line => [
  'exec GetWekaContainer',
  okJson([{ host_id: 'HostId<7>', container_name: name, status }]),
];
const GONE: Line = ['exec GetWekaContainer', okJson([])];
const left = (step: typeof deactivate, lines: readonly Line[]) => playStep(step(leaving()), lines);

test('spec 03 §17 #1: a serving host is deactivated in a sibling, then waited for', () => {
  const { calls, verdict } = left(deactivate, [CHOSEN, host('UP'), ['exec DeactivateContainer', ok()]]);
  assert.equal(argvOf(calls, 'DeactivateContainer'), ['wekaauthcli', 'cluster', 'container', 'deactivate', '7']);
  assert.ok(calls.every((call) => call.kind !== 'exec' || (call.target.pod === 's' && call.priority === 'removal')));
  assert.equal(verdict, wait(15_000, 'container deactivation started'));
});

test('spec 03 §17 #3, #5: deactivating is waited for without a second command; inactive and unknown are done', () => {
  assert.equal(left(deactivate, [CHOSEN, host('DEACTIVATING')]).verdict, wait(15_000, 'container is deactivating'));
  assert.equal(left(deactivate, [CHOSEN, host('INACTIVE')]).verdict, done);
  assert.equal(left(deactivate, [CHOSEN, GONE]).verdict, done);
});

test('spec 03 §17 #4: weka’s refusal and the sibling’s name are in the text', () => {
  const { verdict } = left(deactivate, [
    CHOSEN,
    host('UP'),
    ['exec DeactivateContainer', exit(1, 'not enough failure domains')],
  ]);
  assert.ok(
    verdict.kind === 'failed' &&
      verdict.reason.startsWith('failed to deactivate container via s: ') &&
      verdict.reason.includes('not enough failure domains'),
  );
});

test('spec 07 §23 #37: a host that weka does not find is done, also with its trailing bytes; host 70 is not host 7', () => {
  const answer = (text: string) =>
    left(deactivate, [CHOSEN, host('UP'), ['exec DeactivateContainer', exit(1, text)]]).verdict.kind;
  assert.is(answer('error: Host HostId<7> not found\n\0'), 'done');
  assert.is(answer('error: Host HostId<70> not found\n'), 'failed');
});

test('F3: an id that is another container’s by now is left alone, with an event', () => {
  for (const step of [deactivate, removeDrives, removeHost]) {
    const slot: readonly Line[] = step === removeHost ? [['cluster removalSlot', { kind: 'granted' }]] : [];
    const back: readonly Line[] = step === removeHost ? [['cluster removalFailed', { kind: 'noted' }]] : [];
    const { verdict } = left(step, [...slot, CHOSEN, host('UP', 'w-other'), ...back]);
    assert.equal('events' in verdict && verdict.events?.map(({ reason }) => reason), ['ClusterIdMismatch']);
  }
});

test('spec 07 §23 #23, F3: an id of another cluster than the owner’s is never sent to the owner’s members', () => {
  const container = memberOf('drive', 'd1', 7, { spec: { state: 'deleting' }, status: { clusterID: 'guid-other' } });
  const pass = passFor(container, { world: [podFor(container), SIBLING, podFor(SIBLING)] });
  for (const step of [deactivate, removeDrives, removeHost]) {
    const { verdict } = playStep(step(pass));
    assert.equal('events' in verdict && verdict.events?.map(({ reason }) => reason), ['ClusterIdMismatch']);
  }
});

test('F3: an answer that does not say whose host it is, or is about another host, takes nothing out', () => {
  for (const answer of [[{}], [null], [{ status: 'UP' }], [{ host_id: 'HostId<70>', container_name: 'w-d1' }]]) {
    const line: Line = ['exec GetWekaContainer', okJson(answer)];
    for (const step of [deactivate, removeDrives])
      assert.is(left(step, [CHOSEN, line]).verdict.kind, 'failed', JSON.stringify(answer));
    assert.is(left(removeHost, [SLOT, CHOSEN, line, BACK]).verdict.kind, 'failed', JSON.stringify(answer));
  }
});

test('spec 03 §17 #7, 07 §23 #39: a sibling that cannot be reached is reported, the pass tries again', () => {
  const reported: Line = ['cluster memberFailed', { kind: 'noted' }];
  assert.is(left(deactivate, [CHOSEN, ['exec GetWekaContainer', lost], reported]).verdict.kind, 'failed');
  const gone = passFor(memberOf('drive', 'd1', 7, { spec: { state: 'deleting' } }), { world: [SIBLING] });
  assert.equal(
    playStep(deactivate(gone), [CHOSEN, reported]).verdict,
    failed('pod of the active container s is not running'),
  );
  assert.equal(
    left(deactivate, [['cluster member', { kind: 'none', reason: 'No active container found' }]]).verdict,
    failed('No active container found'),
  );
});

for (const [text, given, without] of [
  ['error getting cluster: no owner references found', { metadata: { ownerReferences: [] } }, []],
  [
    'error getting cluster: more than one owner reference found',
    { metadata: { ownerReferences: [ownedBy('WekaCluster', 'c'), ownedBy('Other', 'x')] } },
    [],
  ],
  ['error getting cluster: Cluster not found', {}, [clusterOf()]],
] as const) {
  test(`spec 03 §17 #56: ${text}`, () => {
    const container = memberOf('compute', 'k', 7, { spec: { state: 'deleting' }, ...given });
    for (const step of [deactivate, removeDrives, removeHost]) {
      assert.equal(playStep(step(passFor(container, { without }))).verdict, failed(text));
    }
  });
}

const drives = (...uuids: readonly string[]): Line => [
  'exec ListContainerDrives',
  okJson(uuids.map((uuid) => ({ uuid, serial_number: uuid, status: 'INACTIVE' }))),
];

test('spec 03 §17 #1: every drive of the host is taken out; one that is gone is fine; all are tried', () => {
  const { calls, verdict } = left(removeDrives, [
    CHOSEN,
    host('INACTIVE'),
    drives('A', 'B'),
    ['exec RemoveDrive', ok()],
    ['exec RemoveDrive', exit(1, 'The given drive "B" does not exist')],
  ]);
  const argv = calls.flatMap((call) =>
    call.kind === 'exec' && call.command.name === 'RemoveDrive' ? [call.command.argv.join(' ')] : [],
  );
  assert.equal(argv, ['wekaauthcli cluster drive remove A -f', 'wekaauthcli cluster drive remove B -f']);
  assert.equal(verdict, done);
  const bad = left(removeDrives, [
    CHOSEN,
    host('INACTIVE'),
    drives('A', 'B'),
    ['exec RemoveDrive', exit(1, 'busy')],
    ['exec RemoveDrive', ok()],
  ]).verdict;
  assert.ok(bad.kind === 'failed' && bad.reason.startsWith('failed to remove drives for container 7: [A: busy'));
  assert.equal(left(removeDrives, [CHOSEN, GONE, drives()]).verdict, done);
  assert.is(left(removeDrives, [CHOSEN, GONE, ['exec ListContainerDrives', exit()]]).verdict.kind, 'failed');
});

const SLOT: Line = ['cluster removalSlot', { kind: 'granted' }];
const BACK: Line = ['cluster removalFailed', { kind: 'noted' }];

test('spec 03 §17 #1: the host is removed and that is verified', () => {
  const { calls, verdict } = left(removeHost, [SLOT, CHOSEN, host('INACTIVE'), ['exec RemoveContainer', ok()], GONE]);
  assert.equal(argvOf(calls, 'RemoveContainer'), [
    'wekaauthcli',
    'cluster',
    'container',
    'remove',
    '7',
    '--no-unimprint',
  ]);
  assert.equal(verdict, done);
  assert.equal(left(removeHost, [SLOT, CHOSEN, GONE]).verdict, done);
});

test('spec 03 §17 #14, #16, 07 §23 #38: throttled, still there, unverified: each a wait of 15 s; what may be on its way keeps its slot', () => {
  assert.equal(
    left(removeHost, [['cluster removalSlot', { kind: 'throttled' }]]).verdict,
    wait(15_000, 'throttling removal of containers from weka'),
  );
  const still = left(removeHost, [SLOT, CHOSEN, host('INACTIVE'), ['exec RemoveContainer', ok()], host('INACTIVE')]);
  assert.equal(still.verdict, wait(15_000, 'container 7 still exists in cluster'));
  const unread = left(removeHost, [
    SLOT,
    CHOSEN,
    host('INACTIVE'),
    ['exec RemoveContainer', ok()],
    ['exec GetWekaContainer', exit(1, 'x')],
  ]).verdict;
  assert.ok(unread.kind === 'wait' && unread.reason.startsWith('Failed to verify container 7 removal: '));
});

test('spec 03 §17 #15: a removal that fails gives its slot back', () => {
  const { verdict } = left(removeHost, [SLOT, CHOSEN, host('INACTIVE'), ['exec RemoveContainer', exit(1, 'x')], BACK]);
  assert.ok(verdict.kind === 'failed' && verdict.reason.startsWith('Failed to remove container: '));
});

test('F18: a removal whose end nobody knows keeps its slot: the host may be on its way', () => {
  const { verdict } = left(removeHost, [
    SLOT,
    CHOSEN,
    host('INACTIVE'),
    ['exec RemoveContainer', timeout()],
    ['cluster memberFailed', { kind: 'noted' }],
  ]);
  assert.is(verdict.kind, 'failed');
});

test('nothing is done without an id', () => {
  for (const step of [deactivate, removeDrives, removeHost])
    assert.equal(step(withPod()), failed('container ID is not set'));
});

test.run();
