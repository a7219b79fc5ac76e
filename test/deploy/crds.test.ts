/** The CRDs against the types, the chapter's tables and CEL. Source: spec 01, 1 and 3.1; scenarios 2, 52 to 54. */
import { readFileSync } from 'node:fs';
import { Environment } from '@marcbachmann/cel-js';
import { load } from 'js-yaml';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { specShape, statusShape } from '../../messages/container-shape.ts';
import { CLIENTS, CLUSTERS, CONTAINERS, MANUAL_OPERATIONS, POLICIES, type ResourceType } from '../../messages/kube.ts';
import type { Shape } from '../../messages/shape.ts';
import { CPU_POLICIES, MODES, STATES, UPGRADE_POLICIES } from '../../messages/weka-container.ts';

interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message: string }[];
}
interface Version {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly subresources: unknown;
  readonly additionalPrinterColumns: readonly { name: string; jsonPath: string; type: string; priority?: number }[];
  readonly schema: { readonly openAPIV3Schema: Schema };
}
interface Crd {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: Record<string, unknown>;
    readonly versions: readonly Version[];
  };
}

const KINDS = [CONTAINERS, CLUSTERS, CLIENTS, POLICIES, MANUAL_OPERATIONS];
function crdOf(type: ResourceType): Crd {
  const file = new URL(`../../deploy/chart/crds/weka.weka.io_${type.plural}.yaml`, import.meta.url);
  return load(readFileSync(file, 'utf8')) as Crd;
}
function versionOf(type: ResourceType): Version {
  const [version] = crdOf(type).spec.versions;
  if (version === undefined) throw new Error(`${type.kind} has no version`);
  return version;
}
function at(schema: Schema | undefined, ...path: readonly string[]): Schema {
  const found = path.reduce<Schema | undefined>((inner, name) => inner?.properties?.[name], schema);
  if (found === undefined) throw new Error(`no schema at ${path.join('.')}`);
  return found;
}
const container = versionOf(CONTAINERS).schema.openAPIV3Schema;
const spec = at(container, 'spec');
const status = at(container, 'status');

/** Every schema below this one, itself included, with its path. */
function* walk(schema: Schema, path: string): Generator<readonly [string, Schema]> {
  yield [path, schema];
  for (const [name, inner] of Object.entries(schema.properties ?? {})) yield* walk(inner, `${path}.${name}`);
  if (schema.items !== undefined) yield* walk(schema.items, `${path}[]`);
  if (schema.additionalProperties !== undefined) yield* walk(schema.additionalProperties, `${path}{}`);
}

for (const type of KINDS) {
  test(`${type.plural}: names, scope, version and status subresource are those the program asks for`, () => {
    const crd = crdOf(type);
    const version = versionOf(type);
    assert.is(crd.metadata.name, `${type.plural}.${type.group}`);
    assert.is(crd.spec.group, type.group);
    assert.is(crd.spec.scope, 'Namespaced');
    assert.equal(crd.spec.names, {
      kind: type.kind,
      listKind: `${type.kind}List`,
      plural: type.plural,
      singular: type.kind.toLowerCase(),
    });
    assert.is(crd.spec.versions.length, 1);
    assert.equal([version.name, version.served, version.storage], [type.version, true, true]);
    assert.equal(version.subresources, { status: {} });
    assert.is(version.schema.openAPIV3Schema.required, undefined);
  });

  test(`${type.plural}: every field has a short description`, () => {
    for (const [path, schema] of walk(versionOf(type).schema.openAPIV3Schema, type.kind)) {
      const isLeafItem = schema.properties === undefined && /(\[\]|\{\})$/.test(path);
      if (isLeafItem || path === `${type.kind}.metadata`) continue;
      assert.ok(schema.description !== undefined && schema.description.length > 2, `${path} has no description`);
      assert.ok(schema.description.length <= 100, `${path}: description too long`);
    }
  });

  test(`${type.plural}: CEL rules compile, patterns are regular expressions`, () => {
    for (const [path, schema] of walk(versionOf(type).schema.openAPIV3Schema, type.kind)) {
      for (const { rule } of schema['x-kubernetes-validations'] ?? []) {
        assert.not.throws(() => cel.parse(rule), undefined, `${path}: ${rule}`);
      }
      if (schema.pattern !== undefined) new RegExp(schema.pattern, 'u');
    }
  });
}

