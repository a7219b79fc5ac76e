/** Go durations, read and written. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { goDuration, goDurationMs, goDurationNs } from '../../messages/go-duration.ts';

const READ: readonly (readonly [string, number])[] = [
  ['0', 0],
  ['0s', 0],
  ['5m', 300_000],
  ['1h2m3s', 3_723_000],
  ['24h0m0s', 86_400_000],
  ['1.5h', 5_400_000],
  ['300ms', 300],
  ['.5s', 500],
  ['1.s', 1000],
  ['-1.5h', -5_400_000],
  ['+3s', 3000],
  ['100us', 0.1],
  ['100µs', 0.1],
  ['100μs', 0.1],
  ['1ns', 1e-6],
  ['1s1s', 2000],
];
for (const [text, milliseconds] of READ) {
  test(`${text} is ${milliseconds} ms`, () => assert.is(goDurationMs(text), milliseconds));
}

for (const text of [
  '',
  '5',
  '5 m',
  '5 min',
  's',
  '.s',
  '1h 2m',
  '1d',
  '1e3s',
  '1,5h',
  '--1s',
  '1H',
  '9223372037s',
  'x'.repeat(1000),
]) {
  test(`${text.slice(0, 20)} is no duration`, () => assert.is(goDurationNs(text), undefined));
}

test('the largest duration is that of Go', () => {
  assert.is(goDurationNs('2562047h47m16.854775807s'), 2n ** 63n - 1n);
  assert.is(goDurationNs('2562047h47m16.854775808s'), undefined);
});

const WRITTEN: readonly (readonly [number, string])[] = [
  [0, '0s'],
  [1, '1ms'],
  [1.5, '1.5ms'],
  [0.1, '100µs'],
  [300, '300ms'],
  [1000, '1s'],
  [1500, '1.5s'],
  [60_000, '1m0s'],
  [240_000, '4m0s'],
  [3_600_000, '1h0m0s'],
  [3_723_500, '1h2m3.5s'],
  [86_400_000, '24h0m0s'],
  [-1500, '-1.5s'],
];
for (const [milliseconds, text] of WRITTEN) {
  test(`${milliseconds} ms is written ${text}`, () => assert.is(goDuration(milliseconds), text));
}

test('durations beyond 104 days keep their milliseconds, read and written', () => {
  // Nanoseconds as one number lose digits there: this one came back 0.0001 ms short.
  assert.is(goDuration(659_775_801_041), '183271h3m21.041s');
  assert.is(goDurationMs('183271h3m21.041s'), 659_775_801_041);
});

test('property: what is written reads back', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(10 ** 12), max: 10 ** 12 }), (ms) => assert.is(goDurationMs(goDuration(ms)), ms)),
  );
});

test('property: no text makes it throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789.hmsnuµ+-') }), (text) => void goDurationNs(text)),
  );
});

test.run();
