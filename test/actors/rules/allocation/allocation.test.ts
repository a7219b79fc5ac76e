/** The first allocation: tables of spec 05, and what must hold for every fleet whatever it looks like. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allocate, type Request } from '../../../../actors/rules/allocation/allocate.ts';
import { chooseDrives } from '../../../../actors/rules/allocation/exclusive-drives.ts';
import { failureDomain } from '../../../../actors/rules/allocation/failure-domain.ts';
import {
  type ClusterRange,
  choosePorts,
  freeRange,
  portSizes,
  type Range,
} from '../../../../actors/rules/allocation/ports.ts';
import { resourcesOf, sameResources } from '../../../../actors/rules/allocation/resources-json.ts';
import type { ContainerMode, WekaContainer } from '../../../../messages/weka-container.ts';
import { clusterOf, containerOf, NODE, nodeOf } from '../../../support/containers.ts';
import { SETTINGS } from '../../../support/pass.ts';

/** What only virtual drives need. */
const surroundings = { settings: SETTINGS, newUuid: () => 'uuid' };
const seeded = { seed: 20260101, numRuns: 300 };
const drivesNode = (drives: string | undefined, blocked?: string) =>
  nodeOf(NODE, { annotations: { 'weka.io/weka-drives': drives, 'weka.io/blocked-drives': blocked } });
const holder = (drives: readonly string[], more = {}): WekaContainer =>
  containerOf('drive', {
    name: `holder-${drives.join('')}`,
    status: { nodeAffinity: NODE, allocations: { drives } },
    ...more,
  });

// Drives. Spec 05, 6.

for (const [number, all, blocked, others, need, expected] of [
  [1, '["S3","S1","S5","S2"]', '["S5"]', [holder(['S1'], { metadata: { namespace: 'b' } })], 2, ['S3', 'S2']],
  [2, '["S3","S1","S5","S2"]', '["S5"]', [holder(['S1'])], 3, 'not enough drives available: need 3, have 2'],
  [3, undefined, undefined, [], 1, 'not enough drives available: need 1, have 0'],
  [4, '["A","B"]', '["A","B"]', [], 1, 'not enough drives available: need 1, have 0'],
  [5, '["A","B"]', undefined, [holder(['B'], { metadata: { deletionTimestamp: 'x' } })], 1, ['A']],
  [
    6,
    'not json',
    undefined,
    [],
    1,
    /^failed to get available drives: failed to get node info: failed to unmarshal weka-drives: /,
  ],
  [7, '["A"]', '', [], 1, /failed to unmarshal blocked-drives: /],
  [8, undefined, 'not json', [], 1, 'not enough drives available: need 1, have 0'],
  [9, 'null', undefined, [], 1, 'not enough drives available: need 1, have 0'],
] as const) {
  test(`spec 05 §17 #12, #13, #14, #15, §6: row ${number}`, () => {
    const choice = chooseDrives(drivesNode(all, blocked), others, need);
    if (choice.kind === 'chosen') assert.equal(choice.serials, expected);
    else if (expected instanceof RegExp) assert.match(choice.reason, expected);
    else assert.is(choice.reason, expected);
  });
}

// Failure domain. Spec 05, 5.

const labels = { rack: 'rack-1', row: 'rack-1/row-2', long: 'us-east-1a-rack-0001', zone: 'a', r: 'r1', empty: '' };
for (const [config, expected] of [
  [undefined, undefined],
  [{ label: 'rack' }, 'rack-1'],
  [{ label: 'row' }, 'rack-1-row-2'],
  [{ label: 'long' }, '8968b721fd57da22'],
  [{ label: 'missing', compositeLabels: ['zone'] }, undefined],
  [{ label: 'rack', compositeLabels: ['zone'] }, 'rack-1'],
  [{ compositeLabels: ['zone', 'r'] }, 'a-r1'],
  [{ compositeLabels: ['missing', 'r'] }, 'r1'],
  [{ compositeLabels: ['missing'] }, undefined],
  [{ label: 'empty' }, ''],
  [{ label: 'constructor' }, undefined],
] as const) {
  test(`spec 05 §5: ${JSON.stringify(config)} is ${expected}`, () => {
    assert.is(failureDomain(config, labels), expected);
  });
}

