/**
 * The structural schema of a type, and what an object goes through before it is validated: unknown fields go, nulls count
 * as absent, defaults fill in. Source: apiextensions-apiserver v0.36.3, pkg/apiserver/schema/{pruning,defaulting}.
 */
import { isList, isObject, type Json, type JsonObject, put } from './json.ts';

/** A node of an OpenAPI v3 schema as a CRD carries it; only what is read here. */
export interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly nullable?: boolean;
  readonly default?: Json;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly Json[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}
export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate';
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

/** The schema of one field of an object, or undefined where it is unknown to the schema. */
export function fieldSchema(schema: Schema | undefined, key: string): Schema | undefined {
  const { properties, additionalProperties } = schema ?? {};
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

/** A value as the server stores it; the very same when nothing has to change. What does not fit its type is left as it is. */
export function normalise(value: Json, schema: Schema): Json {
  if (isList(value)) return schema.items === undefined ? value : normaliseList(value, schema.items);
  return isObject(value) ? normaliseObject(value, schema) : value;
}

function normaliseList(value: readonly Json[], items: Schema): readonly Json[] {
  const out = value.map((item) => normalise(isDefaultedNull(item, items) ? (items.default ?? null) : item, items));
  return out.some((item, index) => item !== value[index]) ? out : value;
}

function normaliseObject(value: JsonObject, schema: Schema): JsonObject {
  // Copied at the first difference: nearly all objects are as they should be, and copying them was the larger half.
  let out: Record<string, Json> | undefined;
  for (const key of Object.keys(value)) {
    const field = value[key];
    const kept = field === undefined ? undefined : normaliseField(key, field, schema);
    if (kept === field) continue;
    out ??= { ...value };
    if (kept === undefined) delete out[key];
    else put(out, key, kept);
  }
  for (const [key, child] of defaultsOf(schema)) {
    if (Object.hasOwn(out ?? value, key)) continue;
    out ??= { ...value };
    put(out, key, normalise(child.default ?? null, child));
  }
  return out ?? value;
}

/** Undefined: the field is dropped. */
function normaliseField(key: string, field: Json, schema: Schema): Json | undefined {
  const child = fieldSchema(schema, key);
  if (child === undefined) return keepsUnknown(schema, key) ? field : undefined;
  if (field !== null || child.nullable === true) return normalise(field, child);
  return child.default === undefined ? undefined : normalise(child.default, child);
}

const defaults = new WeakMap<Schema, readonly (readonly [string, Schema])[]>();
function defaultsOf(schema: Schema): readonly (readonly [string, Schema])[] {
  const known = defaults.get(schema);
  if (known !== undefined) return known;
  const found = Object.entries(schema.properties ?? {}).filter(([, child]) => child.default !== undefined);
  defaults.set(schema, found);
  return found;
}

const isDefaultedNull = (value: Json, schema: Schema): boolean =>
  value === null && schema.nullable !== true && schema.default !== undefined;

const EMBEDDED = new Set(['apiVersion', 'kind', 'metadata']);
const keepsUnknown = (schema: Schema, key: string): boolean =>
  schema['x-kubernetes-preserve-unknown-fields'] === true ||
  schema.additionalProperties === true ||
  (schema['x-kubernetes-embedded-resource'] === true && EMBEDDED.has(key));
