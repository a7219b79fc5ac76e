/** Allocations and their file, addresses, drives: what is asked, what is executed, what the status comes to say. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allocateResources } from '../../../../actors/flows/steps/allocate.ts';
import {
  ensureDrives,
  hasDrivesToAdd,
  misaligned,
  needsDriveList,
  updateAddedDrives,
} from '../../../../actors/flows/steps/drives.ts';
import { noManagementIps, reconcileManagementIps } from '../../../../actors/flows/steps/management-ips.ts';
import {
  checkUnhealthyPodResources,
  expectedResources,
  writeResourcesStep,
} from '../../../../actors/flows/steps/write-resources.ts';
import { done, failed, normal, type Verdict, wait, warning } from '../../../../messages/verdict.ts';
import type { AddedDrive, WekaContainerSpec, WekaContainerStatus } from '../../../../messages/weka-container.ts';
import { containerOf, NODE, podFor } from '../../../support/containers.ts';
import { passFor } from '../../../support/pass.ts';
import {
  agentOk,
  argvOf,
  exit,
  type Line,
  lost,
  noAgent,
  ok,
  okJson,
  playStep,
  timeout,
} from '../../../support/play.ts';

const withPod = (
  mode: 'drive' | 'compute' | 'client' | 'envoy',
  status: Partial<WekaContainerStatus> = {},
  spec: Partial<WekaContainerSpec> = {},
) => {
  const container = containerOf(mode, { spec, status: { nodeAffinity: NODE, ...status } });
  return passFor(container, { world: [podFor(container)] });
};

// Allocation.

const FLAGS: Line = ['image flags', { kind: 'known', flags: {} }];

test('spec 05 §17 #1: what the node’s actor grants goes into the status, with its event', () => {
  const allocations = { wekaPort: 35000, agentPort: 35303 };
  const events = [normal('ResourcesAllocated', 'Allocated 0 drives, weka ports 35000-35099, agent port 35303')];
  const { verdict } = playStep(allocateResources(withPod('compute')), [
    FLAGS,
    ['node allocate', { kind: 'allocated', allocations, events }],
  ]);
  assert.equal(verdict, { kind: 'done', status: { allocations }, events });
});

test('a shortage is a wait, any other refusal an error, unknown flags a wait of 3 s', () => {
  const events = [warning('InsufficientDrives', 'x')];
  const refusal = (plain: boolean): Line => [
    'node allocate',
    { kind: 'refused', reason: 'x', plain, retryMs: 30_000, events },
  ];
  assert.equal(
    playStep(allocateResources(withPod('drive')), [FLAGS, refusal(false)]).verdict,
    wait(30_000, 'x', { events }),
  );
  assert.equal(playStep(allocateResources(withPod('drive')), [FLAGS, refusal(true)]).verdict, failed('x', { events }));
  assert.equal(
    playStep(allocateResources(withPod('drive')), [['image flags', { kind: 'pending' }]]).verdict,
    wait(3_000, 'ad-hoc container execution result not ready'),
  );
  assert.equal(
    playStep(allocateResources(withPod('drive')), [['image flags', { kind: 'failed', reason: 'y' }]]).verdict,
    failed('y'),
  );
  assert.equal(
    playStep(allocateResources(passFor(containerOf('drive')))).verdict,
    failed('container has no node affinity'),
  );
});

test('F21: a member whose allocations are missing is not given others', () => {
  const { verdict } = playStep(allocateResources(withPod('drive', { containerID: 0 })));
  assert.is(verdict.kind, 'skipped');
  assert.equal('events' in verdict && verdict.events?.map(({ reason }) => reason), ['AllocationsLost']);
});

// resources.json.

const ALLOCATED = { allocations: { drives: ['S1', 'S2'], wekaPort: 35000, agentPort: 35303, failureDomain: "o'hare" } };
const CONTENT = { ...ALLOCATED.allocations, netDevices: ['udp'] };

test('spec 05 §17 #31, #34: written where persistency is configured, read back, and values arrive as they are', () => {
  const { calls, verdict } = playStep(writeResourcesStep(withPod('drive', ALLOCATED)), [
    ['exec CheckPersistencyConfigured', ok()],
    ['exec WriteResources', ok()],
    ['exec VerifyResources', okJson(CONTENT)],
  ]);
  const base64 = /echo '([A-Za-z0-9+/=]+)'/.exec(argvOf(calls, 'WriteResources')[2] ?? '')?.[1] ?? '';
  assert.is(Buffer.from(base64, 'base64').toString(), JSON.stringify(CONTENT));
  assert.equal(verdict, done);
});

for (const [name, lines] of [
  ['the marker is missing', [['exec CheckPersistencyConfigured', exit()]]],
  [
    'the marker vanished between check and write',
    [
      ['exec CheckPersistencyConfigured', ok()],
      ['exec WriteResources', exit(1)],
    ],
  ],
] as const) {
  test(`spec 05 §17 #31: ${name}: wait 3 s`, () => {
    const { verdict } = playStep(writeResourcesStep(withPod('drive', ALLOCATED)), lines);
    assert.equal(verdict, wait(3_000, 'Persistency is not yet configured'));
  });
}

for (const [name, line, text] of [
  ['a write that times out (#32)', ['exec WriteResources', timeout(30_000)], 'error writing resources.json: '],
  ['a write that exits 2', ['exec WriteResources', exit(2, 'disk full')], 'error writing resources.json: '],
] as const) {
  test(`spec 05 §17: ${name} is an error`, () => {
    const { verdict } = playStep(writeResourcesStep(withPod('drive', ALLOCATED)), [
      ['exec CheckPersistencyConfigured', ok()],
      line,
    ]);
    assert.ok(verdict.kind === 'failed' && verdict.reason.startsWith(text));
  });
}

for (const [name, answer, text] of [
  [
    'other content (#33)',
    okJson({ ...CONTENT, drives: ['S2', 'S1'] }),
    'resources.json content does not match expected allocations',
  ],
  ['no JSON', ok('{'), 'invalid JSON in resources.json: '],
  ['null', ok('null'), 'invalid JSON in resources.json: not an object'],
  ['an exec error', exit(1, 'gone'), 'error reading resources.json: '],
] as const) {
  test(`what is read back as ${name} is an error`, () => {
    const { verdict } = playStep(writeResourcesStep(withPod('drive', ALLOCATED)), [
      ['exec CheckPersistencyConfigured', ok()],
      ['exec WriteResources', ok()],
      ['exec VerifyResources', answer],
    ]);
    assert.ok(verdict.kind === 'failed' && verdict.reason.startsWith(text), JSON.stringify(verdict));
  });
}

test('spec 05 §17 #8, #9, 01 §23 #55: what each mode’s file says', () => {
  assert.equal(expectedResources(withPod('client')), { netDevices: ['udp'] });
  assert.equal(expectedResources(withPod('envoy', { allocations: { agentPort: 35303 } })), {
    agentPort: 35303,
    netDevices: ['udp'],
  });
  assert.is(expectedResources(withPod('compute')), 'no allocations');
  const device = { allocations: { wekaPort: 1 } };
  assert.equal(expectedResources(withPod('compute', device, { network: { ethDevice: 'eth1' } })), {
    wekaPort: 1,
    netDevices: ['eth1'],
  });
  assert.equal(
    expectedResources(
      withPod('compute', device, { network: { ethDevice: 'eth1', selectors: [{ subnet: '10.0.0.0/8' }] } }),
    ),
    { wekaPort: 1 },
  );
});

test('spec 07 §23 #70, 05 §17 #35: an unhealthy one: right file, no write; wrong file, written again; time-out, no write', () => {
  const unhealthy = withPod('drive', { ...ALLOCATED, status: 'Unhealthy' });
  assert.equal(
    playStep(checkUnhealthyPodResources(unhealthy), [['exec VerifyResources', okJson(CONTENT)]]).verdict,
    done,
  );
  const hangs = playStep(checkUnhealthyPodResources(unhealthy), [['exec VerifyResources', timeout()]]);
  assert.is(hangs.verdict.kind === 'wait' && hangs.verdict.delayMs, 10_000);
  const repaired = playStep(checkUnhealthyPodResources(unhealthy), [
    ['exec VerifyResources', exit(1)],
    ['exec CheckPersistencyConfigured', ok()],
    ['exec WriteResources', ok()],
    ['exec VerifyResources', okJson(CONTENT)],
  ]);
  assert.equal(repaired.verdict, done);
});

// Addresses.

test('spec 07 §23 #16, 05 §17 #47: addresses and their column; an equal list is no news', () => {
  const read = (text: string, status: Partial<WekaContainerStatus> = { managementIPs: ['x'] }): Verdict =>
    playStep(reconcileManagementIps(withPod('compute', status)), [['exec GetManagementIps', ok(text)]]).verdict;
  assert.equal(read('10.0.0.5\n10.0.0.6\n'), {
    kind: 'done',
    status: { managementIPs: ['10.0.0.5', '10.0.0.6'], printer: { managementIPs: '10.0.0.5 (+1)' } },
  });
  assert.equal(read('fd00::5'), {
    kind: 'done',
    status: { managementIPs: ['fd00::5'], printer: { managementIPs: 'fd00::5' } },
  });
  assert.equal(read('10.0.0.5', { managementIPs: ['10.0.0.5'] }), done);
  const empty = read('\n\n');
  assert.ok(
    empty.kind === 'failed' && empty.reason.startsWith('waiting for management IPs: Error reading management IPs'),
  ); // 07 §23 #18, F19.
});

test('spec 07 §23 #17: a file that is not there yet is looked for some seconds, then it is an error', () => {
  const said = reconcileManagementIps(withPod('compute'));
  if (said.kind !== 'ask') throw new Error('nothing was asked');
  let [reads, sleptMs] = [0, 0];
  let step = said.script.next();
  for (; step.done !== true && reads < 100; step = said.script.next(exit(1, 'No such file'))) {
    if (step.value.kind === 'sleep') sleptMs += step.value.delayMs;
    else reads += 1;
  }
  assert.ok(reads > 1 && reads <= 10 && sleptMs < 30_000, `${reads} reads in ${sleptMs} ms`);
  assert.ok(step.done === true && step.value.kind === 'failed' && step.value.reason.includes('exit code 1'));
  assert.is(
    playStep(reconcileManagementIps(withPod('compute')), [['exec GetManagementIps', lost]]).verdict.kind,
    'failed',
  );
});

test('the legacy single address counts as known', () => {
  assert.is(noManagementIps(withPod('compute', { managementIP: '10.0.0.1' })), false);
  assert.is(noManagementIps(withPod('compute', { managementIPs: [] })), true);
});

// Exclusive drives.

const added = (serial: string, status = 'ACTIVE'): AddedDrive => ({
  uuid: `uuid-${serial}`,
  added_time: 't',
  device_path: '/dev/x',
  serial_number: serial,
  status,
});
const kernel = (serial: string, device: string, more: object = {}) => ({
  serial_id: serial,
  block_device: device,
  partition: `${device}p1`,
  is_signed: false,
  weka_guid: '',
  ...more,
});
const HOST = [kernel('S1', '/dev/nvme0n1'), kernel('S2', '/dev/nvme1n1')];
const FOUND: Line = ['agent POST /findDrives', agentOk({ drives: HOST, error: '' })];
const member = (status: Partial<WekaContainerStatus> = {}) =>
  withPod('drive', { containerID: 7, internalStatus: 'READY', allocations: { drives: ['S1', 'S2'] }, ...status });
const eventsOf = (verdict: Verdict): readonly string[] =>
  ('events' in verdict ? (verdict.events ?? []) : []).map(({ reason, message }) => `${reason} ${message}`);

test('spec 06 §10 #1: both drives are added in order, by their disk, and the container is Running', () => {
  const { calls, verdict } = playStep(ensureDrives(member({ status: 'DrivesAdding' })), [
    FOUND,
    ['exec AddDrive', ok()],
    ['exec AddDrive', ok()],
  ]);
  const argv = calls.flatMap((call) => (call.kind === 'exec' ? [call.command.argv.join(' ')] : []));
  assert.equal(argv, ['weka cluster drive add 7 /dev/nvme0n1', 'weka cluster drive add 7 /dev/nvme1n1']);
  assert.equal(eventsOf(verdict), ['DriveAdded Drive S1 added', 'DriveAdded Drive S2 added']);
  assert.equal(verdict.kind === 'done' && verdict.status, { status: 'Running' });
});

for (const [number, host, text] of [
  ['#2', [HOST[0]], 'drive S2 not found in kernel'],
  ['#3', [HOST[0], kernel('S2', '/d', { is_signed: true })], 'drive S2 has Weka signature on it, forbidding usage'],
  ['#4', [HOST[0], kernel('S2', '/d', { partition: '' })], 'drive S2 is not partitioned'],
] as const) {
  test(`spec 06 §10 ${number}: ${text}; the other one is added`, () => {
    const lines: Line[] = [['agent POST /findDrives', agentOk({ drives: host, error: '' })]];
    if (number === '#2') lines.push(['exec FetchKernelDrives', okJson(host)]); // F30.
    const { verdict } = playStep(ensureDrives(member()), [...lines, ['exec AddDrive', ok()]]);
    assert.ok(verdict.kind === 'failed' && verdict.reason === `errors while adding drives: [${text}]`);
    assert.equal(eventsOf(verdict), ['DriveAdded Drive S1 added']);
  });
}

test('spec 06 §10 #2: a drive that is in the cluster is not added again', () => {
  const { calls } = playStep(ensureDrives(member({ addedDrives: [added('S1')] })), [FOUND, ['exec AddDrive', ok()]]);
  assert.equal(argvOf(calls, 'AddDrive').at(-1), '/dev/nvme1n1');
});

test('spec 06 §10 #5: "already in use" counts as added; anything else is told with its stderr', () => {
  const one = member({ allocations: { drives: ['S1'] } });
  const inUse = playStep(ensureDrives(one), [FOUND, ['exec AddDrive', exit(1, 'error: Device is already in use\n')]]);
  assert.equal(eventsOf(inUse.verdict), ['DriveAdded Drive S1 added']);
  const { verdict } = playStep(ensureDrives(one), [FOUND, ['exec AddDrive', exit(1, 'no room')]]);
  assert.ok(
    verdict.kind === 'failed' &&
      verdict.reason.includes('error adding drive S1: ') &&
      verdict.reason.includes('no room'),
  );
});

for (const [name, answer] of [
  ['is absent', noAgent],
  ['answers 500', { kind: 'status', status: 500, body: 'x' }],
  ['has an error', agentOk({ drives: null, error: 'x' })],
  ['has none (#58)', agentOk({ drives: null, error: '' })],
] as const) {
  test(`spec 06 §10 #6: an agent that ${name}: the pod’s own list is used`, () => {
    const { verdict } = playStep(ensureDrives(member({ allocations: { drives: ['S1'] } })), [
      ['agent POST /findDrives', answer],
      ['exec FetchKernelDrives', okJson(HOST)],
      ['exec AddDrive', ok()],
    ]);
    assert.is(verdict.kind, 'done');
  });
}

test('spec 06 §10 #7: neither list can be read: no add', () => {
  const { verdict } = playStep(ensureDrives(member()), [
    ['agent POST /findDrives', noAgent],
    ['exec FetchKernelDrives', exit(1, 'x')],
  ]);
  assert.ok(verdict.kind === 'failed' && verdict.reason.startsWith('error getting kernel drives: '));
});

test('spec 06 §10 #8: without an id no drive command at all', () => {
  assert.equal(
    ensureDrives(withPod('drive', { allocations: { drives: ['S1'] } })),
    wait(10_000, 'container ID is not set'),
  );
});

test('spec 06 §10 #11: serials are trimmed; an equal list is no news', () => {
  const listed = (serial: string): Line => [
    'exec ListContainerDrives',
    okJson([{ ...added('S1'), serial_number: serial }]),
  ];
  const one = { allocations: { drives: ['S1'] } };
  assert.equal(playStep(updateAddedDrives(member(one)), [listed('  S1  ')]).verdict, {
    kind: 'done',
    status: { addedDrives: [added('S1')] },
  });
  assert.equal(
    playStep(updateAddedDrives(member({ ...one, addedDrives: [added('S1')] })), [listed('S1')]).verdict,
    done,
  );
  assert.is(playStep(updateAddedDrives(member()), [['exec ListContainerDrives', exit()]]).verdict.kind, 'failed');
  assert.is(playStep(updateAddedDrives(member()), [['exec ListContainerDrives', ok('{')]]).verdict.kind, 'failed');
});

test('F21, 06 §2.1: to add, misaligned and to be listed, also without allocations', () => {
  const none = withPod('drive', { containerID: 7, addedDrives: [added('S1')] });
  assert.equal([hasDrivesToAdd(none), misaligned(none)], [false, false]);
  assert.is(hasDrivesToAdd(member({ addedDrives: [added('S1')] })), true);
  assert.is(misaligned(member({ addedDrives: [added('S2'), added('S1')] })), false);
  assert.is(misaligned(member({ addedDrives: [added('S1'), added('S3')] })), true);
  assert.is(misaligned(member()), false);
  const all = [added('S1'), added('S2')];
  assert.is(needsDriveList(member({ addedDrives: all })), false);
  assert.is(needsDriveList(member({ addedDrives: [added('S1'), added('S2', 'PHASING_IN')] })), true);
  assert.is(needsDriveList(member({ addedDrives: all, stats: { drives: { counters: { active: 1 } } } })), true);
  assert.is(needsDriveList(member({ addedDrives: all, stats: { drives: { counters: { active: 2 } } } })), false);
});

test.run();
