/** What acts on its own result: builders and signing operations; drivers containers that start over. Source: spec 06, 4.8, 4.9, 5.4, 5.5. */
import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkUploaded } from '../../../../actors/flows/steps/builder.ts';
import {
  boundInVain,
  clearStatusOnNodeNotFound,
  deletePodIfUnschedulable,
  unschedulableForLong,
} from '../../../../actors/flows/steps/clear-status.ts';
import { cleanUpFinished, processResult } from '../../../../actors/flows/steps/one-off.ts';
import { done, failed, finished, wait } from '../../../../messages/verdict.ts';
import type { ContainerMode, WekaContainer } from '../../../../messages/weka-container.ts';
import { BOOT, BORN, containerOf, type Given, NODE, nodeOf, podFor } from '../../../support/containers.ts';
import { passFor } from '../../../support/pass.ts';
import { absent, conflict, did, exit, type Line, ok, playStep, refused, requestOf } from '../../../support/play.ts';

// Builders.

const dist = containerOf('drivers-dist', { name: 'dist' });
const RESULT = { driver_built: true, err: '', weka_version: '4.4.5', kernel_signature: 'sig' };
const builderOf = (given: Given, result: object | string): WekaContainer =>
  containerOf('drivers-builder', {
    spec: { uploadResultsTo: 'dist', port: 60_002, ...given.spec },
    status: { status: 'Building', result: typeof result === 'string' ? result : JSON.stringify(result) },
  });
const passOf = (container: WekaContainer) =>
  passFor(container, { world: [podFor(container), dist, podFor(dist, { node: 'node-2' })] });
const upload = (result: object | string, lines: readonly Line[] = [], given: Given = {}) =>
  playStep(processResult(passOf(builderOf(given, result))), lines);
const textsOf = (calls: ReturnType<typeof upload>['calls']) =>
  calls.map((call) => (call.kind === 'exec' ? `${call.target.pod}: ${call.command.argv.at(-1)}` : call.kind));
const FROM = '--from https://10.1.0.1:60002';

test('spec 06 §10 #41: pack supported: version, then drivers of the kernel, in the pod that distributes', () => {
  const { calls, verdict } = upload(RESULT, [
    ['exec DownloadVersion', ok()],
    ['exec DownloadDrivers', ok()],
  ]);
  assert.equal(textsOf(calls), [
    `dist: weka version get --driver-only 4.4.5 ${FROM}`,
    `dist: weka driver download --without-agent --version 4.4.5 ${FROM} --kernel-signature sig`,
  ]);
  assert.equal(verdict, { kind: 'done', status: { status: 'Completed' } });
});

test('spec 06 §10 #42: without packs a checksum comes by curl; without handling all is copied as files', () => {
  const old = upload({ ...RESULT, weka_pack_not_supported: true }, [
    ['exec DownloadDrivers', ok()],
    ['exec Copy sha256 file', ok()],
  ]);
  assert.equal(textsOf(old.calls), [
    `dist: weka driver download --without-agent --version 4.4.5 ${FROM}`,
    'dist: cd /opt/weka/dist/drivers/ && curl -kO https://10.1.0.1:60002/dist/v1/drivers/4.4.5-sig.tar.gz.sha256',
  ]);
  const files = upload({ ...RESULT, no_weka_drivers_handling: true }, [['exec CopyDrivers', ok()]]);
  assert.ok(textsOf(files.calls)[0]?.includes('wget -r -nH'));
});

test('spec 06 §10 #43: no target, a missing one, one without a pod, no address: the reason, no command', () => {
  assert.equal(upload(RESULT, [], { spec: { uploadResultsTo: '' } }).verdict, failed('uploadResultsTo is not set'));
  const missing = upload(RESULT, [], { spec: { uploadResultsTo: 'other' } }).verdict;
  assert.equal(missing, failed('error getting target dist container: wekacontainers.weka.weka.io "other" not found'));
  const builder = builderOf({}, RESULT);
  assert.equal(processResult(passFor(builder, { world: [podFor(builder), dist] })), failed('pods "dist" not found'));
  assert.equal(processResult(passFor(builder, { world: [dist, podFor(dist)] })), failed('builder IP is not set'));
});

test('a command that fails ends the upload; the status stays', () => {
  const { verdict } = upload(RESULT, [['exec DownloadVersion', exit(1, 'no route')]]);
  assert.ok(verdict.kind === 'failed' && verdict.reason.endsWith('no route') && verdict.status === undefined);
});

test('values of a result that a shell could read are never sent', () => {
  const { verdict } = upload({ ...RESULT, weka_version: '4;reboot' });
  assert.ok(verdict.kind === 'failed' && verdict.reason.includes('must not be used in a command'));
});

