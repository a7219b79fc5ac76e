/** Creates, replaces, patches and deletes over HTTP: bodies, field validation, dry runs, answers. */
import { Readable } from 'node:stream';
import { Agent } from 'undici';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CONTAINERS } from '../../../messages/kube.ts';
import {
  CONTAINERS_PATH,
  containerDraft,
  createContainers,
  nameOf,
  refOfContainer,
  TOKEN,
  withServer,
} from './support.ts';

test('writes: bodies in YAML are read as kubectl reads them', () =>
  withServer(async ({ ask, store }) => {
    const body = 'metadata: {name: yaml}\nspec: {image: i, mode: drive, name: "", numCores: 02}\n';
    const { code } = await ask(CONTAINERS_PATH, { method: 'POST', body, contentType: 'application/yaml' });
    assert.is(code, 201);
    assert.equal((store.get(refOfContainer('yaml')) as { spec?: { numCores: number } } | undefined)?.spec?.numCores, 2);
  }));

test('writes: bodies that cannot be used are refused', () =>
  withServer(async ({ ask }) => {
    const post = async (body: unknown, contentType?: string): Promise<number> =>
      (await ask(CONTAINERS_PATH, { method: 'POST', body, ...(contentType === undefined ? {} : { contentType }) }))
        .code;
    assert.is(await post('{"metadata":'), 400);
    assert.is(await post('[]'), 400);
    assert.is(await post({ ...containerDraft('x'), kind: 'Pod' }), 400);
    assert.is(await post({ ...containerDraft('x'), metadata: { name: 'x', namespace: 'other' } }), 400);
    assert.is(await post({ ...containerDraft('x'), metadata: {} }), 422);
    assert.is(await post('x', 'application/vnd.kubernetes.protobuf'), 400);
    assert.is(await post('x', 'text/plain'), 415);
    assert.is(await post(`{"a":"${'x'.repeat(3 * 1024 * 1024)}"}`), 413);
  }));

test('writes: a body without a stated length is refused as soon as it is too large', () =>
  withServer(async ({ url }) => {
    const client = new Agent();
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const { statusCode } = await client.request({
      origin: url,
      path: CONTAINERS_PATH,
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: Readable.from([chunk, chunk, chunk, chunk]),
    });
    await client.destroy();
    assert.is(statusCode, 413);
  }));

test('writes: an invalid object names each cause', () =>
  withServer(async ({ ask }) => {
    const { code, body } = await ask(CONTAINERS_PATH, { method: 'POST', body: containerDraft('x', { mode: 'odd' }) });
    assert.equal([code, body.reason, body.details.kind, body.details.name], [422, 'Invalid', 'WekaContainer', 'x']);
    assert.is(body.details.causes[0].field, 'spec.mode');
    assert.is(body.details.causes[0].reason, 'FieldValueNotSupported');
  }));

test('writes: unknown fields warn, are refused when Strict, pass silently when Ignored', () =>
  withServer(async ({ ask, store }) => {
    const post = (name: string, validation: string) =>
      ask(`${CONTAINERS_PATH}?fieldValidation=${validation}`, {
        method: 'POST',
        body: containerDraft(name, { typo: 1 }),
      });
    const strict = await post('a', 'Strict');
    assert.equal([strict.code, strict.body.reason], [400, 'BadRequest']);
    assert.match(strict.body.message, /strict decoding error: unknown field "spec\.typo"$/);
    assert.is(store.get(refOfContainer('a')), undefined);
    const warned = await post('b', 'Warn');
    assert.equal([warned.code, warned.headers.warning], [201, '299 - "unknown field \\"spec.typo\\""']);
    assert.is((await post('c', 'Ignore')).headers.warning, undefined);
    assert.is((await post('d', 'Maybe')).code, 422);
    const patch = {
      method: 'PATCH',
      body: { spec: { typo: 1 } },
      contentType: 'application/merge-patch+json',
    } as const;
    assert.is((await ask(`${CONTAINERS_PATH}/b?fieldValidation=Strict`, patch)).code, 422);
  }));

test('writes: a dry run answers and stores nothing', () =>
  withServer(async ({ ask, store }) => {
    const post = (dryRun: string) =>
      ask(`${CONTAINERS_PATH}?dryRun=${dryRun}`, { method: 'POST', body: containerDraft('x') });
    assert.is((await post('All')).code, 201);
    assert.is(store.get(refOfContainer('x')), undefined);
    assert.is((await post('Some')).code, 422);
  }));