test('spec 01 §23 #13: a slash becomes a dash, 17 letters a digest, the label wins, one that is missing gives none', () => {
  const zone = (value: string) => failureDomain({ label: 'zone' }, { zone: value });
  assert.is(zone('rack/7'), 'rack-7');
  const long = '0123456789abcdefg';
  assert.is(zone(long.slice(1)), long.slice(1), '16 letters stay');
  assert.is(zone(long), createHash('sha256').update(long).digest('hex').slice(0, 16));
  assert.is(failureDomain({ label: 'zone', compositeLabels: ['row'] }, { zone: 'z', row: 'r' }), 'z');
  assert.is(failureDomain({ label: 'zone' }, { row: 'r' }), undefined);
});

test('every failure domain is at most 16 bytes and has no slash in it', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40, unit: 'grapheme' }), (value) => {
      const domain = failureDomain({ label: 'x' }, { x: value }) ?? '';
      return Buffer.byteLength(domain) <= 16 && !domain.includes('/');
    }),
    seeded,
  );
});

// Ports. Spec 05, 8.

const cluster = (length: number, singles: readonly number[]): ClusterRange => ({
  base: 35000,
  length,
  reserved: singles,
});
/** So many containers of one cluster on one node, one after another. */
function fill(
  range: ClusterRange,
  validates60: boolean,
  modes: readonly ContainerMode[],
  start: readonly WekaContainer[] = [],
) {
  const sizes = portSizes(validates60);
  const all = [...start];
  const out: string[] = [];
  for (const [index, mode] of modes.entries()) {
    const choice = choosePorts(mode, range, all, sizes, () => sizes.block);
    out.push(choice.kind === 'chosen' ? `${choice.wekaPort ?? '-'} ${choice.agentPort}` : choice.cause);
    if (choice.kind !== 'chosen') continue;
    const { wekaPort = 0, agentPort = 0 } = choice;
    all.push(containerOf(mode, { name: `n${index}`, status: { allocations: { wekaPort, agentPort } } }));
  }
  return out;
}
const compute = (count: number): readonly ContainerMode[] => Array.from({ length: count }, () => 'compute');

test('spec 05 §17 #3, #6, §8.5: blocks of 100 in 500', () => {
  assert.equal(fill(cluster(500, [35300, 35301, 35302]), false, compute(5)), [
    '35000 35303',
    '35100 35304',
    '35200 35305',
    '35306 35406',
    'failed to find free weka port range: no free range found with size 100 and offset 0',
  ]);
});

test('spec 05 §17 #5, §8.5: blocks of 60 in 260', () => {
  assert.equal(fill(cluster(260, [35240, 35241, 35242]), true, compute(5)), [
    '35000 35243',
    '35060 35244',
    '35120 35245',
    '35180 35246',
    'failed to find free weka port range: no free range found with size 60 and offset 0',
  ]);
});

test('spec 05 §17 #8, §8.1: envoy and telemetry get an agent port alone', () => {
  assert.equal(fill(cluster(500, [35300, 35301, 35302]), false, ['envoy', 'telemetry', 'compute']), [
    '- 35303',
    '- 35304',
    '35000 35305',
  ]);
});

test('spec 05 §17 #7: another cluster on the node does not stretch the range', () => {
  const foreign = containerOf('compute', {
    name: 'foreign',
    status: { allocations: { wekaPort: 40000, agentPort: 40300 } },
  });
  const [last] = fill(cluster(500, [35300, 35301, 35302]), false, compute(5), [foreign]).slice(-1);
  assert.match(last ?? '', /no free range found with size 100/);
});

