/**
 * Who owns which fields of an object, kept truthful by every write. What clients send as managedFields is ignored (a real
 * server lets them reset it). Only leaves are listed, not the maps that hold them, and what admission fills in counts as the
 * creator's. Source: apimachinery v0.36.3, pkg/util/managedfields.
 */
import { difference, isEmpty, touched, union } from './field-sets.ts';
import type { FieldSet, Json, JsonObject, ManagedFields, Stored } from './json.ts';
import type { Schema } from './schema.ts';

/** Who writes, by which way, at which moment (RFC 3339). */
export interface Writer {
  readonly manager: string;
  readonly subresource: 'status' | undefined;
  readonly time: string;
}

const UNOWNED = new Set(['apiVersion', 'kind']);
const UNOWNED_METADATA = new Set([
  'name',
  'namespace',
  'creationTimestamp',
  'uid',
  'generation',
  'managedFields',
  'resourceVersion',
]);

/** The part of an object that managers can own. Shares everything below the metadata. */
export function ownable(object: JsonObject): JsonObject {
  const out: Record<string, Json> = {};
  for (const [key, value] of Object.entries(object)) {
    if (UNOWNED.has(key)) continue;
    if (key !== 'metadata') out[key] = value;
    else {
      const fields = Object.entries(value as JsonObject).filter(([name]) => !UNOWNED_METADATA.has(name));
      if (fields.length > 0) out.metadata = Object.fromEntries(fields);
    }
  }
  return out;
}

/** The entries after a create, PUT or patch that turned `old` (undefined: nothing) into `next`. */
export function ownedByUpdate(
  old: Stored | undefined,
  next: JsonObject,
  schema: Schema | undefined,
  writer: Writer,
): readonly ManagedFields[] {
  const change = touched(old === undefined ? {} : ownable(old as unknown as JsonObject), ownable(next), schema);
  const entries = old?.metadata.managedFields ?? [];
  if (isEmpty(change.written) && isEmpty(change.removed)) return entries;
  const apiVersion = String(next.apiVersion);
  const all = union(change.written, change.removed);
  const out: ManagedFields[] = [];
  let mine: FieldSet = {};
  for (const entry of entries) {
    if (isWriters(entry, 'Update', writer) && entry.apiVersion === apiVersion) {
      mine = difference(entry.fieldsV1, change.removed);
    } else pushUnlessEmpty(out, entry, difference(entry.fieldsV1, all));
  }
  pushUnlessEmpty(out, entryOf('Update', writer, apiVersion), union(mine, change.written));
  return out.sort(byAge);
}

export const isWriters = (entry: ManagedFields, operation: 'Apply' | 'Update', writer: Writer): boolean =>
  entry.operation === operation && entry.manager === writer.manager && entry.subresource === writer.subresource;

export const entryOf = (operation: 'Apply' | 'Update', writer: Writer, apiVersion: string): ManagedFields => ({
  manager: writer.manager,
  operation,
  apiVersion,
  time: writer.time,
  fieldsType: 'FieldsV1',
  fieldsV1: {},
  ...(writer.subresource === undefined ? {} : { subresource: writer.subresource }),
});

/** The order of the entries: applies first, then the older ones. */
export function byAge(one: ManagedFields, other: ManagedFields): number {
  const rank = ({ operation, time, manager, apiVersion, subresource }: ManagedFields) =>
    [operation, time, manager, apiVersion, subresource].join('\n');
  return rank(one) < rank(other) ? -1 : 1;
}

/** Adds an entry with these fields; one that owns nothing is not kept. */
export function pushUnlessEmpty(out: ManagedFields[], entry: ManagedFields, fieldsV1: FieldSet): void {
  if (!isEmpty(fieldsV1)) out.push({ ...entry, fieldsV1 });
}
