/** The acceptance scenarios of drives, of a node's proxy and of growth, each by its number. Source: spec 06, 10; spec 05, 17. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Call } from '../../../actors/calls.ts';
import { deletingFlow } from '../../../actors/flows/deleting.ts';
import { allocateDrives, lacksDrives, whatIsLacking } from '../../../actors/flows/steps/allocate.ts';
import {
  hasBlockedDrives,
  hasBlockedPhysicalDrives,
  removeBlocked,
  removeByPhysicalUuids,
} from '../../../actors/flows/steps/blocked-drives.ts';
import { ensureDrives, updateAddedDrives } from '../../../actors/flows/steps/drives.ts';
import { hasFailedDrives, markFailed } from '../../../actors/flows/steps/failed-drives.ts';
import { ensureProxy, hasDrifted, oncePerDrift, tellDrift } from '../../../actors/flows/steps/proxy.ts';
import { resignDrives } from '../../../actors/flows/steps/resign-drives.ts';
import { addVirtualDrives, proxyIsNeeded, removeVirtualDrives } from '../../../actors/flows/steps/virtual-drives.ts';
import { mayBeOutdated, podAndContent, verifyOfPod } from '../../../actors/flows/steps/write-resources.ts';
import { done, normal, warningEachMinute } from '../../../messages/verdict.ts';
import type { WekaContainer, WekaContainerSpec, WekaContainerStatus } from '../../../messages/weka-container.ts';
import {
  clusterOf,
  containerOf,
  memberOf,
  NODE,
  nodeOf,
  OPERATOR_NAMESPACE,
  podFor,
} from '../../support/containers.ts';
import { type PassGiven, passFor } from '../../support/pass.ts';
import {
  absent,
  agentOk,
  argvOf,
  conflict,
  did,
  exists,
  exit,
  type Line,
  noAgent,
  ok,
  okJson,
  playStep,
  requestOf,
} from '../../support/play.ts';

const V1 = { virtualUUID: 'v1', physicalUUID: 'p1', capacityGiB: 1_000, serial: 'S1', type: 'TLC' };
const V2 = { virtualUUID: 'v2', physicalUUID: 'p2', capacityGiB: 2_000, serial: 'S2', type: 'QLC' };
const SHARED = JSON.stringify(
  [1, 2, 3, 4, 5, 6].map((n) => ({
    physical_uuid: `p${n}`,
    serial: `S${n}`,
    capacity_gib: n === 6 ? 10_300 : 7_000,
    type: 'TLC',
  })),
);
const sharedNode = (annotations: Readonly<Record<string, string | undefined>> = {}) =>
  nodeOf(NODE, { annotations: { 'weka.io/weka-shared-drives': SHARED, ...annotations } });
const sharing = (status: Partial<WekaContainerStatus> = {}, spec: Partial<WekaContainerSpec> = {}): WekaContainer =>
  memberOf('drive', 'drive', 7, {
    spec: { driveCapacity: 1_000, numDrives: 2, ...spec },
    status: { allocations: { wekaPort: 35_000, virtualDrives: [V1, V2] }, ...status },
  });
const PROXY = containerOf('ssdproxy', {
  name: `weka-drives-proxy-${NODE}`,
  metadata: { namespace: OPERATOR_NAMESPACE, ownerReferences: [], uid: 'uid-proxy' },
  spec: { name: 'ssdproxy' },
  status: { nodeAffinity: NODE },
});
const passOfSharing = (container = sharing(), given: PassGiven = {}) =>
  passFor(container, { ...given, world: [podFor(container), sharedNode(), PROXY, ...(given.world ?? [])] });
const jsonrpc = (answer: unknown): Line => ['agent POST /jsonrpc', answer];
const result = (value?: unknown) => agentOk({ message: 'JSONRPC call succeeded', result: value });
const listing = (...uuids: readonly string[]) =>
  result(uuids.map((uuid) => ({ uuid, clusterGuid: 'guid-c', sizeGB: 1_000 })));
/** Method and parameters of each call to the proxy. */
const asked = (calls: readonly Call[]) =>
  calls.flatMap((call) => {
    if (call.kind !== 'agent' || call.request.path !== '/jsonrpc') return [];
    const { container_id: id, method, params } = JSON.parse(call.request.body ?? '');
    assert.is(id, 'uid-proxy');
    return [[method.replace('ssd_proxy_', ''), params]];
  });

// More drives, and their file.

