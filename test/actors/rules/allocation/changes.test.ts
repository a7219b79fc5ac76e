/** What happens to drives after the first allocation: growth, giving up, and the same thing held twice. Spec 05, 12. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { additionalDrives, needsDrives } from '../../../../actors/rules/allocation/additional-drives.ts';
import { allocate } from '../../../../actors/rules/allocation/allocate.ts';
import { deallocate, neverAdded } from '../../../../actors/rules/allocation/deallocate.ts';
import { ownedTwice } from '../../../../actors/rules/allocation/owned-twice.ts';
import type { Node } from '../../../../messages/resources.ts';
import type { Allocations, WekaContainer, WekaContainerSpec } from '../../../../messages/weka-container.ts';
import { clusterOf, containerOf, NODE, nodeOf } from '../../../support/containers.ts';
import { SETTINGS } from '../../../support/pass.ts';
import { type Held, sharedNode, virtual } from './given-drives.ts';

const scaling = { ...SETTINGS, enableDynamicDriveScalingForSharedDrives: true };
const PORTS = { wekaPort: 35000, agentPort: 35303 };
const holding = (allocations: Allocations, spec: Partial<WekaContainerSpec> = {}, name = 'drive'): WekaContainer =>
  containerOf('drive', { name, spec, status: { nodeAffinity: NODE, allocations: { ...PORTS, ...allocations } } });
const drivesNode = (drives: readonly string[], blocked: readonly string[] = []): Node =>
  nodeOf(NODE, {
    annotations: { 'weka.io/weka-drives': JSON.stringify(drives), 'weka.io/blocked-drives': JSON.stringify(blocked) },
  });
const more = (container: WekaContainer, node: Node, others: readonly WekaContainer[] = []) =>
  additionalDrives({
    container,
    node,
    holders: [...others, container],
    settings: { ...scaling, maxVirtualDrivesPerCore: 2 },
    newUuid: () => 'new',
  });
const grown = (...args: Parameters<typeof more>): Allocations => {
  const answer = more(...args);
  if (answer.kind === 'refused') throw new Error(answer.reason);
  return answer.allocations;
};

test('spec 05 §17 #38: the third serial is appended, all else stays', () => {
  const container = holding({ drives: ['A', 'B'], failureDomain: 'r1' }, { numDrives: 3 });
  const allocations = grown(container, drivesNode(['C', 'A', 'B', 'D']), [holding({ drives: ['C'] }, {}, 'other')]);
  assert.equal(allocations, { drives: ['A', 'B', 'D'], ...PORTS, failureDomain: 'r1' });
});

test('spec 05 §17 #39: growth that is impossible is told once a minute and changes nothing', () => {
  const answer = more(holding({ drives: ['A'] }, { numDrives: 2 }), drivesNode(['A']));
  if (answer.kind !== 'refused') throw new Error('allocated');
  const text = 'not enough drives available: need 1, have 0';
  assert.equal([answer.reason, answer.cause, answer.retryMs], [text, 'InsufficientDrives', 10_000]);
  const [event] = answer.events;
  const told = `${text}. On node node-1: 1 drives, 0 free, 1 owned (weka/drive: A), 0 blocked`;
  assert.equal([event?.reason, event?.message, event?.perMinute], ['AllocateContainerDrivesError', told, true]);
});

test('spec 05 §17 #40: two that grow one after the other get different drives', () => {
  const [a, b] = [holding({ drives: ['A'] }, { numDrives: 2 }, 'a'), holding({ drives: ['B'] }, { numDrives: 2 }, 'b')];
  const node = drivesNode(['A', 'B', 'C', 'D']);
  const first = grown(a, node, [b]);
  assert.equal(first.drives, ['A', 'C']);
  assert.equal(grown(b, node, [holding(first, {}, 'a')]).drives, ['B', 'D']);
});

test('spec 05 §17 #41: shared drives grow only where that is configured', () => {
  const container = holding({ virtualDrives: virtual(['t1', 4000]) }, { containerCapacity: 6000 });
  assert.is(needsDrives(container, SETTINGS), false);
  assert.is(needsDrives(container, scaling), true);
});
for (const [name, allocations, spec, expected] of [
  ['nothing allocated yet', undefined, { numDrives: 2 }, false],
  ['fewer drives', { drives: ['A'] }, { numDrives: 2 }, true],
  ['more drives', { drives: ['A', 'B'] }, { numDrives: 1 }, false],
  ['no drives asked for', {}, {}, false],
  ['fewer pieces', { virtualDrives: virtual(['t1', 500]) }, { numDrives: 2, driveCapacity: 500 }, true],
  ['all pieces', { virtualDrives: virtual(['t1', 500]) }, { numDrives: 1, driveCapacity: 500 }, false],
  ['less capacity', { virtualDrives: virtual(['t1', 500]) }, { containerCapacity: 501 }, true],
  ['all capacity', { virtualDrives: virtual(['t1', 500]) }, { containerCapacity: 500 }, false],
] as const) {
  test(`spec 05 §12.2: ${name} ${expected ? 'needs' : 'needs no'} drives`, () => {
    const status = allocations === undefined ? {} : { allocations };
    assert.is(needsDrives(containerOf('drive', { spec, status }), scaling), expected);
  });
}

const room = [
  { uuid: 't1', gib: 20000 },
  { uuid: 'q1', gib: 20000, type: 'QLC' },
];
const added = (have: Held, spec: Partial<WekaContainerSpec>): string => {
  const before = virtual(...have);
  const { virtualDrives = [] } = grown(holding({ virtualDrives: before }, spec), sharedNode(room));
  assert.equal(virtualDrives.slice(0, before.length), before);
  const fresh = virtualDrives.slice(before.length);
  return fresh.map(({ physicalUUID, capacityGiB }) => `${physicalUUID}:${capacityGiB}`).join(' ');
};
for (const [number, have, spec, expected] of [
  [
    1,
    [
      ['t1', 1000],
      ['t1', 1000],
    ],
    { containerCapacity: 4000, numCores: 2, driveTypesRatio: { tlc: 1, qlc: 0 } },
    't1:2000',
  ],
  [
    2,
    [
      ['t1', 500],
      ['q1', 500],
    ],
    { containerCapacity: 3000, numCores: 2, driveTypesRatio: { tlc: 1, qlc: 1 } },
    't1:1000 q1:1000',
  ],
  [3, [['t1', 1000]], { containerCapacity: 4000, numCores: 3, driveTypesRatio: { tlc: 2, qlc: 1 } }, 't1:2000 q1:1000'],
  [
    4,
    [
      ['t1', 500],
      ['t1', 500],
      ['t1', 500],
    ],
    { containerCapacity: 2500, numCores: 2 },
    't1:1000',
  ],
  [
    5,
    [
      ['t1', 2000],
      ['t1', 2000],
      ['t1', 2000],
    ],
    { containerCapacity: 7000, numCores: 3 },
    't1:1000',
  ],
  [6, [['t1', 500]], { numDrives: 2, driveCapacity: 500, numCores: 1 }, 't1:500'],
] as const) {
  test(`spec 05 §17 #41, §12.2: growth of shared drives, row ${number}`, () => {
    assert.is(added(have, spec), expected);
  });
}

test('spec 05 §17 #41: growth by less than a piece waits for a change, not for time', () => {
  const answer = more(
    holding({ virtualDrives: virtual(['t1', 1000], ['t1', 1000]) }, { containerCapacity: 2200, numCores: 2 }),
    sharedNode(room),
  );
  if (answer.kind !== 'refused') throw new Error('allocated');
  assert.match(answer.reason, /^failed to allocate new virtual drives: Cannot allocate 200 GiB: /);
  assert.is(answer.retryMs, undefined);
});

// Giving up. Spec 05, 12.3.

const mixed: Allocations = {
  drives: ['A', 'B', 'C'],
  ...PORTS,
  virtualDrives: virtual(['t1', 1], ['t2', 2], ['t1', 3]),
};
for (const [name, blocked, expected] of [
  ['nothing of it', { serials: ['Z'], physicalUuids: ['x'] }, undefined],
  ['one drive', { serials: ['B', 'Z'] }, { ...mixed, drives: ['A', 'C'] }],
  ['all drives', { serials: ['A', 'B', 'C'] }, { ...PORTS, virtualDrives: mixed.virtualDrives }],
  ['shared ones by serial', { serials: ['ser-t1'] }, { ...mixed, virtualDrives: mixed.virtualDrives?.slice(1, 2) }],
  ['shared ones by UUID', { physicalUuids: ['t1', 't2'] }, { drives: ['A', 'B', 'C'], ...PORTS }],
] as const) {
  test(`spec 05 §12.3: gives up ${name}`, () => {
    const before = JSON.stringify(mixed);
    assert.equal(deallocate(mixed, blocked), expected);
    assert.is(JSON.stringify(mixed), before);
  });
}

test('spec 05 §17 #42: a failed drive is given up, replaced, and not chosen again', () => {
  const left = deallocate({ drives: ['A', 'B'], ...PORTS }, { serials: ['A'] }) ?? {};
  const container = holding(left, { numDrives: 2 });
  assert.is(needsDrives(container, SETTINGS), true);
  assert.equal(grown(container, drivesNode(['A', 'B', 'C'], ['A'])).drives, ['B', 'C']);
});
test('spec 05 §17 #42: blocked but never added is given up, once a fresh list shows it', () => {
  const addedDrive = { uuid: 'u', added_time: '', device_path: '', serial_number: 'A', status: 'ACTIVE' };
  const allocations = { drives: ['A', 'B', 'C'] };
  assert.equal(neverAdded(allocations, ['A', 'B'], [addedDrive]), ['B']);
  assert.equal(neverAdded(allocations, ['A', 'B'], []), ['A', 'B']);
  assert.equal(neverAdded(allocations, ['A', 'B'], undefined), []);
});

// Held twice. F12.

test('F12: what two hold is found, what one holds twice is not', () => {
  const list = [
    holding({ drives: ['A', 'A'], wekaPort: 35000, agentPort: 35050 }, {}, 'a'),
    holding({ drives: ['B'], wekaPort: 35100, agentPort: 35303 }, {}, 'b'),
    holding({ drives: ['A'], wekaPort: 35160, agentPort: 35303 }, {}, 'c'),
  ];
  assert.equal(
    ownedTwice(list, () => 60),
    ['drive A by weka/a and weka/c', 'port 35303 by weka/b and weka/c'],
  );
  assert.equal(
    ownedTwice(list.slice(0, 2), () => 100),
    [],
  );
  assert.equal(
    ownedTwice(list.slice(1), () => 100),
    ['port 35160 by weka/b and weka/c', 'port 35303 by weka/b and weka/c'],
  );
});
test('F12: it is told with the next choice, which takes none of it', () => {
  const two = [
    holding({ drives: ['A'] }, {}, 'a'),
    holding({ drives: ['A'], wekaPort: 35100, agentPort: 35304 }, {}, 'b'),
  ];
  const answer = allocate({
    container: containerOf('drive', { spec: { numDrives: 1 } }),
    cluster: clusterOf(),
    node: drivesNode(['A', 'B']),
    others: two,
    flags: {},
    flagsOf: () => ({}),
    settings: SETTINGS,
    newUuid: () => 'new',
  });
  if (answer.kind !== 'allocated') throw new Error(answer.reason);
  assert.equal(answer.allocations.drives, ['B']);
  assert.equal(
    answer.events.map(({ reason, perMinute }) => [reason, perMinute]),
    [
      ['ResourcesAllocated', false],
      ['ResourceOwnedTwice', true],
    ],
  );
});

test.run();
