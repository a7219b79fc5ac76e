/** Acceptance scenarios of the first allocation that its rules alone decide: answer, event, time of the next try. Spec 05, 17. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { initial } from '../../../../actors/node/state.ts';
import { decider } from '../../../../actors/node.ts';
import { allocate, type Request } from '../../../../actors/rules/allocation/allocate.ts';
import { chooseDrives } from '../../../../actors/rules/allocation/exclusive-drives.ts';
import type { Attempt } from '../../../../messages/ids.ts';
import type { NodeAnswer } from '../../../../messages/node.ts';
import type { Allocations, WekaContainer } from '../../../../messages/weka-container.ts';
import { clusterOf, containerOf, NODE, nodeOf, uidOf } from '../../../support/containers.ts';
import { fakeView } from '../../../support/fake-view.ts';
import { SETTINGS, surroundings } from '../../../support/pass.ts';
import { sharedNode, virtual } from './given-drives.ts';

const drivesNode = (drives: readonly string[], blocked: readonly string[] = []) =>
  nodeOf(NODE, {
    annotations: { 'weka.io/weka-drives': JSON.stringify(drives), 'weka.io/blocked-drives': JSON.stringify(blocked) },
  });
const asked = (given: Partial<Request> = {}) =>
  allocate({
    container: containerOf('compute'),
    cluster: clusterOf(),
    node: nodeOf(),
    others: [],
    flags: {},
    flagsOf: () => ({}),
    settings: SETTINGS,
    newUuid: () => 'uuid',
    ...given,
  });
const given = (request: Partial<Request>): Allocations => {
  const answer = asked(request);
  if (answer.kind === 'refused') throw new Error(answer.reason);
  return answer.allocations;
};
const holding = (name: string, allocations: Allocations, namespace = 'weka'): WekaContainer =>
  containerOf('drive', { name, metadata: { namespace }, status: { nodeAffinity: NODE, allocations } });
const event = (request: Partial<Request>): string => {
  const [first] = asked(request).events;
  return first === undefined ? 'none' : `${first.type} ${first.reason}: ${first.message}`;
};

/** As the node's actor answers, in a world of the container, its node and its cluster. */
function answerOfNode(container: WekaContainer): NodeAnswer | undefined {
  const decide = decider(NODE, {
    view: fakeView(...surroundings(), container),
    settings: SETTINGS,
    flagsOf: () => ({}),
    newUuid: () => 'uuid',
    grants: new Map(),
  });
  const ask = { kind: 'allocate', uid: uidOf(container), flags: {} } as const;
  const [, effects] = decide(initial, { kind: 'asked', ask, answer: () => {} }, { fresh: 1 as Attempt, ms: 0 });
  return effects.flatMap((effect) => (effect.kind === 'answer' ? [effect.answer] : []))[0];
}

test('spec 05 §17 #1: the first container of a node', () => {
  assert.equal(given({}), { wekaPort: 35000, agentPort: 35303 });
  const text = 'Allocated 0 drives, weka ports 35000-35099, agent port 35303';
  assert.is(event({}), `Normal ResourcesAllocated: ${text}`);
});

test('spec 05 §17 #4: containers of two namespaces never get the same serial', () => {
  const container = containerOf('drive', { metadata: { namespace: 'b' }, spec: { numDrives: 1 } });
  const others = [holding('other', { drives: ['A'] }, 'a')];
  assert.equal(given({ container, others, node: drivesNode(['A', 'B']) }).drives, ['B']);
});

test('spec 05 §17 #5: an image of 60 ports, up to the fifth container', () => {
  const flags = { agent_validate_60_ports_per_container: true };
  const ports = { basePort: 35000, portRange: 260, lbPort: 35240, lbAdminPort: 35241, s3Port: 35242 };
  const request = { cluster: clusterOf({ status: { ports } }), flags, flagsOf: () => flags };
  const others: WekaContainer[] = [];
  for (const [wekaPort, agentPort] of [
    [35000, 35243],
    [35060, 35244],
    [35120, 35245],
    [35180, 35246],
  ] as const) {
    const allocations = given({ ...request, others });
    assert.equal(allocations, { wekaPort, agentPort });
    others.push(holding(`n${wekaPort}`, allocations));
  }
  const fifth = asked({ ...request, others });
  assert.equal([fifth.kind, fifth.kind === 'refused' && fifth.retryMs], ['refused', 30_000]);
  assert.match(event({ ...request, others }), 'Warning PortAllocationFailed: failed to allocate port ranges: ');
  assert.equal(given({ ...request, others: others.toSpliced(1, 1) }), { wekaPort: 35060, agentPort: 35244 });
});