test('writes: every kind of patch, and 415 for others', () =>
  withServer(async (setup) => {
    createContainers(setup, 'a');
    const patch = (contentType: string, body: unknown, query = '') =>
      setup.ask(`${CONTAINERS_PATH}/a${query}`, { method: 'PATCH', contentType, body });
    const merged = await patch('application/merge-patch+json', { metadata: { labels: { one: '1' } } });
    assert.equal([merged.code, merged.body.metadata.labels], [200, { one: '1' }]);
    const operations = [
      { op: 'test', path: '/metadata/labels/one', value: '1' },
      { op: 'replace', path: '/metadata/labels/one', value: '2' },
    ];
    assert.equal((await patch('application/json-patch+json', operations)).body.metadata.labels, { one: '2' });
    assert.ok((await patch('application/json-patch+json', operations)).code >= 400);
    assert.is((await patch('application/json-patch+json', { op: 'add' })).code, 400);
    assert.is((await patch('application/merge-patch+json', [])).code, 400);
    assert.is((await patch('text/plain', 'x')).code, 415);
    const applied = {
      apiVersion: 'weka.weka.io/v1alpha1',
      kind: 'WekaContainer',
      metadata: { name: 'a' },
      spec: { port: 14000 },
    };
    assert.is((await patch('application/apply-patch+yaml', applied)).code, 422);
    const answer = await patch('application/apply-patch+yaml', applied, '?fieldManager=me');
    assert.equal([answer.code, answer.body.spec.port], [200, 14000]);
    const conflict = await patch(
      'application/apply-patch+yaml',
      { ...applied, spec: { port: 15000 } },
      '?fieldManager=you',
    );
    assert.equal([conflict.code, conflict.body.reason], [409, 'Conflict']);
    assert.is(
      (
        await patch(
          'application/apply-patch+yaml',
          { ...applied, spec: { port: 15000 } },
          '?fieldManager=you&force=true',
        )
      ).code,
      200,
    );
  }));

test('writes: apply creates what is absent, in YAML', () =>
  withServer(async ({ ask }) => {
    const body =
      'apiVersion: weka.weka.io/v1alpha1\nkind: WekaContainer\nmetadata: {name: z}\nspec: {image: i, mode: drive, name: "", numCores: 1}\n';
    const answer = await ask(`${CONTAINERS_PATH}/z?fieldManager=me`, {
      method: 'PATCH',
      contentType: 'application/apply-patch+yaml',
      body,
    });
    assert.equal([answer.code, answer.body.metadata.name], [201, 'z']);
  }));

test('writes: an apply of unknown fields fails as in Kubernetes, whatever the validation', () =>
  withServer(async ({ ask, store }) => {
    const body = containerDraft('z', { typo: 1 });
    const answer = await ask(`${CONTAINERS_PATH}/z?fieldManager=me&fieldValidation=Ignore`, {
      method: 'PATCH',
      contentType: 'application/apply-patch+yaml',
      body,
    });
    const message =
      'failed to create typed patch object (weka/z; weka.weka.io/v1alpha1, Kind=WekaContainer): .spec.typo: field not declared in schema';
    assert.equal([answer.code, answer.body.message], [500, message]);
    assert.is(store.get(refOfContainer('z')), undefined);
  }));

test('writes: replace needs the version it was read at, status is a part of its own', () =>
  withServer(async (setup) => {
    createContainers(setup, 'a');
    const { body: read } = await setup.ask(`${CONTAINERS_PATH}/a`);
    const put = (path: string, body: unknown) => setup.ask(path, { method: 'PUT', body });
    const status = await put(`${CONTAINERS_PATH}/a/status`, {
      ...read,
      spec: { ...read.spec, numCores: 9 },
      status: { status: 'Running' },
    });
    assert.equal([status.code, status.body.status.status, status.body.spec.numCores], [200, 'Running', 1]);
    const stale = await put(`${CONTAINERS_PATH}/a`, read);
    assert.equal([stale.code, stale.body.reason], [409, 'Conflict']);
    assert.is((await put(`${CONTAINERS_PATH}/b`, read)).code, 400);
  }));

test('writes: delete answers with a Status when the object is gone, with the object while a finalizer holds it', () =>
  withServer(async (setup) => {
    createContainers(setup, 'a', 'b');
    setup.store.request({
      verb: 'mergePatch',
      ref: refOfContainer('b'),
      patch: { metadata: { finalizers: ['weka.weka.io/finalizer'] } },
    });
    const uid = setup.store.get(refOfContainer('a'))?.metadata.uid;
    const remove = (path: string, body?: unknown) =>
      setup.ask(`${CONTAINERS_PATH}/${path}`, { method: 'DELETE', body });
    const wrong = await remove('a', { preconditions: { uid: 'other' } });
    assert.equal([wrong.code, wrong.body.reason], [409, 'Conflict']);
    const gone = await remove('a', {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Background',
      preconditions: { uid },
    });
    assert.equal([gone.code, gone.body.status, gone.body.details.uid], [200, 'Success', uid]);
    const held = await remove('b');
    assert.equal([held.code, typeof held.body.metadata.deletionTimestamp], [200, 'string']);
    assert.is((await remove('b?propagationPolicy=Maybe')).code, 422);
  }));

test('writes: a collection is deleted by label', () =>
  withServer(async (setup) => {
    createContainers(setup, 'a', 'b');
    setup.store.request({
      verb: 'mergePatch',
      ref: refOfContainer('b'),
      patch: { metadata: { labels: { go: 'yes' } } },
    });
    assert.is((await setup.ask(`${CONTAINERS_PATH}?labelSelector=go%3Dyes`, { method: 'DELETE' })).code, 200);
    assert.equal(setup.store.all(CONTAINERS).map(nameOf), ['a']);
    assert.is((await setup.ask(`${CONTAINERS_PATH}?fieldSelector=a%3Db`, { method: 'DELETE' })).code, 400);
  }));

test.run();
