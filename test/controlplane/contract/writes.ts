/** Creating and changing: locks, patches, the status apart, generation. */
import * as assert from 'uvu/assert';
import { CONFIG_MAPS, CONTAINERS, type KubeObject, type KubeOutcome } from '../../../messages/kube.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import {
  behaviour,
  configMap,
  container,
  create,
  done,
  exists,
  inNamespace,
  messageOf,
  type Place,
  pathOf,
  pathTo,
  read,
  refTo,
} from './server.ts';

const x = (place: Place) => inNamespace(place, CONTAINERS, 'x');
const makeX = (place: Place): Promise<KubeObject> => create(place, CONTAINERS, container(place, 'x'));
const merge = (place: Place, patch: unknown, subresource?: 'status'): Promise<KubeOutcome> =>
  place.kube.request({ verb: 'mergePatch', ref: x(place), patch, ...(subresource ? { subresource } : {}) });
const labelsOf = async (place: Place): Promise<unknown> => (await read(place, x(place))).metadata.labels;
const specOf = (object: KubeObject): Record<string, unknown> => (object as WekaContainer).spec as never;
const refused = (outcome: KubeOutcome): unknown =>
  outcome.kind === 'refused' ? [outcome.status, outcome.reason] : outcome.kind;

export const WRITES = [
  behaviour('a new object gets uid, version, generation and time', async (place) => {
    const { metadata } = await makeX(place);
    assert.match(metadata.uid, /^[0-9a-f-]{36}$/);
    assert.match(metadata.resourceVersion, /^[1-9]\d*$/);
    assert.match(metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.is(metadata.generation, 1);
    assert.equal((await read(place, x(place))).metadata, metadata);
  }),
  behaviour('a name that is taken is a 409 of its own kind', async (place) => {
    await makeX(place);
    const outcome = await place.kube.request({ verb: 'create', type: CONTAINERS, object: container(place, 'x') });
    assert.equal(outcome, {
      kind: 'alreadyExists',
      message: 'wekacontainers.weka.weka.io "x" already exists',
    });
  }),
  behaviour('an absent object is a 404 that names it', async (place) => {
    const message = 'wekacontainers.weka.weka.io "x" not found';
    assert.equal(await place.kube.request({ verb: 'get', ref: x(place) }), { kind: 'notFound', message });
    assert.equal(await merge(place, { metadata: { labels: { a: '1' } } }), { kind: 'notFound', message });
    assert.equal(await place.kube.request({ verb: 'delete', ref: x(place) }), { kind: 'notFound', message });
    const { body } = await place.plain.ask(pathTo(x(place)));
    assert.equal(body.details, { name: 'x', group: 'weka.weka.io', kind: 'wekacontainers' });
  }),
  behaviour('a version on an object to be created is refused', async (place) => {
    const draft = container(place, 'x');
    const object = { ...draft, metadata: { ...draft.metadata, resourceVersion: '5' } };
    const outcome = await place.kube.request({ verb: 'create', type: CONTAINERS, object });
    assert.is(messageOf(outcome), 'resourceVersion should not be set on objects to be created');
    assert.is(await exists(place, x(place)), false);
  }),
  behaviour('a PUT of a stale version is a conflict and writes nothing', async (place) => {
    const old = await makeX(place);
    done(await merge(place, { metadata: { labels: { a: '1' } } }));
    const outcome = await place.kube.request({ verb: 'replace', ref: x(place), object: old });
    assert.is(outcome.kind, 'conflict', JSON.stringify(outcome));
    assert.match(messageOf(outcome), /the object has been modified; please apply your changes/);
    assert.equal(await labelsOf(place), { a: '1' });
    const fresh = await read(place, x(place));
    const { labels: _, ...metadata } = fresh.metadata;
    done(await place.kube.request({ verb: 'replace', ref: x(place), object: { ...fresh, metadata } }));
    assert.is(await labelsOf(place), undefined);
  }),
  behaviour('a PUT without a version: refused for custom types, taken for built-in ones', async (place) => {
    const custom = await makeX(place);
    const { resourceVersion: _, ...metadata } = custom.metadata;
    const outcome = await place.kube.request({
      verb: 'replace',
      ref: x(place),
      object: { ...custom, metadata } as KubeObject,
    });
    assert.equal(refused(outcome), [422, 'Invalid']);
    assert.match(messageOf(outcome), 'metadata.resourceVersion: Invalid value: 0: must be specified for an update');
    await create(place, CONFIG_MAPS, configMap(place, 'x', { data: { a: '1' } }));
    const object = configMap(place, 'x', { data: { b: '2' } }) as KubeObject;
    const ref = inNamespace(place, CONFIG_MAPS, 'x');
    done(await place.kube.request({ verb: 'replace', ref, object }));
    assert.equal((await read(place, ref)).data, { b: '2' });
  }),
  behaviour('a PUT under another uid is a conflict', async (place) => {
    const made = await makeX(place);
    const uid = '00000000-0000-4000-8000-000000000000';
    const object = { ...made, metadata: { ...made.metadata, uid } };
    assert.is((await place.kube.request({ verb: 'replace', ref: x(place), object })).kind, 'conflict');
  }),
  behaviour('a patch is under the version that it names', async (place) => {
    const made = await makeX(place);
    const { resourceVersion } = made.metadata;
    const label = (value: string, version: object) => merge(place, { metadata: { ...version, labels: { a: value } } });
    done(await label('1', { resourceVersion }));
    const stale = await label('2', { resourceVersion });
    assert.is(stale.kind, 'conflict', JSON.stringify(stale));
    done(await label('3', {}));
    assert.equal(await labelsOf(place), { a: '3' });
  }),
  behaviour('merge patch: null removes, objects merge, lists are replaced', async (place) => {
    await makeX(place);
    const listed = (...keys: readonly string[]) => keys.map((key) => ({ key, operator: 'Exists' }));
    const tolerations = (...keys: readonly string[]) => ({ spec: { tolerations: listed(...keys) } });
    done(await merge(place, { metadata: { labels: { a: '1', b: '2' } }, ...tolerations('x', 'y') }));
    done(await merge(place, { metadata: { labels: { a: null, c: '3', none: null } }, ...tolerations('z') }));
    const now = await read(place, x(place));
    assert.equal(now.metadata.labels, { b: '2', c: '3' });
    assert.equal(now.spec.tolerations, listed('z'));
    done(await merge(place, { metadata: { labels: null }, spec: { tolerations: null } }));
    const then = await read(place, x(place));
    assert.equal([then.metadata.labels, then.spec.tolerations, then.spec.mode], [undefined, undefined, 'compute']);
  }),
  behaviour('a write that changes nothing keeps the version', async (place) => {
    const made = await makeX(place);
    const patched = done(await merge(place, { spec: { mode: 'compute' }, metadata: { labels: { none: null } } }));
    assert.is(patched.metadata.resourceVersion, made.metadata.resourceVersion);
    const put = done(await place.kube.request({ verb: 'replace', ref: x(place), object: made }));
    assert.is(put.metadata.resourceVersion, made.metadata.resourceVersion);
  }),
  behaviour('JSON patch: a test that fails is a 422 and changes nothing', async (place) => {
    await makeX(place);
    const patch = (...operations: readonly Parameters<typeof jsonPatch>[1][number][]) => jsonPatch(place, operations);
    const mode = { op: 'test', path: '/spec/mode', value: 'drive' } as const;
    const failed = await patch({ op: 'add', path: '/metadata/labels', value: { a: '1' } }, mode);
    assert.equal(refused(failed), [422, 'Invalid']);
    assert.is(await labelsOf(place), undefined);
    const absent = await patch({ op: 'test', path: '/metadata/finalizers/0', value: 'a' });
    assert.equal(refused(absent), [422, 'Invalid']);
    done(await patch({ ...mode, value: 'compute' }, { op: 'add', path: '/metadata/labels', value: { a: '1' } }));
    assert.equal(await labelsOf(place), { a: '1' });
  }),
  behaviour('JSON patch: a path that is not there is a 422; a list grows at its end', async (place) => {
    await makeX(place);
    assert.equal(refused(await jsonPatch(place, [{ op: 'remove', path: '/metadata/labels' }])), [422, 'Invalid']);
    const add = { op: 'add', path: '/metadata/finalizers/-', value: 'example.com/b' } as const;
    assert.equal(refused(await jsonPatch(place, [add])), [422, 'Invalid']);
    done(await jsonPatch(place, [{ op: 'add', path: '/metadata/finalizers', value: ['example.com/a'] }, add]));
    const listed = (await read(place, x(place))).metadata.finalizers;
    assert.equal(listed, ['example.com/a', 'example.com/b']);
    const test = { op: 'test', path: '/metadata/finalizers', value: listed } as const;
    done(await jsonPatch(place, [test, { op: 'remove', path: '/metadata/finalizers/0' }]));
    assert.equal((await read(place, x(place))).metadata.finalizers, ['example.com/b']);
  }),
  behaviour('JSON patch under a version: a stale one is a failed test', async (place) => {
    const { metadata } = await makeX(place);
    done(await merge(place, { metadata: { labels: { a: '1' } } }));
    const lock = { op: 'test', path: '/metadata/resourceVersion', value: metadata.resourceVersion } as const;
    const outcome = await jsonPatch(place, [lock, { op: 'add', path: '/metadata/labels', value: {} }]);
    assert.equal(refused(outcome), [422, 'Invalid']);
    assert.equal(await labelsOf(place), { a: '1' });
  }),
  behaviour('the status is written apart: nothing else changes with it, nor it with anything else', async (place) => {
    const made = await makeX(place);
    const object = { ...made, status: { status: 'Running' }, spec: { ...specOf(made), numCores: 7 } } as KubeObject;
    const main = done(await place.kube.request({ verb: 'replace', ref: x(place), object }));
    assert.equal([specOf(main).numCores, (main as WekaContainer).status, main.metadata.generation], [7, undefined, 2]);
    const labelled = { ...main, metadata: { ...main.metadata, labels: { a: '1' } } };
    const status = done(
      await place.kube.request({
        verb: 'replace',
        ref: x(place),
        subresource: 'status',
        object: { ...labelled, status: { status: 'Running' }, spec: { ...specOf(main), numCores: 9 } } as KubeObject,
      }),
    );
    assert.equal([specOf(status).numCores, (status as WekaContainer).status?.status], [7, 'Running']);
    assert.equal([status.metadata.generation, status.metadata.labels], [2, undefined]);
    assert.ok(Number(status.metadata.resourceVersion) > Number(main.metadata.resourceVersion));
    const patched = done(await merge(place, { spec: { numCores: 3 }, status: { status: 'Error' } }, 'status'));
    assert.equal([specOf(patched).numCores, (patched as WekaContainer).status?.status], [7, 'Error']);
    const other = done(await merge(place, { spec: { numCores: 4 }, status: { status: 'Init' } }));
    assert.equal([specOf(other).numCores, (other as WekaContainer).status?.status], [4, 'Error']);
  }),
  behaviour('a status given at creation is left out', async (place) => {
    const made = await create(place, CONTAINERS, { ...container(place, 'x'), status: { status: 'Running' } } as never);
    assert.is((made as WekaContainer).status, undefined);
  }),
  behaviour('the generation counts changes of the spec, not of metadata or status', async (place) => {
    await makeX(place);
    const after = async (patch: unknown, part?: 'status') => done(await merge(place, patch, part)).metadata.generation;
    assert.is(await after({ metadata: { labels: { a: '1' } } }), 1);
    assert.is(await after({ status: { status: 'Init' } }, 'status'), 1);
    assert.is(await after({ spec: { numCores: 2 } }), 2);
    assert.is(await after({ spec: { numCores: 2 } }), 2);
  }),
  behaviour('a status patch is under the version that it names', async (place) => {
    const { metadata } = await makeX(place);
    const { resourceVersion } = metadata;
    done(await merge(place, { metadata: { resourceVersion }, status: { status: 'Init' } }, 'status'));
    const stale = await merge(place, { metadata: { resourceVersion }, status: { status: 'Running' } }, 'status');
    assert.is(stale.kind, 'conflict');
    assert.is((await read(place, x(place))).status.status, 'Init');
  }),
  behaviour('names, uids and times of an object cannot be patched away', async (place) => {
    const { metadata } = await makeX(place);
    const odd = { uid: null, creationTimestamp: null, generation: 99 };
    done(await merge(place, { metadata: { ...odd, labels: { a: '1' } } }));
    const now = (await read(place, x(place))).metadata;
    assert.equal([now.uid, now.creationTimestamp], [metadata.uid, metadata.creationTimestamp]);
    assert.equal([now.generation, now.deletionTimestamp, now.labels], [1, undefined, { a: '1' }]);
    assert.equal(refused(await merge(place, { metadata: { name: 'y' } })), [400, 'BadRequest']);
    const marked = await merge(place, { metadata: { deletionTimestamp: '2020-01-01T00:00:00Z' } });
    assert.equal(refused(marked), [422, 'Invalid']);
    assert.match(
      messageOf(marked),
      'metadata.deletionTimestamp: Invalid value: "2020-01-01T00:00:00Z": field is immutable',
    );
  }),
  behaviour('a body for another namespace, or half of one, is a 400', async (place) => {
    const draft = container(place, 'x');
    const elsewhere = { ...draft, metadata: { ...draft.metadata, namespace: 'default' } };
    const path = pathOf(place, CONTAINERS);
    assert.is((await place.plain.ask(path, { method: 'POST', body: elsewhere })).code, 400);
    assert.is((await place.plain.ask(path, { method: 'POST', body: '{"half' })).code, 400);
  }),
  behaviour('a namespace that does not exist takes no objects: 404', async (place) => {
    const object = { ...configMap(place, 'x'), metadata: { name: 'x', namespace: 'no-such-namespace' } };
    const outcome = await place.kube.request({ verb: 'create', type: CONFIG_MAPS, object });
    assert.equal(outcome, { kind: 'notFound', message: 'namespaces "no-such-namespace" not found' });
  }),
  behaviour('a type that is not served is a 404', async (place) => {
    const type = { ...CONTAINERS, version: 'v9' };
    const outcome = await place.kube.list({ verb: 'list', type });
    assert.is(outcome.kind, 'notFound');
    assert.is((await place.kube.request({ verb: 'create', type, object: container(place, 'x') })).kind, 'notFound');
    const missing = refTo({ ...CONTAINERS, plural: 'wekanothings' }, await makeX(place));
    assert.is((await place.kube.request({ verb: 'get', ref: missing })).kind, 'notFound');
  }),
];

function jsonPatch(
  place: Place,
  patch: readonly (
    | { readonly op: 'add' | 'test'; readonly path: string; readonly value: unknown }
    | { readonly op: 'remove'; readonly path: string }
  )[],
): Promise<KubeOutcome> {
  return place.kube.request({ verb: 'jsonPatch', ref: x(place), patch });
}
