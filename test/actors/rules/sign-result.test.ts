/** What a signing leaves on its node, and how block lists are read. Spec 06, 5.4 and 2.6. */
import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { blockedPhysicalUuids, blockedSerials } from '../../../actors/rules/blocked-lists.ts';
import { signOutcome } from '../../../actors/rules/sign-result.ts';
import type { Node } from '../../../messages/resources.ts';
import { BOOT, NODE, nodeOf } from '../../support/containers.ts';

const nodeWith = (annotations: Readonly<Record<string, string>> = {}): Node => nodeOf(NODE, { annotations });
const signed = (result: unknown, node: Node) => {
  const outcome = signOutcome(JSON.stringify(result), node);
  if (outcome.kind !== 'signed') throw new Error(outcome.reason);
  return outcome;
};
const serials = (...list: readonly string[]) => ({ drives: list.map((serial_id) => ({ serial_id })) });

test('spec 06 §5.4: what was known stays in front, what is new comes behind, each once', () => {
  const node = nodeWith({ 'weka.io/weka-drives': '["C","A"]' });
  const { annotations, resources } = signed(serials('B', 'A', '', 'D'), node);
  assert.equal(annotations, {
    'weka.io/weka-drives': '["C","A","B","D"]',
    'weka.io/blocked-drives': '[]',
    'weka.io/sign-drives-hash': createHash('sha256').update(BOOT).digest('hex'),
  });
  assert.equal(resources, { 'weka.io/drives': '4' });
});
test('spec 06 §5.4: known drives that are mounted become blocked; blocked ones that are not there do not count', () => {
  const node = nodeWith({ 'weka.io/weka-drives': '["A","B"]', 'weka.io/blocked-drives': '["A","Z"]' });
  const raw_drives = ['B', 'X'].map((serial_id) => ({ path: '/dev/x', serial_id, is_mounted: true }));
  const { annotations, resources } = signed({ ...serials('C'), raw_drives }, node);
  assert.is(annotations['weka.io/blocked-drives'], '["A","Z","B"]');
  assert.equal(resources, { 'weka.io/drives': '1' });
});
test('spec 06 §5.4: an unreadable list of drives counts as empty, an unreadable block list stops', () => {
  assert.is(signed(serials('A'), nodeWith({ 'weka.io/weka-drives': 'x' })).annotations['weka.io/weka-drives'], '["A"]');
  for (const text of ['x', '']) {
    const outcome = signOutcome('{}', nodeWith({ 'weka.io/blocked-drives': text }));
    assert.is(outcome.kind, 'failed');
    if (outcome.kind === 'failed') assert.match(outcome.reason, /^error unmarshalling blocked drives: /);
  }
});