test('spec 05 §8.5: no agent port beyond the range', () => {
  const full = Array.from({ length: 17 }, (_, index) =>
    containerOf('envoy', { name: `e${index}`, status: { allocations: { agentPort: 35243 + index } } }),
  );
  const [only] = fill(cluster(260, [35240, 35241, 35242]), true, ['envoy'], full);
  assert.is(only, 'failed to find free agent port: no free range found with size 1 and offset 240');
});

test('A-9: each block has the size of its own image', () => {
  const sixty = containerOf('compute', { name: 'sixty', status: { allocations: { wekaPort: 35000 } } });
  const range = cluster(500, []);
  const choice = choosePorts('compute', range, [sixty], portSizes(false), () => 60);
  assert.is(choice.kind === 'chosen' && choice.wekaPort, 35060);
});

for (const [base, length, taken, size, offset, expected] of [
  [35000, 500, [], 1, 0, 35000],
  [35000, 500, [[35000, 1]], 1, 0, 35001],
  [35000, 500, [], 1, 300, 35300],
  [
    0,
    100,
    [
      [10, 20],
      [45, 5],
    ],
    30,
    0,
    50,
  ],
  [
    0,
    100,
    [
      [0, 30],
      [45, 5],
    ],
    15,
    0,
    30,
  ],
  [
    0,
    100,
    [
      [0, 50],
      [10, 5],
    ],
    50,
    0,
    50,
  ],
  [0, 100, [[0, 100]], 1, 0, undefined],
  [0, 10, [], 11, 0, undefined],
] as const) {
  test(`spec 05 §15.7: ${size} ports from ${base + offset} beside ${JSON.stringify(taken)}`, () => {
    const ranges = taken.map(([from, held]): Range => ({ base: from, length: held }));
    assert.is(freeRange({ base, length }, ranges, size, offset), expected);
  });
}

const overlap = (a: Range, b: Range): boolean => a.base < b.base + b.length && b.base < a.base + a.length;
const ranges = fc.array(
  fc.record({ base: fc.integer({ min: 34900, max: 35600 }), length: fc.integer({ min: 1, max: 120 }) }),
  { maxLength: 12 },
);

test('a free range overlaps nothing, lies inside, and is the lowest one', () => {
  fc.assert(
    fc.property(ranges, fc.integer({ min: 1, max: 120 }), fc.integer({ min: 0, max: 300 }), (taken, size, offset) => {
      const inside: Range = { base: 35000, length: 500 };
      const free = (base: number): boolean =>
        base + size <= 35500 && !taken.some((each) => overlap(each, { base, length: size }));
      const found = freeRange(inside, taken, size, offset);
      const lowest = Array.from({ length: 500 - offset }, (_, index) => 35000 + offset + index).find(free);
      assert.is(found, lowest);
    }),
    seeded,
  );
});

// A whole fleet on one node.

const modes: readonly ContainerMode[] = ['drive', 'compute', 's3', 'nfs', 'envoy', 'telemetry'];
test('whatever is asked for in whatever order: no drive and no port has two holders, all ports lie inside their range', () => {
  const asking = fc.record({
    mode: fc.constantFrom(...modes),
    numDrives: fc.integer({ min: 0, max: 4 }),
    second: fc.boolean(),
    old: fc.boolean(),
    leaves: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(asking, { maxLength: 14 }),
      fc.array(fc.constantFrom('A', 'B', 'C', 'D', 'E', 'F', 'G'), { maxLength: 7 }),
      (list, serials) => {
        const first = clusterOf();
        const second = clusterOf({ status: { ports: { basePort: 40000, portRange: 500, lbPort: 40300 } } });
        const node = drivesNode(JSON.stringify([...new Set(serials)]));
        let held: WekaContainer[] = [];
        for (const [index, { mode, numDrives, second: other, old, leaves }] of list.entries()) {
          const container = containerOf(mode, { name: `n${index}`, spec: { numDrives } });
          const flags = { agent_validate_60_ports_per_container: !old };
          const request: Request = {
            container,
            cluster: other ? second : first,
            node,
            others: held,
            flags,
            flagsOf: () => undefined,
            ...surroundings,
          };
          const answer = allocate(request);
          if (answer.kind === 'allocated')
            held.push({ ...container, status: { status: 'Init', allocations: answer.allocations } });
          if (leaves) held = held.slice(1);
          const base = other ? 40000 : 35000;
          if (answer.kind === 'allocated') {
            const { wekaPort, agentPort = 0 } = answer.allocations;
            if (wekaPort !== undefined) assert.ok(wekaPort >= base && wekaPort + 60 <= base + 500);
            assert.ok(agentPort >= base && agentPort < base + 500);
          }
          const drives = held.flatMap(({ status }) => status?.allocations?.drives ?? []);
          assert.is(new Set(drives).size, drives.length);
          const ports = held.flatMap(({ status }): Range[] => {
            const { wekaPort, agentPort } = status?.allocations ?? {};
            return [
              ...(wekaPort === undefined ? [] : [{ base: wekaPort, length: 60 }]),
              ...(agentPort === undefined ? [] : [{ base: agentPort, length: 1 }]),
            ];
          });
          for (const [at, port] of ports.entries()) assert.ok(!ports.slice(at + 1).some((each) => overlap(each, port)));
        }
      },
    ),
    seeded,
  );
});

