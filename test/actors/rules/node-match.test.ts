/** Nodes that a container asks for. Source: spec 02, 4.3; spec 04, 2.2. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { matchesSelector, satisfiesAffinity } from '../../../actors/rules/node-match.ts';
import type { NodeSelectorTerm } from '../../../messages/core-types.ts';

const LABELS = { zone: 'z1', cores: '8', name: '' };
const satisfies = (...nodeSelectorTerms: readonly NodeSelectorTerm[]) =>
  satisfiesAffinity(LABELS, {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
  });
const holds = (key: string, operator: string, ...values: readonly string[]) =>
  satisfies({ matchExpressions: [{ key, operator, values }] });

test('a selector matches when every entry is a label; prototypes are no labels', () => {
  assert.ok(matchesSelector(LABELS, undefined));
  assert.ok(matchesSelector(LABELS, { zone: 'z1', name: '' }));
  assert.not.ok(matchesSelector(LABELS, { zone: 'z1', rack: '' }));
  assert.not.ok(matchesSelector(LABELS, { constructor: 'Object' }));
});

test('terms are alternatives, expressions of one term are not', () => {
  const [yes, no] = [
    { key: 'zone', operator: 'Exists' },
    { key: 'rack', operator: 'Exists' },
  ];
  assert.ok(satisfies({ matchExpressions: [no] }, { matchExpressions: [yes] }));
  assert.not.ok(satisfies({ matchExpressions: [yes, no] }));
  assert.ok(satisfies({}));
  assert.not.ok(satisfies());
});

test('no required part matches every node, fields are not looked at', () => {
  assert.ok(satisfiesAffinity(LABELS, undefined));
  assert.ok(satisfiesAffinity(LABELS, { nodeAffinity: {} }));
  assert.ok(satisfies({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['other'] }] }));
});

test('a missing label compares as an empty text', () => {
  assert.equal([holds('rack', 'In', ''), holds('rack', 'In', 'r'), holds('rack', 'NotIn', 'r')], [true, false, true]);
  assert.equal([holds('rack', 'Exists'), holds('rack', 'DoesNotExist'), holds('name', 'Exists')], [false, true, true]);
});

test('Gt and Lt want integers and accept equality', () => {
  assert.equal([holds('cores', 'Gt', '8'), holds('cores', 'Gt', '9'), holds('cores', 'Lt', '8')], [true, false, true]);
  assert.equal(
    [holds('zone', 'Gt', '1'), holds('cores', 'Lt', 'many'), holds('rack', 'Lt', '9')],
    [false, false, false],
  );
});

test('an unknown operator holds for no node', () => {
  assert.not.ok(holds('zone', 'Near', 'z1'));
});

test.run();
