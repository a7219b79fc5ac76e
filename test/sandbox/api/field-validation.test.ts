/** Unknown fields of objects and patches against a structural schema. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { unknownFields, unknownFieldsOfPatch } from '../../../deploy/sandbox/api/field-validation.ts';
import type { ServedType } from '../../../deploy/sandbox/world/api.ts';
import { CONFIG_MAPS, CONTAINERS } from '../../../messages/kube.ts';

const schema = {
  type: 'object',
  properties: {
    metadata: { type: 'object' },
    spec: {
      type: 'object',
      properties: {
        image: { type: 'string' },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        list: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } } },
      },
    },
  },
};
const served: ServedType = {
  type: CONTAINERS,
  singular: 'wekacontainer',
  shortNames: [],
  categories: [],
  hasStatus: true,
  columns: [],
  schema,
};

test('field-validation: what the schema names is known, also in maps, free objects and lists', () => {
  const spec = { image: 'i', labels: { any: 'x' }, free: { deep: { er: 1 } }, list: [{ name: 'n' }] };
  const metadata = { name: 'n', labels: { a: 'b' }, managedFields: [{ fieldsV1: { 'f:spec': {} } }] };
  assert.equal(unknownFields(served, { apiVersion: 'v', kind: 'k', metadata, spec }), []);
});

test('field-validation: unknown fields are named with their whole path', () => {
  const spec = { imgae: 'i', list: [{ name: 'n' }, { nmae: 'n' }] };
  assert.equal(unknownFields(served, { metadata: { label: {} }, spec, statsu: {} }), [
    'metadata.label',
    'spec.imgae',
    'spec.list[1].nmae',
    'statsu',
  ]);
});

test('field-validation: a merge patch that deletes an unknown field names it too', () => {
  assert.equal(unknownFields(served, { spec: { typo: null } }), ['spec.typo']);
});

test('field-validation: a wrong type is not an unknown field', () => {
  assert.equal(unknownFields(served, { spec: 'text' }), []);
});

test('field-validation: of a JSON patch only what it sets is looked at', () => {
  const found = unknownFieldsOfPatch(served, [
    { op: 'test', path: '/spec/other', value: 1 },
    { op: 'remove', path: '/spec/other' },
    { op: 'add', path: '/spec/typo', value: 1 },
    { op: 'add', path: '/spec/labels/a~1b', value: 'x' },
    { op: 'add', path: '/spec/list/-', value: { nmae: 'x' } },
    { op: 'replace', path: '/spec/free/x/y', value: 1 },
  ]);
  assert.equal(found, ['spec.typo', 'spec.list[0].nmae']);
});

test('field-validation: a type without a schema takes everything', () => {
  const free: ServedType = { ...served, type: CONFIG_MAPS, schema: undefined };
  assert.equal(unknownFields(free, { anything: 1 }), []);
});

test.run();
