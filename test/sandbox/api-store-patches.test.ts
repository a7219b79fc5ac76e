/** The store: merge, JSON and strategic patches, server-side apply, who owns which fields. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CONFIG_MAPS, NODES, PODS } from '../../messages/kube.ts';
import {
  type Any,
  answer,
  core,
  GADGETS,
  gadget,
  gadgetRef,
  pod,
  refusal,
  type World,
  world,
} from './api-store.support.ts';

function withGadget(spec: Any = { size: 2 }): World {
  const made = world();
  answer(made.store.request({ verb: 'create', type: GADGETS, object: gadget('a', spec) }));
  return made;
}
const node = { type: NODES, name: 'n' };
function withNode(): World {
  const made = world();
  const object = core('Node', 'n', {}, { labels: { a: '1' } });
  answer(made.store.request({ verb: 'create', type: NODES, object }));
  return made;
}

test('a merge patch sets, replaces lists whole, and removes with null', () => {
  const { store } = withGadget({ size: 2, tags: ['a', 'b'], note: 'x', labels: { p: '1', q: '2' } });
  const patch = { spec: { tags: ['c'], note: null, labels: { p: null, r: '3' } } };
  const patched = answer(store.request({ verb: 'mergePatch', ref: gadgetRef('a'), patch }));
  assert.equal(patched.spec, { size: 2, color: 'red', tags: ['c'], labels: { q: '2', r: '3' } });
});

test('a merge patch that carries a resourceVersion is locked by it', () => {
  const { store } = withGadget();
  const old = store.get(gadgetRef('a'))?.metadata.resourceVersion;
  answer(store.request({ verb: 'mergePatch', ref: gadgetRef('a'), patch: { spec: { size: 4 } } }));
  const patch = { metadata: { resourceVersion: old }, spec: { size: 6 } };
  assert.match(
    refusal(store.request({ verb: 'mergePatch', ref: gadgetRef('a'), patch })),
    /^conflict: .*has been modified/,
  );
  assert.is((store.get(gadgetRef('a')) as Any).spec.size, 4);
});

test('a merge patch that breaks the schema stores nothing', () => {
  const { store } = withGadget();
  const before = store.get(gadgetRef('a'));
  const patch = { metadata: { labels: { a: 'b' } }, spec: { size: 'x' } };
  assert.match(refusal(store.request({ verb: 'mergePatch', ref: gadgetRef('a'), patch })), /^422 Invalid/);
  assert.match(refusal(store.request({ verb: 'mergePatch', ref: gadgetRef('a'), patch: [] })), /^400 BadRequest/);
  assert.is(store.get(gadgetRef('a')), before);
});

test('a JSON patch is applied whole or not at all', () => {
  const { store } = withGadget({ size: 2, tags: ['a'] });
  const before = store.get(gadgetRef('a'));
  const patch = (operations: Any) => store.request({ verb: 'jsonPatch', ref: gadgetRef('a'), patch: operations });
  const failed = patch([
    { op: 'replace', path: '/spec/size', value: 8 },
    { op: 'test', path: '/spec/color', value: 'green' },
  ]);
  assert.is(refusal(failed), '422 Invalid: the server rejected our request due to an error in our request');
  assert.is(store.get(gadgetRef('a')), before);
  const done = answer(
    patch([
      { op: 'test', path: '/metadata/resourceVersion', value: before?.metadata.resourceVersion },
      { op: 'add', path: '/spec/tags/-', value: 'b' },
      { op: 'remove', path: '/spec/color' },
    ]),
  );
  assert.equal(done.spec, { size: 2, tags: ['a', 'b'], color: 'red' });
});

test('a patch leaves uid, generation and the rest of the system metadata alone', () => {
  const { store } = withGadget();
  const before = store.get(gadgetRef('a')) as Any;
  const metadata = {
    generation: 99,
    creationTimestamp: '2000-01-01T00:00:00Z',
  };
  const send = (more: object) =>
    store.request({ verb: 'mergePatch', ref: gadgetRef('a'), patch: { metadata: { ...metadata, ...more } } });
  assert.is(answer(send({})), before);
  assert.is(send({ deletionTimestamp: '2000-01-01T00:00:00Z' }).kind, 'refused');
});

test('a strategic patch merges maps, as kubectl label, annotate and cordon send them', () => {
  const { store } = withNode();
  const send = (patch: unknown) => store.request({ verb: 'strategicPatch', ref: node, patch });
  const patch = { metadata: { labels: { a: null, b: '2' }, annotations: { x: 'y' } }, spec: { unschedulable: true } };
  const patched = answer(send(patch));
  assert.equal([patched.metadata.labels, patched.metadata.annotations], [{ b: '2' }, { x: 'y' }]);
  assert.is(patched.spec.unschedulable, true);
});

test('a strategic patch replaces atomic lists such as taints, and refuses lists that merge by key, and directives', () => {
  const { store } = withNode();
  const send = (patch: unknown) => store.request({ verb: 'strategicPatch', ref: node, patch });
  const taints = [{ key: 'k', effect: 'NoSchedule' }];
  assert.equal(answer(send({ spec: { taints } })).spec.taints, taints);
  assert.match(
    refusal(send({ metadata: { finalizers: ['a/b'] } })),
    /^415 UnsupportedMediaType: .*the list metadata\.finalizers/,
  );
  assert.match(
    refusal(send({ metadata: { labels: { $patch: 'replace' } } })),
    /^415 .*directive metadata\.labels\.\$patch/,
  );
});

test('a custom type takes no strategic patch, in the words of the API server', () => {
  const { store } = withGadget();
  assert.match(
    refusal(store.request({ verb: 'strategicPatch', ref: gadgetRef('a'), patch: {} })),
    /^415 UnsupportedMediaType: the body of the request was in an unknown format - accepted media types include: application\/json-patch\+json/,
  );
});

test('a write shares with the object before it all that did not change', () => {
  const { store } = withGadget({ size: 2, tags: ['a'], labels: { p: '1' } });
  const before = store.get(gadgetRef('a')) as Any;
  const patch = [{ op: 'replace', path: '/spec/size', value: 4 }] as const;
  const after = answer(store.request({ verb: 'jsonPatch', ref: gadgetRef('a'), patch }));
  assert.is(after.spec.tags, before.spec.tags);
  assert.is(after.spec.labels, before.spec.labels);
  assert.is.not(after.spec, before.spec);
});

test('stringData of a secret ends up in data, and a null counts as absent', () => {
  const { store } = world();
  const secrets = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true };
  const object = core(
    'Secret',
    's',
    { stringData: { a: 'b' }, data: { c: 'ZA==', d: null } },
    { namespace: 'default' },
  );
  const made = answer(store.request({ verb: 'create', type: secrets, object }));
  assert.equal([made.data, made.stringData, made.type], [{ c: 'ZA==', a: 'Yg==' }, undefined, 'Opaque']);
});

// Server-side apply.

const config = (data: Any, metadata: Any = {}): Any =>
  core('ConfigMap', 'm', { data }, { namespace: 'default', ...metadata });
const map = { type: CONFIG_MAPS, namespace: 'default', name: 'm' };
const applying = ({ store, clock: _clock }: World, fieldManager: string, object: Any, force = false, ref: Any = map) =>
  store.request({ verb: 'apply', ref, object, fieldManager, force });
const owners = (object: Any): string[] =>
  object.metadata.managedFields.map(
    (entry: Any) => `${entry.operation} ${entry.manager} ${JSON.stringify(entry.fieldsV1)}`,
  );

test('apply creates what is absent and owns what it applied', () => {
  const made = world();
  const object = answer(applying(made, 'one', config({ a: '1' }, { labels: { l: 'x' } })));
  assert.equal(owners(object), ['Apply one {"f:metadata":{"f:labels":{"f:l":{}}},"f:data":{"f:a":{}}}']);
});

test('applying the same again changes nothing, not even the resourceVersion', () => {
  const made = world();
  const first = answer(applying(made, 'one', config({ a: '1' })));
  made.pass(5000);
  assert.is(answer(applying(made, 'one', config({ a: '1' }))), first);
});

test('apply removes what it no longer applies, and keeps what others own', () => {
  const made = world();
  answer(applying(made, 'one', config({ a: '1', b: '2' })));
  answer(applying(made, 'two', config({ b: '2', c: '3' })));
  const object = answer(applying(made, 'one', config({})));
  assert.equal(object.data, { b: '2', c: '3' });
  assert.equal(owners(object), ['Apply one {"f:data":{}}', 'Apply two {"f:data":{"f:b":{},"f:c":{}}}']);
});

test('apply conflicts with another owner of a changed field, and takes it by force', () => {
  const made = world();
  answer(applying(made, 'one', config({ a: '1' })));
  assert.is(
    refusal(applying(made, 'two', config({ a: '2' }))),
    'conflict: Apply failed with 1 conflict: conflict with "one": .data.a',
  );
  const object = answer(applying(made, 'two', config({ a: '2' }), true));
  assert.equal([object.data, owners(object)], [{ a: '2' }, ['Apply two {"f:data":{"f:a":{}}}']]);
});

test('an update takes ownership, and an apply over it names writer, version and time', () => {
  const made = world();
  answer(applying(made, 'one', config({ a: '1', b: '1' })));
  made.store.request(
    { verb: 'mergePatch', ref: map, patch: { data: { a: '2', b: '2' } } },
    { fieldManager: 'kubectl-edit' },
  );
  assert.is(
    refusal(applying(made, 'one', config({ a: '1', b: '1' }))),
    'conflict: Apply failed with 2 conflicts: conflicts with "kubectl-edit" using v1:\n- .data.a\n- .data.b',
  );
  assert.equal(owners(made.store.get(map)), ['Update kubectl-edit {"f:data":{"f:a":{},"f:b":{}}}']);
});

test('apply merges a list of named items by name, and removes an item only if nobody else owns part of it', () => {
  const made = world();
  const parts = (...items: Any[]): Any => gadget('a', { size: 2, parts: items });
  const apply = (manager: string, object: Any) => answer(applying(made, manager, object, false, gadgetRef('a')));
  apply('one', parts({ name: 'x', count: 1 }, { name: 'y' }));
  apply('two', parts({ name: 'z' }, { name: 'x' }));
  assert.equal((made.store.get(gadgetRef('a')) as Any).spec.parts, [
    { name: 'z' },
    { name: 'x', count: 1 },
    { name: 'y' },
  ]);
  const object = apply('one', gadget('a', { size: 2 }));
  assert.equal(object.spec.parts, [{ name: 'z' }, { name: 'x' }]);
});

test('apply on the status subresource sets the status only', () => {
  const made = world();
  answer(made.store.request({ verb: 'create', type: GADGETS, object: gadget('a') }));
  const object = { ...gadget('a', { size: 50 }, { labels: { l: 'x' } }), status: { phase: 'Up' } } as Any;
  const request = {
    verb: 'apply',
    ref: gadgetRef('a'),
    object,
    subresource: 'status',
    fieldManager: 's',
    force: false,
  } as const;
  const applied = answer(made.store.request(request));
  assert.equal([applied.spec.size, applied.metadata.labels, applied.status], [2, undefined, { phase: 'Up' }]);
  assert.is(applied.metadata.managedFields.find((entry: Any) => entry.operation === 'Apply').subresource, 'status');
});

test('the update entries say who wrote what through which resource', () => {
  const made = world();
  made.store.request({ verb: 'create', type: PODS, object: pod('p') }, { fieldManager: 'creator' });
  const ref = { type: PODS, namespace: 'default', name: 'p' };
  const patch = { status: { phase: 'Running' } };
  const after = answer(
    made.store.request({ verb: 'mergePatch', ref, subresource: 'status', patch }, { fieldManager: 'kubelet' }),
  );
  assert.is(owners(after).at(-1), 'Update kubelet {"f:status":{"f:phase":{}}}');
  const container = after.metadata.managedFields[0].fieldsV1['f:spec']['f:containers'];
  assert.equal(Object.keys(container), ['k:{"name":"main"}']);
  assert.ok(Object.hasOwn(container['k:{"name":"main"}'], '.'));
});

/*
 * Invariant, compared with a model of a few lines: each key of a map has the value written last and exactly the owners that
 * wrote that value; a forced apply takes keys over and drops those that its manager applied before and nobody else owns.
 */
