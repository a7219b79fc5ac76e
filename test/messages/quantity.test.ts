/** Kubernetes quantities, as apimachinery reads them. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isZeroQuantity, quantityMilli, quantityNano, quantityValue, sameQuantity } from '../../messages/quantity.ts';

const READ: readonly (readonly [string | number, bigint])[] = [
  [0, 0n],
  [2, 2_000_000_000n],
  ['1', 1_000_000_000n],
  ['500m', 500_000_000n],
  ['1.5', 1_500_000_000n],
  ['.5', 500_000_000n],
  ['5.', 5_000_000_000n],
  ['1k', 1_000_000_000_000n],
  ['1Ki', 1_024_000_000_000n],
  ['0.5Ki', 512_000_000_000n],
  ['1e3', 1_000_000_000_000n],
  ['1E3', 1_000_000_000_000n],
  ['1E', 10n ** 27n],
  ['12e-3', 12_000_000n],
  ['1n', 1n],
  ['0.1n', 1n],
  ['-0.1n', -1n],
  ['1u', 1000n],
  ['-2Gi', -2n * 1024n ** 3n * 10n ** 9n],
];
for (const [quantity, nano] of READ) {
  test(`${quantity} is ${nano} billionths`, () => assert.is(quantityNano(quantity), nano));
}

for (const text of [
  '',
  'one',
  '1 Gi',
  '1KI',
  '1K',
  '1.2.3',
  '1e',
  '1e3Ki',
  '.',
  '+',
  '1e9999',
  '9'.repeat(500),
  'NaN',
]) {
  test(`"${text.slice(0, 20)}" is no quantity`, () => assert.is(quantityNano(text), undefined));
}

test('whole and milli values round away from zero', () => {
  assert.equal(
    [quantityValue('1.1'), quantityValue('-1.1'), quantityValue('2Gi'), quantityValue('x')],
    [2, -2, 2 * 1024 ** 3, undefined],
  );
  assert.equal([quantityMilli('1500u'), quantityMilli('2'), quantityMilli('500m')], [2, 2000, 500]);
});

test('equal amounts are the same however written', () => {
  assert.ok(sameQuantity('1', '1000m'));
  assert.ok(sameQuantity('1Gi', '1024Mi'));
  assert.ok(sameQuantity(2, '2'));
  assert.not(sameQuantity('1G', '1Gi'));
  assert.ok(sameQuantity('odd', 'odd'));
  assert.not(sameQuantity('odd', '0'));
});

test('spec 01 §6: absent and every spelling of zero are alike', () => {
  for (const zero of [undefined, 0, '0', '0m', '0Gi', '-0']) assert.ok(isZeroQuantity(zero), String(zero));
  for (const other of [1, '1n', 'x']) assert.not(isZeroQuantity(other), String(other));
});

test('property: a value in Mi is 1024 of it in Ki', () => {
  fc.assert(fc.property(fc.nat(), (count) => assert.ok(sameQuantity(`${count}Mi`, `${count * 1024}Ki`))));
});

test('property: no text makes it throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789.eE+-numkKMi') }), (text) => void quantityNano(text)),
  );
});

test.run();
