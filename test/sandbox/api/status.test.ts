/** Outcomes as metav1.Status. kubectl prints causes, not messages, for invalid objects. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { causesOf, statusOf } from '../../../deploy/sandbox/api/status.ts';
import { CONTAINERS, PODS } from '../../../messages/kube.ts';

test('status: not found names resource, group and object', () => {
  const message = 'wekacontainers.weka.weka.io "x" not found';
  const status = statusOf({ kind: 'notFound', message }, { type: CONTAINERS, name: 'x' });
  assert.equal(status?.code, 404);
  assert.equal(status?.reason, 'NotFound');
  assert.equal(status?.details, { name: 'x', group: 'weka.weka.io', kind: 'wekacontainers' });
});

test('status: throttling says in whole seconds when to come back', () => {
  const status = statusOf({ kind: 'throttled', retryAfterMs: 1_200 }, { type: PODS });
  assert.equal([status?.code, status?.details?.retryAfterSeconds], [429, 2]);
});

test('status: an unknown end has no status', () => {
  assert.is(statusOf({ kind: 'transport', cause: 'reset' }, { type: PODS }), undefined);
});

test('status: every error of an invalid object is a cause of its own', () => {
  const text =
    'WekaContainer.weka.weka.io "x" is invalid: [spec.image: Required value, spec.mode: Unsupported value: "odd": supported values: "a", "b", <nil>: Invalid value: "null": some rules, and more]';
  assert.equal(causesOf(text), [
    { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.image' },
    {
      reason: 'FieldValueNotSupported',
      message: 'Unsupported value: "odd": supported values: "a", "b"',
      field: 'spec.mode',
    },
    { reason: 'FieldValueInvalid', message: 'Invalid value: "null": some rules, and more', field: '' },
  ]);
});

test('status: a single error has no brackets', () => {
  assert.equal(causesOf('Pod "p" is invalid: spec: Forbidden: pod updates may not change fields'), [
    { reason: 'FieldValueForbidden', message: 'Forbidden: pod updates may not change fields', field: 'spec' },
  ]);
});

test('status: a text of another kind is one cause without a field', () => {
  assert.equal(causesOf('what?'), [{ reason: 'FieldValueInvalid', message: 'what?', field: '' }]);
});

test.run();
