/** What a pod says of itself: local status, results of one-offs, figures at the node agent. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { reconcileLocalStatus } from '../../../../actors/flows/steps/local-status.ts';
import { deregister, podStatusOf, register, setStatusMetrics } from '../../../../actors/flows/steps/metrics.ts';
import { cleanUpFinished, fetchResult, processResult } from '../../../../actors/flows/steps/one-off.ts';
import { rfc3339 } from '../../../../io/clock.ts';
import { done, failed, finished, type Verdict } from '../../../../messages/verdict.ts';
import type { ContainerMode, WekaContainerSpec, WekaContainerStatus } from '../../../../messages/weka-container.ts';
import { BORN, containerOf, NODE, nodeOf, type PodGiven, podFor } from '../../../support/containers.ts';
import { passFor } from '../../../support/pass.ts';
import {
  absent,
  agentOk,
  did,
  exit,
  type Line,
  noAgent,
  ok,
  okJson,
  playStep,
  refused,
  timeout,
} from '../../../support/play.ts';
import { SIM_START_WALL_MS } from '../../../support/sim-clock.ts';

interface Of {
  readonly mode?: ContainerMode;
  readonly status?: Partial<WekaContainerStatus>;
  readonly spec?: Partial<WekaContainerSpec>;
  readonly pod?: PodGiven;
  readonly wallMs?: number;
}
function pass({ mode = 'compute', status, spec, pod, wallMs = SIM_START_WALL_MS }: Of = {}) {
  const container = containerOf(mode, {
    ...(spec === undefined ? {} : { spec }),
    status: { nodeAffinity: NODE, internalStatus: 'READY', ...status },
  });
  return passFor(container, { world: [podFor(container, pod)], wallMs });
}

// Local status. Spec 07, 7.

const ps = (...rows: readonly object[]): Line => ['exec WekaLocalPs', okJson(rows)];
const row = (runStatus: string, display: string, more: object = {}) => ({
  name: 'w-compute',
  runStatus,
  internalStatus: { display_status: display },
  ...more,
});
const local = (of: Of, lines: readonly Line[]): Verdict => playStep(reconcileLocalStatus(pass(of)), lines).verdict;
const statusOf = (verdict: Verdict) => ('status' in verdict ? verdict.status : undefined);
const reasons = (verdict: Verdict) => ('events' in verdict ? (verdict.events ?? []) : []).map(({ reason }) => reason);

test('spec 07 §23 #1 to #3, 01 §23 #21: both values of the local answer, verbatim, in one change', () => {
  assert.equal(statusOf(local({}, [ps(row('Running', 'STEM'))])), { status: 'Running', internalStatus: 'STEM' });
  assert.equal(statusOf(local({ status: { status: 'Running' } }, [ps(row('Stopped', 'READY'))])), {
    status: 'Stopped',
    internalStatus: 'READY',
  });
  assert.equal(statusOf(local({}, [ps(row('Degrading', 'READY'))])), { status: 'Degrading', internalStatus: 'READY' });
  assert.is(statusOf(local({ status: { status: 'Running' } }, [ps(row('Running', 'READY'))])), undefined);
});

test('spec 07 §23 #4: Completed is kept', () => {
  const verdict = local({ status: { status: 'Completed', internalStatus: 'STEM' } }, [ps(row('Running', 'READY'))]);
  assert.equal(statusOf(verdict), { status: 'Completed', internalStatus: 'READY' });
});

for (const [name, text, reason] of [
  ['an empty list (#5)', '[]', 'weka local ps response is empty'],
  ['null (#6)', 'null', 'weka local ps response is empty'],
  ['another name (#7)', '[{"name":"other","runStatus":"Running"}]', 'weka container not found'],
] as const) {
  test(`spec 07 §23: ${name}: Unhealthy, look in 15 s`, () => {
    const verdict = local({ status: { status: 'Running' } }, [['exec WekaLocalPs', ok(text)]]);
    assert.ok(verdict.kind === 'wait' && verdict.delayMs === 15_000 && verdict.reason === reason);
    assert.equal(statusOf(verdict), { status: 'Unhealthy' });
  });
}

for (const [name, answer, text] of [
  ['exit 1 (#9)', exit(1), 'command Exec.WekaLocalPs failed: command terminated with exit code 1'],
  ['a hang (#11)', timeout(), 'context deadline exceeded'],
  ['broken JSON (#10)', ok('[{"name":'), ''],
] as const) {
  test(`spec 07 §23: ${name} with drivers loaded: again after 3 s with its error`, () => {
    const verdict = local({}, [
      ['exec WekaLocalPs', answer],
      ['exec CheckDriversLoaded', ok('\n')],
    ]);
    assert.ok(verdict.kind === 'wait' && verdict.delayMs === 3_000 && verdict.reason.includes(text));
  });
}

test('spec 07 §23 #12, 06 §10 #38: a missing driver starts a forced load of the container’s image', () => {
  const { calls, verdict } = playStep(reconcileLocalStatus(pass()), [
    ['exec WekaLocalPs', exit(1)],
    ['exec CheckDriversLoaded', ok('mpin_user\n')],
    ['node loadDrivers', { kind: 'pending', delayMs: 10_000, reason: 'drivers are being loaded' }],
  ]);
  const call = calls.find(({ kind }) => kind === 'node');
  assert.ok(call?.kind === 'node' && call.ask.kind === 'loadDrivers' && call.ask.forced);
  assert.ok(verdict.kind === 'wait' && verdict.delayMs === 3_000);
  assert.equal(statusOf(verdict), { status: 'WaitForDrivers' });
});

const WRITTEN = {
  conditions: [
    { type: 'ContainerResourcesWritten', status: 'True', reason: 'x', message: 'x', lastTransitionTime: 'x' } as const,
  ],
};
const FILE = { allocations: { wekaPort: 35000 } };
const CONTENT = okJson({ wekaPort: 35000, netDevices: ['udp'] });

test('spec 07 §23 #13, 05 §17 #36: the driver log cannot be read: the file is checked, written again, and it stays an error', () => {
  const verdict = local({ status: { ...WRITTEN, ...FILE } }, [
    ['exec WekaLocalPs', exit(1)],
    ['exec CheckDriversLoaded', exit(1, 'No such file')],
    ['exec VerifyResources', exit(1)],
    ['exec CheckPersistencyConfigured', ok()],
    ['exec WriteResources', ok()],
    ['exec VerifyResources', CONTENT],
  ]);
  assert.ok(verdict.kind === 'failed' && verdict.reason.startsWith('error checking drivers loaded: '));
});

test('spec 06 §10 #67: a check of the file that times out writes nothing, again after 10 s', () => {
  const verdict = local({ status: { ...WRITTEN, ...FILE } }, [
    ['exec WekaLocalPs', exit(1)],
    ['exec CheckDriversLoaded', timeout(15_000)],
    ['exec VerifyResources', timeout(15_000)],
  ]);
  assert.ok(verdict.kind === 'wait' && verdict.delayMs === 10_000);
});

test('modes without drivers wait with the error of the list', () => {
  const verdict = playStep(reconcileLocalStatus(pass({ mode: 'envoy' })), [['exec WekaLocalPs', exit(1)]]).verdict;
  assert.ok(verdict.kind === 'wait' && verdict.delayMs === 3_000);
});

test('spec 07 §23 #8: an envoy is listed under its fixed name', () => {
  const verdict = playStep(reconcileLocalStatus(pass({ mode: 'envoy', status: { internalStatus: '' } })), [
    ps({ name: 'envoy', runStatus: 'Running' }),
  ]).verdict;
  assert.equal(statusOf(verdict), { status: 'Running', internalStatus: '' });
});

test('spec 07 §23 #15: a last failure is told while it is not ready', () => {
  const failing = row('Running', 'CLUSTERIZING', { lastFailure: 'Network error', lastFailureTime: 'T' });
  const verdict = local({}, [ps(failing)]);
  assert.equal('events' in verdict && verdict.events?.map(({ message }) => message), [
    'Container is not ready, status: CLUSTERIZING, last failure: Network error (T)',
  ]);
});

test('spec 07 §23 #14: a node that is not ready: an event, no command', () => {
  const container = containerOf('compute', { spec: { state: 'deleting' }, status: { nodeAffinity: NODE } });
  const said = reconcileLocalStatus(passFor(container, { world: [podFor(container), nodeOf(NODE, { ready: false })] }));
  assert.equal(reasons(playStep(said).verdict), ['NodeNotReady']);
});

test('spec 01 §23 #22: DrivesAdding stays while drives are missing; a changed internal status is an error', () => {
  const drive = {
    mode: 'drive',
    status: { status: 'DrivesAdding', containerID: 7, allocations: { drives: ['S1', 'S2'] } },
  } as const;
  const own = { name: 'w-drive', runStatus: 'Running' };
  const same = playStep(reconcileLocalStatus(pass(drive)), [
    ps({ ...own, internalStatus: { display_status: 'READY' } }),
  ]).verdict;
  assert.is(statusOf(same), undefined);
  const other = playStep(reconcileLocalStatus(pass(drive)), [
    ps({ ...own, internalStatus: { display_status: 'STEM' } }),
  ]).verdict;
  assert.ok(other.kind === 'failed' && other.reason === 'internal status changed: READY -> STEM');
});

for (const [name, lines] of [
  ['DEGRADED', [ps(row('DEGRADED', 'DEGRADED', { lastFailure: 'x' }))]],
  ['an empty list', [ps()]],
  [
    'a missing driver',
    [
      ['exec WekaLocalPs', exit(1)],
      ['exec CheckDriversLoaded', ok('x')],
      ['node loadDrivers', { kind: 'loaded' }],
    ],
  ],
] as const) {
  test(`spec 03 §17 #64, I2: a leaving container keeps its status on ${name}`, () => {
    const verdict = local({ spec: { state: 'deleting' }, status: { status: 'Deleting' } }, lines as readonly Line[]);
    assert.is('status' in (statusOf(verdict) ?? {}), false);
    if (name === 'DEGRADED') {
      assert.equal(statusOf(verdict), { internalStatus: 'DEGRADED' });
      assert.equal(reasons(verdict), ['WekaLocalStatus']);
    }
  });
}

// One-offs. Spec 06, 5.

test('spec 06 §10 #45, #46, 07 §23 #51: the result byte for byte; one that is there is not read', () => {
  const text = ' {"a":1}\n';
  const read = playStep(fetchResult(pass({ mode: 'discovery' })), [['exec FetchResults', ok(text)]]);
  assert.equal(read.verdict, { kind: 'done', status: { result: text } });
  assert.equal(playStep(fetchResult(pass({ mode: 'discovery', status: { result: 'x' } }))).verdict, done);
  assert.equal(playStep(fetchResult(passFor(containerOf('discovery')))).verdict, failed('Pod is not found'));
  assert.equal(processResult(pass({ mode: 'discovery', status: { result: 'x' } })), done);
});

const PROCESSED = {
  conditions: [
    { type: 'CondResultsProcessed', status: 'True', reason: 'x', message: 'x', lastTransitionTime: BORN } as const,
  ],
};
const BORN_MS = Date.parse(BORN);

for (const [name, mode, instructions, lifeMs] of [
  ['a loader', 'drivers-loader', undefined, 300_000],
  ['an ad-hoc loader', 'adhoc-op-with-container', 'load-drivers', 300_000],
  ['feature flags', 'adhoc-op-with-container', 'feature-flags-update', 30_000],
] as const) {
  test(`spec 01 §23 #37, 06 §10 #68: ${name} deletes itself after ${lifeMs} ms, not before`, () => {
    const of = {
      mode,
      status: PROCESSED,
      ...(instructions === undefined ? {} : { spec: { instructions: { type: instructions } } }),
    };
    assert.equal(cleanUpFinished(pass({ ...of, wallMs: BORN_MS + lifeMs })), finished);
    const late = () => cleanUpFinished(pass({ ...of, wallMs: BORN_MS + lifeMs + 1 }));
    assert.equal(playStep(late(), [[`delete wekacontainers/weka/${mode}`, did(containerOf(mode))]]).verdict, finished);
    assert.equal(playStep(late(), [[`delete wekacontainers/weka/${mode}`, absent]]).verdict, finished);
    assert.is(playStep(late(), [[`delete wekacontainers/weka/${mode}`, refused]]).verdict.kind, 'failed');
  });
}
for (const mode of ['discovery', 'adhoc-op'] as const) {
  test(`spec 06 §10 #68: ${mode} is never deleted by its own pass`, () => {
    assert.equal(cleanUpFinished(pass({ mode, status: PROCESSED, wallMs: BORN_MS + 86_400_000 })), finished);
  });
}

// Figures. Spec 07, 15 and 16.

const answer = (active: number, cpu: string, more: object = {}): Line => [
  'agent POST /getContainerInfo',
  agentOk({ container_metrics: { processes: { active, created: 4, desired: 0 }, cpuUtilization: cpu, ...more } }),
];
const drives = (active: number, failures: readonly object[] = []) => ({
  drives: { counters: { active, created: 2, desired: 0 }, failures },
});
const stats = (of: Of, line: Line): Verdict => playStep(setStatusMetrics(pass(of)), [line]).verdict;

test('spec 07 §23 #44, 01 §23 #48: figures, desired counts of our own, columns, time', () => {
  const verdict = stats(
    { mode: 'drive', spec: { numCores: 3, numDrives: 2 } },
    answer(4, '43.86', drives(1, [{ serialId: 'S', wekaDriveId: 'D' }])),
  );
  assert.equal(statusOf(verdict), {
    stats: {
      processes: { active: 4, created: 4, desired: 4 },
      cpuUtilization: '43.86',
      drives: { counters: { active: 1, created: 2, desired: 2 }, failures: [{ serialId: 'S', wekaDriveId: 'D' }] },
      lastUpdate: rfc3339(SIM_START_WALL_MS),
    },
    printer: { processes: '4/4/4', drives: '1/2/2' },
  });
});

for (const [name, line] of [
  ['answers 500', ['agent POST /getContainerInfo', { kind: 'status', status: 500, body: 'x' }]],
  ['is not there', ['agent POST /getContainerInfo', noAgent]],
  [
    'has another image (#49)',
    [
      'agent POST /getContainerInfo',
      { kind: 'unusable', why: 'node agent image mismatch: node-agent has a but operator has b', absent: false },
    ],
  ],
  [
    'knows nothing',
    ['agent POST /getContainerInfo', agentOk({ container_metrics: { processes: {}, cpuUtilization: '0.00' } })],
  ],
] as const) {
  test(`spec 07 §23 #45, I7: an agent that ${name} leaves the stored figures alone`, () => {
    const verdict = stats({ mode: 'drive' }, line);
    assert.ok(verdict.kind === 'failed' && verdict.status === undefined);
  });
}

const OLD = { processes: { active: 4, created: 4, desired: 2 }, cpuUtilization: '10.00' };
for (const [name, ageMs, line, writes] of [
  ['nothing moved', 60_000, answer(4, '14.90'), false],
  ['CPU by 5 points', 60_000, answer(4, '15.00'), true],
  ['a count', 60_000, answer(3, '10.00'), true],
  ['the old ones get old', 200_000, answer(4, '10.00'), true],
] as const) {
  test(`I9: ${name}: ${writes ? 'written' : 'not written'}`, () => {
    const old = { ...OLD, lastUpdate: rfc3339(SIM_START_WALL_MS - ageMs) };
    const verdict = stats({ status: { stats: old } }, line);
    assert.is(statusOf(verdict) !== undefined, writes);
  });
}

test('a failure that is over disappears from the status', () => {
  const failures = [{ serialId: 'S', wekaDriveId: 'D' }];
  const old = {
    ...OLD,
    drives: { counters: { active: 2, created: 2 }, failures },
    lastUpdate: rfc3339(SIM_START_WALL_MS),
  };
  const patch = statusOf(stats({ mode: 'drive', status: { stats: old } }, answer(4, '10.00', drives(2)))) as {
    stats: { drives: { failures: unknown } };
  };
  assert.is(patch.stats.drives.failures, null);
});

const seconds = (at: string, type: string, status: string) => ({ type, status, lastTransitionTime: at });
for (const [name, pod, expected] of [
  [
    'Pending',
    {
      phase: 'Pending',
      status: { phase: 'Pending', conditions: [seconds('2026-01-01T00:00:05Z', 'PodScheduled', 'True')] },
    },
    ['Pending', '2026-01-01T00:00:05Z'],
  ],
  ['Pending without conditions', { phase: 'Pending' }, ['Pending', BORN]],
  [
    'Running by Ready',
    { status: { phase: 'Running', conditions: [seconds('2026-01-01T00:00:06Z', 'Ready', 'True')] } },
    ['Running', '2026-01-01T00:00:06Z'],
  ],
  [
    'Running by Initialized',
    { status: { phase: 'Running', conditions: [seconds('2026-01-01T00:00:07Z', 'Initialized', 'True')] } },
    ['Running', '2026-01-01T00:00:07Z'],
  ],
  [
    'Failed',
    { status: { phase: 'Failed', conditions: [seconds('2026-01-01T00:00:08Z', 'Ready', 'False')] } },
    ['Failed', '2026-01-01T00:00:08Z'],
  ],
  ['Terminating', { metadata: { deletionTimestamp: '2026-01-01T00:10:00Z' } }, ['Terminating', '2026-01-01T00:05:00Z']],
] as const) {
  test(`spec 07 §23 #66, #67: a registration says ${name}`, () => {
    const { calls, verdict } = playStep(register(pass({ pod: pod as PodGiven })), [
      ['agent POST /register', agentOk({})],
    ]);
    const [call] = calls;
    const body = JSON.parse(call?.kind === 'agent' ? (call.request.body ?? '') : '{}');
    assert.equal([body.pod_status, body.pod_status_start_time], expected);
    assert.equal(Object.keys(body), [
      'container_name',
      'container_id',
      'weka_container_name',
      'labels',
      'mode',
      'scrape_targets',
      'pod_status',
      'pod_status_start_time',
    ]);
    assert.equal(verdict, done);
  });
}

test('spec 07 §23 #46: what registers at once is a change of the pod’s state, its end included', () => {
  const states = [
    pass({ pod: { phase: 'Pending' } }),
    pass(),
    pass({ pod: { metadata: { deletionTimestamp: BORN } } }),
  ].map(podStatusOf);
  assert.equal(states, ['Pending', 'Running', 'Terminating']);
});

test('spec 07 §15.2, §23 #67: deregistering never fails for an agent that is not there or refuses', () => {
  const said = (answer: unknown): Verdict => playStep(deregister(pass()), [['agent POST /deregister', answer]]).verdict;
  assert.equal(said(agentOk({})), done);
  assert.equal(said(noAgent), done);
  assert.equal(said({ kind: 'status', status: 500, body: '' }), done);
  assert.is(said({ kind: 'unusable', why: 'No token found', absent: false }).kind, 'failed');
  assert.equal(deregister(passFor(containerOf('compute'))), done);
});

test('a register that fails is an error that the flow goes on with', () => {
  const { verdict } = playStep(register(pass()), [['agent POST /register', { kind: 'timeout', afterMs: 3_000 }]]);
  assert.ok(verdict.kind === 'failed' && verdict.reason.startsWith('Error sending register request: '));
});

test.run();
