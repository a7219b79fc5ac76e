/** The store: pruning, defaults, validation and CEL rules, on a small type and on the project's own definitions. */
import { readdirSync, readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hasDeprecatedPorts, migrateEnsurePorts } from '../../actors/flows/steps/exposed-ports.ts';
import { buildPod } from '../../actors/rules/pod-spec/build-pod.ts';
import type { ApiStore } from '../../deploy/sandbox/world/api.ts';
import { createApiStore } from '../../deploy/sandbox/world/api-store.ts';
import { CONTAINERS } from '../../messages/kube.ts';
import { testConfig } from '../support/config.ts';
import { passFor } from '../support/pass.ts';
import { playStep, requestOf } from '../support/play.ts';
import { simClock } from '../support/sim-clock.ts';
import { type Any, answer, GADGETS, gadget, gadgetRef, refusal, world } from './api-store.support.ts';

/** What stands after `is invalid: `. */
function reasons(spec: Any): string {
  const { store } = world();
  const text = refusal(store.request({ verb: 'create', type: GADGETS, object: gadget('a', spec) }));
  const prefix = '422 Invalid: Gadget.shop.example.com "a" is invalid: ';
  assert.ok(text.startsWith(prefix), text);
  return text.slice(prefix.length);
}
const stored = (spec: Any): Any =>
  answer(world().store.request({ verb: 'create', type: GADGETS, object: gadget('a', spec) })).spec;
const SKIPPED =
  '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

const refused: readonly (readonly [what: string, spec: Any, text: string])[] = [
  ['a missing required field', {}, `[spec.size: Required value, ${SKIPPED}]`],
  [
    'a wrong type',
    { size: '2' },
    `[spec.size: Invalid value: "string": spec.size in body must be of type integer: "string", ${SKIPPED}]`,
  ],
  [
    'a fraction where a whole number is wanted',
    { size: 1.5 },
    `[spec.size: Invalid value: "number": spec.size in body must be of type integer: "number", <nil>: Invalid value: "": Checked value must be of type integer (default format) in spec.size, ${SKIPPED}]`,
  ],
  [
    'a value that the enum does not name',
    { size: 2, color: 'green' },
    `[spec.color: Unsupported value: "green": supported values: "red", "blue", ${SKIPPED}]`,
  ],
  [
    'a number above the maximum',
    { size: 102 },
    'spec.size: Invalid value: 102: spec.size in body should be less than or equal to 100',
  ],
  [
    'a number below the minimum',
    { size: -2 },
    'spec.size: Invalid value: -2: spec.size in body should be greater than or equal to 0',
  ],
  [
    'a text that is too long',
    { size: 2, color: 'blue', code: 'abcdef' },
    `[spec.code: Too long: may not be more than 5 bytes, ${SKIPPED}]`,
  ],
  [
    'a text that is too short',
    { size: 2, color: 'blue', code: 'a' },
    'spec.code: Invalid value: "a": spec.code in body should be at least 2 chars long',
  ],
  [
    'a text that does not match the pattern',
    { size: 2, color: 'blue', code: 'A1' },
    `spec.code: Invalid value: "A1": spec.code in body should match '^[a-z]+$'`,
  ],
  [
    'a date that is none',
    { size: 2, since: 'yesterday' },
    `[spec.since: Invalid value: "yesterday": spec.since in body must be of type date-time: "yesterday", ${SKIPPED}]`,
  ],
  [
    'a list with too many items',
    { size: 2, tags: ['a', 'b', 'c', 'd'] },
    `[spec.tags: Too many: 4: must have at most 3 items, ${SKIPPED}]`,
  ],
  ['an item that a set holds twice', { size: 2, tags: ['a', 'a'] }, 'spec.tags[1]: Duplicate value: "a"'],
  [
    'an item whose keys are taken',
    { size: 2, parts: [{ name: 'x' }, { name: 'x', count: 1 }] },
    'spec.parts[1]: Duplicate value: {"name":"x"}',
  ],
  [
    'a null as an item of a list',
    { size: 2, tags: [null] },
    `[spec.tags[0]: Invalid value: "null": spec.tags[0] in body must be of type string: "null", ${SKIPPED}]`,
  ],
  [
    'a boolean for an int-or-string',
    { size: 2, amount: true },
    `[spec.amount: Invalid value: "boolean": spec.amount in body must be of type integer,string: "boolean", <nil>: Invalid value: "": "spec.amount" must validate at least one schema (anyOf), spec.amount: Invalid value: "boolean": spec.amount in body must be of type integer: "boolean", ${SKIPPED}]`,
  ],
  ['a rule that does not hold', { size: 3 }, 'spec: Invalid value: size must be even'],
  ['a rule with a message of its own making', { size: 2, code: 'ab' }, 'spec: Invalid value: no code for red'],
];
for (const [what, spec, text] of refused) {
  test(`refused with 422: ${what}`, () => assert.is(reasons(spec), text));
}

