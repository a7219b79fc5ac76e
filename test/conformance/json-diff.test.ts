/** The readable difference of two JSON values. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { jsonDiff } from './json-diff.ts';

test('equal values have no difference', () => {
  assert.equal(jsonDiff({ a: [1, { b: null }] }, { a: [1, { b: null }] }), []);
});

test('a leaf, an absent key and another kind of value are a line each, in order of keys', () => {
  assert.equal(jsonDiff({ b: 1, a: { x: 'y' }, c: {} }, { b: 2, a: {}, c: [] }), [
    'a.x: "y" → absent',
    'b: 1 → 2',
    'c: {} → []',
  ]);
  assert.equal(jsonDiff(1, undefined), ['(whole): 1 → absent']);
});

test('named lists are matched by name, and a change of their order is a line', () => {
  const [a, b, c] = [
    { name: 'a', v: 1 },
    { name: 'b', v: 1 },
    { name: 'c', v: 1 },
  ];
  assert.equal(jsonDiff({ env: [a, b, c] }, { env: [a, { ...c, v: 2 }] }), [
    'env[name=b]: {"name":"b","v":1} → absent',
    'env[name=c].v: 1 → 2',
  ]);
  assert.equal(jsonDiff([a, b], [b, a]), [' order: a,b → b,a']);
});

test('other lists go by index, also those with a name twice', () => {
  assert.equal(jsonDiff({ l: [1, 2] }, { l: [1] }), ['l[1]: 2 → absent']);
  const twice = [{ name: 'a' }, { name: 'a' }];
  assert.equal(jsonDiff({ l: twice }, { l: [{ name: 'a' }] }), ['l[1]: {"name":"a"} → absent']);
});

test('long lines and many lines are cut', () => {
  const [line = ''] = jsonDiff('x'.repeat(500), '');
  assert.is(line.length, 160);
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, index]));
  const lines = jsonDiff(many, {});
  assert.equal([lines.length, lines.at(-1)], [41, '… and 10 more lines']);
});

test('keys that every object inherits are no keys of a value', () => {
  assert.equal(jsonDiff({ constructor: 1 }, {}), ['constructor: 1 → absent']);
});

test.run();