test('spec 06 §10 #74, F32: a result that is not JSON is dropped with an event; no command', () => {
  const { verdict } = upload('[{"name":');
  assert.ok(verdict.kind === 'failed');
  assert.equal(verdict.status, { result: null, conditions: [] });
  assert.equal(
    verdict.events?.map(({ reason }) => reason),
    ['OperationResultError'],
  );
});

const check = (outcome: unknown) =>
  playStep(checkUploaded(passOf(builderOf({}, RESULT))), [['exec DownloadDrivers', outcome]]);
test('spec 06 §10 #44: lost drivers empty the status; another failure does not', () => {
  assert.equal(check(ok()).verdict, done);
  const lost = check(exit(1, 'error: Version missing')).verdict;
  assert.ok(lost.kind === 'failed');
  assert.equal(lost.status, { status: '', result: null });
  assert.equal(lost.events, [
    {
      type: 'Normal',
      reason: 'DriversRebuild',
      message: 'Cannot load drivers, trigger re-build and re-upload',
      perMinute: false,
    },
  ]);
  const other = check(exit(1, 'connection refused')).verdict;
  assert.ok(other.kind === 'skipped' && other.status === undefined && other.events === undefined);
});
test('spec 06 §8 no. 32: without packs, without a signature and without a target there is nothing to ask; the row goes on', () => {
  const of = (result: string) => playStep(checkUploaded(passOf(builderOf({}, result)))).verdict.kind;
  const built = { weka_version: '4.4.5', kernel_signature: 'sig' };
  for (const result of [
    { ...built, weka_pack_not_supported: true },
    { ...built, no_weka_drivers_handling: true },
    { weka_version: '4' },
  ])
    assert.is(of(JSON.stringify(result)), 'done');
  assert.is(of('not json'), 'skipped');
  assert.is(playStep(checkUploaded(passFor(builderOf({}, RESULT)))).verdict.kind, 'skipped');
});

// Signing.

const SIGNED = JSON.stringify({
  err: null,
  drives: [{ serial_id: 'A' }, { serial_id: 'B' }],
  raw_drives: [{ path: '/dev/b', is_mounted: true, serial_id: 'B' }],
});
const signer = (result: string): WekaContainer =>
  containerOf('adhoc-op', {
    spec: { nodeAffinity: NODE, instructions: { type: 'sign-drives' } },
    status: { status: 'PodRunning', result },
  });
const signPass = (result: string) => passFor(signer(result), { world: [podFor(signer(result))] });
const GET: Line = ['get nodes/node-1', did(nodeOf(NODE, { annotations: { 'weka.io/weka-drives': '["B","C"]' } }))];
const newer = nodeOf();
const PUT = (answer: unknown): Line => ['mergePatch nodes/node-1', answer];

test('spec 06 §10 #47: capacity, then annotations, each under the resourceVersion of what it follows', () => {
  const after = { ...newer, metadata: { ...newer.metadata, resourceVersion: '9' } };
  const { calls, verdict } = playStep(processResult(signPass(SIGNED)), [GET, PUT(did(after)), PUT(did(after))]);
  const [, status, annotations] = calls.map((call) => (call.kind === 'kube' ? call.request : undefined));
  const resources = { 'weka.io/drives': '2' };
  assert.equal(status?.verb === 'mergePatch' && [status.subresource, status.patch], [
    'status',
    {
      metadata: { uid: 'uid-node-1', resourceVersion: '1' },
      status: { capacity: resources, allocatable: resources },
    },
  ]);
  assert.equal(annotations?.verb === 'mergePatch' && annotations.patch, {
    metadata: {
      uid: 'uid-node-1',
      resourceVersion: '9',
      annotations: {
        'weka.io/weka-drives': '["B","C","A"]',
        'weka.io/blocked-drives': '["B"]',
        'weka.io/sign-drives-hash': createHash('sha256').update(BOOT).digest('hex'),
      },
    },
  });
  assert.equal(verdict, { kind: 'done', status: { status: 'Completed' } });
});

test('a conflict is tried again from a new read, at most three times; another refusal at once fails', () => {
  const again = playStep(processResult(signPass(SIGNED)), [
    GET,
    PUT(did(newer)),
    PUT(conflict),
    GET,
    PUT(did(newer)),
    PUT(did(newer)),
  ]);
  assert.is(again.verdict.kind, 'done');
  const never = playStep(processResult(signPass(SIGNED)), [GET, PUT(conflict), GET, PUT(conflict), GET, PUT(conflict)]);
  assert.is(never.verdict.kind, 'failed');
  assert.is(playStep(processResult(signPass(SIGNED)), [GET, PUT(refused)]).verdict.kind, 'failed');
});

