/** The linter finds what it is there for. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lintExposition } from './exposition-lint.ts';

const head = (name: string, type: string) => `# HELP ${name} x\n# TYPE ${name} ${type}\n`;
const histogram = (count: number, ...buckets: readonly (readonly [string, number])[]) =>
  `${head('h_seconds', 'histogram')}${buckets.map(([le, value]) => `h_seconds_bucket{le="${le}",a="b"} ${value}\n`).join('')}h_seconds_sum{a="b"} 3\nh_seconds_count{a="b"} ${count}\n`;

test('a good exposition has no problem', () => {
  const text = [
    `${head('a_total', 'counter')}a_total{x="1",y="q\\"\\\\\\n"} 5\na_total{x="2",y=""} 0\n`,
    `${head('b_bytes', 'gauge')}b_bytes -1.5e3\n`,
    histogram(4, ['0.1', 1], ['1', 4], ['+Inf', 4]),
  ].join('');
  assert.equal(lintExposition(text), []);
});

for (const [text, problem] of [
  ['# TYPE a gauge\na 1\n', 'a: no HELP'],
  ['# HELP a x\na 1\n', 'a: no TYPE'],
  [`${head('a', 'meter')}a 1\n`, 'a: unknown TYPE meter'],
  [`${head('a', 'gauge')}a 1`, 'the last line does not end'],
  [`${head('a', 'gauge')}a one\n`, 'cannot be read: a one'],
  [`${head('a', 'gauge')}a{x="1} 1\n`, 'cannot be read: a{x="1} 1'],
  [`${head('a', 'gauge')}a{x="1",x="2"} 1\n`, 'cannot be read: a{x="1",x="2"} 1'],
  [`${head('a', 'counter')}a 1\n`, 'a: a counter ends in _total'],
  [`${head('a_total', 'gauge')}a_total 1\n`, 'a_total: only a counter ends in _total'],
  [`${head('a_total', 'counter')}a_total -1\n`, 'a_total: a counter of -1'],
  [`${head('aB', 'gauge')}aB 1\n`, 'aB: a name is lower case with underscores'],
  [`${head('a_ms', 'gauge')}a_ms 1\n`, 'a_ms: ms is no base unit, or its type'],
  [`${head('a_count', 'gauge')}a_count 1\n`, 'a_count: its ending belongs to histograms'],
  [`${head('a', 'gauge')}a{x="1"} 1\na{x="1"} 2\n`, 'a{x="1"}: twice'],
  [`${head('a', 'gauge')}a{x="1",y="2"} 1\na{y="2",x="1"} 2\n`, 'a{x="1",y="2"}: twice'],
  [`${head('a', 'gauge')}a 1\n${head('b', 'gauge')}b 1\na{x="1"} 1\n`, 'a: its lines do not stand together'],
  [`${head('a', 'gauge')}a{uid="1"} 1\n`, 'a: label uid grows with the fleet'],
  [`${head('a', 'gauge')}a{x="5f0c6a1e-0000-4000-8000-000000000000"} 1\n`, 'a: label x grows with the fleet'],
  [`${head('a', 'gauge')}${[1, 2, 3].map((x) => `a{x="${x}"} 1\n`).join('')}`, 'a: label x has 3 values'],
  [histogram(4, ['0.1', 1], ['1', 4]), 'h_seconds{a="b"}: no bucket +Inf'],
  [histogram(5, ['0.1', 1], ['+Inf', 4]), 'h_seconds{a="b"}: _count differs from bucket +Inf'],
  [histogram(4, ['0.1', 5], ['+Inf', 4]), 'h_seconds{a="b"}: a bucket shrinks'],
  [histogram(4, ['1', 1], ['0.1', 2], ['+Inf', 4]), 'h_seconds{a="b"}: le does not grow'],
] as const) {
  test(`it says: ${problem}`, () => {
    assert.equal(lintExposition(text, { labelValuesMax: 2 }), [problem]);
  });
}

test('a name that others have fixed may be what it is, nothing else of it', () => {
  const text = `${head('a_total', 'gauge')}a_total 1\na_total 1\n`;
  assert.equal(lintExposition(text, { foreignNames: ['a_total'] }), ['a_total{}: twice']);
});

test.run();
