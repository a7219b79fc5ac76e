/**
 * The rules of `x-kubernetes-validations`, compiled once per type. No cost limit, none of Kubernetes' extra functions
 * (quantity, isURL, ip …): for schemas of this project only. A rule that does not compile fails when the type is loaded.
 * Source: apiextensions-apiserver v0.36.3, pkg/apiserver/schema/cel/validation.go.
 */
import { Environment } from '@marcbachmann/cel-js';
import { duplicate, type FieldError, forbidden, invalid, invalidUnshown, required } from './field-errors.ts';
import { isList, isObject, type Json, put } from './json.ts';
import { fieldSchema, type Schema, type ValidationRule } from './schema.ts';

type Evaluate = (context: Record<string, unknown>) => unknown;
interface CompiledRule {
  readonly rule: ValidationRule;
  readonly usesOldSelf: boolean;
  readonly holds: Evaluate;
  readonly message: Evaluate | undefined;
}
/** A node of the schema beneath which a rule stands. */
interface RuleNode {
  readonly schema: Schema;
  readonly rules: readonly CompiledRule[];
  readonly fields: ReadonlyMap<string, RuleNode>;
  readonly others: RuleNode | undefined;
  readonly items: RuleNode | undefined;
}
/** Errors of a value that already fits its schema; `old` is undefined on create. */
export type CheckRules = (value: Json, old: Json | undefined) => readonly FieldError[];

/** Undefined when the schema has no rule. */
export function compileRules(schema: Schema): CheckRules | undefined {
  const environment = new Environment({ unlistedVariablesAreDyn: true, enableOptionalTypes: true });
  const root = compileNode(schema, environment);
  return root === undefined ? undefined : (value, old) => checkNode(root, value, old, '');
}

function compileNode(schema: Schema, environment: Environment): RuleNode | undefined {
  const rules = (schema['x-kubernetes-validations'] ?? []).map((rule) => compileRule(rule, environment));
  const fields = new Map<string, RuleNode>();
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    const node = compileNode(child, environment);
    if (node !== undefined) fields.set(key, node);
  }
  const { additionalProperties } = schema;
  const others = typeof additionalProperties === 'object' ? compileNode(additionalProperties, environment) : undefined;
  const items = schema.items === undefined ? undefined : compileNode(schema.items, environment);
  const empty = rules.length === 0 && fields.size === 0 && others === undefined && items === undefined;
  return empty ? undefined : { schema, rules, fields, others, items };
}

function compileRule(rule: ValidationRule, environment: Environment): CompiledRule {
  const compile = (text: string): Evaluate => {
    const parsed = environment.parse(text);
    return (context) => parsed(context);
  };
  return {
    rule,
    usesOldSelf: /\boldSelf\b/.test(rule.rule),
    holds: compile(rule.rule),
    message: rule.messageExpression === undefined ? undefined : compile(rule.messageExpression),
  };
}

function checkNode(node: RuleNode, value: Json, old: Json | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (value === null) return errors;
  if (node.rules.length > 0) errors.push(...checkRules(node, value, old, path));
  if (isList(value) && node.items !== undefined) {
    const { items } = node;
    value.forEach((item, index) => {
      errors.push(...checkNode(items, item, sameItem(node.schema, item, old), `${path}[${index}]`));
    });
  } else if (isObject(value)) {
    for (const [key, field] of Object.entries(value)) {
      const named = node.fields.get(key);
      const child = named ?? (Object.hasOwn(node.schema.properties ?? {}, key) ? undefined : node.others);
      if (child === undefined) continue;
      const before = isObject(old) && Object.hasOwn(old, key) ? old[key] : undefined;
      errors.push(...checkNode(child, field, before, named === undefined ? `${path}[${key}]` : join(path, key)));
    }
  }
  return errors;
}

/** Only lists that are maps relate an item to an older one. */
function sameItem(schema: Schema, item: Json, old: Json | undefined): Json | undefined {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (schema['x-kubernetes-list-type'] !== 'map' || keys === undefined || !isObject(item) || !isList(old))
    return undefined;
  return old.find((other) => isObject(other) && keys.every((key) => other[key] === item[key]));
}

function checkRules(node: RuleNode, value: Json, old: Json | undefined, path: string): FieldError[] {
  const context: Record<string, unknown> = { self: celValue(value, node.schema) };
  if (old !== undefined) context.oldSelf = celValue(old, node.schema);
  const errors: FieldError[] = [];
  for (const { rule, usesOldSelf, holds, message } of node.rules) {
    if (usesOldSelf && old === undefined) continue;
    let detail = rule.message?.trim() ?? `failed rule: ${rule.rule.trim()}`;
    try {
      if (holds(context) === true) continue;
      if (message !== undefined) detail = String(message(context));
    } catch (error) {
      detail = `${error instanceof Error ? error.message : String(error)} evaluating rule: ${rule.message ?? rule.rule}`;
    }
    errors.push(errorOf(rule, value, rule.fieldPath === undefined ? path : `${path}${rule.fieldPath}`, detail));
  }
  return errors;
}

function errorOf(rule: ValidationRule, value: Json, field: string, detail: string): FieldError {
  const name = field.startsWith('.') ? field.slice(1) : field;
  if (rule.reason === 'FieldValueForbidden') return forbidden(name, detail);
  if (rule.reason === 'FieldValueRequired') return required(name, detail);
  const shown = !isObject(value) && !isList(value);
  if (rule.reason === 'FieldValueDuplicate') return { ...duplicate(name, value), detail };
  return shown ? invalid(name, value, detail) : invalidUnshown(name, detail);
}

/** CEL's whole numbers are BigInt here: as a number, `self + 1` would be a double plus an int, which CEL refuses. */
function celValue(value: Json, schema: Schema | undefined): unknown {
  if (typeof value === 'number') return schema?.type !== 'number' && Number.isInteger(value) ? BigInt(value) : value;
  if (isList(value)) return value.map((item) => celValue(item, schema?.items));
  if (!isObject(value)) return value;
  const out: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) put(out, key, celValue(field, fieldSchema(schema, key)));
  return out;
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);