const exclusive = (status: Partial<WekaContainerStatus>, numDrives = 2): WekaContainer =>
  memberOf('drive', 'drive', 7, { spec: { numDrives }, status });

test('spec 05 §17 #38: a spec that grows: more is asked for once what it has is stored, and goes behind it', () => {
  const before = { drives: ['S1', 'S2'], wekaPort: 35_000 };
  const pass = passFor(exclusive({ allocations: before }, 3));
  assert.ok(lacksDrives(pass));
  const allocations = { drives: ['S1', 'S2', 'S3'], wekaPort: 35_000 };
  const { verdict } = playStep(allocateDrives(pass), [
    ['node allocateMore', { kind: 'more', allocations, events: [] }],
  ]);
  assert.equal(verdict.status, { allocations: { drives: ['S1', 'S2', 'S3'] } });
  assert.is(verdict.kind, 'skipped');
  const unwritten = passFor(exclusive({ allocations: before }, 3));
  assert.not.ok(
    lacksDrives({
      ...unwritten,
      container: { ...unwritten.container, status: { status: '', allocations: { drives: ['S1'] } } },
      status: { status: '', allocations: { drives: ['S1'] } },
    }),
  );
});

test('spec 05 §17 #39: growth that is impossible is an error with the node’s event; the flow goes on', () => {
  const events = [warningEachMinute('AllocateContainerDrivesError', 'not enough drives available: need 1, have 0')];
  const { verdict } = playStep(allocateDrives(passFor(exclusive({ allocations: { drives: ['S1'] } }))), [
    ['node allocateMore', { kind: 'noMore', reason: 'not enough', retryMs: 10_000, events }],
  ]);
  assert.equal(verdict, { kind: 'failed', reason: 'not enough', events });
});

test('spec 05 §17 #41: shared growth is off unless set; a share that is too small is told once', () => {
  const container = sharing({}, { driveCapacity: 0, numDrives: 0, containerCapacity: 3_200 });
  assert.not.ok(lacksDrives(passOfSharing(container)));
  const scaling = passOfSharing(container, { settings: { enableDynamicDriveScalingForSharedDrives: true } });
  assert.ok(lacksDrives(scaling));
  const { verdict } = playStep(allocateDrives(scaling), [
    ['node allocateMore', { kind: 'noMore', reason: 'x', retryMs: undefined, events: [] }],
  ]);
  assert.is(verdict.kind, 'done', 'not asked again');
  const grown = passOfSharing({ ...container, spec: { ...container.spec, containerCapacity: 4_000 } });
  assert.is.not(whatIsLacking(grown), whatIsLacking(scaling));
});

test('spec 05 §17 #37, #39, #50: the file is verified once for each pod and content, and written again where it differs', () => {
  const written = {
    type: 'ContainerResourcesWritten',
    status: 'True',
    reason: 'Success',
    message: 'x',
    lastTransitionTime: '',
  } as const;
  const container = exclusive({ allocations: { drives: ['S1', 'S2'], wekaPort: 35_000 }, conditions: [written] });
  const pass = passFor(container, { world: [podFor(container)] });
  assert.ok(mayBeOutdated(pass));
  assert.not.ok(mayBeOutdated(passFor(exclusive({ allocations: { drives: ['S1'] } }))), 'not written yet');
  const content = { drives: ['S1', 'S2'], wekaPort: 35_000, netDevices: ['udp'] };
  assert.is(playStep(verifyOfPod(pass), [['exec VerifyResources', okJson(content)]]).verdict.kind, 'done');
  const { verdict } = playStep(verifyOfPod(pass), [
    ['exec VerifyResources', okJson({ ...content, drives: ['S1'] })],
    ['exec CheckPersistencyConfigured', ok()],
    ['exec WriteResources', exit(2)],
  ]);
  assert.equal([verdict.kind, verdict.lookAgainMs], ['failed', 3_000], 'tried again soon');
  const another = passFor(container, { world: [podFor(container, { metadata: { uid: 'another' } })] });
  assert.is.not(podAndContent(another), podAndContent(pass));
});

// The proxy.

