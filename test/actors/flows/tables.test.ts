/** The tables against the tables of the specification: numbers, order, predicates that nobody may lose. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { activeFlow } from '../../../actors/flows/active.ts';
import { deletingFlow } from '../../../actors/flows/deleting.ts';
import { destroyingFlow } from '../../../actors/flows/destroying.ts';
import { pausedFlow } from '../../../actors/flows/paused.ts';
import type { Step } from '../../../actors/flows/step.ts';
import { flows } from '../../../actors/flows/tables.ts';
import { CONDITIONS, successTexts } from '../../../messages/condition.ts';

const numbers = (rows: readonly Step[]): readonly string[] => rows.map(({ number }) => number);
const range = (from: number, to: number, prefix = ''): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `${prefix}${from + index}`);
const without = (all: readonly string[], ...gone: readonly string[]) => all.filter((each) => !gone.includes(each));
const rowOf = (rows: readonly Step[], name: string): Step => {
  const found = rows.find((row) => row.name === name);
  if (found === undefined) throw new Error(`no row ${name}`);
  return found;
};

test('active: rows 1 to 64 of spec 02 §5 in order; 3 and 6 are what pass.ts does for every row, 4 and 5 a part of 10 (F25), 36v (F27), 37v (V6), 43v (F34), 50v (F19), 55v (F3), 10c and 10v (V9) are our own', () => {
  const order = without(range(1, 64), '3', '4', '5', '6');
  const own: Record<string, readonly string[]> = {
    '10': ['10c', '10v'],
    '36': ['36v'],
    '37': ['37v'],
    '43': ['43v'],
    '50': ['50v'],
    '55': ['55v'],
  };
  assert.equal(
    numbers(activeFlow),
    order.flatMap((number) => [number, ...(own[number] ?? [])]),
  );
});

test('active: the names of spec 02 §5 (spelling included)', () => {
  const renamed = { EnsureDriversOfBound: 'EnsureDrivers', cleanupFinishedOneOff: 'cleanupFinishedOneOff' } as Record<
    string,
    string
  >;
  const names = activeFlow.map(({ number, name }) => `${number} ${renamed[name] ?? name}`);
  assert.equal(names, [
    '1 migrateEnsurePorts',
    '2 ensureStateDeleting',
    '7 SetStatusMetrics',
    '8 RegisterContainerOnMetrics',
    '9 ReportOtelMetrics',
    '10 ManageCsiTopologyLabels',
    '10c CleanStaleCsiLabels',
    '10v ManageRememberedCsiLabels',
    '11 initState',
    '12 deleteIfNoNode',
    '13 deleteIfTolerationsMismatch',
    '14 deleteIfNodeSelectorMismatch',
    '15 ensureFinalizer',
    '16 ensureBootConfigMapInTargetNamespace',
    '17 updatePodMetadataOnChange',
    '18 updatePodTolerationsOnChange',
    '19 dropStopAttemptRecord',
    '20 handlePodTermination',
    '21 deleteEnvoyIfNoS3Neighbor',
    '22 deleteTelemetryIfNoComputeNeighbor',
    '23 clearStatusOnNodeNotFound',
    '24 uploadedDriversPeriodicCheck',
    '25 cleanupFinishedOneOff',
    '26 handleImageUpdate',
    '27 EnsureDrivers',
    '28 AllocateNICs',
    '29 MigratePVC',
    '30 ReportNodeUnschedulable',
    '31 ensurePod',
    '32 deletePodIfUnschedulable',
    '33 checkPodUnhealty',
    '34 ensurePodNotRunningState',
    '35 enforceNodeAffinity',
    '36 setNodeAffinityStatus',
    '36v rebuildForItsNode',
    '37 ensureProxyContainer',
    '37v ReportProxyDrift',
    '38 EnsureDrivers',
    '39 HandleNodeNotReady',
    '40 WaitForPodRunning',
    '41 AllocateResources',
    '42 AllocateDrivesIfNeeded',
    '43 WriteResources',
    '43v VerifyResourcesOfPod',
    '44 checkUnhealyPodResources',
    '45 updateDriversBuilderStatus',
    '46 setPodRunningStatus',
    '47 fetchResults',
    '48 processResults',
    '49 ReconcileManagementIPs',
    '50 PeriodicReconcileManagementIPs',
    '50v RereadManagementIPs',
    '51 ReconcileWekaLocalStatus',
    '52 DeleteEnvoyIfProcessNotExists',
    '53 applyCurrentImage',
    '54 setJoinIpsIfStuckInStemMode',
    '55 reconcileClusterStatus',
    '55v verifyIdentity',
    '56 AddVirtualDrives',
    '57 AddVirtualDrivesPeriodic',
    '58 UpdateWekaAddedDrives',
    '59 MarkDrivesForRemoval',
    '60 RemoveDrives',
    '61 RemoveDrivesByPhysicalUuids',
    '62 EnsureDrives',
    '63 JoinS3Cluster',
    '64 EnsureNfsInterfaceGroupPorts',
  ]);
});

test('active: rows that continue are those of the spec’s column "fail"', () => {
  const going = activeFlow.flatMap(({ number, onFailure }) => (onFailure === 'continue' ? [number] : []));
  assert.equal(going, [
    '7',
    '8',
    '9',
    '10',
    '10c',
    '10v',
    '30',
    '37v',
    '42',
    '43v',
    '44',
    '50',
    '50v',
    '52',
    '55v',
    '60',
    '61',
  ]);
});

test('active: the driver of the CSI labels is durable before they are set, and the end of old ones before it is forgotten (V9)', () => {
  const rows = ['CleanStaleCsiLabels', 'ManageRememberedCsiLabels'].map((name) => rowOf(activeFlow, name));
  assert.equal(
    rows.map(({ afterWrite }) => afterWrite),
    [true, true],
  );
});

test('deleting: D1 to D26 in order; D1 to D4 are left out on purpose, D12 follows the stop (I7), D4v (V9) is our own', () => {
  const order = ['D4v', ...without(range(5, 26, 'D'), 'D12')];
  const split = order.flatMap((number) => (number === 'D15' ? ['D15', 'D15p'] : [number]));
  const at = split.indexOf('D21') + 1;
  assert.equal(numbers(deletingFlow), [...split.slice(0, at), 'D12', ...split.slice(at)]);
});

test('deleting: what continues is D4v, D6 to D12, D17 and nothing else', () => {
  const going = deletingFlow.flatMap(({ number, onFailure }) => (onFailure === 'continue' ? [number] : []));
  assert.equal(going, ['D4v', 'D6', 'D7', 'D8', 'D9', 'D10', 'D11', 'D17', 'D12']);
});

test('deleting: nothing that takes away runs before what was learned is durable', () => {
  const barriers = deletingFlow.flatMap(({ number, afterWrite }) => (afterWrite === true ? [number] : []));
  assert.equal(barriers, ['D15p', 'D16', 'D18', 'D20', 'D21', 'D22', 'D25', 'D26']);
});

test('destroying: X5 to X17 in order; it deregisters once the pod is gone (I7), X4v (V9) is our own', () => {
  const split = range(5, 17, 'X').flatMap((number) => (number === 'X13' ? ['X13', 'X13d'] : [number]));
  assert.equal(numbers(destroyingFlow), ['X4v', ...split]);
});

test('destroying: nothing is deactivated, no drive and no host is removed', () => {
  const conditions = destroyingFlow.flatMap(({ condition }) => condition?.type ?? []);
  assert.equal(conditions, [CONDITIONS.drivesResigned]);
});

test('paused: P2, P4 to P6; P1 and P3 need a pod, which this flow does not look at; P3v (V9) is our own', () => {
  assert.equal(numbers(pausedFlow), ['P2', 'P3v', ...range(4, 6, 'P')]);
});

test('every condition says what spec 01 §9.1 says of success', () => {
  for (const rows of [activeFlow, deletingFlow]) {
    for (const { condition } of rows) {
      if (condition === undefined) continue;
      const { type, reason, message } = condition;
      assert.equal({ reason, message }, successTexts(type), type);
    }
  }
  const resign = rowOf(destroyingFlow, 'ResignDrives').condition;
  assert.equal([resign?.reason, resign?.message], ['Destroying', 'Drives resigned']);
});

test('hooks have the reasons of spec 02 §1.5', () => {
  const hooks = Object.values(flows).flatMap((rows) =>
    rows.flatMap(({ number, hook }) => (hook === undefined ? [] : [[number, hook.kind, hook.name]])),
  );
  assert.equal(hooks, [
    ['31', 'errorStatus', 'ensurePod-fm'],
    ['49', 'errorStatus', 'ReconcileManagementIPs'],
    ['51', 'errorStatus', 'ReconcileWekaLocalStatus'],
    ['62', 'drivesError', 'EnsureDrives'],
  ]);
});

test('no two rows of a flow share a name, or their throttles and failures would be one', () => {
  for (const [flow, rows] of Object.entries(flows)) {
    const names = rows.map(({ name }) => name);
    assert.is(new Set(names).size, names.length, flow);
  }
});

test('a row that restarts names one that is there', () => {
  assert.ok(rowOf(deletingFlow, 'ensurePodForDeactivation'));
  assert.is(rowOf(deletingFlow, 'ensurePodForDeactivation').number, 'D6');
});

test.run();
