/**
 * Sets of fields in the notation of `fieldsV1`, and what a change of an object touches. A member is a leaf `{}` or carries
 * `.`; the whole set itself is never a member. Source: structured-merge-diff v6, fieldpath and typed.
 */
import { type FieldSet, isList, isObject, type Json, type JsonObject, put } from './json.ts';
import { fieldSchema, type Schema } from './schema.ts';

export const EMPTY: FieldSet = Object.freeze({});
export const isEmpty = (set: FieldSet): boolean => Object.keys(set).length === 0;
export const isMember = (set: FieldSet): boolean => isEmpty(set) || Object.hasOwn(set, '.');

export const union = (one: FieldSet, other: FieldSet): FieldSet => {
  if (isEmpty(one)) return other;
  if (isEmpty(other)) return one;
  const out: Record<string, FieldSet> = { ...one };
  for (const [key, theirs] of Object.entries(other)) {
    const ours = Object.hasOwn(one, key) ? one[key] : undefined;
    put(
      out,
      key,
      ours === undefined ? theirs : node(isMember(ours) || isMember(theirs), union(inner(ours), inner(theirs))),
    );
  }
  return out;
};

/** The members of `one` that are no members of `other`. */
export function difference(one: FieldSet, other: FieldSet): FieldSet {
  return combine(one, other, (ours, theirs) => ours && !theirs, true);
}
export function intersection(one: FieldSet, other: FieldSet): FieldSet {
  return combine(one, other, (ours, theirs) => ours && theirs, false);
}

function combine(
  one: FieldSet,
  other: FieldSet,
  keep: (ours: boolean, theirs: boolean) => boolean,
  keepAlone: boolean,
): FieldSet {
  const out: Record<string, FieldSet> = {};
  for (const [key, ours] of Object.entries(one)) {
    const theirs = Object.hasOwn(other, key) ? other[key] : undefined;
    if (theirs === undefined) {
      if (keepAlone) put(out, key, ours);
      continue;
    }
    const children = combine(inner(ours), inner(theirs), keep, keepAlone);
    const member = keep(isMember(ours), isMember(theirs));
    if (member || !isEmpty(children)) put(out, key, node(member, children));
  }
  return out;
}

/** The children alone, without the mark that the node itself is a member. */
function inner(set: FieldSet): FieldSet {
  if (!Object.hasOwn(set, '.')) return set;
  const { '.': _self, ...rest } = set;
  return rest;
}
const node = (member: boolean, children: FieldSet): FieldSet =>
  member && !isEmpty(children) ? { '.': EMPTY, ...children } : children;

/** What of `set` lies at and below one element, or undefined. */
export const fieldsUnder = (set: FieldSet, element: string): FieldSet | undefined =>
  Object.hasOwn(set, element) ? set[element] : undefined;

/** The members as paths such as `.spec.containers[name="a"].image`. */
export function pathsOf(set: FieldSet, path = ''): readonly string[] {
  const paths: string[] = [];
  for (const [key, child] of Object.entries(set)) {
    if (key === '.') continue;
    const here = `${path}${pathElement(key)}`;
    if (isMember(child)) paths.push(here);
    paths.push(...pathsOf(child, here));
  }
  return paths;
}
function pathElement(key: string): string {
  const rest = key.slice(2);
  if (key.startsWith('f:')) return `.${rest}`;
  if (key.startsWith('v:')) return `[=${rest}]`;
  const keys = Object.entries(JSON.parse(rest) as Record<string, unknown>);
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
}

/** How a list is merged: whole, as a set of scalars, or as a map of items with these keys. */
export type ListShape = 'atomic' | 'set' | readonly string[];
export function listShape(schema: Schema | undefined): ListShape {
  const kind = schema?.['x-kubernetes-list-type'];
  if (kind === 'set') return 'set';
  return kind === 'map' ? (schema?.['x-kubernetes-list-map-keys'] ?? 'atomic') : 'atomic';
}
export const isGranular = (value: Json | undefined, schema: Schema | undefined): value is JsonObject =>
  isObject(value) && schema?.['x-kubernetes-map-type'] !== 'atomic';