test('wekacontainers: printer columns are those of spec 01, 1.3, in order', () => {
  const columns = versionOf(CONTAINERS).additionalPrinterColumns.map(
    ({ name, jsonPath, type, priority }) => `${name} ${jsonPath} ${type} ${priority ?? 0}`,
  );
  assert.equal(columns, [
    'Status .status.status string 0',
    'Mode .spec.mode string 0',
    'Management IPs .status.printer.managementIPs string 0',
    'Node .status.printer.nodeAffinity string 0',
    'Processes .status.printer.processes string 1',
    'Drives .status.printer.drives string 1',
    'Mounts .status.printer.activeMounts string 1',
    'CPU .status.stats.cpuUtilization string 1',
    'Age .metadata.creationTimestamp date 0',
    'Weka cID .status.containerID string 1',
    'Capacity .status.printer.capacity string 1',
  ]);
});

/** The kind of a schema in the words of messages/shape.ts. */
function kindOf(schema: Schema): Shape<unknown>['kind'] | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) return 'quantity';
  if (schema.type === 'object') return schema.additionalProperties === undefined ? 'object' : 'map';
  if (schema.type === 'array') return 'list';
  if (schema.type === 'string') return schema.format === 'date-time' ? 'time' : 'string';
  return schema.type === 'integer' || schema.type === 'boolean' ? schema.type : undefined;
}

/** One line for each difference between schema and shape. */
function differences(schema: Schema, shape: Shape<unknown>, path: string): string[] {
  if (kindOf(schema) !== shape.kind) return [`${path}: schema ${kindOf(schema)}, type ${shape.kind}`];
  const found: string[] = [];
  // `status.status` is an open set and has no enum in the schema.
  if (path !== 'status.status' && String(schema.enum) !== String(shape.known)) {
    found.push(`${path}: schema enum ${schema.enum}, type ${shape.known}`);
  }
  const item = schema.items ?? schema.additionalProperties;
  if (item !== undefined && shape.item !== undefined) {
    found.push(...differences(item, shape.item, `${path}[]`));
  }
  const properties = schema.properties ?? {};
  for (const name of Object.keys(properties)) {
    if (shape.kind === 'object' && !shape.fields?.has(name)) found.push(`${path}.${name}: not in the type`);
  }
  for (const [name, field] of shape.fields ?? []) {
    const inner = properties[name];
    const place = `${path}.${name}`;
    if (inner === undefined) {
      found.push(`${place}: not in the schema`);
      continue;
    }
    const wantedDefault = place === 'status.status' ? 'Init' : field.presence === 'default' ? field.fill : undefined;
    if (inner.default !== wantedDefault) found.push(`${place}: schema default ${inner.default}, type ${wantedDefault}`);
    const required = schema.required?.includes(name) ?? false;
    if (field.presence === 'required' && !required) found.push(`${place}: required by the type only`);
    if (field.presence === 'optional' && required) found.push(`${place}: required by the schema only`);
    found.push(...differences(inner, field.shape, place));
  }
  return found;
}

test('wekacontainers: schema and type name the same fields, kinds, enumerations, defaults and required leaves', () => {
  assert.equal(differences(spec, specShape, 'spec'), []);
  assert.equal(differences(status, statusShape, 'status'), []);
});

test('wekacontainers: the comparison of schema and type notices a change', () => {
  const { image: _, ...others } = spec.properties ?? {};
  const changed = { ...spec, properties: { ...others, port: { type: 'string' }, more: { type: 'string' } } };
  assert.equal(differences(changed, specShape, 'spec'), [
    'spec.more: not in the type',
    'spec.port: schema string, type integer',
    'spec.image: not in the schema',
  ]);
});

test('wekacontainers: enumerations and defaults of spec 01, 2 and 5', () => {
  const enumOf = (...path: string[]) => at(spec, ...path).enum;
  assert.equal(enumOf('mode'), [...MODES]);
  assert.equal(enumOf('state'), [...STATES]);
  assert.equal(enumOf('cpuPolicy'), [...CPU_POLICIES]);
  assert.equal(enumOf('upgradePolicyType'), [...UPGRADE_POLICIES]);
  assert.is(at(status, 'status').enum, undefined);
  const defaults = Object.fromEntries(
    [...walk(spec, 'spec'), ...walk(status, 'status')]
      .filter(([, schema]) => schema.default !== undefined)
      .map(([path, schema]) => [path, schema.default]),
  );
  assert.equal(defaults, {
    'spec.portRange.basePort': 45_000,
    'spec.portRange.portRange': 0,
    'spec.exposedPorts[].protocol': 'TCP',
    'spec.cpuPolicy': 'auto',
    'spec.wekaSecretRef.secretKeyRef.name': '',
    'spec.wekaSecretRef.configMapKeyRef.name': '',
    'spec.tracesConfiguration.maxCapacityPerIoNode': 10,
    'spec.tracesConfiguration.ensureFreeSpace': 20,
    'spec.tracesConfiguration.dumperConfigMode': 'auto',
    'spec.upgradePolicyType': 'manual',
    'spec.state': 'active',
    'spec.driveTypesRatio.tlc': 0,
    'spec.driveTypesRatio.qlc': 0,
    'spec.autoRemoveTimeout': '0s',
    'status.status': 'Init',
  });
});

