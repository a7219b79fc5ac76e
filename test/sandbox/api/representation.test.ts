/** Tables and partial metadata as kube-apiserver's table convertor makes them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formOf, renderList, renderObject } from '../../../deploy/sandbox/api/representation.ts';
import type { PrinterColumn, ServedType } from '../../../deploy/sandbox/world/api.ts';
import { CONTAINERS, type KubeObject, PODS } from '../../../messages/kube.ts';

const column = (name: string, type: PrinterColumn['type'], path: string, priority = 0): PrinterColumn => ({
  name,
  type,
  jsonPath: path,
  priority,
});
const served: ServedType = {
  type: CONTAINERS,
  singular: 'wekacontainer',
  shortNames: [],
  categories: [],
  hasStatus: true,
  columns: [
    column('Mode', 'string', '.spec.mode'),
    column('Cores', 'integer', '.spec.numCores', 1),
    column('Ips', 'string', '.status.ips'),
    column('Ready', 'boolean', '.status.ready'),
    column('Share', 'number', '.status.share'),
    column('Age', 'date', '.metadata.creationTimestamp'),
    column('Ended', 'date', '.status.ended'),
  ],
  schema: undefined,
};
const NOW_MS = Date.UTC(2026, 0, 2);
const object = {
  apiVersion: 'weka.weka.io/v1alpha1',
  kind: 'WekaContainer',
  metadata: { name: 'x', namespace: 'n', uid: 'u', resourceVersion: '7', creationTimestamp: '2026-01-01T23:55:00Z' },
  spec: { mode: 'drive', numCores: 3 },
  status: { ips: ['a', 'b'], ready: 'yes', share: 0.5, ended: 'never' },
} as KubeObject;
const metadataOnly = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };

interface Table {
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
  readonly rows: readonly { readonly cells: readonly unknown[]; readonly object?: unknown }[];
}
const query = new URLSearchParams();
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

test('representation: cells have the type of their column, dates are ages, what does not fit is null', () => {
  const table = renderObject({ kind: 'table', include: 'Metadata' }, served, object, NOW_MS) as Table;
  assert.equal(table.rows, [
    { cells: ['x', 'drive', 3, '["a","b"]', null, 0.5, '5m', '<invalid>'], object: metadataOnly },
  ]);
  const names = table.columnDefinitions.map(({ name, priority }) => `${name}/${priority}`);
  assert.equal(names, ['Name/0', 'Mode/0', 'Cores/1', 'Ips/0', 'Ready/0', 'Share/0', 'Age/0', 'Ended/0']);
});

test('representation: a type that calculates its rows names all its columns itself', () => {
  const pods: ServedType = {
    ...served,
    type: PODS,
    columns: [column('Name', 'string', ''), column('Ready', 'string', '')],
    row: ({ metadata }, wallMs) => [metadata.name, `at ${wallMs}`],
  };
  const table = renderObject({ kind: 'table', include: 'None' }, pods, object, NOW_MS) as Table;
  assert.equal(table.rows, [{ cells: ['x', `at ${NOW_MS}`] }]);
  assert.equal(table.columnDefinitions.length, 2);
});

test('representation: later events of a watch leave the column definitions out', () => {
  const table = renderObject({ kind: 'table', include: 'Object' }, served, object, NOW_MS, false) as Table;
  assert.equal(table.columnDefinitions, []);
  assert.is(table.rows[0]?.object, object);
});

test('representation: a list keeps its version and the token of the next page in every form', () => {
  const list = { items: [object], resourceVersion: '9', continue: 'more' };
  for (const form of [{ kind: 'whole' }, { kind: 'metadata' }, { kind: 'table', include: 'None' }] as const) {
    const rendered = renderList(form, served, list, NOW_MS) as { metadata: unknown };
    assert.equal(rendered.metadata, { resourceVersion: '9', continue: 'more' });
  }
});

test('representation: the first acceptable form wins', () => {
  assert.equal(formOf(`${TABLE},application/json`, query), { kind: 'table', include: 'Metadata' });
  assert.equal(formOf(TABLE, new URLSearchParams('includeObject=None')), { kind: 'table', include: 'None' });
  assert.equal(formOf('application/json;as=Table;v=v1beta1;g=meta.k8s.io, application/json', query), { kind: 'whole' });
  assert.equal(formOf('application/vnd.kubernetes.protobuf,application/json', query), { kind: 'whole' });
  assert.equal(formOf('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1', query), { kind: 'metadata' });
  assert.equal(formOf(undefined, query), { kind: 'whole' });
  assert.is(formOf('application/vnd.kubernetes.protobuf', query), undefined);
});

test.run();