test('unknown fields are pruned, but not where the schema preserves them', () => {
  const spec = {
    size: 2,
    other: 1,
    options: { depth: 1, other: 2 },
    free: { any: { thing: [1, null] } },
    labels: { a: 'b' },
  };
  assert.equal(stored(spec), {
    size: 2,
    options: { depth: 1 },
    free: { any: { thing: [1, null] } },
    labels: { a: 'b' },
    color: 'red',
  });
});

test('defaults fill in inside objects that are given, not in those that are absent', () => {
  assert.equal(stored({ size: 2, options: {} }).options, { depth: 3 });
  assert.is(stored({ size: 2 }).options, undefined);
});

test('a null counts as absent, takes the default where there is one, and stays where it is allowed', () => {
  const spec = { size: 2, color: null, code: null, note: null, labels: { a: null, b: 'c' } };
  assert.equal(stored(spec), { size: 2, note: null, labels: { b: 'c' }, color: 'red' });
});

test('an int-or-string takes both', () => {
  assert.equal([stored({ size: 2, amount: 3 }).amount, stored({ size: 2, amount: '3Gi' }).amount], [3, '3Gi']);
});

test('a rule about oldSelf is asked on updates only, of the item with the same keys', () => {
  const { store } = world();
  const parts = (...items: Any[]) => ({ spec: { parts: items } });
  const object = gadget('a', { size: 2, ...parts({ name: 'x', count: 5 }).spec });
  answer(store.request({ verb: 'create', type: GADGETS, object }));
  const patch = (body: Any) => store.request({ verb: 'mergePatch', ref: gadgetRef('a'), patch: body });
  answer(patch(parts({ name: 'y', count: 1 }, { name: 'x', count: 6 })));
  assert.is(
    refusal(patch(parts({ name: 'y', count: 1 }, { name: 'x', count: 2 }))),
    '422 Invalid: Gadget.shop.example.com "a" is invalid: spec.parts[1].count: Invalid value: 2: count must not shrink',
  );
});

test('a status that breaks its schema is refused and not stored', () => {
  const { store } = world();
  answer(store.request({ verb: 'create', type: GADGETS, object: gadget('a') }));
  const patch = { status: { seen: 'often' } };
  assert.match(
    refusal(store.request({ verb: 'mergePatch', ref: gadgetRef('a'), subresource: 'status', patch })),
    /status\.seen: Invalid value: "string": status\.seen in body must be of type integer/,
  );
  assert.is((store.get(gadgetRef('a')) as Any).status, undefined);
});

test('a definition without a served storage version is refused when the store is made', () => {
  const clock = simClock();
  const crds = [{ kind: 'CustomResourceDefinition', metadata: { name: 'x' }, spec: { versions: [] } }];
  assert.throws(() => createApiStore({ clock, random: () => 0.5, crds }), /x: no served storage version/);
});

// The project's own definitions.

const DISCOVERED = { is_ht: true, os: 'ubuntu', kubernetes_distro: 'k8s', boot_id: 'boot', schema: 3 };

