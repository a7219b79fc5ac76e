/** A container's figures at its node agent: when they are read, what becomes of them. Source: spec 07, 12 and 16; I7, I9. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { setStatusMetrics } from '../../../../actors/flows/steps/metrics.ts';
import { countMounts } from '../../../../actors/flows/steps/mounts.ts';
import { rfc3339 } from '../../../../io/clock.ts';
import { failed, type Verdict } from '../../../../messages/verdict.ts';
import type { ContainerMode, WekaContainerSpec, WekaContainerStatus } from '../../../../messages/weka-container.ts';
import { containerOf, NODE, podFor } from '../../../support/containers.ts';
import { passFor } from '../../../support/pass.ts';
import { agentOk, type Line, noAgent, play, playStep } from '../../../support/play.ts';
import { SIM_START_WALL_MS } from '../../../support/sim-clock.ts';

interface Of {
  readonly mode?: ContainerMode;
  readonly status?: Partial<WekaContainerStatus>;
  readonly spec?: Partial<WekaContainerSpec>;
}
function pass({ mode = 'compute', status, spec }: Of = {}) {
  const container = containerOf(mode, {
    ...(spec === undefined ? {} : { spec }),
    status: { nodeAffinity: NODE, internalStatus: 'READY', ...status },
  });
  return passFor(container, { world: [podFor(container)] });
}
const statusOf = (verdict: Verdict) => ('status' in verdict ? verdict.status : undefined);

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

test('spec 01 §23 #48: CPU has two decimals, desired processes are one more than the cores', () => {
  const metrics = { processes: { active: 2, created: 2 }, cpuUtilization: '12.3' };
  const line: Line = ['agent POST /getContainerInfo', agentOk({ container_metrics: metrics })];
  const { stats: stored, printer } = statusOf(stats({ spec: { numCores: 1 } }, line)) as {
    readonly stats: { readonly cpuUtilization: string; readonly processes: { readonly desired: number } };
    readonly printer: { readonly processes: string };
  };
  assert.equal([stored.cpuUtilization, stored.processes.desired, printer.processes], ['12.30', 2, '2/2/2']);
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
  ['does not answer', ['agent POST /getContainerInfo', { kind: 'timeout', afterMs: 10_000 }]],
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

// Mounts. Spec 07, 12.

const OWN = '/getActiveMounts?container_name=w-client&container_uuid=uid-client';
const mounted = (count: number): Line => [`agent GET ${OWN}`, agentOk({ active_mounts: count })];
const ofClient = (status: Partial<WekaContainerStatus>, lines: readonly Line[]): Verdict =>
  playStep(setStatusMetrics(pass({ mode: 'client', status })), lines).verdict;

test('a frontend’s mounts are counted and shown, a zero too, which its figures leave out', () => {
  const some = statusOf(ofClient({}, [answer(4, '1.00'), mounted(3)]));
  const base = {
    processes: { active: 4, created: 4, desired: 2 },
    cpuUtilization: '1.00',
    lastUpdate: rfc3339(SIM_START_WALL_MS),
  };
  assert.equal(some, {
    stats: { ...base, activeMounts: 3 },
    printer: { processes: '4/4/2', activeMounts: '3' },
  });
  const none = statusOf(ofClient({}, [answer(4, '1.00'), mounted(0)]));
  assert.equal(none, { stats: base, printer: { processes: '4/4/2', activeMounts: '0' } });
});

test('I9: a mount more or less is written at once', () => {
  const stats = { ...OLD, activeMounts: 2, lastUpdate: rfc3339(SIM_START_WALL_MS - 60_000) };
  assert.is(statusOf(ofClient({ stats }, [answer(4, '10.00'), mounted(2)])), undefined);
  const patch = statusOf(ofClient({ stats }, [answer(4, '10.00'), mounted(0)])) as { stats: unknown; printer: unknown };
  assert.equal(patch.stats, { activeMounts: null, lastUpdate: rfc3339(SIM_START_WALL_MS) });
  assert.equal(patch.printer, { processes: '4/4/2', activeMounts: '0' });
});

test('spec 07 §23 #40: an agent without a driver counts no mounts', () => {
  const gone = { kind: 'status', status: 404, body: 'driver interface file not found' };
  assert.equal(play(countMounts(pass({ mode: 'client' })), [[`agent GET ${OWN}`, gone]]).verdict, {
    kind: 'counted',
    count: 0,
  });
});

for (const [name, given, why] of [
  ['500', { kind: 'status', status: 500, body: 'x' }, 'getActiveMounts request failed'],
  ['no count', agentOk({}), 'error decoding response: active_mounts is undefined, not a count'],
  [
    'nothing',
    { kind: 'timeout', afterMs: 10_000 },
    'error sending getActiveMountsget request: node agent did not answer within 10000 ms',
  ],
] as const) {
  test(`spec 07 §12: mounts that cannot be counted are unknown, never zero: ${name}`, () => {
    const { verdict } = play(countMounts(pass({ mode: 'client' })), [[`agent GET ${OWN}`, given]]);
    assert.equal(verdict, { kind: 'unknown', why, absent: false });
  });
}

test('spec 07 §12: an absent agent says so; a container without a name is counted with all others of its node', () => {
  const unnamed = pass({ mode: 'client', spec: { name: '' } });
  assert.equal(play(countMounts(unnamed), [['agent GET /getActiveMounts', noAgent]]).verdict, {
    kind: 'unknown',
    why: 'no node agent pod found on node node-1',
    absent: true,
  });
});

test('spec 07 §23 #60, 08 §11 #51: figures without mounts are not written, no zeros either', () => {
  const verdict = ofClient({}, [answer(4, '1.00'), [`agent GET ${OWN}`, { kind: 'status', status: 500, body: 'x' }]]);
  assert.equal(verdict, failed('getActiveMounts request failed'));
});

test('an agent that has forgotten the container is told again and asked again, in the same run', () => {
  const gone: Line = ['agent POST /getContainerInfo', { kind: 'status', status: 404, body: 'container not found' }];
  const told = playStep(setStatusMetrics(pass()), [gone, ['agent POST /register', agentOk({})], answer(4, '1.00')]);
  assert.is(told.verdict.kind, 'done');
  const refused = playStep(setStatusMetrics(pass()), [gone, ['agent POST /register', noAgent]]);
  assert.equal(refused.verdict, failed('no node agent pod found on node node-1'));
});

test('without a node the agent to ask is unknown: spec 07 §13 has the texts', () => {
  const container = containerOf('compute');
  const said = (pod: object) =>
    playStep(setStatusMetrics(passFor(container, { world: [podFor(container, pod)] }))).verdict;
  const text = (why: string) => failed(`failed to get current pod node name: ${why}`);
  assert.equal(said({ phase: 'Pending' }), text('Pod is not running yet, current phase: Pending'));
  assert.equal(said({ node: '' }), text('Pod node name is not set'));
  assert.equal(playStep(setStatusMetrics(passFor(container))).verdict, text('Pod is not set'));
});

test.run();