test('spec 06 §10 #49, F32: not JSON: dropped, no call; an error of the signing: status Error and its event', () => {
  const dropped = playStep(processResult(signPass('no json'))).verdict;
  assert.ok(dropped.kind === 'failed' && dropped.status?.result === null);
  const errored = playStep(processResult(signPass('{"err":"no tool","drives":[]}'))).verdict;
  assert.ok(errored.kind === 'failed' && errored.status?.status === 'Error' && !('result' in errored.status));
  assert.is(errored.events?.[0]?.reason, 'OperationResultError');
  const nowhere = passFor(signer(SIGNED), { without: [nodeOf()] });
  assert.equal(processResult(nowhere), failed('node not found'));
});

test('spec 06 §5.5: the pod of a finished builder or signing goes, the container stays', () => {
  for (const container of [signer(SIGNED), builderOf({}, RESULT)]) {
    const pass = passFor(container, { world: [podFor(container)] });
    const name = container.metadata.name;
    const { calls, verdict } = playStep(cleanUpFinished(pass), [[`delete pods/weka/${name}`, absent]]);
    const request = requestOf(calls, 'delete');
    assert.is(request.verb === 'delete' && request.uid, `pod-of-uid-${name}`);
    assert.equal(verdict, finished);
    assert.equal(cleanUpFinished(passFor(container)), finished);
    const going = podFor(container, { metadata: { deletionTimestamp: BORN } });
    assert.equal(cleanUpFinished(passFor(container, { world: [going] })), finished);
  }
});

// Drivers containers that start over; pods that find no node.

const STATUS = { status: 'Running', nodeAffinity: NODE, result: 'x' } as const;
const bound = (mode: ContainerMode, spec: Given['spec'] = {}) =>
  containerOf(mode, { spec: { ...spec }, status: STATUS });
const EMPTY = { status: '', nodeAffinity: null, result: null };
const GONE: Line = ['get nodes/node-1', absent];

test('F10: the status is emptied only when the node is not found live, and still not after the grace', () => {
  const pass = passFor(bound('drivers-dist'), { without: [nodeOf()], settings: { nodeGoneGraceMs: 30_000 } });
  assert.ok(boundInVain(pass));
  const play = (...lines: readonly Line[]) => playStep(clearStatusOnNodeNotFound(pass), lines).verdict;
  assert.equal(play(GONE, ['sleep 30000', undefined], GONE), wait(3_000, 'node not found', { status: EMPTY }));
  assert.equal(play(GONE, ['sleep 30000', undefined], ['get nodes/node-1', did(nodeOf())]), done);
  assert.equal(play(['get nodes/node-1', refused]), done);
});

test('only drivers containers whose status alone names a node that is not known', () => {
  const without = { without: [nodeOf()] };
  assert.not.ok(boundInVain(passFor(bound('compute'), without)));
  assert.not.ok(boundInVain(passFor(bound('drivers-dist', { nodeAffinity: NODE }), without)));
  assert.not.ok(boundInVain(passFor(bound('drivers-dist'))));
});

const pendingPass = (container: WekaContainer, ageMs: number, reason = 'Unschedulable') => {
  const conditions = [{ type: 'PodScheduled', status: 'False', reason, lastTransitionTime: BORN }];
  const pod = podFor(container, { phase: 'Pending', node: '', status: { phase: 'Pending', conditions } });
  return passFor(container, { world: [pod], wallMs: Date.parse(BORN) + ageMs });
};
test('spec 02 §12 #26: an unschedulable pod goes after more than the time that is set; never with a node in the spec', () => {
  const client = containerOf('client');
  assert.not.ok(unschedulableForLong(pendingPass(client, 60_000)));
  assert.not.ok(unschedulableForLong(pendingPass(client, 61_000, 'SchedulingGated')));
  assert.not.ok(unschedulableForLong(pendingPass(containerOf('client', { spec: { nodeAffinity: NODE } }), 61_000)));
  const pass = pendingPass(client, 61_000);
  assert.ok(unschedulableForLong(pass));
  const event = {
    type: 'Warning',
    reason: 'UnschedulablePod',
    message: 'Pod is unschedulable since 2026-01-01 00:00:00 +0000 UTC, deleting it',
    perMinute: false,
  } as const;
  const reason = 'Pod is unschedulable and is being deleted';
  const went = playStep(deletePodIfUnschedulable(pass), [['delete pods/weka/client', did(podFor(client))]]);
  assert.equal(went.verdict, failed(reason, { events: [event] }));
  const stays = playStep(deletePodIfUnschedulable(pass), [['delete pods/weka/client', refused]]).verdict;
  assert.ok(stays.kind === 'failed' && stays.reason.startsWith('error deleting unschedulable pod: '));
});

test('spec 02 §12 #27: a drivers container forgets its node before its pod goes', () => {
  const reason = 'Pod is unschedulable and is being deleted';
  const said = deletePodIfUnschedulable(pendingPass(bound('drivers-dist'), 61_000));
  assert.equal(said, wait(0, reason, { status: EMPTY }));
  const next = deletePodIfUnschedulable(pendingPass(containerOf('drivers-dist'), 61_000));
  assert.is(next.kind, 'ask');
});

test.run();