test('spec 05 §17 #19: the same question has the same answer', () => {
  const node = drivesNode('["S3","S1","S5","S2"]');
  const ask = (): unknown =>
    allocate({
      container: containerOf('drive', { spec: { numDrives: 2 } }),
      cluster: clusterOf(),
      node,
      others: [holder(['S1'])],
      flags: {},
      flagsOf: () => undefined,
      ...surroundings,
    });
  const first = ask();
  for (let again = 0; again < 100; again += 1) assert.equal(ask(), first);
});

for (const [name, given, kind] of [
  ['#10: a cluster without a range', { cluster: clusterOf({ status: {} }) }, 'PortAllocationFailed'],
  ['#13: too few drives', { node: drivesNode('["A"]') }, 'InsufficientDrives'],
  ['#14: a broken annotation', { node: drivesNode('not json') }, undefined],
] as const) {
  test(`spec 05 §17 ${name}: ${kind ?? 'no event'}`, () => {
    const base = {
      container: containerOf('drive', { spec: { numDrives: 2 } }),
      cluster: clusterOf(),
      node: drivesNode('["A","B"]'),
    };
    const answer = allocate({ ...base, ...given, others: [], flags: {}, flagsOf: () => undefined, ...surroundings });
    if (answer.kind !== 'refused') throw new Error('allocated');
    assert.equal(
      answer.events.map(({ reason }) => reason),
      kind === undefined ? [] : [kind],
    );
    assert.equal([answer.plain, answer.retryMs], kind === undefined ? [true, 10_000] : [false, 30_000]);
  });
}

// resources.json. Spec 05, 9.

test('spec 05 §9.1: key order and what is left out', () => {
  const all = { virtualDrives: [], agentPort: 35303, wekaPort: 35000, drives: ['S1'], failureDomain: '' };
  assert.is(
    JSON.stringify(resourcesOf(all, ['udp'])),
    '{"drives":["S1"],"wekaPort":35000,"agentPort":35303,"failureDomain":"","netDevices":["udp"]}',
  );
  assert.is(JSON.stringify(resourcesOf(undefined, [])), '{}');
});

test('spec 05 §9.3: lists in their order, null is not "", the type of a virtual drive does not count', () => {
  assert.is(sameResources({ drives: ['a', 'b'] }, { drives: ['b', 'a'] }), false);
  assert.is(sameResources({ drives: [] }, {}), true);
  assert.is(sameResources({ failureDomain: '' }, {}), false);
  const virtual = { virtualUUID: 'v', physicalUUID: 'p', capacityGiB: 1, serial: 's' };
  assert.is(sameResources({ virtualDrives: [{ ...virtual, type: 'TLC' }] }, { virtualDrives: [virtual] }), true);
});

test.run();
