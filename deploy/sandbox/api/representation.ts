/** The forms in which objects are answered: whole, as rows of a table, or metadata only. Pure. */
import type { KubeList, KubeObject, ResourceType } from '../../../messages/kube.ts';
import type { PrinterColumn, ServedType } from '../world/api.ts';
import { humanDuration } from '../world/store/human-duration.ts';
import { type JsonPath, jsonPath } from './json-path.ts';
import { groupVersionOf } from './routes.ts';

export type Form =
  | { readonly kind: 'whole' }
  | { readonly kind: 'metadata' }
  /** `include`: what each row carries beside its cells. */
  | { readonly kind: 'table'; readonly include: 'None' | 'Metadata' | 'Object' };

const META_VERSION = 'meta.k8s.io/v1';

/** The first form of an Accept header that is offered here; undefined: none (406). */
export function formOf(accept: string | undefined, query: URLSearchParams): Form | undefined {
  for (const offer of (accept === undefined || accept.trim() === '' ? '*/*' : accept).split(',')) {
    const [media = '', ...rest] = offer.split(';').map((part) => part.trim());
    if (!['application/json', 'application/*', '*/*'].includes(media)) continue;
    const parameters = new Map(rest.map((part) => part.split('=') as [string, string]));
    const as = parameters.get('as');
    if (as === undefined) return { kind: 'whole' };
    if (parameters.get('g') !== 'meta.k8s.io' || parameters.get('v') !== 'v1') continue;
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return { kind: 'metadata' };
    if (as !== 'Table') continue;
    const include = query.get('includeObject');
    return { kind: 'table', include: include === 'None' || include === 'Object' ? include : 'Metadata' };
  }
  return undefined;
}

export interface Position {
  readonly resourceVersion: string;
  readonly continue?: string;
}

/** One object in the form asked for. `columns: false` leaves the table's column definitions out, as later watch events do. */
export function renderObject(
  form: Form,
  served: ServedType,
  object: KubeObject,
  nowMs: number,
  columns = true,
): unknown {
  switch (form.kind) {
    case 'whole':
      return object;
    case 'metadata':
      return metadataOf(object);
    case 'table':
      return tableOf(form, served, [object], { resourceVersion: object.metadata.resourceVersion }, nowMs, columns);
  }
}

export function renderList(form: Form, served: ServedType, list: KubeList, nowMs: number): unknown {
  const metadata: Position = {
    resourceVersion: list.resourceVersion,
    ...(list.continue === undefined ? {} : { continue: list.continue }),
  };
  switch (form.kind) {
    case 'whole':
      return {
        kind: `${served.type.kind}List`,
        apiVersion: groupVersionOf(served.type),
        metadata,
        // Items of built-in types do not name theirs: a client knows it from the list.
        items: served.schema === undefined ? list.items.map(withoutKind) : list.items,
      };
    case 'metadata':
      return {
        kind: 'PartialObjectMetadataList',
        apiVersion: META_VERSION,
        metadata,
        items: list.items.map(metadataOf),
      };
    case 'table':
      return tableOf(form, served, list.items, metadata, nowMs, true);
  }
}

/** The object of a bookmark event. */
export function renderBookmark(
  form: Form,
  type: ResourceType,
  resourceVersion: string,
  initialEventsEnd: boolean,
): unknown {
  const annotations = initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
  const metadata = { resourceVersion, creationTimestamp: null, ...annotations };
  if (form.kind === 'whole') return { kind: type.kind, apiVersion: groupVersionOf(type), metadata };
  if (form.kind === 'metadata') return { kind: 'PartialObjectMetadata', apiVersion: META_VERSION, metadata };
  return { kind: 'Table', apiVersion: META_VERSION, metadata: { resourceVersion }, columnDefinitions: [], rows: [] };
}

const withoutKind = ({ apiVersion: _version, kind: _kind, ...rest }: KubeObject): unknown => rest;

const metadataOf = (object: KubeObject): unknown => ({
  kind: 'PartialObjectMetadata',
  apiVersion: META_VERSION,
  metadata: object.metadata,
});

function tableOf(
  form: Extract<Form, { kind: 'table' }>,
  served: ServedType,
  objects: readonly KubeObject[],
  metadata: Position,
  nowMs: number,
  withColumns: boolean,
): unknown {
  const cellsOf = served.row ?? ((object: KubeObject) => cellsByPath(served.columns, object, nowMs));
  return {
    kind: 'Table',
    apiVersion: META_VERSION,
    metadata,
    columnDefinitions: withColumns ? definitionsOf(served) : [],
    rows: objects.map((object) => ({
      cells: cellsOf(object, nowMs),
      ...(form.include === 'None' ? {} : { object: form.include === 'Object' ? object : metadataOf(object) }),
    })),
  };
}

const NAME_COLUMN: PrinterColumn = {
  name: 'Name',
  type: 'string',
  jsonPath: '.metadata.name',
  priority: 0,
  description: 'Name must be unique within a namespace.',
};

/** kubectl knows the column of names by its format, and writes the kind before it (`pod/x`) where several types are shown. */
const definitionsOf = ({ columns, row }: ServedType): readonly unknown[] =>
  (row === undefined ? [NAME_COLUMN, ...columns] : columns).map(({ name, type, priority, description }) => ({
    name,
    type,
    format: name === NAME_COLUMN.name ? 'name' : '',
    description: description ?? '',
    priority,
  }));

const cellsByPath = (columns: readonly PrinterColumn[], object: KubeObject, nowMs: number): readonly unknown[] => [
  object.metadata.name,
  ...columns.map((column) => cellOf(column, pathOf(column)(object)[0], nowMs)),
];

const compiled = new WeakMap<PrinterColumn, JsonPath>();
function pathOf(column: PrinterColumn): JsonPath {
  const known = compiled.get(column);
  if (known !== undefined) return known;
  const path = jsonPath(column.jsonPath);
  compiled.set(column, path);
  return path;
}

/**
 * A cell of a CRD's column: null where the path finds nothing or the value has another type; a text column shows any
 * value as text; the server turns dates into ages, kubectl does not. Source: apiextensions-apiserver tableconvertor.go.
 */
function cellOf({ type }: PrinterColumn, value: unknown, nowMs: number): unknown {
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'string':
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? ageOf(Date.parse(value), nowMs) : null;
  }
}

const ageOf = (atMs: number, nowMs: number): string => (Number.isNaN(atMs) ? '<invalid>' : humanDuration(atMs, nowMs));