function wekaStore(): ApiStore {
  const folder = new URL('../../deploy/chart/crds/', import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  const crds = files.map((name) => load(readFileSync(new URL(name, folder), 'utf8')));
  let next = 0;
  return createApiStore({ clock: simClock(), random: () => (next = (next + 0.137) % 1), crds });
}
const container = (spec: Any): Any => ({
  apiVersion: 'weka.weka.io/v1alpha1',
  kind: 'WekaContainer',
  metadata: { name: 'c', namespace: 'default' },
  ...(spec === undefined ? {} : { spec: { image: 'i', mode: 'drive', name: '', numCores: 1, ...spec } }),
});
const createContainer = (spec: Any) =>
  wekaStore().request({ verb: 'create', type: CONTAINERS, object: container(spec) });

test('spec 01 §23 #1: name and numCores may be empty and 0, not absent', () => {
  for (const missing of ['name', 'numCores'] as const) {
    const text = refusal(createContainer({ [missing]: undefined }));
    assert.match(text, `spec.${missing}: Required value`);
    assert.match(text, /^422 Invalid/);
  }
  const { name, numCores } = answer(createContainer({ name: '', numCores: 0 })).spec;
  assert.equal([name, numCores], ['', 0]);
});

test('spec 01 §23 #3: a minimal container reads back with the defaults of the schema and no status', () => {
  const read = (spec: Any) => {
    const store = wekaStore();
    answer(store.request({ verb: 'create', type: CONTAINERS, object: container(spec) }));
    return store.get({ type: CONTAINERS, namespace: 'default', name: 'c' }) as Any;
  };
  const minimal = read({});
  assert.equal(minimal.spec, {
    image: 'i',
    mode: 'drive',
    name: '',
    numCores: 1,
    cpuPolicy: 'auto',
    upgradePolicyType: 'manual',
    state: 'active',
    autoRemoveTimeout: '0s',
  });
  assert.not(Object.hasOwn(minimal, 'status'));
  // Go creators send both as `{}`: the pod is the same.
  const sent = read({ network: {}, wekaSecretRef: {} });
  assert.equal([sent.spec.network, sent.spec.wekaSecretRef], [{}, {}]);
  const podOf = (stored: Any) => {
    const uid = { ...stored, metadata: { ...stored.metadata, uid: 'u' } };
    const built = buildPod(uid, DISCOVERED, { settings: testConfig() });
    return built.kind === 'ok' ? built.pod : built.error;
  };
  assert.equal(podOf(sent), podOf(minimal));
});

test('spec 01 §23 #8: the two unnamed ports of an envoy become named ones, with equal host ports, TCP', () => {
  const store = wekaStore();
  const envoy = answer(
    store.request({
      verb: 'create',
      type: CONTAINERS,
      object: container({ mode: 'envoy', exposePorts: [35_300, 35_301] }),
    }),
  );
  const { calls } = playStep(migrateEnsurePorts(passFor(envoy)), [
    ['mergePatch wekacontainers/default/c', { kind: 'ok', answer: envoy }],
  ]);
  const { spec } = answer(store.request(requestOf(calls, 'mergePatch')));
  assert.not(Object.hasOwn(spec, 'exposePorts'));
  const port = (name: string, number: number) => ({
    name,
    containerPort: number,
    hostPort: number,
    protocol: 'TCP',
  });
  assert.equal(spec.exposedPorts, [port('envoy', 35_300), port('envoy-admin', 35_301)]);
  for (const kept of [
    { mode: 'envoy', exposePorts: [35_300, 35_301, 35_302] },
    { mode: 's3', exposePorts: [35_300, 35_301] },
  ]) {
    assert.not.ok(hasDeprecatedPorts(passFor(answer(createContainer(kept)))));
  }
});

test('spec 01 §23 #51: a WekaContainer without spec is stored without spec defaults', () => {
  assert.is(answer(createContainer(undefined)).spec, undefined);
});

const bad: readonly Any[] = [
  { mode: 'foo' },
  { state: 'frozen' },
  { cpuPolicy: 'fast' },
  { upgradePolicyType: 'never' },
  { tracesConfiguration: { dumperConfigMode: 'x' } },
  { portRange: { basePort: 65_536 } },
  { network: { deviceSubnets: ['10.0.0.0'] } },
  { autoRemoveTimeout: '5 minutes' },
  { driveTypesRatio: { tlc: -1 } },
  { resources: { limits: { cpu: 'one' } } },
  { instructions: {} },
  { pvc: {} },
  { exposedPorts: [{}] },
  { numCores: '1' },
];
for (const spec of bad) {
  test(`spec 01 §23 #52: ${JSON.stringify(spec)} is refused with 422`, () =>
    assert.match(refusal(createContainer(spec)), /^422 Invalid: WekaContainer\.weka\.weka\.io "c" is invalid: /));
}
const good: readonly Any[] = [
  { network: { deviceSubnets: ['999.1.1.1/99'] } },
  { port: -1 },
  { portRange: { basePort: 0 } },
  { exposedPorts: [{ containerPort: 1, protocol: 'XYZ' }] },
];
for (const spec of good) {
  test(`spec 01 §23 #52: ${JSON.stringify(spec)} is accepted`, () => assert.ok(answer(createContainer(spec))));
}

test('spec 01 §23 #53: defaults fill in inside given objects', () => {
  const spec = answer(
    createContainer({
      portRange: {},
      tracesConfiguration: { ensureFreeSpace: 50 },
      wekaSecretRef: { secretKeyRef: { key: 's' } },
      driveTypesRatio: { tlc: 1 },
      containerCapacity: 1,
    }),
  ).spec;
  assert.equal(spec.portRange, { basePort: 45_000, portRange: 0 });
  assert.equal(spec.tracesConfiguration, { ensureFreeSpace: 50, maxCapacityPerIoNode: 10, dumperConfigMode: 'auto' });
  assert.equal(spec.wekaSecretRef.secretKeyRef, { key: 's', name: '' });
  assert.equal(spec.driveTypesRatio, { tlc: 1, qlc: 0 });
});

test('spec 01 §23 #54: unknown fields are pruned, and a bad status is refused', () => {
  const store = wekaStore();
  const made = answer(store.request({ verb: 'create', type: CONTAINERS, object: container({ unheardOf: 1 }) }));
  assert.not(Object.hasOwn(made.spec, 'unheardOf'));
  const ref = { type: CONTAINERS, namespace: 'default', name: 'c' };
  const write = (status: Any) =>
    store.request({ verb: 'replace', ref, subresource: 'status', object: { ...made, status } });
  const condition = { type: 'A', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z', reason: 'R', message: '' };
  for (const status of [
    { conditions: [{ ...condition, reason: '' }] },
    { conditions: [{ ...condition, message: 'x'.repeat(32_769) }] },
    { addedDrives: [{ uid: 'u' }] },
  ]) {
    assert.match(refusal(write(status)), /^422 Invalid/);
  }
  assert.is((store.get(ref) as Any).status, undefined);
  assert.is(answer(write({ conditions: [condition] })).status.status, 'Init');
});

const rules: readonly (readonly [Any, RegExp])[] = [
  [
    { driveCapacity: 1, driveTypesRatio: { tlc: 1 } },
    /spec: Invalid value: driveCapacity and driveTypesRatio are mutually exclusive/,
  ],
  [{ driveCapacity: 1, numDrives: 1, numCores: 2 }, /spec: Invalid value: numDrives must be >= numCores/],
  [
    { numDrives: 1, containerCapacity: 2 },
    /spec: Invalid value: numDrives and containerCapacity are mutually exclusive/,
  ],
  [{ containerCapacity: 0 }, /spec: Invalid value: containerCapacity must be greater than 0/],
  [
    { driveTypesRatio: {} },
    /\[spec: Invalid value: at least one of .*, spec: Invalid value: driveTypesRatio\.tlc must be/,
  ],
  [{ driveCapacity: 0 }, /spec: Invalid value: driveCapacity must be greater than 0/],
];
for (const [spec, text] of rules) {
  test(`spec 01 §1.2: ${JSON.stringify(spec)} breaks a rule`, () => assert.match(refusal(createContainer(spec)), text));
}

test('every definition of the project is served, and readable as an object', () => {
  const store = wekaStore();
  const served = store.types().filter(({ type }) => type.group === 'weka.weka.io');
  assert.ok(served.length >= 5 && served.every(({ hasStatus, schema }) => hasStatus && schema !== undefined));
  const type = {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    namespaced: false,
  };
  const found = store.get({ type, name: 'wekacontainers.weka.weka.io' }) as Any;
  assert.is(found.status.conditions.find((one: Any) => one.type === 'Established').status, 'True');
  assert.match(
    refusal(
      store.request({ verb: 'mergePatch', ref: { type, name: found.metadata.name }, patch: { spec: { group: 'x' } } }),
    ),
    /spec: Forbidden: the custom types of this server are fixed/,
  );
});

test.run();
