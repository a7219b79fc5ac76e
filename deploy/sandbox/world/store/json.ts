/** JSON values, and how a store takes one in: frozen, and sharing with the value before it all that did not change. */
import type { ObjectMeta } from '../../../../messages/kube.ts';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Who owns which fields, in the API's own notation (`f:name`, `k:{"name":"a"}`, `v:"x"`, `.` for the item itself). */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}
export interface ManagedFields {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly time: string;
  readonly fieldsType: 'FieldsV1';
  readonly fieldsV1: FieldSet;
  readonly subresource?: 'status';
}

/** An object of the store: a KubeObject with the parts that the store itself reads. */
export interface Stored {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta & {
    readonly generateName?: string;
    readonly managedFields?: readonly ManagedFields[];
  };
  readonly spec?: Json;
  readonly status?: Json;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const isList = (value: unknown): value is readonly Json[] => Array.isArray(value);

/** The value at a path of keys, or undefined where the path ends early. */
export function at(value: unknown, ...path: readonly string[]): Json | undefined {
  let found: unknown = value;
  for (const key of path) {
    if (!isObject(found) || !Object.hasOwn(found, key)) return undefined;
    found = found[key];
  }
  return found as Json | undefined;
}

/** Sets an own property whatever its name: assigned, `__proto__` would set the prototype. */
export function put(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  } else target[key] = value;
}

/**
 * `next` as JSON would carry it (no undefined), deeply frozen; every part equal to `old` is `old`'s own, so the answer is
 * `old` itself when nothing differs. `old` must come from here too, or be undefined.
 */
export function adopt(old: Json | undefined, next: unknown): Json {
  if (old === next && old !== undefined) return old;
  if (Array.isArray(next)) return adoptList(isList(old) ? old : undefined, next);
  if (typeof next === 'object' && next !== null) return adoptObject(isObject(old) ? old : undefined, next);
  return next === undefined ? null : (next as Json);
}

function adoptList(old: readonly Json[] | undefined, next: readonly unknown[]): Json {
  let same = old !== undefined && old.length === next.length;
  const out = next.map((item, index) => {
    const adopted = adopt(old?.[index], item);
    if (same && adopted !== old?.[index]) same = false;
    return adopted;
  });
  return same && old !== undefined ? old : Object.freeze(out);
}

function adoptObject(old: JsonObject | undefined, next: object): Json {
  const out: Record<string, Json> = {};
  let [same, count] = [old !== undefined, 0];
  for (const [key, value] of Object.entries(next)) {
    if (value === undefined) continue;
    const before = old !== undefined && Object.hasOwn(old, key) ? old[key] : undefined;
    const adopted = adopt(before, value);
    put(out, key, adopted);
    count++;
    if (adopted !== before) same = false;
  }
  return same && old !== undefined && Object.keys(old).length === count ? old : Object.freeze(out);
}
