/** Shared drives by count, what of a node's shared drives may be used at all, and the whole first allocation of them. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allocate } from '../../../../actors/rules/allocation/allocate.ts';
import { sharedDrives } from '../../../../actors/rules/allocation/shared-drives.ts';
import { chooseByCount } from '../../../../actors/rules/allocation/virtual-drives.ts';
import { randomUuid } from '../../../../io/uuid.ts';
import type { Node } from '../../../../messages/resources.ts';
import type { WekaContainer, WekaContainerSpec } from '../../../../messages/weka-container.ts';
import { clusterOf, containerOf, NODE } from '../../../support/containers.ts';
import { SETTINGS } from '../../../support/pass.ts';
import { random } from '../../../support/seeded.ts';
import { drives, type Held, outcome, sharedNode, virtual } from './given-drives.ts';

const holder = (name: string, ...list: Held): WekaContainer =>
  containerOf('drive', { name, status: { nodeAffinity: NODE, allocations: { virtualDrives: virtual(...list) } } });

/** What is free, as `t1:500 …`, or why that cannot be told. */
function free(node: Node, holders: readonly WekaContainer[] = []): string {
  const found = sharedDrives(node, holders);
  return found.kind === 'known'
    ? found.drives.map(({ physicalUuid, freeGiB }) => `${physicalUuid}:${freeGiB}`).join(' ')
    : found.reason;
}
const two = [
  { uuid: 't1', gib: 1000 },
  { uuid: 't2', gib: 2000 },
];

test('spec 05 §7.2: what others have is not free, wherever they are; too much given is less than nothing', () => {
  assert.is(
    free(sharedNode(two), [holder('a', ['t1', 400], ['t2', 500]), holder('b', ['t1', 700])]),
    't1:-100 t2:1500',
  );
});
test('two entries of one physical drive are one', () => {
  assert.is(free(sharedNode([...two, { uuid: 't1', gib: 3000 }])), 't1:3000 t2:2000');
});
for (const [name, annotations] of [
  ['by physical UUID', { 'weka.io/blocked-drives-physical-uuids': '["t1"]' }],
  ['by serial, without any other annotation', { 'weka.io/blocked-drives': '["ser-t1"]' }],
  [
    'by serial, beside a list of UUIDs',
    { 'weka.io/blocked-drives': '["ser-t1"]', 'weka.io/blocked-drives-physical-uuids': '[]' },
  ],
] as const) {
  test(`spec 05 §17 #23: a shared drive blocked ${name} is not there`, () => {
    assert.is(free(sharedNode(two, annotations)), 't2:2000');
  });
}
for (const [annotations, name] of [
  [{ 'weka.io/weka-shared-drives': '[["t1","ser-t1",1000]]' }, 'shared-drives'],
  [{ 'weka.io/weka-shared-drives': '' }, 'shared-drives'],
  [{ 'weka.io/blocked-drives-physical-uuids': 'x' }, 'blocked-shared-drives'],
  [{ 'weka.io/blocked-drives': '{}' }, 'blocked-drives'],
] as const) {
  test(`a ${name} annotation that cannot be read stops the choice: ${Object.values(annotations)}`, () => {
    assert.match(free(sharedNode(two, annotations)), `failed to get node info: failed to unmarshal ${name}: `);
  });
}

for (const [number, count, size, all, expected] of [
  [1, 3, 1000, drives('TLC', 10000, 10000, 10000), 't1:1000 t2:1000 t3:1000'],
  [2, 6, 500, drives('TLC', 5000, 5000, 5000, 5000, 5000, 5000), 't1:500 t2:500 t3:500 t4:500 t5:500 t6:500'],
  [3, 4, 1000, drives('TLC', 10000, 5000, 3000, 2000), 't1:1000 t1:1000 t1:1000 t1:1000'],
  [4, 3, 1000, drives('TLC', 3500, 3000, 1200), 't1:1000 t2:1000 t1:1000'],
  [5, 2, 1500, drives('TLC', 2000, 1600), 't1:1500 t2:1500'],
  [6, 3, 2000, drives('TLC', 1500, 1500, 2500), 'not enough drives available: need 6000, have 5500 (GiB)'],
  [7, 2, 1000, [...drives('TLC', 10000), ...drives('QLC', 20000), ...drives('TLC', 0, 10000)], 't1:1000 t2:1000'],
  [
    8,
    5,
    1000,
    [...drives('TLC', 10000, 10000), ...drives('QLC', 50000)],
    'not enough drives available: need 5, have 2',
  ],
] as const) {
  test(`spec 05 §7.3, §15.6: row ${number}`, () => {
    assert.is(outcome(chooseByCount(all, count, size)), expected);
  });
}

test('by count: as many pieces as asked, all of one size, on TLC only, no drive beyond its room', () => {
  const all = fc.array(fc.integer({ min: -100, max: 4000 }), { maxLength: 8 });
  const given = [all, all, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 2000 })] as const;
  fc.assert(
    fc.property(...given, (tlc, qlc, count, size) => {
      const ours = drives('TLC', ...tlc);
      const choice = chooseByCount([...drives('QLC', ...qlc), ...ours], count, size);
      const roomy = tlc.filter((room) => room >= size).length;
      assert.is(choice.kind, roomy >= count ? 'chosen' : 'short');
      if (choice.kind !== 'chosen') return;
      assert.is(choice.pieces.length, count);
      assert.ok(choice.pieces.every(({ drive, sizeGiB }) => sizeGiB === size && drive.type === 'TLC'));
      for (const drive of ours) {
        const used = choice.pieces.filter((piece) => piece.drive === drive).length * size;
        assert.ok(used <= Math.max(0, drive.freeGiB));
      }
    }),
    { seed: 20260101, numRuns: 300 },
  );
});

