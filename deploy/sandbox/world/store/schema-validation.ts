/**
 * Whether a value fits its schema, in the API server's words. Patterns are JavaScript's here, RE2 there. Ratcheting (an
 * invalid value that did not change is tolerated) is not modelled: a store's schemas never change.
 * Source: kube-openapi pkg/validation; apiextensions-apiserver v0.36.3, pkg/apiserver/validation.
 */
import {
  duplicate,
  type FieldError,
  invalid,
  invalidType,
  required,
  tooLong,
  tooMany,
  unsupported,
} from './field-errors.ts';
import { isList, isObject, type Json, type JsonObject } from './json.ts';
import { fieldSchema, type Schema } from './schema.ts';

/**
 * All errors of `value`, whose own path is `path` (empty for the whole object). `old` is the value before, valid already:
 * parts that both share are not looked at again.
 */
export function validateSchema(value: Json, schema: Schema, path: string, old?: Json): readonly FieldError[] {
  if ((value === null && schema.nullable === true) || (value === old && typeof value === 'object')) return [];
  const expected = typesOf(schema);
  const actual = typeOf(value);
  if (expected.length > 0 && !expected.some((one) => one === actual || (one === 'number' && actual === 'integer'))) {
    return [
      invalidType(path, actual, expected.join(',')),
      ...(actual === 'number' && expected.includes('integer') ? [unchecked(path, '(default format)')] : []),
      ...validateCombinations(value, schema, path),
    ];
  }
  const errors: FieldError[] = [];
  if (schema.enum !== undefined && !schema.enum.some((one) => same(one, value))) {
    errors.push(unsupported(path, value, schema.enum));
  }
  if (typeof value === 'string') errors.push(...validateText(value, schema, path));
  else if (typeof value === 'number') errors.push(...validateNumber(value, schema, path));
  else if (isList(value)) errors.push(...validateList(value, schema, path, isList(old) ? old : []));
  else if (isObject(value)) errors.push(...validateFields(value, schema, path, isObject(old) ? old : {}));
  errors.push(...validateCombinations(value, schema, path));
  return errors;
}

const INT_OR_STRING = ['integer', 'string'];
function typesOf(schema: Schema): readonly string[] {
  if (schema['x-kubernetes-int-or-string'] === true) return INT_OR_STRING;
  return schema.type === undefined || schema.type === '' ? [] : [schema.type];
}

