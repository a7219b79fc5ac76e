/** Virtual drives by capacity: the tables of spec 05, 7 and 15, and what holds for all requests. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CapacityAsk, chooseByCapacity } from '../../../../actors/rules/allocation/capacity-mode.ts';
import { PIECE_MIN_GIB, sizeLists } from '../../../../actors/rules/allocation/piece-sizes.ts';
import { type Piece, place } from '../../../../actors/rules/allocation/placement.ts';
import { capacitySplit } from '../../../../actors/rules/capacity-split.ts';
import { drives, outcome, shown } from './given-drives.ts';

const settings = (enforceMinDrivesPerTypePerCore: boolean, maxVirtualDrivesPerCore = 8) => ({
  enforceMinDrivesPerTypePerCore,
  maxVirtualDrivesPerCore,
});
const ask = (capacityGiB: number, cores: number, given: Partial<CapacityAsk> = {}): CapacityAsk => ({
  capacityGiB,
  cores,
  ratio: undefined,
  existing: undefined,
  ...given,
});
const lists = (need: number, min: number, max: number, free: readonly number[]): readonly string[] =>
  [...sizeLists(need, { min, max }, free)].map((sizes) => sizes.join(' '));
const repeated = (count: number, size: number): string => Array.from({ length: count }, () => size).join(' ');

for (const [need, ratio, tlc, qlc] of [
  [5000, undefined, 5000, 0],
  [12000, [4, 1], 9600, 2400],
  [12000, [1, 10], 1090, 10910],
  [60000, [1, 10], 5454, 54546],
  [3000, [0, 1], 0, 3000],
  [700, [0, 0], 700, 0],
] as const) {
  test(`spec 05 §7.4: ${need} GiB at ${ratio?.join(':') ?? 'no ratio'}`, () => {
    const split = capacitySplit(need, ratio && { tlc: ratio[0], qlc: ratio[1] });
    assert.equal(split, { tlcGiB: tlc, qlcGiB: qlc });
  });
}

for (const [need, min, first] of [
  [6000, 3, '2000 2000 2000'],
  [4000, 3, '1334 1333 1333'],
  [5000, 3, '1667 1667 1666'],
] as const) {
  test(`spec 05 §15.1: the first even list of ${need} GiB`, () => {
    assert.is(lists(need, min, 24, [20000, 20000])[0], first);
  });
}

for (const [need, min, max, free, expected] of [
  [1000, 3, 24, [5000], []],
  [500, 5, 40, [10000], []],
  [10000, 5, 40, [500], []],
  [300, 1, 24, [10000], []],
  [
    6000,
    3,
    9,
    [10000, 10000],
    [
      repeated(3, 2000),
      repeated(4, 1500),
      repeated(5, 1200),
      repeated(6, 1000),
      `858 ${repeated(6, 857)}`,
      repeated(8, 750),
      `${repeated(6, 667)} ${repeated(3, 666)}`,
      '1500 3000 1500',
    ],
  ],
  [3000, 3, 3, [50000], [repeated(3, 1000), '750 1500 750']],
  [6000, 3, 6, [50000], [repeated(3, 2000), repeated(4, 1500), repeated(5, 1200), repeated(6, 1000), '1500 3000 1500']],
  [
    8000,
    4,
    8,
    [50000],
    [
      repeated(4, 2000),
      repeated(5, 1600),
      `${repeated(2, 1334)} ${repeated(4, 1333)}`,
      `${repeated(6, 1143)} 1142`,
      repeated(8, 1000),
      '2000 2000 2000 2000',
    ],
  ],
] as const) {
  test(`spec 05 §15.2: all lists of ${need} GiB in ${min} to ${max} pieces`, () => {
    assert.equal(lists(need, min, max, free), expected);
  });
}
for (const [need, min, max, free, first, last] of [
  [500, 1, 24, [10000], '500', '500'],
  [1000, 1, 24, [10000], '1000', '1000'],
  [1000, 2, 24, [10000], '500 500', '500 500'],
  [21000, 3, 24, [20000, 500, 500], '7000 7000 7000', '20000 500 500'],
  [21000, 5, 24, [20000, 500, 500], '4200 4200 4200 4200 4200', '5000 500 500 10000 5000'],
  [21000, 4, 32, [20000, 500, 500], '5250 5250 5250 5250', '10000 500 500 10000'],
  [6000, 3, 24, [10000, 10000], '2000 2000 2000', '1500 3000 1500'],
] as const) {
  test(`spec 05 §15.2: first and last list of ${need} GiB in at least ${min} pieces`, () => {
    const all = lists(need, min, max, free);
    assert.equal([all[0], all.at(-1)], [first, last]);
  });
}

test('spec 05 §15.2: an asymmetric pair', () => {
  const combined = chooseByCapacity(
    [...drives('TLC', 10000), ...drives('QLC', 10000)],
    ask(1500, 3, { ratio: { tlc: 1, qlc: 2 } }),
    settings(false),
  );
  assert.is(outcome(combined), 't1:500 q1:500 q1:500');
});

for (const [number, free, need, cores, expected] of [
  [1, [10000, 10000], 6000, 6, 't1:1000 t2:1000 t2:1000 t1:1000 t1:1000 t2:1000'],
  [2, [1500, 900], 2000, 2, 't1:667 t2:667 t1:666'],
  [3, [1200, 1200, 1200], 3000, 2, 't1:1000 t2:1000 t3:1000'],
  [4, [20000, 500, 500], 21000, 3, 't1:20000 t2:500 t3:500'],
  // A-8, §17 #21: the generated order has no room, largest first has.
  [5, [20000, 500, 500], 21000, 4, 't1:10000 t1:10000 t2:500 t3:500'],
] as const) {
  test(`spec 05 §17 #21, §7.5: row ${number}`, () => {
    assert.is(outcome(chooseByCapacity(drives('TLC', ...free), ask(need, cores), settings(true))), expected);
  });
}
test('spec 05 §7.5: 300 GiB make no list, and that is said', () => {
  const choice = chooseByCapacity(drives('TLC', 10000), ask(300, 3, { existing: 0 }), settings(true));
  const text =
    'Cannot allocate 300 GiB: each virtual drive must fit entirely on a single physical drive for drive type TLC. Physical drives available: [10000] GiB. Max virtual drives allowed: 24';
  assert.equal(choice, { kind: 'short', event: 'InsufficientDriveCapacity', reason: text });
});

const sized = (count: number, type: 'TLC' | 'QLC', each: number) =>
  drives(type, ...Array.from({ length: count }, () => each));
for (const [enforced, tlc, qlc, capacity, tlcPart, qlcPart, cores, expected] of [
  [true, [2, 10000], [2, 10000], 12000, 1, 1, 6, [6, 6]],
  [true, [1, 5000], [1, 5000], 5000, 1, 4, 5, /^insufficient TLC capacity/],
  [true, [1, 5000], [1, 5000], 5000, 4, 1, 5, /^insufficient QLC capacity/],
  [false, [1, 10000], [2, 10000], 3000, 1, 5, 6, [1, 5]],
  [false, [2, 10000], [1, 10000], 3000, 4, 2, 6, [4, 2]],
  [false, [2, 10000], [1, 10000], 1500, 2, 1, 3, [2, 1]],
  [false, [1, 10000], [1, 10000], 1000, 1, 1, 5, /^insufficient total capacity/],
  [true, [2, 10000], [0, 0], 3000, 1, 0, 3, [3, 0]],
  [false, [0, 0], [2, 10000], 3000, 0, 1, 3, [0, 3]],
  [false, [2, 10000], [2, 10000], 5100, 1, 2, 4, 't1:1700 q1:1134 q2:1133 q2:1133'],
  [true, [2, 10000], [2, 10000], 5100, 1, 2, 4, 't1:425 t2:425 t2:425 t1:425 q1:850 q2:850 q2:850 q1:850'],
  [false, [1, 5000], [1, 5000], 5000, 4, 1, 5, 't1:1334 t1:1333 t1:1333 q1:500 q1:500'],
  [false, [1, 10000], [1, 10000], 7000, 1, 4, 3, 't1:1400 q1:2800 q1:2800'],
  [false, [1, 10000], [1, 10000], 2100, 1, 2, 4, 't1:700 q1:467 q1:467 q1:466'],
  [true, [2, 10000], [2, 10000], 12000, 1, 10, 6, /^insufficient TLC capacity.* only 1090 GiB configured/],
  [true, [1, 10000], [1, 20000], 12000, 1, 10, 2, 't1:545 t1:545 q1:5455 q1:5455'],
  [true, [2, 10000], [0, 0], 12000, 1, 1, 6, 'no QLC drives available but QLC capacity 6000 GiB is required'],
] as const) {
  test(`spec 05 §17 #18, §15.3: ${capacity} GiB at ${tlcPart}:${qlcPart} on ${cores} cores, enforced ${enforced}`, () => {
    const ratio = { tlc: tlcPart, qlc: qlcPart };
    const all = [...sized(tlc[0], 'TLC', tlc[1]), ...sized(qlc[0], 'QLC', qlc[1])];
    const choice = chooseByCapacity(all, ask(capacity, cores, { ratio }), settings(enforced));
    if (expected instanceof RegExp) assert.match(outcome(choice), expected);
    else if (typeof expected === 'string') assert.is(outcome(choice), expected);
    else {
      if (choice.kind !== 'chosen') throw new Error(choice.reason);
      const count = (type: string): number => choice.pieces.filter(({ drive }) => drive.type === type).length;
      assert.equal([count('TLC'), count('QLC')], expected);
    }
  });
}

test('spec 05 §17 #20: QLC that has no room fails all of it, though TLC has', () => {
  const all = [...drives('TLC', 10000, 10000), ...drives('QLC', 4000)];
  const choice = chooseByCapacity(all, ask(12000, 6, { ratio: { tlc: 1, qlc: 1 } }), settings(true));
  const text =
    'not enough drive capacity available: need 6000 GiB, have 4000 GiB usable (4000 GiB total) for drive type QLC. Physical drives available: [4000] GiB. Max virtual drives allowed: 42';
  assert.equal(choice, { kind: 'short', event: 'InsufficientDriveCapacity', reason: text });
});

// One type. The number of cores stands for the least number of pieces, the limit is exact for one core more or less.
for (const [type, need, min, max, free, expected] of [
  ['TLC', 1000, 1, 10, [5000], 't1:1000'],
  ['TLC', 3000, 3, 9, [5000], 't1:1000 t1:1000 t1:1000'],
  ['QLC', 2000, 2, 10, [10000], 'q1:1000 q1:1000'],
  ['TLC', 2000, 2, 10, [1500, 1500], 't1:1000 t2:1000'],
  ['TLC', 3000, 2, 2, [10000], 't1:1500 t1:1500'],
  ['TLC', 1536, 4, 8, [10000], 't1:384 t1:384 t1:384 t1:384'],
  ['TLC', 5000, 1, 10, [1000], /need 5000 GiB, have 1000 GiB usable \(1000 GiB total\)/],
  ['TLC', 1000, 2, 10, [600, 600], 't1:500 t2:500'],
  [
    'TLC',
    10240,
    2,
    10,
    [5000, 5000, 371, 371],
    'not enough drive capacity available: need 10240 GiB, have 10000 GiB usable (10742 GiB total) for drive type TLC. Physical drives available: [5000 5000 371 371] GiB. Max virtual drives allowed: 10',
  ],
] as const) {
  test(`spec 05 §15.4: ${need} GiB ${type} in ${min} to ${max} pieces`, () => {
    const ratio = type === 'TLC' ? { tlc: 1, qlc: 0 } : { tlc: 0, qlc: 1 };
    const perCore = max / min;
    const choice = chooseByCapacity(drives(type, ...free), ask(need, min, { ratio }), settings(true, perCore));
    if (expected instanceof RegExp) assert.match(outcome(choice), expected);
    else assert.is(outcome(choice), expected);
  });
}

for (const [number, tlc, qlc, given, expected] of [
  [1, [20000, 5000], [], { capacityGiB: 2000, ratio: { tlc: 1, qlc: 0 }, cores: 2, existing: 2 }, 't1:2000'],
  [2, [20000], [20000], { capacityGiB: 2000, ratio: { tlc: 1, qlc: 1 }, cores: 2, existing: 2 }, 't1:1000 q1:1000'],
  [3, [20000], [20000], { capacityGiB: 3000, ratio: { tlc: 2, qlc: 1 }, cores: 3, existing: 1 }, 't1:2000 q1:1000'],
  [4, [20000], [], { capacityGiB: 1000, ratio: { tlc: 1, qlc: 0 }, cores: 2, existing: 3 }, 't1:1000'],
  [5, [20000], [], { capacityGiB: 1000, ratio: { tlc: 1, qlc: 0 }, cores: 3, existing: 3 }, 't1:1000'],
  [
    6,
    [20000],
    [],
    { capacityGiB: 1000, ratio: undefined, cores: 2, existing: 4 },
    'Cannot allocate 1000 GiB: each virtual drive must fit entirely on a single physical drive for drive type TLC. Physical drives available: [20000] GiB',
  ],
  [7, [20000], [], { capacityGiB: 200, ratio: undefined, cores: 2, existing: 2 }, /^Cannot allocate 200 GiB/],
] as const) {
  test(`spec 05 §12.2, §15.5: reallocation, row ${number}`, () => {
    const all = [...drives('TLC', ...tlc), ...drives('QLC', ...qlc)];
    const choice = chooseByCapacity(all, given, settings(true, 2));
    if (expected instanceof RegExp) assert.match(outcome(choice), expected);
    else assert.is(outcome(choice), expected);
  });
}

test('a drive with less than nothing left is listed, and takes part in the sum', () => {
  const choice = chooseByCapacity(drives('TLC', -500, 1000), ask(900, 1), settings(true));
  assert.match(outcome(choice), /need 900 GiB, have 1000 GiB usable|Cannot allocate 900 GiB/);
});

test('no list mutates the drives for the next one', () => {
  const all = drives('TLC', 1500, 900);
  const before = JSON.stringify(all);
  chooseByCapacity(all, ask(2000, 2), settings(true));
  assert.is(JSON.stringify(all), before);
});

// Invariants of every choice, on a fleet of drives that were used before.
const used = (type: 'TLC' | 'QLC') =>
  fc.array(fc.integer({ min: -300, max: 8000 }), { maxLength: 6 }).map((free) => drives(type, ...free));
const asked = fc.record({
  capacityGiB: fc.integer({ min: 1, max: 30000 }),
  cores: fc.integer({ min: 1, max: 4 }),
  ratio: fc.option(fc.record({ tlc: fc.integer({ min: 0, max: 4 }), qlc: fc.integer({ min: 0, max: 4 }) }), {
    nil: undefined,
  }),
  existing: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined }),
});
test('every choice: the sum is the request, no piece below 384, no drive beyond its room, no more pieces than allowed', () => {
  fc.assert(
    fc.property(
      used('TLC'),
      used('QLC'),
      asked,
      fc.boolean(),
      fc.integer({ min: 1, max: 4 }),
      (tlc, qlc, given, enforced, perCore) => {
        const choice = chooseByCapacity([...tlc, ...qlc], given, settings(enforced, perCore));
        if (choice.kind !== 'chosen') return;
        const { pieces } = choice;
        const sum = (list: readonly Piece[]): number => list.reduce((total, { sizeGiB }) => total + sizeGiB, 0);
        const of = (type: string): readonly Piece[] => pieces.filter(({ drive }) => drive.type === type);
        const { tlcGiB, qlcGiB } = capacitySplit(given.capacityGiB, given.ratio);
        assert.equal([sum(of('TLC')), sum(of('QLC'))], [tlcGiB, qlcGiB]);
        assert.ok(pieces.every(({ sizeGiB }) => sizeGiB >= PIECE_MIN_GIB));
        for (const drive of [...tlc, ...qlc])
          assert.ok(sum(pieces.filter((piece) => piece.drive === drive)) <= Math.max(0, drive.freeGiB), shown(pieces));
        assert.ok(pieces.length <= Math.max(0, given.cores * perCore - (given.existing ?? 0)));
        if (given.existing === undefined) assert.ok(pieces.length >= given.cores);
        if (given.existing === undefined && enforced)
          for (const type of ['TLC', 'QLC']) assert.ok(of(type).length === 0 || of(type).length >= given.cores);
      },
    ),
    { seed: 20260101, numRuns: 400 },
  );
});

test('one piece more is refused only where it does not fit on the emptiest drive', () => {
  const sizes = fc.array(fc.integer({ min: 384, max: 3000 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(used('TLC'), sizes, (tlc, list) => {
      const left = new Map(tlc.map((drive) => [drive.physicalUuid, drive.freeGiB]));
      const pieces = place(list, tlc);
      for (const [index, size] of list.entries()) {
        const most = Math.max(...left.values());
        const piece = pieces?.[index];
        if (piece === undefined) {
          if (most < size) return;
          left.set([...left].find(([, free]) => free === most)?.[0] ?? '', most - size);
          continue;
        }
        const { physicalUuid } = piece.drive;
        assert.is(left.get(physicalUuid), most);
        left.set(physicalUuid, most - size);
      }
      assert.ok(pieces !== undefined);
    }),
    { seed: 20260101, numRuns: 300 },
  );
});

test.run();
