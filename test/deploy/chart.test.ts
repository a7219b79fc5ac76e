/** The chart as text, without helm: values, schema and environment agree with each other and with config.ts. Rendering it: test/controlplane/chart.live.ts. */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { configRows, readConfig } from '../../config.ts';
import { FOREIGN_SETTINGS } from '../../messages/foreign-settings.ts';
import { testConfig } from '../support/config.ts';
import { COMPLETED, MADE_UP, VALUE_ROWS, WITHOUT_VALUE } from './chart-values.ts';

const read = (file: string): string => readFileSync(new URL(`../../deploy/chart/${file}`, import.meta.url), 'utf8');
type Tree = { readonly [name: string]: unknown };
const values = load(read('values.yaml')) as Tree;
const at = (tree: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((inner, name) => (isTree(inner) ? inner[name] : undefined), tree);
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (Array.isArray(value) ? value.join(',') : String(value ?? ''));
const none = (problems: readonly string[]): void => assert.is(problems.join('\n'), '');

/** Variable → path of the value it comes from, for the rows that take it as it stands. */
const rows = new Map(
  [...read('templates/_environment.tpl').matchAll(/\(list "(\w+)" (\$v|)\.([a-z][\w.]*)\)/g)].map(
    ([, variable = '', top, path = '']) => [variable, top === '' ? `settings.${path}` : path],
  ),
);
const ours = configRows().flatMap(({ rows }) => rows);

for (const { path, variable, standard } of VALUE_ROWS) {
  test(`spec 08 §11 #52, #53: ${path} is ${standard || 'empty'} and feeds ${variable}`, () => {
    assert.is(textOf(at(values, path)), standard);
    assert.is(rows.get(variable), path);
  });
}

test('every variable of config.ts has a value, but those that the existing chart sets from none', () => {
  const fed = new Set([...rows.keys(), ...MADE_UP, ...COMPLETED.map(({ variable }) => variable)]);
  assert.equal(
    ours
      .map(({ env }) => env)
      .filter((env) => !fed.has(env))
      .sort(),
    [...WITHOUT_VALUE].sort(),
  );
  const known = new Set([...ours.map(({ env }) => env), ...FOREIGN_SETTINGS]);
  none([...fed].filter((env) => !known.has(env)).map((env) => `${env} is no variable`));
});

test('settings: every default is that of the process, and its name that of the variable', () => {
  const names = Object.keys(values.settings as Tree);
  const env = Object.fromEntries(
    [...rows]
      .filter(([, path]) => path.startsWith('settings.'))
      .map(([name, path]) => [name, textOf(at(values, path))]),
  );
  assert.is(Object.keys(env).length, names.length);
  assert.equal(testConfig(env), testConfig());
  for (const [name, path] of rows) {
    if (!path.startsWith('settings.') || name === 'HUGEPAGES_1GI_EXACT') continue;
    const snake = path.slice('settings.'.length).replaceAll(/[A-Z]/g, (letter) => `_${letter}`);
    assert.is(snake.toUpperCase(), name);
  }
});

test('spec 08 §11 #52: the process starts with the defaults of the chart', () => {
  const env = Object.fromEntries([...rows].map(([name, path]) => [name, textOf(at(values, path))]));
  const found = readConfig({ ...env, VERSION: '1', WEKA_OPERATOR_MAINTENANCE_SA_NAME: 'account' });
  assert.equal(found.kind === 'bad' ? found.problems : found.warnings, []);
});

interface Schema {
  readonly $ref?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
}
const schema = JSON.parse(read('values.schema.json')) as Schema;

/** Paths of a tree of values down to what the schema does not open any further. */
function* pathsOf(tree: Tree, inner: Schema, path: string): Generator<string> {
  for (const [name, value] of Object.entries(tree)) {
    const below = inner.properties?.[name];
    if (below === undefined) yield `${path}${name}`;
    else if (isTree(value) && below.properties !== undefined) yield* pathsOf(value, below, `${path}${name}.`);
  }
}

test('values.schema.json knows every value, and every flag and duration in it is required', () => {
  none([...pathsOf(values, schema, '')].map((path) => `${path} is not in the schema`));
  const walk = (inner: Schema, path: string): string[] =>
    Object.entries(inner.properties ?? {}).flatMap(([name, below]) => {
      const ends = /\/(?:flag|duration)$/.test(below.$ref ?? '') && inner.required?.includes(name) !== true;
      return [...(ends ? [`${path}${name}`] : []), ...walk(below, `${path}${name}.`)];
    });
  // This one goes to the node agent and to a variable that nothing here reads.
  assert.equal(walk(schema, ''), ['logging.timeOnly']);
  assert.is(schema.additionalProperties, undefined, 'values of sibling controllers must pass');
  assert.is(schema.properties?.settings?.additionalProperties, false);
});

test('spec 08 §11 #54: no name in the roles is fixed, all of them begin with the prefix', () => {
  const names = [...read('templates/rbac.yaml').matchAll(/^\s+name: (.*)$/gm)].map(([, name = '']) => name);
  assert.ok(names.length >= 8);
  none(names.filter((name) => !/^(?:\{\{ \$?\.Values\.prefix \}\}-[\w-]+|\{\{ \$name \}\})$/.test(name)));
});

test.run();
