/** Steps on the container's own object, its pod's health, and what ends with them: state, finalizer, first values. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ensureBootConfigMap } from '../../../../actors/flows/steps/boot-config.ts';
import { markLeaving } from '../../../../actors/flows/steps/mark-leaving.ts';
import {
  dropFinalizer,
  ensureFinalizer,
  ensureStateDeleting,
  FINALIZER,
  initState,
  printedIps,
} from '../../../../actors/flows/steps/object.ts';
import {
  applyCurrentImage,
  handleNodeNotReady,
  setPodRunningStatus,
  waitForPodRunning,
} from '../../../../actors/flows/steps/pod-health.ts';
import { done, failed, wait } from '../../../../messages/verdict.ts';
import {
  bootScripts,
  containerOf,
  IMAGE,
  NODE,
  nodeOf,
  OPERATOR_NAMESPACE,
  podFor,
} from '../../../support/containers.ts';
import { passFor } from '../../../support/pass.ts';
import { absent, conflict, did, play, playStep, refused, requestOf } from '../../../support/play.ts';
import { SIM_START_WALL_MS } from '../../../support/sim-clock.ts';

const ME = 'wekacontainers/weka/drive';
const drive = containerOf('drive');

test('spec 02 §12 #5: deletion sets the state by a merge patch that carries the resourceVersion', () => {
  const { calls, verdict } = playStep(ensureStateDeleting(passFor(drive)), [[`mergePatch ${ME}`, did(drive)]]);
  assert.equal(requestOf(calls, 'mergePatch'), {
    verb: 'mergePatch',
    ref: {
      type: requestOf(calls, 'mergePatch').verb === 'mergePatch' && typeOf(calls),
      namespace: 'weka',
      name: 'drive',
    },
    patch: { metadata: { resourceVersion: '1' }, spec: { state: 'deleting' } },
  });
  assert.equal(verdict, wait(0, 'marked for deletion, leaving'));
});
const typeOf = (calls: Parameters<typeof requestOf>[0]) => {
  const request = requestOf(calls, 'mergePatch');
  return request.verb === 'mergePatch' ? request.ref.type : undefined;
};

test('spec 02 §12 #6: a conflict of that patch is an ordinary error, without event and status', () => {
  const { verdict } = playStep(ensureStateDeleting(passFor(drive)), [[`mergePatch ${ME}`, conflict]]);
  assert.equal(verdict, failed('failed to patch resource: the object has been modified'));
});

test('the finalizer is added once, beside foreign ones, under the resourceVersion', () => {
  assert.equal(playStep(ensureFinalizer(passFor(drive))).verdict, done);
  const bare = containerOf('drive', { metadata: { finalizers: ['theirs'] } });
  const { calls, verdict } = playStep(ensureFinalizer(passFor(bare)), [[`mergePatch ${ME}`, did(drive)]]);
  const request = requestOf(calls, 'mergePatch');
  assert.equal(request.verb === 'mergePatch' && request.patch, {
    metadata: { resourceVersion: '1', finalizers: ['theirs', FINALIZER] },
  });
  assert.equal(verdict, done);
});

test('the finalizer goes by its place, tested: nobody else’s is taken', () => {
  const both = containerOf('drive', { metadata: { finalizers: ['theirs', FINALIZER] } });
  const { calls, verdict } = play(dropFinalizer(passFor(both)), [[`jsonPatch ${ME}`, did(both)]]);
  const request = requestOf(calls, 'jsonPatch');
  assert.equal(request.verb === 'jsonPatch' && request.patch, [
    { op: 'test', path: '/metadata/uid', value: 'uid-drive' },
    { op: 'test', path: '/metadata/finalizers/1', value: FINALIZER },
    { op: 'remove', path: '/metadata/finalizers/1' },
  ]);
  assert.equal(verdict, done);
  assert.equal(play(dropFinalizer(passFor(both)), [[`jsonPatch ${ME}`, absent]]).verdict, done);
  assert.is(play(dropFinalizer(passFor(both)), [[`jsonPatch ${ME}`, refused]]).verdict.kind, 'failed');
  assert.equal(play(dropFinalizer(passFor(containerOf('drive', { metadata: { finalizers: [] } }))), []).verdict, done);
});

test('spec 02 §12 #2, 01 §23 #4: a new status begins as Init, with the columns that are known; nothing is repeated', () => {
  const fresh = containerOf('client', { status: null, spec: { nodeAffinity: NODE } });
  assert.equal(initState(passFor(fresh)), {
    kind: 'done',
    status: { status: 'Init', printer: { nodeAffinity: NODE } },
  });
  const known = containerOf('client', {
    spec: { nodeAffinity: NODE },
    status: { status: 'Running', managementIP: '10.0.0.1', printer: { nodeAffinity: NODE } },
  });
  assert.equal(initState(passFor(known)), { kind: 'done', status: { printer: { managementIPs: '10.0.0.1' } } });
  const settled = containerOf('client', {
    status: { printer: { nodeAffinity: NODE, managementIPs: 'x' }, managementIPs: ['y'] },
  });
  assert.equal(initState(passFor(settled)), done);
});

test('the column of addresses: none, one, several', () => {
  assert.equal([printedIps([]), printedIps(['a']), printedIps(['a', 'b', 'c'])], [undefined, 'a', 'a (+2)']);
});

// Boot scripts. Spec 02, 6.11.

const pass = () => passFor(drive, { without: [bootScripts('weka')] });
const ASKED = 'namespace bootConfigMap';

test('spec 02 §12 #3: an equal copy is left alone; a missing one, or one that differs, is the business of the namespace', () => {
  assert.equal(playStep(ensureBootConfigMap(passFor(drive))).verdict, done);
  const edited = passFor(drive, { world: [bootScripts('weka', { run: 'edited' })] });
  for (const each of [edited, pass()]) {
    const { calls, verdict } = playStep(ensureBootConfigMap(each), [[ASKED, { kind: 'pending' }]]);
    assert.equal(calls, [{ kind: 'namespace', ask: { kind: 'bootConfigMap', namespace: 'weka', uid: 'uid-drive' } }]);
    assert.equal(verdict, wait(3_000, 'ConfigMap weka-boot-scripts is being copied to namespace weka'));
  }
});

test('spec 02 §12 #3: without the source the pass stops there', () => {
  const said = ensureBootConfigMap(passFor(drive, { without: [bootScripts(OPERATOR_NAMESPACE)] }));
  assert.equal(said, failed('configmaps "weka-boot-scripts" not found in namespace weka-operator-system'));
});

test('a copy that could not be created is no obstacle; one that could not be read or changed is', () => {
  assert.equal(playStep(ensureBootConfigMap(pass()), [[ASKED, { kind: 'refused' }]]).verdict, done);
  const reason = 'failed to update ConfigMap weka-boot-scripts: internal error';
  assert.equal(playStep(ensureBootConfigMap(pass()), [[ASKED, { kind: 'failed', reason }]]).verdict, failed(reason));
});

test('in the operator’s own namespace there is nothing to copy', () => {
  assert.equal(
    ensureBootConfigMap(passFor(containerOf('discovery', { metadata: { namespace: OPERATOR_NAMESPACE } }))),
    done,
  );
});

// Leaving.

for (const [text, flow] of [
  ['Deleting', 'D5'],
  ['Destroying', 'X5'],
] as const) {
  test(`spec 03 §17 #2, ${flow}: the state alone makes the controller delete the object, then it says ${text}`, () => {
    const { calls, verdict } = playStep(markLeaving(text)(passFor(drive)), [[`delete ${ME}`, did(drive)]]);
    const request = requestOf(calls, 'delete');
    assert.is(request.verb === 'delete' && request.uid, 'uid-drive');
    assert.equal(verdict, wait(3_000, 'Container is being deleting, refetching', { status: { status: text } }));
    const marked = containerOf('drive', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    assert.equal(markLeaving(text)(passFor(marked)), { kind: 'done', status: { status: text } });
    const told = containerOf('drive', { metadata: { deletionTimestamp: 'x' }, status: { status: text } });
    assert.equal(markLeaving(text)(passFor(told)), done);
    assert.is(playStep(markLeaving(text)(passFor(drive)), [[`delete ${ME}`, absent]]).verdict.kind, 'failed');
  });
}

// Pod and node.

const bound = containerOf('compute', { status: { nodeAffinity: NODE } });
const at = (seconds: number): string => new Date(SIM_START_WALL_MS - seconds * 1_000).toISOString();
const notReady = (seconds: number) => nodeOf(NODE, { ready: false, readySince: at(seconds) });
const NOT_READY_EVENT = {
  type: 'Warning',
  reason: 'NodeNotReady',
  message: 'node node-1 is not ready',
  perMinute: true,
};

test('spec 02 §12 #33: a running pod on a node that has been not ready for a while is deleted once, look every 15 s', () => {
  const expected = wait(15_000, 'node node-1 is not ready', { events: [NOT_READY_EVENT as never] });
  const gone = playStep(handleNodeNotReady(passFor(bound, { world: [notReady(15), podFor(bound)] })), [
    ['delete pods/weka/compute', did(podFor(bound))],
  ]);
  assert.equal(gone.verdict, expected);
  const request = requestOf(gone.calls, 'delete');
  assert.is(request.verb === 'delete' && request.uid, 'pod-of-uid-compute');
  const terminating = podFor(bound, { metadata: { deletionTimestamp: at(1) } });
  assert.equal(handleNodeNotReady(passFor(bound, { world: [notReady(60), terminating] })), expected);
  assert.equal(handleNodeNotReady(passFor(bound, { world: [notReady(14), podFor(bound)] })), expected); // V1
  assert.equal(
    handleNodeNotReady(passFor(bound, { world: [notReady(60), podFor(bound, { phase: 'Pending' })] })),
    expected,
  );
});

test('V1: with a grace of 0 it is deleted at once, also when the time of the transition is not known', () => {
  const world = [nodeOf(NODE, { ready: false }), podFor(bound)];
  const { calls } = playStep(handleNodeNotReady(passFor(bound, { world, settings: { nodeConditionGraceMs: 0 } })), [
    ['delete pods/weka/compute', refused],
  ]);
  assert.is(calls.length, 1);
});

test('a ready node, and no node at all', () => {
  assert.equal(handleNodeNotReady(passFor(bound)), done);
  assert.equal(handleNodeNotReady(passFor(bound, { without: [nodeOf()] })), failed('node is not set'));
});

test('spec 02 §12 #34: a pod that does not run yet is looked at every 10 s', () => {
  assert.equal(
    waitForPodRunning(passFor(bound, { world: [podFor(bound, { phase: 'Pending' })] })),
    wait(10_000, 'Pod is not running'),
  );
  assert.equal(waitForPodRunning(passFor(bound)), wait(10_000, 'Pod is not running'));
  assert.equal(waitForPodRunning(passFor(bound, { world: [podFor(bound)] })), done);
});

test('spec 02 §12 #36: PodRunning only of a running pod', () => {
  assert.equal(setPodRunningStatus(passFor(bound, { world: [podFor(bound, { phase: 'Pending' })] })), done);
  assert.equal(setPodRunningStatus(passFor(bound, { world: [podFor(bound)] })), {
    kind: 'done',
    status: { status: 'PodRunning' },
  });
});

test('spec 02 §12 #35: the image is recorded once the container runs it, not while it starts', () => {
  const said = (status: string, image = IMAGE, phase = 'Running') => {
    const container = containerOf('compute', { status: { status } });
    return applyCurrentImage(passFor(container, { world: [podFor(container, { image, phase })] }));
  };
  assert.equal(said('Running'), { kind: 'done', status: { lastAppliedImage: IMAGE } });
  assert.equal(said('PodRunning'), { kind: 'done', status: { lastAppliedImage: IMAGE } });
  assert.equal(said('Starting'), failed('Container is not running yet'));
  assert.equal(said('Running', 'other'), done);
  assert.equal(said('Running', IMAGE, 'Pending'), failed('Pod is not running yet'));
  assert.equal(applyCurrentImage(passFor(containerOf('compute'))), failed('Weka container not found in pod'));
});

test.run();