test('spec 06 §10 #20, 01 §23 #41: the first sharing container of a node makes its proxy; a second one, of any cluster, makes none', () => {
  const cluster = clusterOf({
    metadata: { ...clusterOf().metadata, labels: { team: 'a' } },
    spec: { image: 'registry.example/weka:1', imagePullSecret: 'pull', serviceAccountName: 'account' },
  });
  const container = sharing();
  const pass = passFor(container, { world: [sharedNode(), cluster] });
  const { calls, verdict } = playStep(ensureProxy(pass), [
    [`create wekacontainers/${OPERATOR_NAMESPACE}/weka-drives-proxy-${NODE}`, did(PROXY)],
  ]);
  const request = requestOf(calls, 'create');
  const object = request.verb === 'create' ? (request.object as unknown as WekaContainer) : undefined;
  assert.is(object?.metadata.ownerReferences, undefined);
  assert.equal(object?.metadata.labels, { team: 'a', app: 'weka', 'weka.io/mode': 'ssdproxy' });
  assert.equal(object?.spec as unknown, {
    name: 'ssdproxy',
    numCores: 0,
    mode: 'ssdproxy',
    nodeAffinity: NODE,
    image: 'registry.example/weka:1',
    imagePullSecret: 'pull',
    serviceAccountName: 'account',
    hugepages: 378 + 4 * 6 * 11 + 2_048, // Six drives, the largest of 11 begun TiB.
    hugepagesSize: '2Mi',
  });
  assert.is(verdict.kind, 'done');
  assert.is(playStep(ensureProxy(passOfSharing())).verdict.kind, 'done');
});

test('spec 06 §10 #21: without the annotation of shared drives there is no proxy, and an error', () => {
  const { verdict } = playStep(ensureProxy(passFor(sharing())));
  assert.equal(verdict, { kind: 'failed', reason: 'node has no shared drives annotation' });
});

test('spec 06 §10 #22: two make the proxy at once: one object, no error', () => {
  const pass = passFor(sharing(), { world: [sharedNode()] });
  const line: Line = [`create wekacontainers/${OPERATOR_NAMESPACE}/weka-drives-proxy-${NODE}`, exists];
  assert.is(playStep(ensureProxy(pass), [line]).verdict.kind, 'done');
});

test('spec 06 §10 #23: a proxy that is not bound yet is no proxy', () => {
  const unbound = { ...PROXY, status: { status: 'Init' } };
  const { verdict } = playStep(addVirtualDrives(false)(passOfSharing(sharing(), { world: [unbound] })));
  assert.equal(verdict, { kind: 'failed', reason: `No ssdproxy container found on node ${NODE}` });
});

