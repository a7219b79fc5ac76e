/**
 * Server-side apply: merge by the schema's list and map types, conflicts with other owners, and removal of what a manager
 * no longer applies. Compared with a real API server v1.36.3: objects, owners and conflict texts equal in 21 scenarios, but
 * for the `.` of maps (managed-fields.ts). Source: structured-merge-diff v6, merge/update.go; texts of apimachinery v0.36.3, managedfields.
 */
import {
  difference,
  elementOf,
  fieldsUnder,
  intersection,
  isEmpty,
  isGranular,
  isMember,
  leavesOf,
  listShape,
  pathsOf,
  touched,
  union,
} from './field-sets.ts';
import { type FieldSet, isList, type Json, type JsonObject, type ManagedFields, put } from './json.ts';
import { byAge, entryOf, isWriters, ownable, pushUnlessEmpty, type Writer } from './managed-fields.ts';
import { fieldSchema, type Schema } from './schema.ts';

export type Applied =
  | { readonly kind: 'ok'; readonly object: JsonObject; readonly managedFields: readonly ManagedFields[] }
  | { readonly kind: 'conflict'; readonly message: string };

/**
 * `live` with `config` applied by `writer`. `config` holds only fields that the request may set: without status on the main
 * resource, nothing but status (and the names) on the status subresource.
 */
export function apply(
  live: JsonObject,
  entries: readonly ManagedFields[],
  config: JsonObject,
  schema: Schema | undefined,
  writer: Writer,
  force: boolean,
): Applied {
  const wanted = leavesOf(ownable(config), schema);
  const merged = mergeMaps(live, config, schema);
  const changed = touched(ownable(live), ownable(merged), schema);
  const overwritten = union(changed.written, changed.removed);
  const apiVersion = String(config.apiVersion);
  const others: ManagedFields[] = [];
  const conflicts: { readonly entry: ManagedFields; readonly paths: readonly string[] }[] = [];
  let before: FieldSet = {};
  for (const entry of entries) {
    if (isWriters(entry, 'Apply', writer)) {
      before = entry.fieldsV1;
      continue;
    }
    const contested = intersection(entry.fieldsV1, overwritten);
    if (!isEmpty(contested)) conflicts.push({ entry, paths: pathsOf(contested) });
    pushUnlessEmpty(others, entry, difference(entry.fieldsV1, contested));
  }
  if (conflicts.length > 0 && !force) return { kind: 'conflict', message: conflictText(conflicts) };
  const owned = others.reduce<FieldSet>((all, entry) => union(all, entry.fieldsV1), wanted);
  const object = removeFields(merged, difference(before, wanted), owned, schema);
  const managedFields = [...others];
  pushUnlessEmpty(managedFields, entryOf('Apply', writer, apiVersion), wanted);
  return { kind: 'ok', object: object ?? merged, managedFields: managedFields.sort(byAge) };
}

function conflictText(
  conflicts: readonly { readonly entry: ManagedFields; readonly paths: readonly string[] }[],
): string {
  const count = conflicts.reduce((sum, { paths }) => sum + paths.length, 0);
  const [first] = conflicts;
  if (count === 1 && first !== undefined) {
    return `Apply failed with 1 conflict: conflict with ${managerText(first.entry)}: ${first.paths[0]}`;
  }
  const parts = conflicts.map(({ entry, paths }) =>
    [`conflicts with ${managerText(entry)}:`, ...paths.map((path) => `- ${path}`)].join('\n'),
  );
  return `Apply failed with ${count} conflicts: ${parts.sort().join('\n')}`;
}
function managerText({ manager, subresource, operation, apiVersion }: ManagedFields): string {
  const name = `${JSON.stringify(manager)}${subresource === undefined ? '' : ` with subresource "${subresource}"`}`;
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}

function merge(live: Json | undefined, config: Json, schema: Schema | undefined): Json {
  if (isGranular(live, schema) && isGranular(config, schema)) return mergeMaps(live, config, schema);
  const shape = listShape(schema);
  if (!isList(live) || !isList(config) || shape === 'atomic') return config;
  return mergeItems(live, config, shape, schema);
}

/** The applied items in their own order; items that only the live list has stay where they are among them. */
function mergeItems(
  live: readonly Json[],
  config: readonly Json[],
  shape: 'set' | readonly string[],
  schema: Schema | undefined,
): Json {
  const element = (item: Json) => elementOf(item, shape, schema);
  const liveItems = new Map(live.map((item) => [element(item), item]));
  const wanted = new Set(config.map(element));
  const ofBoth = [...wanted].filter((one) => liveItems.has(one));
  const out: Json[] = [];
  const done = new Set<string>();
  const take = (item: Json): void => {
    const before = liveItems.get(element(item));
    out.push(before === undefined || shape === 'set' ? item : merge(before, item, schema?.items));
    done.add(element(item));
    if (ofBoth[0] === element(item)) ofBoth.shift();
  };
  for (let [left, right] = [0, 0]; left < live.length || right < config.length; ) {
    const [old, next] = [live[left], config[right]];
    const shared = old !== undefined && wanted.has(element(old));
    if (old !== undefined && next !== undefined && element(old) === element(next)) {
      take(next);
      left++;
      right++;
    } else if (old !== undefined && !shared) {
      out.push(old);
      left++;
    } else if (old !== undefined && (done.has(element(old)) || (next !== undefined && ofBoth[0] !== element(old)))) {
      // Its place is where the applied list has it.
      left++;
    } else if (next !== undefined) {
      take(next);
      right++;
    } else left++;
  }
  return out;
}

function mergeMaps(live: JsonObject, config: JsonObject, schema: Schema | undefined): JsonObject {
  const out: Record<string, Json> = { ...live };
  for (const [key, value] of Object.entries(config)) {
    if (value === undefined) continue;
    put(out, key, merge(Object.hasOwn(live, key) ? live[key] : undefined, value, fieldSchema(schema, key)));
  }
  return out;
}

/** Without the members of `set` that nobody else owns, itself or below. Undefined when nothing is left of it. */
function removeFields(
  value: JsonObject,
  set: FieldSet,
  owned: FieldSet,
  schema: Schema | undefined,
): JsonObject | undefined {
  const out: Record<string, Json> = {};
  for (const [key, field] of Object.entries(value)) {
    const kept = removeMember(
      field,
      fieldsUnder(set, `f:${key}`),
      fieldsUnder(owned, `f:${key}`),
      fieldSchema(schema, key),
    );
    if (kept !== undefined) put(out, key, kept);
  }
  return Object.keys(out).length === 0 ? undefined : out;
}

function removeMember(
  value: Json,
  set: FieldSet | undefined,
  owned: FieldSet | undefined,
  schema: Schema | undefined,
): Json | undefined {
  if (set === undefined) return value;
  if (owned === undefined && isMember(set)) return undefined;
  if (isGranular(value, schema)) return removeFields(value, set, owned ?? {}, schema);
  const shape = listShape(schema);
  if (!isList(value) || shape === 'atomic') return owned === undefined ? undefined : value;
  const kept = value.flatMap((item) => {
    const element = elementOf(item, shape, schema);
    const left = removeMember(item, fieldsUnder(set, element), fieldsUnder(owned ?? {}, element), schema?.items);
    return left === undefined ? [] : [left];
  });
  return kept.length === 0 ? undefined : kept;
}