const proxyDrive = (uuid: string, capacity_gib: number, type: string, serial = `ser-${uuid}`) => ({
  physical_uuid: uuid,
  serial,
  capacity_gib,
  type,
});
test('spec 08 §11 #56: the block list of physical drives is people’s: a signing does not write it', () => {
  const node = nodeWith({ 'weka.io/blocked-drives-physical-uuids': '["u1"]' });
  const { annotations } = signed({ proxy_drives: [proxyDrive('u1', 100, 'TLC'), proxyDrive('u2', 100, 'TLC')] }, node);
  assert.equal(Object.keys(annotations), ['weka.io/weka-shared-drives', 'weka.io/sign-drives-hash']);
});
test('spec 06 §5.4: shared drives are merged by serial, in place, and counted by type', () => {
  const node = nodeWith({
    'weka.io/weka-shared-drives': JSON.stringify([proxyDrive('a', 1000, 'TLC'), proxyDrive('q', 5000, 'QLC')]),
  });
  const found = [proxyDrive('n', 300, ''), proxyDrive('a2', 1100, 'TLC', 'ser-a'), proxyDrive('x', 1, 'TLC', '')];
  const { annotations, resources } = signed({ proxy_drives: found }, node);
  assert.equal(JSON.parse(annotations['weka.io/weka-shared-drives'] ?? ''), [
    proxyDrive('a2', 1100, 'TLC', 'ser-a'),
    proxyDrive('q', 5000, 'QLC'),
    proxyDrive('n', 300, ''),
  ]);
  assert.is(annotations['weka.io/weka-drives'], undefined);
  assert.equal(resources, { 'weka.io/shared-drives-capacity': '1400', 'weka.io/shared-drives-capacity-qlc': '5000' });
});
test('spec 06 §10 #48: two TLC of 100 and one QLC of 300 GiB: resources 200 and 300, merged by serial', () => {
  const node = nodeWith({ 'weka.io/weka-shared-drives': JSON.stringify([proxyDrive('old', 1, 'TLC', 'ser-a')]) });
  const found = [proxyDrive('a', 100, 'TLC'), proxyDrive('b', 100, 'TLC'), proxyDrive('q', 300, 'QLC')];
  const { annotations, resources } = signed({ proxy_drives: found }, node);
  assert.equal(JSON.parse(annotations['weka.io/weka-shared-drives'] ?? ''), found);
  assert.equal(resources, { 'weka.io/shared-drives-capacity': '200', 'weka.io/shared-drives-capacity-qlc': '300' });
});
test('spec 01 §23 #29: shared drives beside one that is listed: three entries, all that are not QLC in one sum', () => {
  const node = nodeWith({ 'weka.io/weka-shared-drives': JSON.stringify([proxyDrive('old', 3576, 'TLC')]) });
  const found = [proxyDrive('a', 7152, 'TLC'), proxyDrive('q', 14304, 'QLC')];
  const { annotations, resources } = signed({ proxy_drives: found }, node);
  assert.is(JSON.parse(annotations['weka.io/weka-shared-drives'] ?? '').length, 3);
  assert.equal(resources, {
    'weka.io/shared-drives-capacity': '10728',
    'weka.io/shared-drives-capacity-qlc': '14304',
  });
});
test('spec 06 §10 #69: a shared signing that found nothing, and a drive without a serial', () => {
  const before = { 'weka.io/weka-drives': undefined, 'weka.io/weka-shared-drives': '[]' };
  const { annotations, resources } = signed({ proxy_drives: [] }, nodeOf(NODE, { annotations: before }));
  assert.equal(annotations, {
    'weka.io/weka-drives': '[]',
    'weka.io/blocked-drives': '[]',
    'weka.io/sign-drives-hash': createHash('sha256').update(BOOT).digest('hex'),
  });
  assert.equal(resources, { 'weka.io/drives': '0' });
  assert.is(signed(serials('', 'A'), nodeWith()).annotations['weka.io/weka-drives'], '["A"]');
});
test('F13: blocked shared drives do not count as capacity', () => {
  const found = [proxyDrive('a', 1000, 'TLC'), proxyDrive('b', 500, 'TLC'), proxyDrive('q', 5000, 'QLC')];
  const node = nodeWith({ 'weka.io/blocked-drives': '["ser-a"]', 'weka.io/blocked-drives-physical-uuids': '["q"]' });
  const { resources } = signed({ proxy_drives: found }, node);
  assert.equal(resources, { 'weka.io/shared-drives-capacity': '500', 'weka.io/shared-drives-capacity-qlc': '0' });
});
test('spec 06 §5.4: a shared signing that found nothing leaves shared drives alone', () => {
  const { annotations, resources } = signed({ proxy_drives: [] }, nodeWith());
  assert.is(annotations['weka.io/weka-drives'], '[]');
  assert.equal(resources, { 'weka.io/drives': '0' });
});
test('F32: what cannot be decoded, and what says that it failed, are two things', () => {
  for (const text of ['x', '[]', '{"drives":1}']) assert.is(signOutcome(text, nodeWith()).kind, 'undecodable');
  assert.equal(signOutcome('{"err":"no drives","drives":[]}', nodeWith()), { kind: 'errored', reason: 'no drives' });
});

for (const [text, expected] of [
  [undefined, []],
  ['', []],
  ['null', []],
  ['["A","B"]', ['A', 'B']],
  ['x', /^failed to unmarshal blocked drives: /],
  ['{}', /^failed to unmarshal blocked drives: /],
] as const) {
  test(`spec 06 §2.6: the block list ${JSON.stringify(text)}`, () => {
    const list = blockedSerials(nodeWith(text === undefined ? {} : { 'weka.io/blocked-drives': text }));
    if (list.kind === 'known') assert.equal(list.ids, expected);
    else assert.match(list.reason, expected as RegExp);
  });
}
test('spec 06 §3.7: blocked shared drives are listed by physical UUID', () => {
  const of = (text: string) => blockedPhysicalUuids(nodeWith({ 'weka.io/blocked-drives-physical-uuids': text }));
  assert.equal(of('["u"]'), { kind: 'known', ids: ['u'] });
  const bad = of('1');
  assert.match(bad.kind === 'failed' ? bad.reason : '', /^failed to unmarshal blocked shared drives: /);
});

test.run();
