/** Finding the name that was meant. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { editDistance, nearestName } from '../../messages/nearest-name.ts';

const DISTANCES: readonly (readonly [string, string, number])[] = [
  ['', '', 0],
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
  ['TIMEUOT', 'TIMEOUT', 1],
  ['COMAND', 'COMMAND', 1],
];
for (const [one, other, distance] of DISTANCES) {
  test(`from "${one}" to "${other}" it takes ${distance}`, () => assert.is(editDistance(one, other), distance));
}

test('the nearest wins, the first of equals, and none beyond the limit', () => {
  assert.is(nearestName('cart', ['dart', 'carts', 'cat'], 2), 'dart');
  assert.is(nearestName('xxxx', ['dart', 'carts'], 2), undefined);
  assert.is(nearestName('cat', ['cat', 'cats'], 0), 'cat');
});

test('property: the distance is symmetric, and zero for equal texts only', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (one, other) => {
      assert.is(editDistance(one, other), editDistance(other, one));
      assert.is(editDistance(one, other) === 0, one === other);
    }),
  );
});

test.run();
