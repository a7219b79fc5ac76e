/** What a pod says of itself: local status, results of one-offs. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { reconcileLocalStatus } from '../../../../actors/flows/steps/local-status.ts';
import { cleanUpFinished, fetchResult, processResult } from '../../../../actors/flows/steps/one-off.ts';
import { done, failed, finished, type Verdict } from '../../../../messages/verdict.ts';
import type { ContainerMode, WekaContainerSpec, WekaContainerStatus } from '../../../../messages/weka-container.ts';
import { BORN, containerOf, NODE, nodeOf, type PodGiven, podFor } from '../../../support/containers.ts';
import { passFor } from '../../../support/pass.ts';
import { absent, did, exit, type Line, ok, okJson, playStep, refused, timeout } from '../../../support/play.ts';
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

test('spec 07 §23 #4, 01 §23 #21: Completed and Deleting are kept, the internal status moves', () => {
  const verdict = local({ status: { status: 'Completed', internalStatus: 'STEM' } }, [ps(row('Running', 'READY'))]);
  assert.equal(statusOf(verdict), { status: 'Completed', internalStatus: 'READY' });
  const going = local({ spec: { state: 'deleting' }, status: { status: 'Deleting', internalStatus: 'STEM' } }, [
    ps(row('Degrading', 'READY')),
  ]);
  assert.equal(statusOf(going), { internalStatus: 'READY' });
  const marked = local({ status: { status: 'Deleting', internalStatus: 'STEM' } }, [ps(row('Degrading', 'READY'))]);
  assert.equal(statusOf(marked), { status: 'Deleting', internalStatus: 'READY' });
});

for (const [number, name, text, reason] of [
  [5, 'an empty list', '[]', 'weka local ps response is empty'],
  [6, 'null', 'null', 'weka local ps response is empty'],
  [7, 'another name', '[{"name":"other","runStatus":"Running"}]', 'weka container not found'],
] as const) {
  test(`spec 07 §23 #${number}: ${name}: Unhealthy, look in 15 s`, () => {
    const verdict = local({ status: { status: 'Running' } }, [['exec WekaLocalPs', ok(text)]]);
    assert.ok(verdict.kind === 'wait' && verdict.delayMs === 15_000 && verdict.reason === reason);
    assert.equal(statusOf(verdict), { status: 'Unhealthy' });
  });
}

for (const [number, name, answer, text] of [
  [9, 'exit 1', exit(1), 'command Exec.WekaLocalPs failed: command terminated with exit code 1'],
  [11, 'a hang', timeout(), 'context deadline exceeded'],
  [10, 'broken JSON', ok('[{"name":'), 'failed to unmarshal json'],
] as const) {
  test(`spec 07 §23 #${number}: ${name} with drivers loaded: again after 3 s with its error`, () => {
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

test('spec 06 §8 no. 33: a forced load that failed says why, in an event', () => {
  const verdict = local({ mode: 'compute' }, [
    ['exec WekaLocalPs', timeout()],
    ['exec CheckDriversLoaded', ok('wekafsio\n')],
    ['node loadDrivers', { kind: 'failed', reason: 'DriversNotLoadedError: x, re-create container' }],
  ]);
  assert.equal(reasons(verdict), ['DriversLoadFailed']);
  assert.ok(verdict.kind === 'wait' && verdict.delayMs === 3_000);
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

test.run();
