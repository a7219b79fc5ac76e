/** The last steps: signatures erased, directory emptied, finalizer gone. Each destroys data: what must hold before, and what is remembered. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CLEANED, cleanPersistentDir, cleanUpJob, ownDirectory } from '../../../../actors/flows/steps/clean-up.ts';
import { finalize } from '../../../../actors/flows/steps/finalize.ts';
import { NOT_MEMBER, resignDrives } from '../../../../actors/flows/steps/resign-drives.ts';
import type { Condition } from '../../../../messages/condition.ts';
import { done, failed, type Verdict, wait } from '../../../../messages/verdict.ts';
import type { WekaContainerSpec, WekaContainerStatus } from '../../../../messages/weka-container.ts';
import {
  BORN,
  containerOf,
  DISCOVERED,
  jobOf,
  NODE,
  nodeOf,
  OPERATOR_NAMESPACE,
  podFor,
} from '../../../support/containers.ts';
import { type PassGiven, passFor } from '../../../support/pass.ts';
import {
  absent,
  agentOk,
  conflict,
  did,
  exists,
  type Line,
  noAgent,
  ok,
  play,
  playStep,
  refused,
  requestOf,
} from '../../../support/play.ts';
import { SIM_START_WALL_MS } from '../../../support/sim-clock.ts';

const held = (type: string, status: 'True' | 'False' = 'True', message = 'x'): Condition => ({
  type,
  status,
  reason: 'x',
  message,
  lastTransitionTime: BORN,
});
const REMOVED = { containerID: 7, conditions: [held('ContainerRemoved')] };
const drive = (status: Partial<WekaContainerStatus> = REMOVED, spec: Partial<WekaContainerSpec> = {}) =>
  containerOf('drive', {
    spec: { state: 'deleting', ...spec },
    status: { nodeAffinity: NODE, allocations: { drives: ['A', 'B'] }, ...status },
  });
const settings = {
  signDrivesImage: 'registry.example/sign:1',
  maintenanceServiceAccount: 'maintenance',
  maintenanceImage: 'busybox',
};
const resign = (container = drive(), given: PassGiven = {}, lines: readonly Line[] = []) =>
  playStep(resignDrives(passFor(container, { ...given, settings: { ...settings, ...given.settings } })), lines);

const POD_GONE: Line = ['get pods/weka/drive', absent];
const NAME = 'weka-force-resign-drives-uid-drive';
const helper = (result?: string, metadata = {}) =>
  containerOf('adhoc-op', { name: NAME, metadata, status: result === undefined ? {} : { result } });
const AT = `wekacontainers/weka/${NAME}`;
const PENDING = wait(
  3_000,
  'error reconciling object during phase ResignDrives: error reconciling object during phase PollResults: wait-error:container execution result is not ready',
);

// Whether drives may be erased at all. Spec 03, 14 no. 3 to 5; F2.

for (const [name, status, spec, may] of [
  ['one that was removed from its cluster', REMOVED, {}, true],
  ['a member that was not removed', { containerID: 7 }, {}, false],
  ['a member whose override skips the deactivation', { containerID: 7 }, { overrides: { skipDeactivate: true } }, true],
  [
    'one that definitely is no member',
    { timestamps: { [NOT_MEMBER]: BORN }, conditions: [held('ContainerResourcesWritten')] },
    {},
    true,
  ],
  ['one whose process may have joined (#10)', { conditions: [held('ContainerResourcesWritten')] }, {}, false],
  [
    'one whose resources may have been written',
    { conditions: [held('ContainerResourcesWritten', 'False', 'error writing resources.json: timeout')] },
    {},
    false,
  ],
  [
    'one that never had a place for its resources',
    { conditions: [held('ContainerResourcesWritten', 'False', 'wait-error:Persistency is not yet configured')] },
    {},
    true,
  ],
  ['one whose resources were never written', {}, {}, true],
  ['anybody when the cluster goes', { containerID: 7 }, { state: 'destroying' }, true],
] as const) {
  test(`spec 03 §17 #10, F2: the drives of ${name} are ${may ? '' : 'not '}resigned`, () => {
    const container = drive(status as Partial<WekaContainerStatus>, spec as Partial<WekaContainerSpec>);
    if (may) assert.equal(resign(container, {}, [POD_GONE, [`get ${AT}`, did(helper())]]).verdict, PENDING);
    else
      assert.equal(
        resign(container, {}, 'containerID' in status ? [] : [['agent POST /findDrives', noAgent]]).verdict,
        wait(15_000, 'membership is not known, the drives may still belong to the cluster'),
      );
  });
}

for (const [signed, ends] of [
  [['A', 'B'], false],
  [['B'], false],
  [[], true],
] as const) {
  test(`F2: without an id and with signatures on [${signed}] the leave ${ends ? 'goes on: there is nothing to erase' : 'waits'}`, () => {
    const drives = ['A', 'B'].map((serial, index) => ({
      serial_id: serial,
      block_device: `/dev/nvme${index}n1`,
      partition: `/dev/nvme${index}n1p1`,
      is_signed: signed.some((each) => each === serial),
      weka_guid: '',
    }));
    const line: Line = ['agent POST /findDrives', agentOk({ drives, error: '' })];
    const { kind } = resign(drive({ conditions: [held('ContainerResourcesWritten')] }), {}, [line]).verdict;
    assert.is(kind, ends ? 'done' : 'wait');
  });
}

test('F2: a pod that still exists, or cannot be read, keeps the drives', () => {
  const pod = podFor(drive());
  assert.equal(
    resign(drive(), {}, [['get pods/weka/drive', did(pod)]]).verdict,
    wait(3_000, 'the pod still exists, drives are not resigned'),
  );
  assert.is(resign(drive(), {}, [['get pods/weka/drive', refused]]).verdict.kind, 'failed');
});

test('spec 03 §17 #30, #31: a node that is not ready is waited for; one that is gone only with the setting counts as done', () => {
  const waits = wait(15_000, 'container node is not ready, cannot perform resign drives operation');
  assert.equal(resign(drive(), { world: [nodeOf(NODE, { ready: false })] }).verdict, waits);
  assert.equal(resign(drive(), { without: [nodeOf()] }).verdict, waits);
  assert.equal(resign(drive(), { without: [nodeOf()], settings: { cleanupRemovedNodes: true } }).verdict, done);
  const unsynced = passFor(drive(), { without: [nodeOf()], settings: { ...settings, cleanupRemovedNodes: true } });
  unsynced.view.setSynced(false);
  assert.equal(resignDrives(unsynced), waits);
  assert.is(
    resign(drive(), { world: [nodeOf(NODE, { unschedulable: true })] }, [POD_GONE, [`get ${AT}`, did(helper())]])
      .verdict.kind,
    'wait',
  );
});

test('nothing to resign: no drives, no node', () => {
  assert.equal(resign(drive({ ...REMOVED, allocations: {} })).verdict, done);
  assert.equal(
    resign(containerOf('drive', { spec: { state: 'deleting' }, status: { allocations: { drives: ['A'] } } })).verdict,
    done,
  );
});

test('spec 03 §4.14: the operation names node and serials, runs where the drives are, and is owned', () => {
  const { calls, verdict } = resign(drive(), {}, [POD_GONE, [`get ${AT}`, absent], [`create ${AT}`, did(helper())]]);
  const request = requestOf(calls, 'create');
  const object = request.verb === 'create' ? (request.object as ReturnType<typeof helper>) : helper();
  assert.equal(JSON.parse(object.spec.instructions?.payload ?? ''), { nodeName: NODE, deviceSerials: ['A', 'B'] });
  assert.equal(
    [
      object.spec.mode,
      object.spec.nodeAffinity,
      object.spec.image,
      object.spec.hostPID,
      object.metadata.labels?.['weka.io/mode'],
      object.metadata.labels?.app,
    ],
    ['adhoc-op', NODE, settings.signDrivesImage, true, 'adhoc-op', 'weka'],
  );
  assert.is(object.metadata.ownerReferences?.[0]?.uid, 'uid-drive');
  assert.equal(verdict, PENDING);
});

test('spec 03 §17 #33, 01 §23 #39: in an ending namespace it lives in the operator’s, unowned, with the maintenance account', () => {
  const ending = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'weka', uid: 'n', resourceVersion: '1', creationTimestamp: BORN },
    status: { phase: 'Terminating' },
  };
  const there = `wekacontainers/${OPERATOR_NAMESPACE}/${NAME}`;
  const { calls } = resign(drive(), { world: [ending] }, [
    POD_GONE,
    [`get ${there}`, absent],
    [`create ${there}`, exists],
  ]);
  const request = requestOf(calls, 'create');
  const object = request.verb === 'create' ? (request.object as ReturnType<typeof helper>) : helper();
  assert.is(object.metadata.ownerReferences, undefined);
  assert.is(object.spec.serviceAccountName, 'maintenance');
});

for (const [name, image, text] of [
  [
    'spec 03 §17 #59: the container image itself',
    'x/weka.io/weka-in-container:1',
    'weka image is not allowed for sign-drives operation, do not set image to use default',
  ],
  ['no image', '', 'SIGN_DRIVES_IMAGE is not set, drives cannot be resigned'],
] as const) {
  test(`${name} signs nothing`, () => {
    const { verdict } = resign(drive(), { settings: { signDrivesImage: image } }, [POD_GONE, [`get ${AT}`, absent]]);
    assert.equal(verdict, wait(15_000, text));
  });
}

const RESTED = { wallMs: SIM_START_WALL_MS + 10_000 };
const result = (text: string, collected: unknown = did(helper())): Verdict =>
  resign(drive(), RESTED, [POD_GONE, [`get ${AT}`, did(helper(text))], [`delete ${AT}`, collected]]).verdict;

test('spec 06 §10 #56: one signed drive is enough, then the operation goes', () => {
  assert.equal(result('{"err":null,"drives":["/dev/a"]}'), done);
  assert.equal(result('{"err":null,"drives":["/dev/a"]}', absent), done);
  assert.is(result('{"err":null,"drives":["/dev/a"]}', refused).kind, 'failed');
});

for (const [name, text, reason] of [
  ['spec 03 §17 #32: an error', '{"err":"x","drives":[]}', 'resign drives operation failed: x, re-creating container'],
  ['no drive', '{"err":null,"drives":[]}', 'resign drives operation did not resign any drives, re-creating container'],
] as const) {
  test(`${name}: made again, with an event`, () => {
    const verdict = result(text);
    assert.ok(verdict.kind === 'failed' && verdict.reason === reason);
    assert.equal('events' in verdict && verdict.events?.map((event) => event.reason), ['DrivesResignFailed']);
  });
}
for (const text of ['not json', 'null', '{"err":null}']) {
  test(`F32: the result ${text} is dropped and fetched again`, () => {
    assert.is(result(text).kind, 'failed');
  });
}
test('spec 06 §8.2 no. 34, I6: erasing that fails is tried again after as long as it has been failing, 10 s to 5 min', () => {
  let timestamps: Record<string, string> = {};
  let failedMs = SIM_START_WALL_MS;
  for (const restMs of [10_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]) {
    const received = { ...held('CondResultsReceived'), lastTransitionTime: new Date(failedMs).toISOString() };
    const plain = helper('{"err":"x","drives":[]}');
    const failing = { ...plain, status: { status: 'PodRunning', ...plain.status, conditions: [received] } };
    const look = (restedMs: number, ...lines: readonly Line[]): Verdict => {
      const container = drive({ ...REMOVED, timestamps });
      const read: Line = [`get ${AT}`, did(failing)];
      return resign(container, { wallMs: failedMs + restedMs }, [POD_GONE, read, ...lines]).verdict;
    };
    timestamps = { ...timestamps, ...(look(0).status?.timestamps as Record<string, string> | undefined) }; // Our own patch.
    assert.is(look(restMs - 1).kind, 'failed', 'its helper stays');
    assert.is(look(restMs, [`delete ${AT}`, did(failing)]).kind, 'failed');
    failedMs += restMs;
  }
});
test('a helper that is going is not believed', () => {
  const going = helper('{"err":null,"drives":["/dev/a"]}', { deletionTimestamp: BORN });
  assert.equal(resign(drive(), {}, [POD_GONE, [`get ${AT}`, did(going)]]).verdict, PENDING);
});

// A signing that leaves. Spec 06, 8.2 no. 14; F32.

const SIGNED = JSON.stringify({ err: null, drives: [{ serial_id: 'A' }], raw_drives: [] });
const signer = (status: Partial<WekaContainerStatus> = {}, given: { readonly type?: string } = {}) =>
  containerOf('adhoc-op', {
    spec: { state: 'deleting', nodeAffinity: NODE, instructions: { type: given.type ?? 'sign-drives' } },
    metadata: { finalizers: ['weka.weka.io/finalizer'], deletionTimestamp: BORN },
    status: { status: 'PodRunning', result: SIGNED, ...status },
  });
const leaves = (container = signer(), lines: readonly Line[] = [], given: PassGiven = {}): Verdict =>
  playStep(finalize(ownDirectory)(passFor(container, given)), lines).verdict;
const SIGNER_ENDS: readonly Line[] = [
  ['get pods/weka/adhoc-op', absent],
  ['jsonPatch wekacontainers/weka/adhoc-op', did(signer())],
];
const NODE_WRITTEN: readonly Line[] = [
  [`get nodes/${NODE}`, did(nodeOf())],
  [`mergePatch nodes/${NODE}`, did(nodeOf())],
  [`mergePatch nodes/${NODE}`, did(nodeOf())],
];

test('spec 06 §10 #51: a signing that leaves with a result that nobody acted on: its node says so first', () => {
  assert.is(leaves(signer(), [...NODE_WRITTEN, ...SIGNER_ENDS]).kind, 'done');
});
test('spec 06 §10 #51: while its node cannot be written it stays', () => {
  const held = leaves(signer(), [
    [`get nodes/${NODE}`, did(nodeOf())],
    [`mergePatch nodes/${NODE}`, refused],
    [`get nodes/${NODE}`, did(nodeOf())],
  ]);
  assert.is(held.kind, 'failed');
});
test('spec 06 §10 #51, #54: nothing is owed once it was processed, by another operation, without a result or without the node', () => {
  for (const container of [
    signer({ conditions: [held('CondResultsProcessed')] }),
    signer({}, { type: 'umount' }),
    containerOf('adhoc-op', {
      ...{ metadata: { finalizers: ['weka.weka.io/finalizer'], deletionTimestamp: BORN } },
      spec: { state: 'deleting', nodeAffinity: NODE, instructions: { type: 'sign-drives' } },
    }),
    signer({ result: 'not json' }),
  ])
    assert.is(leaves(container, SIGNER_ENDS).kind, 'done');
  assert.is(leaves(signer(), SIGNER_ENDS, { without: [nodeOf()] }).kind, 'done');
  const gone: Line = [`get nodes/${NODE}`, absent];
  assert.is(leaves(signer(), [gone, gone, ...SIGNER_ENDS]).kind, 'done', 'gone meanwhile');
});

// The directory. Spec 03, 7; F24.

const JOB = 'weka-cleanup-container-uid-drive';
const JOB_AT = `jobs/${OPERATOR_NAMESPACE}/${JOB}`;
const clean = (container = drive(), given: PassGiven = {}, lines: readonly Line[] = []): Verdict =>
  play(
    cleanPersistentDir(passFor(container, { ...given, settings: { ...settings, ...given.settings } }), ownDirectory),
    lines,
  ).verdict;

test('spec 03 §7: skipped by override, without a node, without a directory, on a node that is gone, and once done', () => {
  assert.equal(clean(drive({}, { overrides: { skipCleanupPersistentDir: true } })), done);
  assert.equal(clean(containerOf('drive', { spec: { state: 'deleting' } })), done);
  assert.equal(clean(containerOf('adhoc-op', { spec: { nodeAffinity: NODE } })), done);
  assert.equal(clean(drive(), { without: [nodeOf()] }), done);
  assert.equal(clean(drive({ timestamps: { [CLEANED]: BORN } })), done);
});

test('nodes that are not known yet are not gone', () => {
  const pass = passFor(drive(), { without: [nodeOf()] });
  pass.view.setSynced(false);
  assert.equal(play(cleanPersistentDir(pass, ownDirectory), []).verdict, wait(3_000, 'nodes are not known yet'));
});

test('a node that is not ready is waited for', () => {
  const text = 'container node is not ready, cannot perform cleanup persistent dir operation';
  assert.equal(clean(drive(), { world: [nodeOf(NODE, { ready: false })] }), wait(15_000, text));
});

test('the Job is made, waited for, taken away, and the end is remembered', () => {
  const text = `job is not done yet - ${JOB}`;
  assert.equal(
    clean(drive(), {}, [
      [`get ${JOB_AT}`, absent],
      [`create ${JOB_AT}`, did(jobOf(JOB))],
    ]),
    wait(3_000, text),
  );
  assert.equal(
    clean(drive(), {}, [
      [`get ${JOB_AT}`, absent],
      [`create ${JOB_AT}`, exists],
    ]),
    wait(3_000, text),
  );
  assert.is(
    clean(drive(), {}, [
      [`get ${JOB_AT}`, absent],
      [`create ${JOB_AT}`, refused],
    ]).kind,
    'failed',
  );
  assert.equal(clean(drive(), {}, [[`get ${JOB_AT}`, did(jobOf(JOB))]]), wait(3_000, text));
  assert.equal(
    clean(drive(), {}, [
      [`get ${JOB_AT}`, did(jobOf(JOB, { succeeded: 1 }))],
      [`delete ${JOB_AT}`, did(jobOf(JOB))],
    ]),
    {
      kind: 'done',
      status: { timestamps: { [CLEANED]: new Date(SIM_START_WALL_MS).toISOString() } },
    },
  );
});

test('spec 03 §17 #38, F24: a failed Job is told, taken away and made again', () => {
  const bad = jobOf(JOB, { failed: 6, conditions: [{ type: 'Failed', status: 'True' }] });
  const verdict = clean(drive(), {}, [
    [`get ${JOB_AT}`, did(bad)],
    [`delete ${JOB_AT}`, did(bad)],
  ]);
  assert.is(verdict.kind, 'failed');
  assert.equal('events' in verdict && verdict.events?.map(({ reason }) => reason), ['CleanupJobFailed']);
});

interface JobSpec {
  readonly template: {
    readonly spec: {
      readonly nodeName: string;
      readonly nodeSelector?: object;
      readonly tolerations: readonly object[];
      readonly containers: readonly {
        readonly command: readonly string[];
        readonly volumeMounts: readonly object[];
        readonly securityContext?: object;
      }[];
      readonly volumes: readonly object[];
    };
  };
}
const jobFor = (container = drive(), given: PassGiven = {}) => {
  const pass = passFor(container, { ...given, settings: { ...settings, ...given.settings } });
  const directory = ownDirectory(pass);
  if (typeof directory === 'string') throw new Error(directory);
  const draft = cleanUpJob(pass, directory);
  return { ...draft, pod: (draft.spec as JobSpec).template.spec };
};
const osNode = (os: string) =>
  nodeOf(NODE, { annotations: { 'weka.io/discovery.json': JSON.stringify({ ...JSON.parse(DISCOVERED), os }) } });

test('spec 03 §17 #38: the plain host: the directory of this uid and no other, on its node', () => {
  const { pod, metadata } = jobFor();
  assert.equal([metadata.namespace, metadata.name], [OPERATOR_NAMESPACE, JOB]);
  assert.equal(pod.containers[0]?.command.slice(3), ['cleanup', '/opt/k8s-weka/containers/uid-drive']);
  assert.equal(pod.volumes, [
    {
      name: 'weka-container-data',
      hostPath: { path: '/opt/k8s-weka/containers/uid-drive', type: 'DirectoryOrCreate' },
    },
  ]);
  assert.equal([pod.nodeName, pod.nodeSelector], [NODE, { 'kubernetes.io/hostname': NODE }]);
  assert.is(pod.containers[0]?.securityContext, undefined);
});

test('spec 03 §17 #38: cos has its base path; without a record the default one is used (F39)', () => {
  assert.is(
    jobFor(drive(), { world: [osNode('cos')] }).pod.containers[0]?.command.at(-1),
    '/mnt/stateful_partition/k8s-weka/containers/uid-drive',
  );
  const unknown = nodeOf(NODE, { annotations: { 'weka.io/discovery.json': undefined } });
  assert.is(
    jobFor(drive(), { world: [unknown] }).pod.containers[0]?.command.at(-1),
    '/opt/k8s-weka/containers/uid-drive',
  );
});

test('spec 03 §17 #38, F24: the claim, in the container’s namespace, whatever the node is', () => {
  const claimed = drive({}, { pvc: { name: 'data' } });
  const { pod, metadata } = jobFor(claimed, { world: [nodeOf(NODE, { ready: false })] });
  assert.is(metadata.namespace, 'weka');
  assert.equal(pod.volumes, [{ name: 'weka-container-data', persistentVolumeClaim: { claimName: 'data' } }]);
  assert.equal(pod.containers[0]?.volumeMounts, [
    { name: 'weka-container-data', mountPath: '/opt/k8s-weka/containers', subPath: 'containers' },
  ]);
  assert.is(pod.containers[0]?.command.at(-1), '/opt/k8s-weka/containers/uid-drive');
});

test('the tolerations of auxiliary pods follow the setting', () => {
  assert.is(jobFor().pod.tolerations.length, 2);
  assert.is(jobFor(drive(), { settings: { skipAuxNoScheduleToleration: true } }).pod.tolerations.length, 0);
});

test('spec 03 §17 #61: the race of the global claim wipes nothing', () => {
  const verdict = clean(drive(), { settings: { localDataPvc: 'shared' } });
  assert.equal(verdict, failed('race, container was not updated for on-container-spec pvc'));
});

test('spec 03 §14 no. 9: a uid that could leave its directory makes no Job', () => {
  for (const uid of ['', '..', 'a/b', '*']) {
    const odd = drive();
    assert.is(ownDirectory(passFor({ ...odd, metadata: { ...odd.metadata, uid } })), 'no uid or node to clean up');
  }
});

// Finalizing. Spec 03, 4.15.

const ME = 'wekacontainers/weka/drive';
const CLEANED_NOW: readonly Line[] = [
  [`get ${JOB_AT}`, did(jobOf(JOB, { succeeded: 1 }))],
  [`delete ${JOB_AT}`, did(jobOf(JOB))],
];
const end = (lines: readonly Line[], given: PassGiven = {}): Verdict =>
  playStep(finalize(ownDirectory)(passFor(drive(), { ...given, settings: { ...settings, ...given.settings } })), lines)
    .verdict;

test('spec 03 §14 no. 8: the finalizer goes only after a live read without a pod and an empty directory, in one pass', () => {
  assert.is(end([POD_GONE, ...CLEANED_NOW, [`jsonPatch ${ME}`, did(drive())]]).kind, 'done');
  assert.is(end([POD_GONE, [`get ${JOB_AT}`, absent], [`create ${JOB_AT}`, did(jobOf(JOB))]]).kind, 'wait');
  const pod = podFor(drive(), { metadata: { deletionTimestamp: BORN } });
  const stopping = end([
    ['get pods/weka/drive', did(pod)],
    ['exec AllowForceStop', ok()],
    ['exec WekaLocalStop', ok()],
  ]);
  assert.is(stopping.kind, 'wait');
});

test('spec 03 §17 #63: a finalizer that could not be removed is tried again, the empty directory is remembered', () => {
  const verdict = end([POD_GONE, ...CLEANED_NOW, [`jsonPatch ${ME}`, conflict]]);
  assert.ok(verdict.kind === 'failed' && verdict.reason.startsWith('Failed to remove finalizer: '));
  assert.ok(verdict.status?.timestamps !== undefined);
});

test.run();
