/** Size of a proxy and the split of capacity. Source: spec 04, 10.3; spec 01, 7.4. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { capacitySplit } from '../../../actors/rules/capacity-split.ts';
import { proxyHugepages } from '../../../actors/rules/proxy-hugepages.ts';
import { node } from './given.ts';

const sized = (text: string) =>
  proxyHugepages(node('n', { metadata: { annotations: { 'weka.io/weka-shared-drives': text } } }));

test('4 MiB for each drive and begun TiB of the largest, on top of 378', () => {
  const drives = [1, 1025, 500].map((capacity_gib) => ({ capacity_gib }));
  assert.equal(sized(JSON.stringify(drives)), { kind: 'ok', baseMiB: 378 + 4 * 3 * 2 });
});

test('without a list of drives there is no size', () => {
  assert.equal(proxyHugepages(node('n')), { kind: 'failed', error: 'node has no shared drives annotation' });
  assert.equal(sized('[]'), { kind: 'failed', error: 'no shared drives found in annotation' });
  for (const text of ['{', '{}', '7', '[{"capacity_gib":"1"}]']) assert.is(sized(text).kind, 'failed', text);
});

test('spec 01 §23 #14: capacity is split by the ratio, TLC rounded down, all TLC without one', () => {
  assert.equal(capacitySplit(1000, { tlc: 1, qlc: 10 }), { tlcGiB: 90, qlcGiB: 910 });
  assert.equal(capacitySplit(1000, undefined), { tlcGiB: 1000, qlcGiB: 0 });
  assert.equal(capacitySplit(11, { tlc: 1, qlc: 1 }), { tlcGiB: 5, qlcGiB: 6 });
  assert.equal(capacitySplit(11, undefined), { tlcGiB: 11, qlcGiB: 0 });
  assert.equal(capacitySplit(11, { tlc: 0, qlc: 0 }), { tlcGiB: 11, qlcGiB: 0 });
  assert.equal(capacitySplit(11, { tlc: 0, qlc: 3 }), { tlcGiB: 0, qlcGiB: 11 });
});

test.run();
