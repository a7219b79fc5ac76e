/** RFC 7396, its appendix A, and that a difference applied gives the other value. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mergeDiff, mergePatch, sameJson } from '../../messages/merge-patch.ts';

for (const [target, patch, result] of [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
] as const) {
  test(`RFC 7396 appendix A: ${JSON.stringify(target)} with ${JSON.stringify(patch)}`, () => {
    assert.equal(mergePatch(target, patch), result);
  });
}

/** As a status is: nulls do not occur, lists may hold anything. */
const value = fc.letrec((tie) => ({
  leaf: fc.oneof(fc.string(), fc.integer(), fc.boolean()),
  list: fc.array(tie('value'), { maxLength: 3 }),
  map: fc.dictionary(fc.oneof(fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor'), fc.string()), tie('value'), {
    maxKeys: 4,
  }),
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, tie('leaf'), tie('list'), tie('map')),
}));
const seeded = { seed: 7396, numRuns: 1_000 };

test('the difference applied gives the other one; equal values have none; nothing is changed in place', () => {
  fc.assert(
    fc.property(value.map, value.map, (a, b) => {
      const [before, after] = [JSON.stringify(a), JSON.stringify(b)];
      const patch = mergeDiff(a, b);
      const merged = patch === undefined ? a : mergePatch(a, patch);
      assert.ok(sameJson(merged, b));
      assert.is(patch === undefined, sameJson(a, b));
      assert.equal([JSON.stringify(a), JSON.stringify(b)], [before, after]);
    }),
    seeded,
  );
});

test('two differences of the same value that touch different members do not disturb each other', () => {
  fc.assert(
    fc.property(value.map, value.value, value.value, (base, x, y) => {
      const start = { ...(base as object), mine: 0, theirs: 0 };
      const ours = mergeDiff(start, { ...start, mine: x });
      const stored = { ...start, theirs: y };
      const merged = ours === undefined ? stored : mergePatch(stored, ours);
      return sameJson(merged, { ...stored, mine: x });
    }),
    seeded,
  );
});

test('undefined equals absent', () => {
  assert.is(mergeDiff({ a: 1 }, { a: 1, b: undefined }), undefined);
  assert.equal(mergeDiff({ a: 1 }, { a: undefined }), { a: null });
  assert.ok(sameJson({ a: undefined }, {}));
  assert.not.ok(sameJson({ a: null }, {}));
});

test.run();