const write = fc.record({
  apply: fc.boolean(),
  manager: fc.constantFrom('one', 'two', 'three'),
  data: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2')),
});
test('property: every field of a map has the owners that wrote its value', () => {
  fc.assert(
    fc.property(fc.array(write, { maxLength: 25 }), (writes) => {
      const made = world();
      answer(applying(made, 'base', config({}, { labels: { keep: 'me' } })));
      const values = new Map<string, string>();
      const owned = new Map<string, Set<string>>();
      for (const { apply, manager, data } of writes) {
        const owner = `${apply ? 'Apply' : 'Update'} ${manager}`;
        if (apply) {
          answer(applying(made, manager, config(data), true));
          for (const [key, owning] of owned) {
            if (!Object.hasOwn(data, key) && owning.delete(owner) && owning.size === 0) values.delete(key);
          }
        } else {
          made.store.request({ verb: 'mergePatch', ref: map, patch: { data } }, { fieldManager: manager });
        }
        for (const [key, value] of Object.entries(data)) {
          const changed = values.get(key) !== value;
          if (changed) owned.set(key, new Set([owner]));
          else if (apply) owned.get(key)?.add(owner);
          values.set(key, value);
        }
      }
      const object = made.store.get(map) as Any;
      assert.equal(new Map(Object.entries(object.data ?? {})), new Map([...values].sort()));
      for (const key of values.keys()) {
        const found = object.metadata.managedFields.filter(
          (entry: Any) => entry.fieldsV1['f:data']?.[`f:${key}`] !== undefined,
        );
        assert.equal(new Set(found.map((entry: Any) => `${entry.operation} ${entry.manager}`)), owned.get(key), key);
      }
    }),
    { numRuns: 300 },
  );
});

test.run();
