/** Finds fields that a type's schema does not know, for `fieldValidation=Strict` and `Warn`. Pure; changes nothing. */
import type { JsonPatchOperation } from '../../../messages/kube.ts';
import type { ServedType } from '../world/api.ts';
import { OBJECT_META_SCHEMA } from './open-api.ts';

type Schema = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Paths of unknown fields of an object or a merge patch, in the order met: `spec.typo`, `spec.list[0].typo`. */
export function unknownFields(served: ServedType, object: unknown): readonly string[] {
  const schema = rootOf(served);
  return schema === undefined ? [] : [...walk(schema, object, '')];
}

/** The same for a JSON patch: what its `add` and `replace` operations would set. */
export function unknownFieldsOfPatch(served: ServedType, patch: readonly JsonPatchOperation[]): readonly string[] {
  const schema = rootOf(served);
  if (schema === undefined) return [];
  return patch.flatMap((operation) => {
    if (operation.op !== 'add' && operation.op !== 'replace') return [];
    const names = operation.path
      .split('/')
      .slice(1)
      .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
    return [...walk(schema, nested(schema, names, operation.value), '')];
  });
}

function rootOf({ schema }: ServedType): Schema | undefined {
  if (schema === undefined) return undefined;
  const known = { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: OBJECT_META_SCHEMA };
  return { ...schema, properties: { ...(schema.properties as Schema | undefined), ...known } };
}

const keepsUnknown = (schema: Schema): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true;

/** What the schema says of one field: `undefined` where it knows none of that name, `any` where it takes whatever comes. */
function fieldSchema(schema: Schema, name: string): Schema | 'any' | undefined {
  const own = schema.properties;
  if (isRecord(own) && Object.hasOwn(own, name)) return own[name] as Schema;
  const more = schema.additionalProperties;
  if (isRecord(more)) return more;
  return more === true || keepsUnknown(schema) ? 'any' : undefined;
}

function* walk(schema: Schema, value: unknown, path: string): Generator<string> {
  if (Array.isArray(value)) {
    const items = schema.items;
    if (isRecord(items)) for (const [index, item] of value.entries()) yield* walk(items, item, `${path}[${index}]`);
    return;
  }
  if (!isRecord(value) || schema.type !== 'object') return; // A wrong type is the store's matter.
  for (const [name, inner] of Object.entries(value)) {
    const found = fieldSchema(schema, name);
    const at = path === '' ? name : `${path}.${name}`;
    if (found === undefined) yield at;
    else if (found !== 'any') yield* walk(found, inner, at);
  }
}

/** `value` put where the pointer leads: lists where the schema has lists, objects elsewhere. */
function nested(schema: Schema | 'any', names: readonly string[], value: unknown): unknown {
  const [name, ...rest] = names;
  if (name === undefined) return value;
  if (schema === 'any') return { [name]: nested('any', rest, value) };
  if (schema.type === 'array') return [nested((schema.items as Schema | undefined) ?? 'any', rest, value)];
  return { [name]: nested(fieldSchema(schema, name) ?? 'any', rest, value) };
}