function typeOf(value: Json): string {
  if (value === null) return 'null';
  if (isList(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

const patterns = new Map<string, RegExp>();
/** Bounded by the schemas loaded, which are the project's own. */
function regexpOf(pattern: string): RegExp {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const made = new RegExp(pattern, 'u');
  patterns.set(pattern, made);
  return made;
}

const DATE_TIME = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

function validateText(value: string, schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { minLength, maxLength, pattern, format } = schema;
  const length = minLength === undefined && maxLength === undefined ? 0 : [...value].length;
  if (maxLength !== undefined && length > maxLength) errors.push(tooLong(path, maxLength));
  if (minLength !== undefined && length < minLength) {
    errors.push(invalid(path, value, `${path} in body should be at least ${minLength} chars long`));
  }
  if (pattern !== undefined && !regexpOf(pattern).test(value)) {
    errors.push(invalid(path, value, `${path} in body should match '${pattern}'`));
  }
  if (format === 'date-time' && !(DATE_TIME.test(value) && !Number.isNaN(Date.parse(value)))) {
    // A format is a part of the type: it hides the rules too.
    errors.push(invalidType(path, value, 'date-time'));
  }
  return errors;
}

function validateNumber(value: number, schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { minimum, maximum, multipleOf, format } = schema;
  const wrong = (text: string) => errors.push(invalid(path, value, `${path} in body should be ${text}`));
  if (maximum !== undefined && schema.exclusiveMaximum === true && value >= maximum) wrong(`less than ${maximum}`);
  else if (maximum !== undefined && value > maximum) wrong(`less than or equal to ${maximum}`);
  if (minimum !== undefined && schema.exclusiveMinimum === true && value <= minimum) wrong(`greater than ${minimum}`);
  else if (minimum !== undefined && value < minimum) wrong(`greater than or equal to ${minimum}`);
  if (multipleOf !== undefined && value % multipleOf !== 0) wrong(`a multiple of ${multipleOf}`);
  if (format === 'int32' && (value > 2_147_483_647 || value < -2_147_483_648)) {
    errors.push(unchecked(path, 'with format int32'));
  }
  return errors;
}

function validateList(value: readonly Json[], schema: Schema, path: string, old: readonly Json[]): FieldError[] {
  const errors: FieldError[] = [];
  const { items, minItems, maxItems, uniqueItems } = schema;
  if (maxItems !== undefined && value.length > maxItems) errors.push(tooMany(path, value.length, maxItems));
  if (minItems !== undefined && value.length < minItems) {
    errors.push(invalid(path, value.length, `${path} in body should have at least ${minItems} items`));
  }
  if (uniqueItems === true && new Set(value.map((item) => JSON.stringify(item))).size < value.length) {
    errors.push(invalid(path, value, `${path} in body shouldn't contain duplicates`));
  }
  if (items !== undefined) {
    for (const [index, item] of value.entries()) {
      errors.push(...validateSchema(item, items, `${path}[${index}]`, old[index]));
    }
  }
  errors.push(...validateListKeys(value, schema, path));
  return errors;
}

/** Lists that are sets or maps name each item once. */
function validateListKeys(value: readonly Json[], schema: Schema, path: string): FieldError[] {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const kind = schema['x-kubernetes-list-type'];
  if (kind !== 'set' && kind !== 'map') return [];
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  value.forEach((item, index) => {
    const identity =
      kind === 'set' ? item : Object.fromEntries(keys.map((key) => [key, isObject(item) ? item[key] : null]));
    const text = JSON.stringify(identity);
    if (seen.has(text)) errors.push(duplicate(`${path}[${index}]`, identity));
    seen.add(text);
  });
  return errors;
}

function validateFields(value: JsonObject, schema: Schema, path: string, old: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const keys = Object.keys(value);
  const { minProperties, maxProperties } = schema;
  if (maxProperties !== undefined && keys.length > maxProperties)
    errors.push(tooMany(path, keys.length, maxProperties));
  if (minProperties !== undefined && keys.length < minProperties) {
    errors.push(invalid(path, keys.length, `${path} in body should have at least ${minProperties} properties`));
  }
  for (const key of schema.required ?? []) {
    if (!Object.hasOwn(value, key)) errors.push(required(join(path, key)));
  }
  for (const key of keys) {
    const child = fieldSchema(schema, key);
    if (child !== undefined) {
      errors.push(...validateSchema(value[key] ?? null, child, join(path, key), old[key]));
    }
  }
  return errors;
}

function validateCombinations(value: Json, schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const fits = (one: Schema): boolean => validateSchema(value, one, path).length === 0;
  const must = (text: string) => errors.push(invalid('', '', `"${path}" must ${text}`));
  for (const one of schema.allOf ?? []) errors.push(...validateSchema(value, one, path));
  if (schema.anyOf !== undefined && !schema.anyOf.some(fits)) {
    must('validate at least one schema (anyOf)');
    errors.push(...validateSchema(value, schema.anyOf[0] ?? {}, path));
  }
  if (schema.oneOf !== undefined) {
    const count = schema.oneOf.filter(fits).length;
    if (count !== 1) must(`validate one and only one schema (oneOf). Found ${count === 0 ? 'none' : count} valid`);
  }
  if (schema.not !== undefined && fits(schema.not)) must('not validate the schema (not)');
  return errors;
}

/** A number outside its type's range; the server names the field in the text only. */
const unchecked = (path: string, format: string): FieldError =>
  invalid('', '', `Checked value must be of type integer ${format} in ${path}`);

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);
/** Enumerated values are scalars nearly always; the order of keys would matter otherwise. */
const same = (one: Json, other: Json): boolean => one === other || JSON.stringify(one) === JSON.stringify(other);