test('spec 06 §10 #62: a proxy that goes is waited for and not asked; without the owner cluster there is none', () => {
  const going = { ...PROXY, metadata: { ...PROXY.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
  const pass = passOfSharing(sharing(), { world: [going] });
  assert.is(playStep(ensureProxy(pass)).verdict.kind, 'wait');
  assert.is(playStep(addVirtualDrives(false)(pass)).verdict.kind, 'failed');
  const { verdict } = playStep(ensureProxy(passFor(sharing(), { without: [clusterOf()] })));
  assert.equal(verdict, {
    kind: 'failed',
    reason: 'failed to get owner cluster: wekaclusters.weka.weka.io "c" not found',
  });
});

test('V6: a proxy whose image or hugepages are no longer those it would be made with says so once, if set', () => {
  const cluster = clusterOf({ spec: { image: 'registry.example/weka:2' } });
  const container = { ...PROXY, spec: { ...PROXY.spec, hugepages: 2_690 } };
  const on = { collectLeftovers: true };
  const user = sharing({ nodeAffinity: NODE });
  const drifted = passFor(container, { world: [sharedNode(), cluster, user], settings: on });
  assert.ok(hasDrifted(drifted));
  const [event] = tellDrift(drifted).events ?? [];
  assert.equal(
    [event?.reason, event?.message],
    [
      'ProxyDrift',
      `Differs from the one that would be made now: image ${PROXY.spec.image}, its clusters' registry.example/weka:2`,
    ],
  );
  const small = { ...container, spec: { ...container.spec, image: 'registry.example/weka:2', hugepages: 2_400 } };
  const grown = passFor(small, { world: [sharedNode(), cluster, user], settings: on });
  assert.match(tellDrift(grown).events?.[0]?.message ?? '', 'hugepages 2400 MiB, for the drives of its node 2690 MiB');
  assert.is.not(oncePerDrift.key?.(drifted), oncePerDrift.key?.(grown));
  const current = { ...small, spec: { ...small.spec, hugepages: 2_690 } };
  assert.not.ok(hasDrifted(passFor(current, { world: [sharedNode(), cluster, user], settings: on })));
  assert.not.ok(hasDrifted(passFor(container, { world: [sharedNode(), cluster, user] })), 'off by default');
});

// Virtual drives.

test('spec 06 §10 #25: virtual drives are made on the proxy, then added to weka, each in its pool', () => {
  const pass = passOfSharing();
  const made = playStep(addVirtualDrives(false)(pass), [
    jsonrpc(listing()),
    jsonrpc(result(null)),
    jsonrpc(result()),
    jsonrpc(result()),
  ]);
  assert.equal(asked(made.calls), [
    ['list_virtual_drives', { physicalUuid: 'p1' }],
    ['list_virtual_drives', { physicalUuid: 'p2' }],
    ['add_virtual_drive', { virtualUuid: 'v1', physicalUuid: 'p1', clusterGuid: 'guid-c', sizeGB: 1_000 }],
    ['add_virtual_drive', { virtualUuid: 'v2', physicalUuid: 'p2', clusterGuid: 'guid-c', sizeGB: 2_000 }],
  ]);
  assert.is(made.verdict.kind, 'done');
  const added = playStep(ensureDrives(pass), [
    ['exec AddDrive', ok()],
    ['exec AddDrive', exit(1, 'Device is already in use')],
  ]);
  assert.equal(
    added.calls.map((call) => call.kind === 'exec' && call.command.argv),
    [
      ['weka', 'cluster', 'drive', 'add', '7', 'v1', '--pool', 'iu4k'],
      ['weka', 'cluster', 'drive', 'add', '7', 'v2', '--pool', 'iubig'],
    ],
  );
  assert.equal(added.verdict.events, [
    normal('VirtualDriveAdded', 'Virtual drive v1 added to cluster'),
    normal('VirtualDriveAdded', 'Virtual drive v2 added to cluster'),
  ]);
});

test('a virtual drive that weka has is not added again; one that it refuses is an error', () => {
  const drive = { uuid: 'v1', added_time: '', device_path: '', serial_number: '', status: 'ACTIVE' };
  const { verdict } = playStep(ensureDrives(passOfSharing(sharing({ addedDrives: [drive] }))), [
    ['exec AddDrive', exit(1, 'no')],
  ]);
  assert.match(
    verdict.kind === 'failed' ? verdict.reason : '',
    /^errors while adding drives: \[error adding virtual drive v2/,
  );
  const listed = playStep(updateAddedDrives(passOfSharing()), [['exec ListContainerDrives', okJson([drive])]]);
  assert.is(listed.verdict.lookAgainMs, 5_000, 'one of two is there');
});

test('spec 06 §10 #26: what the proxy has is not made again', () => {
  const { calls } = playStep(addVirtualDrives(false)(passOfSharing()), [
    jsonrpc(listing('v1')),
    jsonrpc(listing()),
    jsonrpc(result()),
  ]);
  assert.equal(asked(calls).at(-1)?.[1].virtualUuid, 'v2');
});

test('spec 06 §10 #24: an agent that does not know the proxy is told of it at once; if it is none, nothing is added', () => {
  const unknown = { kind: 'status', status: 404, body: 'Container not registered\n' };
  const { calls, verdict } = playStep(addVirtualDrives(false)(passOfSharing()), [
    jsonrpc(unknown),
    ['agent POST /register', agentOk({})],
    jsonrpc(listing('v1')),
    jsonrpc(listing('v2')),
  ]);
  assert.is(verdict.kind, 'done');
  const told = calls[1]?.kind === 'agent' ? JSON.parse(calls[1].request.body ?? '') : {};
  assert.equal([told.container_id, told.weka_container_name, told.mode], ['uid-proxy', 'ssdproxy', 'ssdproxy']);
  const failing = playStep(addVirtualDrives(false)(passOfSharing()), [
    jsonrpc(unknown),
    ['agent POST /register', noAgent],
  ]);
  assert.is(failing.verdict.kind, 'failed');
});

test('spec 06 §10 #27: a proxy that lost a virtual drive is refilled, weka is not touched', () => {
  const { calls, verdict } = playStep(addVirtualDrives(true)(passOfSharing()), [
    jsonrpc(listing()),
    jsonrpc(listing('v2')),
    jsonrpc(result()),
    jsonrpc(result([])),
  ]);
  assert.is(verdict.kind, 'done');
  assert.ok(calls.every(({ kind }) => kind === 'agent'));
});

test('spec 06 §10 #28: without a cluster id nothing is asked, and it is looked at again in 10 s', () => {
  const own = playStep(addVirtualDrives(false)(passOfSharing(sharing({ clusterID: '' })))).verdict;
  const unformed = clusterOf({ status: {} });
  const owners = playStep(addVirtualDrives(false)(passOfSharing(sharing(), { world: [unformed] }))).verdict;
  for (const verdict of [own, owners]) assert.equal(verdict.kind === 'wait' && verdict.delayMs, 10_000);
});

const physical = (...uuids: readonly string[]) =>
  result(
    uuids.map((physicalUuid) => ({ physicalUuid, numVirtualDrives: 1, sizeGB: 7_000, model: '', pciAddress: '' })),
  );

test('spec 06 §10 #61: what the cluster left on the proxy is removed once weka says it has no such drive', () => {
  const foreign = result([
    { uuid: 'left', clusterGuid: 'guid-c', sizeGB: 1 },
    { uuid: 'theirs', clusterGuid: 'another', sizeGB: 1 },
  ]);
  const lines: readonly Line[] = [
    jsonrpc(listing('v1')),
    jsonrpc(listing('v2')),
    jsonrpc(physical('p1')),
    jsonrpc(foreign),
    ['sleep 15000', undefined],
    jsonrpc(physical('p1')),
    jsonrpc(foreign),
  ];
  const { calls } = playStep(addVirtualDrives(true)(passOfSharing()), [
    ...lines,
    ['exec GetClusterDrive', okJson([])],
    jsonrpc(result()),
  ]);
  assert.equal(argvOf(calls, 'GetClusterDrive').at(-2), 'left');
  assert.equal(asked(calls).at(-1), ['remove_virtual_drive', { virtualUuid: 'left' }]);
  const drive = { uuid: 'left', added_time: '', device_path: '', serial_number: '', status: 'ACTIVE' };
  for (const answer of [okJson([drive]), exit()])
    assert.is(
      playStep(addVirtualDrives(true)(passOfSharing()), [...lines, ['exec GetClusterDrive', answer]]).verdict.kind,
      'done',
    );
});

test('what a neighbour of the same cluster has is not left over; where one has lost its record nothing is', () => {
  const lines = [jsonrpc(listing('v1')), jsonrpc(listing('v2'))];
  const others = listing('v3');
  const neighbour = memberOf('drive', 'other', 8, {
    spec: { driveCapacity: 1_000 },
    status: { allocations: { virtualDrives: [{ ...V1, virtualUUID: 'v3' }] } },
  });
  const beside = passOfSharing(sharing(), { world: [neighbour] });
  assert.is(
    playStep(addVirtualDrives(true)(beside), [...lines, jsonrpc(physical('p1')), jsonrpc(others)]).verdict.kind,
    'done',
  );
  const lost: WekaContainer = { ...neighbour, status: { status: '', nodeAffinity: NODE, containerID: 8 } };
  const unsure = passOfSharing(sharing(), { world: [lost] });
  assert.is(playStep(addVirtualDrives(true)(unsure), lines).verdict.kind, 'done');
});

// Blocked drives.

const added = (uuid: string, serial: string, status = 'ACTIVE') => ({
  uuid,
  added_time: '',
  device_path: '',
  serial_number: serial,
  status,
});
const S1 = added('u1', 'S1');
const blockedNode = nodeOf(NODE, { annotations: { 'weka.io/blocked-drives': '["S1"]' } });
/** S1 is blocked; it has been given up already unless said otherwise. */
const passOfBlocked = (
  drives: readonly string[] = ['S2'],
  addedDrives = [S1, added('u2', 'S2')],
  node = blockedNode,
) => {
  const container = exclusive({ allocations: { drives }, addedDrives });
  return passFor(container, { world: [podFor(container), node] });
};
const shown = (drive: ReturnType<typeof added> | undefined): Line => [
  'exec GetClusterDrive',
  okJson(drive === undefined ? [] : [drive]),
];

test('spec 06 §10 #12: a blocked drive is given up first, then deactivated, then removed', () => {
  const first = passOfBlocked(['S1', 'S2']);
  assert.ok(hasBlockedDrives(first));
  const { verdict } = playStep(removeBlocked(first));
  assert.equal(verdict.kind === 'restartAt' && [verdict.step, verdict.status], [
    'RemoveDrives',
    { allocations: { drives: ['S2'] } },
  ]);
  const then = playStep(removeBlocked(passOfBlocked()), [
    shown(S1),
    ['exec DeactivateDrive', ok()],
    ['exec RemoveDrive', ok()],
  ]);
  assert.equal(then.verdict.events, [
    normal('DriveDeactivated', 'Drive S1 deactivated'),
    normal('DriveRemoved', 'Drive S1 removed'),
  ]);
  assert.is(then.verdict.kind, 'done');
  assert.not.ok(hasBlockedDrives(passOfBlocked(['S2'], [added('u2', 'S2')])), 'nothing left to do');
});

test('spec 06 §10 #13: a drive on its way out is left alone; an inactive one is removed', () => {
  const going = playStep(removeBlocked(passOfBlocked()), [shown({ ...S1, status: 'PHASING_OUT' })]).verdict;
  assert.match(
    going.kind === 'failed' ? going.reason : '',
    "drive has status 'PHASING_OUT', wait for it to become 'INACTIVE'",
  );
  const out = playStep(removeBlocked(passOfBlocked()), [
    shown({ ...S1, status: 'INACTIVE' }),
    ['exec RemoveDrive', ok()],
  ]);
  assert.is(out.verdict.kind, 'done');
});

test('spec 06 §10 #14, #15: a drive that weka does not have has been removed', () => {
  const told = exit(1, 'The given drive "u1" does not exist');
  const removed = playStep(removeBlocked(passOfBlocked()), [
    shown({ ...S1, status: 'INACTIVE' }),
    ['exec RemoveDrive', told],
  ]);
  assert.is(removed.verdict.kind, 'done');
  assert.is(playStep(removeBlocked(passOfBlocked()), [shown(undefined)]).verdict.kind, 'done');
});

test('spec 06 §10 #17: a list of blocked drives that cannot be read is an error of its row alone', () => {
  const pass = passOfBlocked(['S1'], [S1], nodeOf(NODE, { annotations: { 'weka.io/blocked-drives': 'nonsense' } }));
  assert.ok(hasBlockedDrives(pass));
  assert.is(playStep(removeBlocked(pass)).verdict.kind, 'failed');
});

test('spec 06 §10 #59: a drive that cannot be deactivated is not removed', () => {
  const { verdict } = playStep(removeBlocked(passOfBlocked()), [shown(S1), ['exec DeactivateDrive', exit(1, 'no')]]);
  assert.equal([verdict.kind, verdict.lookAgainMs], ['failed', 10_000]);
});

test('spec 05 §17 #42: a blocked drive that weka never had is given up once its drives have been listed', () => {
  assert.ok(hasBlockedDrives(passOfBlocked(['S1', 'S2'], [added('u2', 'S2')])));
  const { verdict } = playStep(removeBlocked(passOfBlocked(['S1', 'S2'], [added('u2', 'S2')])));
  assert.equal(verdict.status, { allocations: { drives: ['S2'] } });
  const stem = exclusive({ allocations: { drives: ['S1'] }, internalStatus: 'STEM' });
  assert.not.ok(hasBlockedDrives(passFor(stem, { world: [blockedNode] })));
});

// Failed drives.

const FAILED = {
  processes: { active: 3, created: 3 },
  drives: { counters: { created: 2 }, failures: [{ serialId: 'S1', wekaDriveId: 'd' }] },
};
const HEALTHY = { processes: { active: 3, created: 3 }, drives: { counters: { created: 2 }, failures: [] } };
/** S1 has failed by the last sample, so many seconds ago, and by weka's list. */
function passOfFailed(
  status = 'INACTIVE',
  ageSeconds = 60,
  settings: NonNullable<PassGiven['settings']> = { removeFailedDrivesFromWeka: true },
  drives = '["S1","S2"]',
) {
  const nowMs = Date.parse('2026-01-01T01:00:00Z');
  const container = exclusive({
    allocations: { drives: ['S1', 'S2'] },
    addedDrives: [added('u1', 'S1', status), added('u2', 'S2')],
    stats: { ...FAILED, lastUpdate: new Date(nowMs - ageSeconds * 1_000).toISOString() },
  });
  const node = nodeOf(NODE, { annotations: { 'weka.io/weka-drives': drives, 'weka.io/sign-drives-hash': 'x' } });
  return {
    pass: passFor(container, { world: [node], wallMs: nowMs, settings }),
    node,
  };
}
const sample = (metrics: unknown): Line => ['agent POST /getContainerInfo', agentOk({ container_metrics: metrics })];

test('spec 06 §10 #19: a drive that two samples and weka call failed is blocked, once, and the node says so', () => {
  const { pass, node } = passOfFailed();
  assert.ok(hasFailedDrives(pass));
  const { calls, verdict } = playStep(markFailed(pass), [
    sample(FAILED),
    [`get nodes/${NODE}`, did(node)],
    [`mergePatch nodes/${NODE}`, conflict],
    [`get nodes/${NODE}`, did(node)],
    [`mergePatch nodes/${NODE}`, did(node)],
    [`mergePatch nodes/${NODE}`, did(node)],
  ]);
  const patches = calls.flatMap((call) =>
    call.kind === 'kube' && call.request.verb === 'mergePatch' ? [call.request.patch] : [],
  );
  const metadata = { uid: node.metadata.uid, resourceVersion: '1' };
  const resources = { 'weka.io/drives': '1' };
  assert.equal(patches[1], { metadata, status: { capacity: resources, allocatable: resources } });
  const annotations = { 'weka.io/blocked-drives': '["S1"]', 'weka.io/sign-drives-hash': null };
  assert.equal(patches[2], { metadata: { ...metadata, annotations } });
  assert.equal(
    verdict.events?.map(({ reason, message }) => [reason, message]),
    [['DrivesMarkedForRemoval', 'Drives [S1] marked for removal from container']],
  );
});

test('spec 06 §10 #19, #60: not while it comes, not by one sample, not unless set, not if the node does not know it', () => {
  assert.not.ok(hasFailedDrives(passOfFailed('PHASING_IN').pass));
  assert.not.ok(hasFailedDrives(passOfFailed('INACTIVE', 5).pass), 'the sample is still the same one');
  assert.not.ok(hasFailedDrives(passOfFailed('INACTIVE', 60, {}).pass));
  assert.not.ok(hasFailedDrives(passOfFailed('INACTIVE', 60, { removeFailedDrivesFromWeka: true }, '["S2"]').pass));
  assert.is(playStep(markFailed(passOfFailed().pass), [sample(HEALTHY)]).verdict.kind, 'done');
  assert.is(
    playStep(markFailed(passOfFailed().pass), [['agent POST /getContainerInfo', noAgent]]).verdict.kind,
    'skipped',
  );
});

const BLOCKED_P1 = sharedNode({ 'weka.io/blocked-drives-physical-uuids': '["p1"]' });
/** Two virtual drives on the blocked drive, one on another. */
const passOnP1 = (virtualDrives = [V2]) =>
  passOfSharing(
    sharing({
      allocations: { wekaPort: 35_000, virtualDrives },
      addedDrives: [added('v1', ''), added('v1b', '', 'INACTIVE'), added('v2', '')],
    }),
    { world: [BLOCKED_P1] },
  );

test('spec 06 §10 #29: all of a blocked physical drive go in one run: allocations, weka, proxy', () => {
  const { verdict } = playStep(removeByPhysicalUuids(passOnP1([V1, V2])));
  assert.equal(verdict.status, { allocations: { virtualDrives: [V2] } });
  const lines: readonly Line[] = [jsonrpc(physical('p1', 'p2')), jsonrpc(listing('v1', 'v1b')), jsonrpc(listing('v2'))];
  const then = playStep(removeByPhysicalUuids(passOnP1()), [
    ...lines,
    shown(added('v1', '')),
    ['exec DeactivateDrive', ok()],
    ['exec RemoveDrive', ok()],
    jsonrpc(result()),
    shown(added('v1b', '', 'INACTIVE')),
    ['exec RemoveDrive', ok()],
    jsonrpc({ kind: 'status', status: 500, body: 'x' }),
  ]);
  assert.equal(asked(then.calls).slice(3), [
    ['remove_virtual_drive', { virtualUuid: 'v1' }],
    ['remove_virtual_drive', { virtualUuid: 'v1b' }],
  ]);
  assert.is(then.verdict.kind, 'failed', 'one is still on the proxy');
  assert.not.ok(lacksDrives(passOnP1()), 'not replaced while scaling is off');
});

test('spec 06 §10 #30: an added drive that the proxy does not know is told, the others are handled', () => {
  const { verdict } = playStep(removeByPhysicalUuids(passOnP1()), [
    jsonrpc(physical('p1')),
    jsonrpc(listing('v1')),
    shown(undefined),
  ]);
  assert.is(verdict.kind, 'done');
  assert.equal(
    verdict.events?.map(({ message, perMinute }) => [message, perMinute]),
    ['v1b', 'v2'].map((uuid) => [`Added drive virtual UUID ${uuid} has no matching physical UUID`, true]),
  );
  assert.not.ok(hasBlockedPhysicalDrives(passOfSharing()));
});

const LEFT = [
  { type: 'ContainerRemoved', status: 'True', reason: 'Deletion', message: 'x', lastTransitionTime: '' },
] as const;
const leaving = (spec: Partial<WekaContainerSpec> = {}): WekaContainer =>
  sharing({ conditions: LEFT }, { state: 'deleting', ...spec });
const GONE: Line = ['get pods/weka/drive', absent];

test('spec 06 §10 #31: while the agent is down nothing is let go; then what the proxy lists is removed', () => {
  const pass = passOfSharing(leaving());
  assert.is(playStep(removeVirtualDrives(pass), [GONE, jsonrpc(noAgent)]).verdict.kind, 'failed');
  const half = playStep(removeVirtualDrives(pass), [
    GONE,
    jsonrpc(listing('v1')),
    jsonrpc(listing('v2')),
    jsonrpc({ kind: 'status', status: 500, body: 'JSONRPC call failed: x' }),
    jsonrpc(result()),
  ]);
  assert.match(half.verdict.kind === 'failed' ? half.verdict.reason : '', /^errors while removing virtual drives: \[/);
  const rest = playStep(removeVirtualDrives(pass), [
    GONE,
    jsonrpc(listing('v1')),
    jsonrpc(listing()),
    jsonrpc(result()),
  ]);
  assert.equal(asked(rest.calls).at(-1), ['remove_virtual_drive', { virtualUuid: 'v1' }]);
  assert.is(rest.verdict.kind, 'done');
});

test('spec 03 §17 #34: two virtual drives: the proxy is there or made, both are removed at it, no drive is resigned', () => {
  const made = playStep(ensureProxy(passFor(leaving(), { world: [sharedNode()] })), [
    [`create wekacontainers/${OPERATOR_NAMESPACE}/weka-drives-proxy-${NODE}`, did(PROXY)],
  ]);
  assert.is(made.verdict.kind, 'done');
  const pass = passOfSharing(leaving());
  const both = [
    ['remove_virtual_drive', { virtualUuid: 'v1' }],
    ['remove_virtual_drive', { virtualUuid: 'v2' }],
  ];
  const lines: readonly Line[] = [GONE, jsonrpc(listing('v1')), jsonrpc(listing('v2'))];
  const removed = playStep(removeVirtualDrives(pass), [...lines, jsonrpc(result()), jsonrpc(result())]);
  assert.equal(asked(removed.calls).slice(2), both);
  assert.is(removed.verdict.kind, 'done');
  // The first fails: the second is tried all the same, and the row keeps the leave.
  const half = [...lines, jsonrpc({ kind: 'status', status: 500, body: 'x' }), jsonrpc(result())];
  const kept = playStep(removeVirtualDrives(pass), half);
  assert.equal(asked(kept.calls).slice(2), both);
  assert.is(kept.verdict.kind, 'failed');
  assert.is(
    deletingFlow.find((row) => row.name === 'RemoveVirtualDrives' && 'onFailure' in row && row.onFailure === 'stop')
      ?.number,
    'D24',
  );
  assert.equal(playStep(resignDrives(pass)), { calls: [], verdict: done });
});

test('F29: a node that is gone, or the override, leaves virtual drives where they are and says so', () => {
  const missing = passFor(leaving(), { without: [nodeOf()] });
  const told = passOfSharing(leaving({ overrides: { skipVirtualDrivesRemoval: true } }));
  for (const pass of [missing, told]) {
    const { verdict } = playStep(removeVirtualDrives(pass));
    assert.equal([verdict.kind, verdict.events?.map(({ reason }) => reason)], ['done', ['VirtualDrivesNotRemoved']]);
    assert.not.ok(proxyIsNeeded(pass));
  }
  assert.ok(proxyIsNeeded(passOfSharing(leaving())));
});

test('virtual drives that may still be in the cluster, or whose pod is there, are not removed', () => {
  assert.is(playStep(removeVirtualDrives(passOfSharing(sharing({}, { state: 'deleting' })))).verdict.kind, 'wait');
  const there: Line = ['get pods/weka/drive', did(podFor(leaving()))];
  assert.is(playStep(removeVirtualDrives(passOfSharing(leaving())), [there]).verdict.kind, 'wait');
});

test.run();