/** An item's element of a field set: `v:"x"` or `k:{"name":"a"}`. Absent keys take their schema's default. */
export function elementOf(item: Json, shape: 'set' | readonly string[], schema: Schema | undefined): string {
  if (shape === 'set') return `v:${JSON.stringify(item)}`;
  const keys: Record<string, Json> = {};
  for (const key of [...shape].sort()) {
    const value = (isObject(item) ? item[key] : undefined) ?? fieldSchema(schema?.items, key)?.default;
    if (value !== undefined) keys[key] = value;
  }
  return `k:${JSON.stringify(keys)}`;
}

/** All leaves of a value; `{}` when it is a leaf itself. */
export function leavesOf(value: Json, schema: Schema | undefined): FieldSet {
  const out: Record<string, FieldSet> = {};
  if (isGranular(value, schema)) {
    for (const [key, field] of Object.entries(value)) put(out, `f:${key}`, leavesOf(field, fieldSchema(schema, key)));
  } else if (isList(value)) {
    const shape = listShape(schema);
    if (shape === 'atomic') return EMPTY;
    for (const item of value) {
      const leaves = shape === 'set' ? EMPTY : node(true, leavesOf(item, schema?.items));
      put(out, elementOf(item, shape, schema), leaves);
    }
  }
  return out;
}

export interface Touched {
  /** Leaves added or changed. */
  readonly written: FieldSet;
  readonly removed: FieldSet;
}

/** What turning `old` into `next` touches. Parts shared by both are skipped unread. */
export function touched(old: JsonObject, next: JsonObject, schema: Schema | undefined): Touched {
  const written: Record<string, FieldSet> = {};
  const removed: Record<string, FieldSet> = {};
  for (const [key, after] of Object.entries(next)) {
    const before = Object.hasOwn(old, key) ? old[key] : undefined;
    compare(before, after, fieldSchema(schema, key), `f:${key}`, written, removed);
  }
  for (const [key, before] of Object.entries(old)) {
    if (!Object.hasOwn(next, key)) put(removed, `f:${key}`, leavesOf(before, fieldSchema(schema, key)));
  }
  return { written, removed };
}

function compare(
  before: Json | undefined,
  after: Json,
  schema: Schema | undefined,
  element: string,
  written: Record<string, FieldSet>,
  removed: Record<string, FieldSet>,
): void {
  if (before === after) return;
  if (before === undefined) {
    put(written, element, leavesOf(after, schema));
    return;
  }
  const shape = listShape(schema);
  let inside: Touched | undefined;
  if (isGranular(before, schema) && isGranular(after, schema)) inside = touched(before, after, schema);
  else if (isList(before) && isList(after) && shape !== 'atomic') inside = touchedItems(before, after, shape, schema);
  if (inside === undefined) {
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    put(written, element, leavesOf(after, schema));
    put(removed, element, leavesOf(before, schema));
    return;
  }
  if (!isEmpty(inside.written)) put(written, element, inside.written);
  if (!isEmpty(inside.removed)) put(removed, element, inside.removed);
}

function touchedItems(
  old: readonly Json[],
  next: readonly Json[],
  shape: 'set' | readonly string[],
  schema: Schema | undefined,
): Touched {
  const written: Record<string, FieldSet> = {};
  const removed: Record<string, FieldSet> = {};
  const items = new Map(old.map((item) => [elementOf(item, shape, schema), item]));
  for (const item of next) {
    const element = elementOf(item, shape, schema);
    const before = items.get(element);
    items.delete(element);
    if (before === undefined)
      put(written, element, shape === 'set' ? EMPTY : node(true, leavesOf(item, schema?.items)));
    else if (shape !== 'set') compare(before, item, schema?.items, element, written, removed);
  }
  for (const [element, item] of items) {
    put(removed, element, shape === 'set' ? EMPTY : node(true, leavesOf(item, schema?.items)));
  }
  return { written, removed };
}
