/** A pod that has ended (F22), and a member whose pod is new (F3). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyIdentity } from '../../../../actors/flows/steps/identity.ts';
import { waitForPodRunning } from '../../../../actors/flows/steps/pod-health.ts';
import { done, wait } from '../../../../messages/verdict.ts';
import { containerOf, podFor } from '../../../support/containers.ts';
import { passFor } from '../../../support/pass.ts';
import { did, exit, okJson, playStep, requestOf } from '../../../support/play.ts';

const waits = wait(10_000, 'Pod is not running');
const ended = (phase: string, mode: 'drive' | 'discovery' = 'drive', deletionTimestamp?: string) => {
  const container = containerOf(mode);
  const pod = podFor(container, { phase });
  const metadata = { ...pod.metadata, ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) };
  return { pod, pass: passFor(container, { world: [{ ...pod, metadata }] }) };
};

for (const phase of ['Failed', 'Succeeded']) {
  test(`F22: a pod that is ${phase} is deleted by its uid, and waited for`, () => {
    const { pod, pass } = ended(phase);
    const { calls, verdict } = playStep(waitForPodRunning(pass), [[`delete pods/weka/${pod.metadata.name}`, did(pod)]]);
    const request = requestOf(calls, 'delete');
    assert.is(request.verb === 'delete' && request.uid, pod.metadata.uid);
    assert.equal(verdict, waits);
  });
}
test('F22: a finished one-off, and a pod that is going already, are left alone', () => {
  assert.equal(playStep(waitForPodRunning(ended('Succeeded', 'discovery').pass)).verdict, waits);
  assert.equal(playStep(waitForPodRunning(ended('Failed', 'drive', '2026-01-01T00:00:00Z').pass)).verdict, waits);
});

const member = () => {
  const container = containerOf('drive', { status: { containerID: 4, clusterID: 'guid-c', internalStatus: 'READY' } });
  return passFor(container, { world: [podFor(container)] });
};
const answers = (cluster_guid: string, host_id: number) =>
  okJson({ has_value: true, value: { cluster_guid, host_id } });
const CALL = 'exec WekaLocalContainerGetIdentity';

test('F3: an identity as it was is no news', () => {
  assert.equal(playStep(verifyIdentity(member()), [[CALL, answers('guid-c', 4)]]).verdict, done);
});
for (const [name, answer] of [
  ['another host', answers('guid-c', 9)],
  ['another cluster', answers('guid-x', 4)],
] as const) {
  test(`F3: ${name} is told, and nothing of the status changes`, () => {
    const { verdict } = playStep(verifyIdentity(member()), [[CALL, answer]]);
    assert.is(verdict.kind, 'done');
    assert.is(verdict.status, undefined);
    assert.equal(
      verdict.events?.map(({ reason }) => reason),
      ['ClusterIdMismatch'],
    );
  });
}
test('F3: one that cannot be read is read again', () => {
  assert.is(playStep(verifyIdentity(member()), [[CALL, exit()]]).verdict.kind, 'failed');
});

test.run();