test('spec 05 §17 #6, #7: the fourth block of 100, its agent port outside it, and none for a fifth', () => {
  const first = [35000, 35100, 35200].map((wekaPort, index) =>
    holding(`n${index}`, { wekaPort, agentPort: 35303 + index }),
  );
  const foreign = holding('foreign', { wekaPort: 40000, agentPort: 40300 }, 'b');
  const fourth = given({ others: [...first, foreign] });
  assert.equal(fourth, { wekaPort: 35306, agentPort: 35406 });
  assert.is(asked({ others: [...first, foreign, holding('n4', fourth)] }).kind, 'refused');
});

test('spec 05 §17 #8: envoy and telemetry get an agent port only', () => {
  for (const mode of ['envoy', 'telemetry'] as const) {
    const container = containerOf(mode);
    assert.equal(given({ container }), { agentPort: 35303 });
    assert.is(event({ container }), 'Normal ResourcesAllocated: Allocated 0 drives, agent port 35303');
  }
});

test('spec 05 §17 #10: a cluster without a range', () => {
  const text = 'failed to allocate port ranges: no port range allocated for cluster c';
  assert.is(event({ cluster: clusterOf({ status: {} }) }), `Warning PortAllocationFailed: ${text}`);
});

test('spec 05 §17 #12, #13: the order of the annotation; one too few and nothing is given', () => {
  const others = [holding('other', { drives: ['S1'] })];
  const node = drivesNode(['S3', 'S1', 'S5', 'S2'], ['S5']);
  const of = (numDrives: number) => ({ container: containerOf('drive', { spec: { numDrives } }), others, node });
  assert.equal(given(of(2)).drives, ['S3', 'S2']);
  const text = 'need 3, have 2. On node node-1: 4 drives, 2 free (S3, S2), 1 owned (weka/other: S1), 1 blocked (S5)';
  assert.is(event(of(3)), `Warning InsufficientDrives: not enough drives available: ${text}`);
});

test('a shortage of shared drives tells what is free of each, what is blocked, and who owns the rest', () => {
  const node = sharedNode(
    [
      { uuid: 't1', gib: 4000 },
      { uuid: 't2', gib: 3000 },
      { uuid: 'q1', gib: 900, type: 'QLC' },
    ],
    {
      'weka.io/blocked-drives': '["ser-t2"]',
    },
  );
  const others = [holding('other', { virtualDrives: virtual(['t1', 3500]) }, 'b')];
  const byCount = containerOf('drive', { spec: { numDrives: 1, driveCapacity: 1000 } });
  const tlc = 'ser-t1 has 500 of 4000 GiB free, ser-t2 is blocked';
  assert.is(
    event({ container: byCount, node, others }),
    `Warning InsufficientDrives: not enough drives available: need 1000, have 500 (GiB). On node node-1: 2 TLC drives, ${tlc}; owned: 3500 GiB by b/other`,
  );
  const spec = { containerCapacity: 2000, driveTypesRatio: { tlc: 1, qlc: 1 } };
  const told = event({ container: containerOf('drive', { spec }), node, others });
  assert.match(told, /^Warning InsufficientDriveCapacity: not enough drive capacity available: need 1000 GiB/);
  const mixed = `3 TLC and QLC drives, ${tlc}, ser-q1 has 900 of 900 GiB free; owned: 3500 GiB by b/other`;
  assert.ok(told.endsWith(`. On node node-1: ${mixed}`), told);
});

test('a shortage of ports tells who owns which, of the cluster’s range alone, and what is reserved', () => {
  const others = [0, 1, 2, 3].map((n) => holding(`n${n}`, { wekaPort: 35000 + n * 100, agentPort: 35400 + n }));
  const elsewhere = holding('far', { wekaPort: 40000, agentPort: 40300 });
  const ports = { basePort: 35000, portRange: 404, lbPort: 35401 };
  assert.is(
    event({ others: [...others, elsewhere], cluster: clusterOf({ status: { ports } }) }),
    'Warning PortAllocationFailed: failed to allocate port ranges: failed to find free weka port range: no free range found with size 100 and offset 0. On node node-1: of ports 35000-35403 are owned 35000-35099, 35400 by weka/n0; 35100-35199, 35401 by weka/n1; 35200-35299, 35402 by weka/n2; 35300-35399, 35403 by weka/n3; reserved 35401',
  );
});