// The whole first allocation.

const chance = random('uuids');
const asked = (node: Node, spec: Partial<WekaContainerSpec>, others: readonly WekaContainer[] = []) =>
  allocate({
    container: containerOf('drive', { spec }),
    cluster: clusterOf(),
    node,
    others,
    flags: {},
    flagsOf: () => ({}),
    settings: SETTINGS,
    newUuid: () => randomUuid(chance),
  });
const refusal = (...args: Parameters<typeof asked>) => {
  const answer = asked(...args);
  if (answer.kind === 'allocated') throw new Error('allocated');
  return { reason: answer.reason, seconds: answer.retryMs / 1_000, events: answer.events.map(({ reason }) => reason) };
};
const four = [
  { uuid: 't1', gib: 10000 },
  { uuid: 't2', gib: 5000 },
  { uuid: 't3', gib: 3000 },
  { uuid: 't4', gib: 2000 },
];

test('spec 05 §17 #17: four pieces on the one large drive, each with an identity of its own', () => {
  const answer = asked(sharedNode(four), { numDrives: 4, driveCapacity: 1000 });
  if (answer.kind !== 'allocated') throw new Error(answer.reason);
  const { virtualDrives = [], drives: exclusive, ...ports } = answer.allocations;
  assert.is(exclusive, undefined);
  assert.equal(ports, { wekaPort: 35000, agentPort: 35303 });
  assert.is(answer.events[0]?.message, 'Allocated 4 drives, weka ports 35000-35099, agent port 35303');
  assert.is(new Set(virtualDrives.map(({ virtualUUID }) => virtualUUID)).size, 4);
  for (const { virtualUUID, ...rest } of virtualDrives) {
    assert.match(virtualUUID, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(rest, { physicalUUID: 't1', capacityGiB: 1000, serial: 'ser-t1', type: 'TLC' });
  }
});

test('spec 05 §17 #16: numDrives with containerCapacity, and fewer drives than cores', () => {
  const both = refusal(sharedNode(four), { numDrives: 1, containerCapacity: 1000 });
  assert.equal([both.seconds, both.events], [30, ['InvalidDriveSharingConfig']]);
  assert.match(both.reason, /^numDrives and containerCapacity are mutually exclusive;/);
  const few = refusal(sharedNode(four), { numDrives: 2, numCores: 3, driveCapacity: 1000 });
  assert.equal([few.seconds, few.events], [30, ['InvalidDriveSharingConfig']]);
  assert.match(few.reason, /^numDrives \(2\) must be >= numCores \(3\) when using driveCapacity/);
});

test('spec 05 §17 #19: the same question has the same physical places, also among equal drives', () => {
  const node = sharedNode([...'abcdefghijklmnopqrst'].map((uuid) => ({ uuid, gib: 5000 })));
  const places = (): string => {
    const answer = asked(node, { containerCapacity: 30000, numCores: 4 });
    if (answer.kind !== 'allocated') throw new Error(answer.reason);
    return answer.allocations.virtualDrives?.map(({ physicalUUID }) => physicalUUID).join('') ?? '';
  };
  const first = places();
  assert.is(first, 'abcdefg'.slice(0, first.length));
  for (let again = 0; again < 100; again += 1) assert.is(places(), first);
});

test('spec 05 §17 #20: TLC alone is not stored where QLC has no room', () => {
  const node = sharedNode([
    { uuid: 't1', gib: 10000 },
    { uuid: 't2', gib: 10000 },
    { uuid: 'q1', gib: 4000, type: 'QLC' },
  ]);
  const short = refusal(node, { containerCapacity: 12000, numCores: 6, driveTypesRatio: { tlc: 1, qlc: 1 } });
  assert.equal([short.seconds, short.events], [30, ['InsufficientDriveCapacity']]);
  assert.match(short.reason, /drive type QLC/);
});

test('spec 05 §17 #22: a shared drive without a type is never chosen', () => {
  const node = sharedNode([{ uuid: 't1', gib: 10000, type: '' }]);
  assert.equal(refusal(node, { containerCapacity: 1000 }), {
    reason: 'failed to allocate resources: no TLC drives available but TLC capacity 1000 GiB is required',
    seconds: 10,
    events: [],
  });
});

test('spec 05 §17 #24: 300 GiB left by others are of no use', () => {
  const other = { ...holder('other', ['t1', 9700]), metadata: { ...holder('other').metadata, namespace: 'b' } };
  const short = refusal(sharedNode([{ uuid: 't1', gib: 10000 }]), { containerCapacity: 500 }, [other]);
  assert.equal(short.events, ['InsufficientDriveCapacity']);
  assert.match(short.reason, 'need 500 GiB, have 0 GiB usable (300 GiB total)');
});

for (const [name, node, spec, reason] of [
  ['none left', sharedNode([]), { containerCapacity: 1000 }, `no shared drives found on node ${NODE}`],
  [
    'nothing asked for',
    sharedNode(two),
    { driveCapacity: 1000 },
    'either NumDrives or CapacityGiB must be specified for shared drive allocation',
  ],
] as const) {
  test(`spec 05 §7.1: ${name} is an error without an event`, () => {
    assert.equal(refusal(node, spec), { reason: `failed to allocate resources: ${reason}`, seconds: 10, events: [] });
  });
}

test('an identifier comes from the given chance alone', () => {
  const [one, same, other] = [random('a'), random('a'), random('b')];
  const first = randomUuid(one);
  assert.is(randomUuid(same), first);
  assert.is.not(randomUuid(other), first);
  assert.is.not(randomUuid(one), first);
});

test.run();
