/** The modelled API server as a client of plain HTTP sees it: who may ask, discovery, reading, ends. Time is virtual. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ApiStore } from '../../deploy/sandbox/world/api.ts';
import { kubeClient } from '../../io/kube-client.ts';
import { fixedCredentials } from '../../io/kube-credentials.ts';
import { CONTAINERS, type KubeOutcome, PODS, type WatchEvent } from '../../messages/kube.ts';
import { simClock } from '../support/sim-clock.ts';
import { newStore } from './api/new-store.ts';
import {
  CONTAINERS_PATH,
  containerDraft,
  createContainers,
  NAMESPACE,
  nameOf,
  podDraft,
  refOfContainer,
  TOKEN,
  type Wire,
  withServer,
} from './api/support.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

test('api-server: without a known token only health and version answer', () =>
  withServer(async ({ ask }) => {
    for (const token of ['', 'stranger']) {
      const { code, body } = await ask('/api', { token });
      assert.equal([code, body.kind, body.reason, body.message], [401, 'Status', 'Unauthorized', 'Unauthorized']);
      for (const path of ['/healthz', '/readyz', '/livez']) assert.is((await ask(path, { token })).body, 'ok');
      assert.match((await ask('/version', { token })).body.gitVersion, /^v1\.\d+\.\d+/);
    }
  }));

test('api-server: an unknown path, group, resource or subresource is a 404 Status', () =>
  withServer(async ({ ask }) => {
    const paths = [
      '/nothing',
      '/apis/none.io',
      '/apis/none.io/v1',
      '/api/v1/none',
      `${CONTAINERS_PATH}/x/scale`,
      '/api/v1/%E0%A4%A',
    ];
    for (const path of paths) {
      const { code, body } = await ask(path);
      assert.equal([code, body.kind, body.reason], [404, 'Status', 'NotFound'], path);
    }
  }));

test('api-server: discovery comes in both forms, with subresources', () =>
  withServer(async ({ ask }) => {
    const accept =
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';
    const aggregated = await ask('/apis', { accept });
    assert.is(
      aggregated.headers['content-type'],
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    );
    const weka = aggregated.body.items.find(({ metadata }: Wire) => metadata.name === 'weka.weka.io');
    const containers = weka.versions[0].resources.find(({ resource }: Wire) => resource === 'wekacontainers');
    assert.equal([containers.scope, containers.singularResource], ['Namespaced', 'wekacontainer']);
    assert.equal(containers.subresources[0].subresource, 'status');
    assert.equal((await ask('/api', { accept })).body.items[0].metadata, {});
    assert.equal((await ask('/api')).body.versions, ['v1']);
    assert.ok((await ask('/apis')).body.groups.some(({ name }: Wire) => name === 'apps'));
    assert.is((await ask('/apis/weka.weka.io')).body.preferredVersion.groupVersion, 'weka.weka.io/v1alpha1');
    const core = (await ask('/api/v1')).body.resources.map(({ name }: Wire) => name);
    for (const name of ['pods', 'pods/status', 'pods/exec', 'nodes', 'namespaces'])
      assert.ok(core.includes(name), name);
  }));

test('api-server: OpenAPI v3 carries the schema of the CRD and its kind', () =>
  withServer(async ({ ask }) => {
    const root = (await ask('/openapi/v3')).body.paths['apis/weka.weka.io/v1alpha1'];
    const { body } = await ask(root.serverRelativeURL);
    const schema = body.components.schemas['io.weka.weka.v1alpha1.WekaContainer'];
    assert.equal(schema['x-kubernetes-group-version-kind'], [
      { group: 'weka.weka.io', version: 'v1alpha1', kind: 'WekaContainer' },
    ]);
    assert.is(schema.properties.spec.properties.numCores.type, 'integer');
    const { patch } = body.paths['/apis/weka.weka.io/v1alpha1/namespaces/{namespace}/wekacontainers/{name}'];
    assert.ok(patch.parameters.some(({ name }: Wire) => name === 'fieldValidation'));
  }));

test('api-server: create, get, conflict on create, not found', () =>
  withServer(async ({ ask }) => {
    const created = await ask(CONTAINERS_PATH, { method: 'POST', body: containerDraft('x') });
    assert.equal([created.code, created.body.metadata.name], [201, 'x']);
    assert.equal((await ask(`${CONTAINERS_PATH}/x`)).body, created.body);
    const again = await ask(CONTAINERS_PATH, { method: 'POST', body: containerDraft('x') });
    assert.equal([again.code, again.body.reason], [409, 'AlreadyExists']);
    const missing = await ask(`${CONTAINERS_PATH}/y`);
    assert.equal([missing.code, missing.body.reason], [404, 'NotFound']);
    assert.is(missing.body.message, 'wekacontainers.weka.weka.io "y" not found');
    assert.equal(missing.body.details, { name: 'y', group: 'weka.weka.io', kind: 'wekacontainers' });
  }));

test('api-server: lists come in pages and by selector', () =>
  withServer(async (setup) => {
    const { ask } = setup;
    createContainers(setup, 'a', 'b', 'c');
    const first = await ask(`${CONTAINERS_PATH}?limit=2`);
    assert.equal([first.body.kind, first.body.items.map(nameOf)], ['WekaContainerList', ['a', 'b']]);
    const next = encodeURIComponent(first.body.metadata.continue);
    const second = await ask(`${CONTAINERS_PATH}?limit=2&continue=${next}`);
    assert.equal(second.body.items.map(nameOf), ['c']);
    assert.is(second.body.metadata.continue, undefined);
    assert.equal((await ask(`${CONTAINERS_PATH}?fieldSelector=metadata.name%3Db`)).body.items.map(nameOf), ['b']);
    assert.equal((await ask('/apis/weka.weka.io/v1alpha1/wekacontainers')).body.items.length, 3);
    assert.is((await ask(`${CONTAINERS_PATH}?limit=x`)).code, 400);
    assert.is((await ask(`${CONTAINERS_PATH}?labelSelector=%3D%3D`)).code, 400);
  }));

test('api-server: tables carry the printer columns, ages as of now', () =>
  withServer(async (setup) => {
    createContainers(setup, 'a');
    setup.clock.advance(200_000);
    const { body } = await setup.ask(CONTAINERS_PATH, { accept: TABLE });
    assert.is(body.kind, 'Table');
    const titles: string[] = body.columnDefinitions.map(({ name }: Wire) => name);
    assert.equal(titles.slice(0, 3), ['Name', 'Status', 'Mode']);
    const { cells, object } = body.rows[0];
    assert.equal([cells[0], cells[2], cells[titles.indexOf('Age')]], ['a', 'drive', '3m20s']);
    assert.is(object.kind, 'PartialObjectMetadata');
    const one = await setup.ask(`${CONTAINERS_PATH}/a?includeObject=None`, { accept: TABLE });
    assert.equal([one.body.rows.length, one.body.rows[0].object], [1, undefined]);
    assert.is((await setup.ask(CONTAINERS_PATH, { accept: 'application/vnd.kubernetes.protobuf' })).code, 406);
  }));

test('api-server: what is not modelled says so', () =>
  withServer(async (setup) => {
    setup.store.request({ verb: 'create', type: PODS, object: podDraft('p') });
    const pod = `/api/v1/namespaces/${NAMESPACE}/pods/p`;
    const logs = await setup.ask(`${pod}/log`);
    assert.equal([logs.code, logs.body.message], [501, 'logs of pods are not modelled (pod "p")']);
    assert.is((await setup.ask(`${pod}/exec?command=ls`)).code, 400);
    assert.is((await setup.ask(`${CONTAINERS_PATH}/x/status`, { method: 'DELETE' })).code, 405);
    assert.is((await setup.ask('/version', { method: 'POST', body: {} })).code, 405);
  }));

test('api-server: throttling carries Retry-After, an unknown end no answer at all', async () => {
  const answering = (outcome: KubeOutcome<never>): ApiStore => ({ ...newStore(simClock()), request: () => outcome });
  await withServer(
    async ({ ask }) => {
      const { code, headers, body } = await ask(`${CONTAINERS_PATH}/x`);
      assert.equal([code, headers['retry-after'], body.reason], [429, '2', 'TooManyRequests']);
    },
    { store: answering({ kind: 'throttled', retryAfterMs: 1_500 }) },
  );
  await withServer(
    async ({ ask }) => assert.is(await ask(`${CONTAINERS_PATH}/x`).catch(() => 'no answer'), 'no answer'),
    { store: answering({ kind: 'transport', cause: 'cut' }) },
  );
});

test('api-server: a bug in the store is a 500 Status, and the server lives on', () => {
  const broken: ApiStore = {
    ...newStore(simClock()),
    request: () => {
      throw new Error('a bug');
    },
  };
  const codes: number[] = [];
  return withServer(
    async ({ ask }) => {
      const { code, body } = await ask(`${CONTAINERS_PATH}/x`);
      assert.equal([code, body.reason, body.message], [500, 'InternalError', 'Internal error occurred: a bug']);
      assert.is((await ask(CONTAINERS_PATH)).code, 200);
      assert.equal(codes, [500, 200]);
    },
    { store: broken, log: ({ code }) => codes.push(code) },
  );
});

test('api-server: reviews allow whoever has a known token', () =>
  withServer(async ({ ask }) => {
    const review = async (group: string, plural: string, spec: unknown) =>
      (await ask(`/apis/${group}.k8s.io/v1/${plural}`, { method: 'POST', body: { spec } })).body;
    const known = await review('authentication', 'tokenreviews', { token: TOKEN });
    assert.equal([known.kind, known.status.authenticated, known.status.user.username], ['TokenReview', true, 'admin']);
    assert.is((await review('authentication', 'tokenreviews', { token: 'x' })).status.authenticated, false);
    assert.is((await review('authorization', 'selfsubjectaccessreviews', {})).status.allowed, true);
    assert.is((await review('authorization', 'subjectaccessreviews', { user: 'admin' })).status.allowed, true);
    assert.is((await review('authorization', 'subjectaccessreviews', { user: 'eve' })).status.allowed, false);
    assert.is((await ask('/apis/authorization.k8s.io/v1/others', { method: 'POST', body: {} })).code, 404);
  }));

test("api-server: the controller's client reads, writes, lists and watches through it", () =>
  withServer(async ({ store, clock, url }) => {
    const client = kubeClient({
      credentials: fixedCredentials(url, { authorization: `Bearer ${TOKEN}` }),
      clock,
      random: () => 0.5,
      userAgent: 'controller/1.0',
    });
    try {
      const seen: WatchEvent[] = [];
      const aborter = new AbortController();
      let synced: () => void = () => undefined;
      const initial = new Promise<void>((resolve) => {
        synced = resolve;
      });
      let deleted: () => void = () => undefined;
      const last = new Promise<void>((resolve) => {
        deleted = resolve;
      });
      const take = (event: WatchEvent): void => {
        seen.push(event);
        if (event.kind === 'bookmark') synced();
        if (event.kind === 'deleted') deleted();
      };
      const ended = client.watch(
        { type: CONTAINERS, resourceVersion: '', sendInitialEvents: true },
        take,
        aborter.signal,
      );
      await initial;
      const created = await client.request({ verb: 'create', type: CONTAINERS, object: containerDraft('c') });
      assert.is(created.kind, 'ok');
      assert.is(
        (await client.request({ verb: 'create', type: CONTAINERS, object: containerDraft('c') })).kind,
        'alreadyExists',
      );
      const patched = await client.request({
        verb: 'mergePatch',
        ref: refOfContainer('c'),
        subresource: 'status',
        patch: { status: { status: 'Init' } },
      });
      assert.is(patched.kind, 'ok');
      const stale = await client.request({
        verb: 'mergePatch',
        ref: refOfContainer('c'),
        patch: { metadata: { resourceVersion: '1', labels: { a: 'b' } } },
      });
      assert.is(stale.kind, 'conflict');
      const listed = await client.list({ verb: 'list', type: CONTAINERS, limit: 1 });
      assert.equal(listed.kind === 'ok' ? listed.answer.items.map(nameOf) : listed, ['c']);
      assert.is(
        (await client.request({ verb: 'delete', ref: refOfContainer('c'), propagation: 'Background' })).kind,
        'ok',
      );
      assert.is((await client.request({ verb: 'get', ref: refOfContainer('c') })).kind, 'notFound');
      await last;
      assert.equal(
        seen.map(({ kind }) => kind),
        ['bookmark', 'added', 'modified', 'deleted'],
      );
      aborter.abort();
      assert.equal(await ended, { kind: 'aborted' });
      store.forgetHistory();
      assert.equal(
        await client.watch({ type: CONTAINERS, resourceVersion: '1' }, () => undefined, new AbortController().signal),
        { kind: 'gone' },
      );
    } finally {
      await client.close();
    }
  }));

test('api-server: closing ends open watches and the server', async () => {
  let left: Promise<unknown> = Promise.resolve();
  await withServer(async (setup) => {
    const watch = await setup.watch(`${CONTAINERS_PATH}?watch=true`);
    left = watch.ended();
  });
  assert.ok(['ended', 'cut'].includes((await left) as string));
});

test.run();