test('a long list is counted, not told', () => {
  const serials = Array.from({ length: 30 }, (_none, index) => `S${index}`);
  const others = serials.slice(0, 12).map((serial) => holding(`n-${serial}`, { drives: [serial] }));
  const told = event({
    container: containerOf('drive', { spec: { numDrives: 40 } }),
    node: drivesNode(serials),
    others,
  });
  assert.match(told, /need 40, have 18\. On node node-1: 30 drives, 18 free, 12 owned \(.*and 4 more\), 0 blocked$/);
});

test('spec 05 §17 #3: three on one node get three blocks and three agent ports, in any order of asking', () => {
  const others: WekaContainer[] = [];
  for (const name of ['c', 'a', 'b']) others.push(holding(name, given({ others })));
  assert.equal(
    others.map(({ status }) => [status?.allocations?.wekaPort, status?.allocations?.agentPort]),
    [
      [35000, 35303],
      [35100, 35304],
      [35200, 35305],
    ],
  );
});

test('spec 05 §17 #11: no owner reference: spec’s text, no event, tried again after 10 s', () => {
  const orphan = containerOf('compute', { metadata: { ownerReferences: [] }, status: { nodeAffinity: NODE } });
  assert.equal(answerOfNode(orphan), {
    kind: 'refused',
    reason: 'failed to get owner cluster: container has no owner references',
    plain: true,
    retryMs: 10_000,
    events: [],
  });
});

test('spec 05 §17 #14: an annotation that is not JSON: no event, an error, and drives once it is repaired', () => {
  const container = containerOf('drive', { spec: { numDrives: 1 } });
  const broken = nodeOf(NODE, { annotations: { 'weka.io/weka-drives': 'not json' } });
  const answer = asked({ container, node: broken });
  if (answer.kind !== 'refused') throw new Error('allocated');
  assert.equal([answer.plain, answer.retryMs, answer.events], [true, 10_000, []]);
  const cause = 'failed to get available drives: failed to get node info: failed to unmarshal weka-drives: ';
  assert.ok(answer.reason.startsWith(`failed to allocate resources: ${cause}`), answer.reason);
  assert.equal(given({ container, node: drivesNode(['A']) }).drives, ['A']);
});

test('spec 05 §17 #15: a deleting neighbour owns what it has, until it is gone', () => {
  const leaving = holding('leaving', { drives: ['A'], wekaPort: 35000, agentPort: 35303 });
  const marked = { ...leaving, metadata: { ...leaving.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
  const request = { container: containerOf('drive', { spec: { numDrives: 1 } }), node: drivesNode(['A', 'B']) };
  assert.equal(given({ ...request, others: [marked] }), { drives: ['B'], wekaPort: 35100, agentPort: 35304 });
  assert.equal(given(request), { drives: ['A'], wekaPort: 35000, agentPort: 35303 });
});

test('spec 05 §17 #25: a failure domain label that the node lacks leaves the key out', () => {
  const of = (label: string) =>
    given({
      container: containerOf('compute', { spec: { failureDomain: { label } } }),
      node: nodeOf(NODE, { labels: { rack: 'r/1' } }),
    });
  assert.is(of('rack').failureDomain, 'r-1');
  assert.is('failureDomain' in of('zone'), false);
});

test('what can be given of whole drives is given: the first free ones, no blocked and no taken one', () => {
  const serial = fc.constantFrom('A', 'B', 'C', 'D', 'E', 'F');
  const some = fc.uniqueArray(serial);
  fc.assert(
    fc.property(some, some, some, fc.integer({ min: 1, max: 6 }), (all, blocked, held, need) => {
      const choice = chooseDrives(drivesNode(all, blocked), [holding('other', { drives: held })], need);
      const free = all.filter((each) => !blocked.includes(each) && !held.includes(each));
      if (free.length < need) assert.equal([choice.kind, 'have' in choice && choice.have], ['short', free.length]);
      else assert.equal(choice, { kind: 'chosen', serials: free.slice(0, need) });
    }),
    { seed: 20260101, numRuns: 300 },
  );
});

test.run();
