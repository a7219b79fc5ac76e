/** Row P6: stopped by force, then Paused; what a pause does not do. Source: spec 02, 7; F8. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { initState } from '../../../../actors/flows/steps/object.ts';
import { handleStatePaused } from '../../../../actors/flows/steps/pause.ts';
import { done, doneWith, wait, warningEachMinute } from '../../../../messages/verdict.ts';
import { agentOn, BORN, containerOf, type Given, NODE, nodeOf, podFor } from '../../../support/containers.ts';
import { passFor } from '../../../support/pass.ts';
import { absent, argvOf, did, exit, ok, play, playStep, timeout } from '../../../support/play.ts';

const POD = 'pods/weka/drive';
const paused = (given: Given = {}) =>
  containerOf('drive', {
    ...given,
    spec: { state: 'paused' },
    status: { status: 'Running', nodeAffinity: NODE, containerID: 7, ...given.status },
  });
const drive = paused();
const pod = podFor(drive);

test('spec 02 §12 #43: the pod is deleted and told to stop by force; once it is gone: Paused; then one look per 30 s, no exec', () => {
  const { calls, verdict } = playStep(handleStatePaused(passFor(drive, { world: [pod] })), [
    [`get ${POD}`, did(pod)],
    [`delete ${POD}`, did(pod)],
    ['exec AllowForceStop', ok()],
    ['exec WekaLocalStop', ok()],
  ]);
  assert.equal(argvOf(calls, 'AllowForceStop'), ['bash', '-ce', 'touch /tmp/.allow-force-stop && kill 1']);
  assert.equal(verdict, wait(30_000, 'Pod deleted, reconciling for retry'));
  const gone = playStep(handleStatePaused(passFor(drive)), [[`get ${POD}`, absent]]);
  assert.equal(gone.verdict, doneWith({ status: { status: 'Paused' } }));
  const settled = paused({ status: { status: 'Paused' } });
  assert.equal(handleStatePaused(passFor(settled)), done);
});

test('spec 02 §12 #44: the pod cannot be told: its deletion stands, another try after 3 s, never Paused while it is there', () => {
  for (const answer of [exit(1, 'boom'), timeout(60_000)]) {
    const { verdict } = playStep(handleStatePaused(passFor(drive, { world: [pod] })), [
      [`get ${POD}`, did(pod)],
      [`delete ${POD}`, did(pod)],
      ['exec AllowForceStop', answer],
      ['exec WekaLocalStop', answer],
    ]);
    assert.equal(verdict, wait(3_000, 'Pod deleted, reconciling for retry'));
  }
  const lagging = paused({ status: { status: 'Paused' } });
  assert.is(handleStatePaused(passFor(lagging, { world: [pod] })).kind, 'ask', 'a pod that appears is stopped too');
});

test('spec 02 §12 #45: active again: the status leaves Paused', () => {
  const { state: _, ...spec } = drive.spec;
  const back = { ...drive, spec: { ...spec, state: 'active' as const }, status: { status: 'Paused' } };
  const verdict = initState(passFor(back));
  assert.is(verdict.kind === 'done' && verdict.status?.status, 'Init');
});

test('spec 03 §17 #37, 01 §23 #45: paused and deleted: it stays, and an event says what would release it', () => {
  const marked = paused({ metadata: { deletionTimestamp: BORN }, status: { status: 'Paused' } });
  const text = 'paused and deleted: it stays until spec.state is changed to active, deleting or destroying';
  assert.equal(handleStatePaused(passFor(marked)), doneWith({ events: [warningEachMinute('PausedAndDeleted', text)] }));
});

test('a pause on a cri-o node goes through the node agent alone (F8)', () => {
  const world = [pod, nodeOf(NODE, { runtime: 'cri-o://1.28' }), agentOn(NODE)];
  const said = handleStatePaused(passFor(drive, { world }));
  if (said.kind !== 'ask') throw new Error('nothing was asked');
  const { verdict } = play(said.script, [
    [`get ${POD}`, did(pod)],
    [`delete ${POD}`, did(pod)],
    ['exec StopInstructionsViaAgent', ok()],
  ]);
  assert.equal(verdict, wait(30_000, 'Pod deleted, reconciling for retry'));
});

test.run();
