/** Into the S3 cluster and out of it: step 63 and D13, verified by reading where the end of a command is not known. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { joinS3, leaveS3, S3_LEAVE_ASKED } from '../../../../actors/flows/steps/s3.ts';
import type { Condition } from '../../../../messages/condition.ts';
import { done, failed, type Verdict, wait } from '../../../../messages/verdict.ts';
import { BORN, clusterOf, type Given, memberOf, ownedBy, podFor, uidOf } from '../../../support/containers.ts';
import { passFor } from '../../../support/pass.ts';
import { absent, argvOf, did, exit, type Line, lost, ok, okJson, playStep, timeout } from '../../../support/play.ts';
import { SIM_START_WALL_MS } from '../../../support/sim-clock.ts';

const formed: Condition = {
  type: 'CondS3ClusterCreated',
  status: 'True',
  reason: 'Success',
  message: 'Completed successfully',
  lastTransitionTime: BORN,
};
const withS3 = clusterOf({ status: { conditions: [formed] } });

// Joining. Spec 07, 10.1.

const joining = (given: Given = {}, cluster = withS3) => {
  const container = memberOf('s3', 's3', 14, { spec: { joinIpPorts: ['10.0.0.1:35000'] }, ...given });
  return joinS3(passFor(container, { world: [cluster, podFor(container)] }));
};

test('spec 07 §23 #28: without the condition of the owner nothing is run, again after 3 s', () => {
  const waits = wait(3_000, 'S3 cluster is not formed yet, waiting for it to be formed');
  assert.equal(playStep(joining({}, clusterOf())).verdict, waits);
  const no = { ...formed, status: 'False' } as const;
  assert.equal(playStep(joining({}, clusterOf({ status: { conditions: [no] } }))).verdict, waits);
});

test('spec 07 §23 #28: once it is formed the container adds itself, in its own pod', () => {
  const { calls, verdict } = playStep(joining(), [['exec JoinS3Cluster', ok()]]);
  assert.equal(argvOf(calls, 'JoinS3Cluster'), ['wekaauthcli', 's3', 'cluster', 'containers', 'add', '14']);
  assert.ok(calls.every((call) => call.kind === 'exec' && call.target.pod === 's3'));
  assert.equal(verdict, done);
});

test('spec 07 §23 #29: a member already is a success; another refusal is its text', () => {
  const said = (stderr: string) => playStep(joining(), [['exec JoinS3Cluster', exit(1, stderr)]]).verdict;
  const already =
    'error: Trying to set an invalid S3 configuration: Specified host HostId<14> is already part of the S3 cluster\n';
  assert.equal(said(already), done);
  assert.equal(
    said('error: busy'),
    failed('command Exec.JoinS3Cluster failed: command terminated with exit code 1, error: busy'),
  );
});

for (const [text, given] of [
  ['no owner references found', { metadata: { ownerReferences: [] } }],
  [
    'more than one owner reference found',
    { metadata: { ownerReferences: [ownedBy('WekaCluster', 'c'), ownedBy('Other', 'x')] } },
  ],
  ['Cluster not found', { metadata: { ownerReferences: [ownedBy('WekaCluster', 'gone')] } }],
] as const) {
  test(`spec 01 §23 #40, 07 §10.1: ${text}: nothing is run`, () => {
    const verdict = playStep(joining(given)).verdict;
    assert.equal(verdict, failed(`error checking if S3 cluster is formed: ${text}`));
  });
}

// Leaving. Spec 03, 4.6; spec 07, 10.2.

const SIBLING = memberOf('drive', 'd', 2);
const CHOSEN: Line = ['cluster member', { kind: 'member', uid: uidOf(SIBLING), namespace: 'weka', name: 'd' }];
const REPORTED: Line = ['cluster memberFailed', { kind: 'noted' }];
const POD_GONE: Line = ['get pods/weka/s3', absent];
const host = (name = 'w-s3'): Line => [
  'exec GetWekaContainer',
  okJson([{ host_id: 'HostId<14>', container_name: name, status: 'DOWN' }]),
];
const listed = (...ids: readonly number[]): Line => [
  'exec ListS3ClusterContainers',
  okJson(ids.map((id) => `HostId<${id}>`)),
];
const ASKED_AT = new Date(SIM_START_WALL_MS).toISOString();
const asked = { timestamps: { [S3_LEAVE_ASKED]: ASKED_AT } };
const forgotten = { timestamps: { [S3_LEAVE_ASKED]: null } };
const leave = (lines: readonly Line[], given: Given = {}, later = 0) => {
  const container = memberOf('s3', 's3', 14, { spec: { state: 'deleting' }, ...given });
  const pass = passFor(container, { world: [SIBLING, podFor(SIBLING)], wallMs: SIM_START_WALL_MS + later });
  return playStep(leaveS3(pass), lines);
};
const inDoubt = (lines: readonly Line[], laterMs = 60_000) =>
  leave([POD_GONE, CHOSEN, host(), ...lines], { status: asked }, laterMs).verdict;

test('spec 07 §23 #31: while the pod is there it is told to stop gracefully, and the S3 cluster is left alone', () => {
  const container = memberOf('s3', 's3', 14, { spec: { state: 'deleting' } });
  const pod = podFor(container);
  const pass = passFor(container, { world: [pod, SIBLING, podFor(SIBLING)] });
  const { verdict } = playStep(leaveS3(pass), [
    ['get pods/weka/s3', did(pod)],
    ['delete pods/weka/s3', did(pod)],
    ['exec AllowStop', ok()],
    ['exec WekaLocalStop', ok()],
  ]);
  assert.equal(verdict, wait(30_000, 'Pod deleted, reconciling for retry'));
});

test('spec 07 §23 #31: then another member takes it out', () => {
  const { calls, verdict } = leave([POD_GONE, CHOSEN, host(), ['exec RemoveFromS3Cluster', ok()], listed(3)]);
  assert.equal(argvOf(calls, 'RemoveFromS3Cluster'), ['wekaauthcli', 's3', 'cluster', 'containers', 'remove', '14']);
  assert.ok(calls.every((call) => call.kind !== 'exec' || (call.target.pod === 'd' && call.priority === 'removal')));
  assert.equal(verdict, done);
});

for (const stderr of [
  'error: host HostId<14> is not part of the S3 cluster\n',
  'error: Unrecognized host ID HostId<14>\n',
  'error: Unrecognized host ID 14\n\0',
  'error: S3 cluster is not configured\n',
]) {
  test(`spec 07 §23 #30, 03 §17 #17: ${stderr.trim()}: out of it`, () => {
    assert.equal(leave([POD_GONE, CHOSEN, host(), ['exec RemoveFromS3Cluster', exit(1, stderr)]]).verdict, done);
  });
}

test('any other refusal is told and tried again, host 140 is not host 14', () => {
  const said = (stderr: string) =>
    leave([POD_GONE, CHOSEN, host(), ['exec RemoveFromS3Cluster', exit(1, stderr)]]).verdict;
  const text = 'command Exec.RemoveFromS3Cluster failed: command terminated with exit code 1';
  assert.equal(said('error: busy'), failed(`${text}, error: busy`));
  assert.is(said('error: Unrecognized host ID 140').kind, 'failed');
});

test('F18: exit 0 counts unless the list of members contradicts it', () => {
  const out: readonly Line[] = [POD_GONE, CHOSEN, host(), ['exec RemoveFromS3Cluster', ok()]];
  const still = wait(15_000, 'container 14 is leaving the S3 cluster', { status: asked });
  assert.equal(leave([...out, listed(3, 14)]).verdict, still);
  assert.equal(
    leave([...out, ['exec ListS3ClusterContainers', exit(1, 'error: S3 cluster is not configured')]]).verdict,
    done,
  );
  assert.equal(leave([...out, ['exec ListS3ClusterContainers', ok('[')]]).verdict, done);
});

for (const [name, outcome, remembered] of [
  ['a time-out', timeout(120_000), true],
  ['a lost connection', lost, true],
  ['a connection that was refused', { kind: 'transport', cause: 'x', notStarted: true }, false],
  ['a pod that went', { kind: 'podGone', cause: 'x' }, false],
] as const) {
  test(`F18: after ${name} the leave ${remembered ? 'may be under way: that is remembered' : 'has not begun'}`, () => {
    const { verdict } = leave([POD_GONE, CHOSEN, host(), ['exec RemoveFromS3Cluster', outcome], REPORTED]);
    assert.ok(verdict.kind === 'failed');
    assert.equal(verdict.status, remembered ? asked : undefined);
  });
}

test('F18: a leave of unknown end is read until it is over, and not asked for again', () => {
  assert.equal(inDoubt([listed(3, 14)]), wait(15_000, 'container 14 is leaving the S3 cluster'));
  const over: Verdict = { kind: 'done', status: forgotten };
  assert.equal(inDoubt([listed(3)]), over);
  assert.equal(inDoubt([['exec ListS3ClusterContainers', exit(1, 'error: S3 cluster is not configured')]]), over);
});

test('F18: what cannot be read decides nothing', () => {
  for (const answer of [exit(1, 'x'), ok('['), okJson({ members: [] }), okJson(['HostId<x>'])]) {
    const verdict = inDoubt([['exec ListS3ClusterContainers', answer]], 3_600_000);
    assert.ok(verdict.kind === 'wait' && verdict.delayMs === 15_000 && verdict.status === undefined);
  }
});

test('F18: read to be a member still after five minutes, it is asked for once more', () => {
  const verdict = inDoubt([listed(14), ['exec RemoveFromS3Cluster', ok()], listed(3)], 300_000);
  assert.equal(verdict, { kind: 'done', status: forgotten });
  assert.is(inDoubt([listed(14)], 299_999).kind, 'wait');
});

test('F3: an id that is another container’s by now is left alone, with an event; a host that is gone is asked for by its id', () => {
  const { verdict } = leave([POD_GONE, CHOSEN, host('w-other')]);
  assert.equal('events' in verdict && verdict.events?.map(({ reason }) => reason), ['ClusterIdMismatch']);
  const unknown: Line = ['exec GetWekaContainer', okJson([])];
  const gone = leave([
    POD_GONE,
    CHOSEN,
    unknown,
    ['exec RemoveFromS3Cluster', exit(1, 'error: Unrecognized host ID 14')],
  ]);
  assert.equal(gone.verdict, done);
});

test('without a member that may act, or its word about the host, nothing is taken out', () => {
  const nobody: Line = ['cluster member', { kind: 'none', reason: 'No active container found' }];
  assert.equal(leave([POD_GONE, nobody]).verdict, failed('No active container found'));
  assert.is(leave([POD_GONE, CHOSEN, ['exec GetWekaContainer', lost], REPORTED]).verdict.kind, 'failed');
});

test.run();