test('wekacontainers: no unknown fields are kept, and string lengths are bounded in conditions only', () => {
  for (const [path, schema] of walk(container, '')) {
    assert.is(schema['x-kubernetes-preserve-unknown-fields'], undefined, path);
    if (!path.startsWith('.status.conditions')) assert.is(schema.maxLength, undefined, path);
  }
});

test('spec 01 §23 #52: patterns refuse and accept what the chapter says', () => {
  const fits = (value: string, schema: Schema): boolean => new RegExp(schema.pattern ?? '', 'u').test(value);
  const subnet = at(spec, 'network', 'deviceSubnets').items ?? {};
  assert.equal([fits('10.0.0.0', subnet), fits('999.1.1.1/99', subnet)], [false, true]);
  const timeout = at(spec, 'autoRemoveTimeout');
  assert.equal(
    ['5 minutes', '24h0m0s', '0', '0s', ''].map((value) => fits(value, timeout)),
    [false, true, true, true, false],
  );
  const cpu = at(spec, 'resources', 'limits', 'cpu');
  assert.equal(
    ['one', '500m', '1.5', '2Gi', '1e3'].map((value) => fits(value, cpu)),
    [false, true, true, true, true],
  );
  const reason = at(status, 'conditions').items?.properties?.reason ?? {};
  assert.equal(
    ['', 'Error', '1st'].map((value) => fits(value, reason)),
    [false, true, false],
  );
});

const cel = new Environment({ unlistedVariablesAreDyn: true, enableOptionalTypes: true });
const BROKEN_ROWS = [
  { row: 1, spec: { driveCapacity: 1, driveTypesRatio: { tlc: 1, qlc: 0 } }, breaks: [1] },
  { row: 2, spec: { driveCapacity: 1, numDrives: 1, numCores: 2 }, breaks: [2] },
  { row: 3, spec: { numDrives: 1, containerCapacity: 1 }, breaks: [3] },
  { row: 4, spec: { containerCapacity: 0 }, breaks: [4] },
  { row: 5, spec: { driveTypesRatio: { tlc: 0, qlc: 0 } }, breaks: [5, 6] },
  { row: 6, spec: { driveTypesRatio: { tlc: 0, qlc: 1 } }, breaks: [6] },
  { row: 7, spec: { driveCapacity: 0 }, breaks: [7] },
  { row: 0, spec: { driveCapacity: 1, numDrives: 2, numCores: 2 }, breaks: [] },
  { row: 0, spec: { containerCapacity: 1, driveTypesRatio: { tlc: 1, qlc: 10 }, numDrives: 0 }, breaks: [] },
  { row: 0, spec: { numDrives: 2 }, breaks: [] },
];
const withBigInts = (value: unknown): unknown =>
  typeof value === 'number'
    ? BigInt(value)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withBigInts(inner)]))
      : value;

for (const { row, spec: given, breaks } of BROKEN_ROWS) {
  test(`spec 01 §23 #2: ${row === 0 ? 'no rule' : `row ${row}`} is broken by ${JSON.stringify(given)}`, () => {
    const rules = spec['x-kubernetes-validations'] ?? [];
    assert.is(rules.length, 7);
    const self = withBigInts({ image: 'i', mode: 'drive', name: '', numCores: 0, ...given });
    const broken = rules.flatMap(({ rule }, index) => (cel.parse(rule)({ self }) === true ? [] : [index + 1]));
    assert.equal(broken, breaks);
  });
}

test('spec 01 §1.2: the messages of the rules are word for word', () => {
  const messages = (spec['x-kubernetes-validations'] ?? []).map(({ message }) => message);
  assert.equal(messages, [
    'driveCapacity and driveTypesRatio are mutually exclusive; use driveCapacity for TLC-only mode, or containerCapacity with driveTypesRatio for mixed drive types',
    'numDrives must be >= numCores when using driveCapacity (TLC-only mode); each core requires at least one virtual drive',
    'numDrives and containerCapacity are mutually exclusive; use numDrives with driveCapacity for TLC-only mode, or containerCapacity with driveTypesRatio for mixed drive types',
    'containerCapacity must be greater than 0 when specified',
    'at least one of driveTypesRatio.tlc or driveTypesRatio.qlc must be greater than 0',
    'driveTypesRatio.tlc must be greater than 0 when driveTypesRatio is specified; TLC-only and mixed TLC/QLC configurations are supported, but QLC-only is not allowed',
    'driveCapacity must be greater than 0 when specified',
  ]);
});

test.run();
