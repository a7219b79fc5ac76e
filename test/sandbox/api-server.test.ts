/** The modelled API server as a client of plain HTTP sees it. Time is virtual; nothing waits but for the socket. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { createEventEncoder } from '../../deploy/sandbox/api/watch-stream.ts';
import type { ApiStore } from '../../deploy/sandbox/world/api.ts';
import { kubeClient } from '../../io/kube-client.ts';
import { fixedCredentials } from '../../io/kube-credentials.ts';
import { CONFIG_MAPS, CONTAINERS, type KubeOutcome, PODS, refOf, type WatchEvent } from '../../messages/kube.ts';
import { simClock } from '../support/sim-clock.ts';
import { newStore } from './api/new-store.ts';
import {
  CONTAINERS_PATH,
  containerDraft,
  NAMESPACE,
  nameOf,
  podDraft,
  type Setup,
  TOKEN,
  withServer,
} from './api/support.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const ref = (name: string) => refOf(CONTAINERS, { namespace: NAMESPACE, name });
const create = ({ store }: Setup, ...names: string[]): void => {
  for (const name of names)
    assert.is(store.request({ verb: 'create', type: CONTAINERS, object: containerDraft(name) }).kind, 'ok');
};

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
    // biome-ignore lint/suspicious/noExplicitAny: JSON from the wire.
    const weka = aggregated.body.items.find(({ metadata }: any) => metadata.name === 'weka.weka.io');
    // biome-ignore lint/suspicious/noExplicitAny: JSON from the wire.
    const containers = weka.versions[0].resources.find(({ resource }: any) => resource === 'wekacontainers');
    assert.equal([containers.scope, containers.singularResource], ['Namespaced', 'wekacontainer']);
    assert.equal(containers.subresources[0].subresource, 'status');
    assert.equal((await ask('/api', { accept })).body.items[0].metadata, {});
    assert.equal((await ask('/api')).body.versions, ['v1']);
    // biome-ignore lint/suspicious/noExplicitAny: JSON from the wire.
    assert.ok((await ask('/apis')).body.groups.some(({ name }: any) => name === 'apps'));
    assert.is((await ask('/apis/weka.weka.io')).body.preferredVersion.groupVersion, 'weka.weka.io/v1alpha1');
    // biome-ignore lint/suspicious/noExplicitAny: JSON from the wire.
    const core = (await ask('/api/v1')).body.resources.map(({ name }: any) => name);
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
    // biome-ignore lint/suspicious/noExplicitAny: JSON from the wire.
    assert.ok(patch.parameters.some(({ name }: any) => name === 'fieldValidation'));
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

test('api-server: bodies in YAML are read as kubectl reads them', () =>
  withServer(async ({ ask, store }) => {
    const body = 'metadata: {name: yaml}\nspec: {image: i, mode: drive, name: "", numCores: 02}\n';
    const { code } = await ask(CONTAINERS_PATH, { method: 'POST', body, contentType: 'application/yaml' });
    assert.is(code, 201);
    assert.equal((store.get(ref('yaml')) as { spec?: { numCores: number } } | undefined)?.spec?.numCores, 2);
  }));

test('api-server: bodies that cannot be used are refused', () =>
  withServer(async ({ ask }) => {
    const post = async (body: unknown, contentType?: string): Promise<number> =>
      (await ask(CONTAINERS_PATH, { method: 'POST', body, ...(contentType === undefined ? {} : { contentType }) }))
        .code;
    assert.is(await post('{"metadata":'), 400);
    assert.is(await post('[]'), 400);
    assert.is(await post({ ...containerDraft('x'), kind: 'Pod' }), 400);
    assert.is(await post({ ...containerDraft('x'), metadata: { name: 'x', namespace: 'other' } }), 400);
    assert.is(await post({ ...containerDraft('x'), metadata: {} }), 422);
    assert.is(await post('x', 'application/vnd.kubernetes.protobuf'), 415);
    assert.is(await post(`{"a":"${'x'.repeat(3 * 1024 * 1024)}"}`), 413);
  }));

test('api-server: an invalid object names each cause', () =>
  withServer(async ({ ask }) => {
    const { code, body } = await ask(CONTAINERS_PATH, { method: 'POST', body: containerDraft('x', { mode: 'odd' }) });
    assert.equal([code, body.reason, body.details.kind, body.details.name], [422, 'Invalid', 'WekaContainer', 'x']);
    assert.is(body.details.causes[0].field, 'spec.mode');
    assert.is(body.details.causes[0].reason, 'FieldValueNotSupported');
  }));

test('api-server: unknown fields warn, are refused when Strict, pass silently when Ignored', () =>
  withServer(async ({ ask, store }) => {
    const post = (name: string, validation: string) =>
      ask(`${CONTAINERS_PATH}?fieldValidation=${validation}`, {
        method: 'POST',
        body: containerDraft(name, { typo: 1 }),
      });
    const strict = await post('a', 'Strict');
    assert.equal([strict.code, strict.body.reason], [400, 'BadRequest']);
    assert.match(strict.body.message, /strict decoding error: unknown field "spec\.typo"$/);
    assert.is(store.get(ref('a')), undefined);
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

test('api-server: a dry run answers and stores nothing', () =>
  withServer(async ({ ask, store }) => {
    const post = (dryRun: string) =>
      ask(`${CONTAINERS_PATH}?dryRun=${dryRun}`, { method: 'POST', body: containerDraft('x') });
    assert.is((await post('All')).code, 201);
    assert.is(store.get(ref('x')), undefined);
    assert.is((await post('Some')).code, 422);
  }));

test('api-server: lists come in pages and by selector', () =>
  withServer(async (setup) => {
    const { ask } = setup;
    create(setup, 'a', 'b', 'c');
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
    create(setup, 'a');
    setup.clock.advance(200_000);
    const { body } = await setup.ask(CONTAINERS_PATH, { accept: TABLE });
    assert.is(body.kind, 'Table');
    // biome-ignore lint/suspicious/noExplicitAny: JSON from the wire.
    const titles: string[] = body.columnDefinitions.map(({ name }: any) => name);
    assert.equal(titles.slice(0, 3), ['Name', 'Status', 'Mode']);
    const { cells, object } = body.rows[0];
    assert.equal([cells[0], cells[2], cells[titles.indexOf('Age')]], ['a', 'drive', '3m20s']);
    assert.is(object.kind, 'PartialObjectMetadata');
    const one = await setup.ask(`${CONTAINERS_PATH}/a?includeObject=None`, { accept: TABLE });
    assert.equal([one.body.rows.length, one.body.rows[0].object], [1, undefined]);
    assert.is((await setup.ask(CONTAINERS_PATH, { accept: 'application/vnd.kubernetes.protobuf' })).code, 406);
  }));

test('api-server: a watch sends the present state, then each change', () =>
  withServer(async (setup) => {
    create(setup, 'a');
    const watch = await setup.watch(`${CONTAINERS_PATH}?watch=true`);
    const first = await watch.next();
    assert.equal([first.type, nameOf(first.object)], ['ADDED', 'a']);
    setup.store.request({ verb: 'mergePatch', ref: ref('a'), patch: { metadata: { labels: { l: '1' } } } });
    const second = await watch.next();
    assert.equal([second.type, second.object.metadata.labels], ['MODIFIED', { l: '1' }]);
    setup.store.request({ verb: 'delete', ref: ref('a') });
    assert.is((await watch.next()).type, 'DELETED');
  }));

test('api-server: a watch from a version sends only what came after it, by selector', () =>
  withServer(async (setup) => {
    create(setup, 'a');
    const version = setup.store.resourceVersion();
    create(setup, 'b', 'c');
    const watch = await setup.watch(
      `${CONTAINERS_PATH}?watch=1&resourceVersion=${version}&fieldSelector=metadata.name%3Dc`,
    );
    const { type, object } = await watch.next();
    assert.equal([type, nameOf(object)], ['ADDED', 'c']);
  }));

test('api-server: a streaming list ends its first part with a marked bookmark', () =>
  withServer(async (setup) => {
    create(setup, 'a');
    const query = 'watch=true&sendInitialEvents=true&allowWatchBookmarks=true';
    const watch = await setup.watch(`${CONTAINERS_PATH}?${query}&resourceVersionMatch=NotOlderThan`);
    assert.is((await watch.next()).type, 'ADDED');
    const { type, object } = await watch.next();
    assert.is(type, 'BOOKMARK');
    assert.equal(object.metadata.annotations, { 'k8s.io/initial-events-end': 'true' });
    assert.equal([object.kind, object.metadata.resourceVersion], ['WekaContainer', setup.store.resourceVersion()]);
    assert.is((await setup.ask(`${CONTAINERS_PATH}?${query}`)).code, 422);
  }));

test('api-server: bookmarks come about once a minute to who asks, the time limit ends the watch', () =>
  withServer(async (setup) => {
    const { clock } = setup;
    const path = `${CONTAINERS_PATH}?watch=true&timeoutSeconds=100`;
    const [plain, marked] = [await setup.watch(path), await setup.watch(`${path}&allowWatchBookmarks=true`)];
    clock.advance(60_000);
    const { type, object } = await marked.next();
    assert.equal([type, object.metadata.resourceVersion], ['BOOKMARK', setup.store.resourceVersion()]);
    clock.advance(40_000);
    assert.equal([await plain.ended(), await marked.ended()], ['ended', 'ended']);
    assert.is(await plain.next().catch(() => 'nothing'), 'nothing');
  }));

test('api-server: a watch from a forgotten version gets 410 as an event, then its end', () =>
  withServer(async (setup) => {
    const version = setup.store.resourceVersion();
    create(setup, 'a', 'b');
    setup.store.forgetHistory();
    const watch = await setup.watch(`${CONTAINERS_PATH}?watch=true&resourceVersion=${version === '0' ? 1 : version}`);
    const { type, object } = await watch.next();
    assert.equal([type, object.kind, object.code, object.reason], ['ERROR', 'Status', 410, 'Expired']);
    assert.is(await watch.ended(), 'ended');
  }));

test('api-server: a watch as a table repeats its column definitions only once', () =>
  withServer(async (setup) => {
    const watch = await setup.watch(`${CONTAINERS_PATH}?watch=true`, TABLE);
    create(setup, 'a', 'b');
    const [first, second] = [await watch.next(), await watch.next()];
    assert.equal([first.object.kind, first.object.rows[0].cells[0]], ['Table', 'a']);
    assert.ok(first.object.columnDefinitions.length > 5);
    assert.equal([second.object.columnDefinitions, second.object.rows[0].cells[0]], [[], 'b']);
  }));

test('api-server: a reader too far behind is cut off, one that keeps up gets everything', async () => {
  const burst = async (count: number, waitingEventsMax: number): Promise<'ended' | 'cut' | readonly string[]> => {
    let seen: 'ended' | 'cut' | readonly string[] = [];
    await withServer(
      async (setup) => {
        const watch = await setup.watch('/api/v1/configmaps?watch=true&timeoutSeconds=9');
        // 30 kB each, in one turn of the event loop: the socket takes the first 64 kB, the rest waits.
        for (let index = 0; index < count; index += 1) {
          const metadata = { name: `c${index}`, namespace: NAMESPACE };
          const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: 'x'.repeat(30_000) } };
          setup.store.request({ verb: 'create', type: CONFIG_MAPS, object });
        }
        if (count > waitingEventsMax) seen = await watch.ended();
        else {
          const names: string[] = [];
          while (names.length < count) names.push(nameOf((await watch.next()).object));
          seen = names;
        }
      },
      { watchLimits: { socketBytesMax: 1, waitingEventsMax } },
    );
    return seen;
  };
  assert.is(await burst(20, 10), 'cut');
  assert.equal(
    await burst(20, 20),
    Array.from({ length: 20 }, (_, index) => `c${index}`),
  );
});

test('api-server: an event is serialised once for all its watchers', () => {
  const clock = simClock();
  const store = newStore(clock);
  const served = store.types().find(({ type }) => type.plural === 'wekacontainers');
  assert.ok(served);
  if (served === undefined) return;
  const seen: WatchEvent[] = [];
  const request = { type: CONTAINERS, resourceVersion: '', sendInitialEvents: true };
  for (const _ of [1, 2]) store.watch(request, (event) => seen.push(event));
  store.request({ verb: 'create', type: CONTAINERS, object: containerDraft('a') });
  const [first, second] = seen.filter(({ kind }) => kind === 'added');
  const plan = { served, form: { kind: 'whole' }, request, bookmarks: false, initialEnd: false, timeoutMs: 1 } as const;
  const { encode } = createEventEncoder(clock);
  if (first === undefined || second === undefined) return assert.unreachable('two watchers, two events');
  assert.is(encode(plan, first, true), encode(plan, second, false));
  assert.is.not(encode({ ...plan, form: { kind: 'metadata' } }, first, true), encode(plan, first, true));
});

test('api-server: every kind of patch, and 415 for others', () =>
  withServer(async (setup) => {
    create(setup, 'a');
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
    assert.is((await patch('application/apply-patch+yaml', applied)).code, 400);
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

test('api-server: apply creates what is absent, in YAML', () =>
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

test('api-server: replace needs the version it was read at, status is a part of its own', () =>
  withServer(async (setup) => {
    create(setup, 'a');
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

test('api-server: delete answers with a Status when the object is gone, with the object while a finalizer holds it', () =>
  withServer(async (setup) => {
    create(setup, 'a', 'b');
    setup.store.request({
      verb: 'mergePatch',
      ref: ref('b'),
      patch: { metadata: { finalizers: ['weka.weka.io/finalizer'] } },
    });
    const uid = setup.store.get(ref('a'))?.metadata.uid;
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
    assert.is((await remove('b?propagationPolicy=Maybe')).code, 400);
  }));

test('api-server: a collection is deleted by label', () =>
  withServer(async (setup) => {
    create(setup, 'a', 'b');
    setup.store.request({ verb: 'mergePatch', ref: ref('b'), patch: { metadata: { labels: { go: 'yes' } } } });
    assert.is((await setup.ask(`${CONTAINERS_PATH}?labelSelector=go%3Dyes`, { method: 'DELETE' })).code, 200);
    assert.equal(setup.store.all(CONTAINERS).map(nameOf), ['a']);
    assert.is((await setup.ask(`${CONTAINERS_PATH}?fieldSelector=a%3Db`, { method: 'DELETE' })).code, 400);
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

interface Frames {
  readonly stdout: string;
  readonly stderr: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON from the wire.
  readonly status: any;
}
/** Runs a command as kubectl does; the HTTP code where the upgrade is refused. */
function execute(url: string, path: string, stdin?: string, token = TOKEN): Promise<Frames | number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, ['v5.channel.k8s.io'], {
    headers: { authorization: `Bearer ${token}` },
  });
  const channels = new Map<number, string>();
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.on('open', () => {
      if (stdin === undefined) return;
      socket.send(Buffer.concat([Buffer.of(0), Buffer.from(stdin)]));
      socket.send(Buffer.of(255, 0));
    });
    socket.on('message', (data: Buffer) => {
      const channel = data[0] ?? -1;
      channels.set(channel, (channels.get(channel) ?? '') + data.subarray(1).toString());
    });
    socket.on('close', () => {
      const status = channels.get(3);
      resolve({
        stdout: channels.get(1) ?? '',
        stderr: channels.get(2) ?? '',
        status: status === undefined ? undefined : JSON.parse(status),
      });
    });
  });
}
const execPath = (pod: string, ...argv: string[]): string =>
  `/api/v1/namespaces/${NAMESPACE}/pods/${pod}/exec?stdout=true&stderr=true&${argv.map((arg) => `command=${encodeURIComponent(arg)}`).join('&')}`;

test('api-server: a command runs in a pod with its arguments, input, output and exit code', () =>
  withServer(async ({ store, url, execs }) => {
    store.request({ verb: 'create', type: PODS, object: podDraft('p') });
    const echoed = (await execute(url, execPath('p', 'echo', 'a b', 'ü'))) as Frames;
    assert.equal([echoed.stdout, echoed.stderr, echoed.status.status], ['a b ü\n', '', 'Success']);
    assert.equal(execs[0]?.target, { namespace: NAMESPACE, pod: 'p', container: 'weka-container' });
    assert.equal([execs[0]?.argv, execs[0]?.stdin], [['echo', 'a b', 'ü'], undefined]);
    const text = 'y'.repeat(100_000);
    const copied = (await execute(url, `${execPath('p', 'cat')}&stdin=true`, text)) as Frames;
    assert.equal([copied.stdout === text, copied.stderr], [true, 'read\n']);
    const failed = (await execute(url, execPath('p', 'fail'))) as Frames;
    assert.equal([failed.stdout, failed.stderr, failed.status.reason], ['some\n', 'bad\n', 'NonZeroExitCode']);
    assert.equal(failed.status.details.causes, [{ reason: 'ExitCode', message: '7' }]);
  }));

test('api-server: commands that can not run say why', () =>
  withServer(async ({ store, url }) => {
    store.request({ verb: 'create', type: PODS, object: podDraft('p') });
    assert.is(await execute(url, execPath('missing', 'echo')), 404);
    assert.is(await execute(url, `${execPath('p', 'echo')}&container=other`), 400);
    assert.is(await execute(url, execPath('p')), 400);
    assert.is(await execute(url, execPath('p', 'echo'), undefined, 'stranger'), 401);
    assert.is(await execute(url, '/api/v1/pods'), 400);
    const gone = (await execute(url, execPath('p', 'gone'))) as Frames;
    assert.equal([gone.status.status, gone.status.code], ['Failure', 500]);
    assert.match(gone.status.message, /container not found/);
    assert.is(((await execute(url, execPath('p', 'cut'))) as Frames).status, undefined);
  }));

test('api-server: a client that goes away aborts its command', async () => {
  let aborted: () => void = () => undefined;
  const abort = new Promise<void>((resolve) => {
    aborted = resolve;
  });
  await withServer(
    async ({ store, url }) => {
      store.request({ verb: 'create', type: PODS, object: podDraft('p') });
      const headers = { authorization: `Bearer ${TOKEN}` };
      const socket = new WebSocket(`${url.replace('http', 'ws')}${execPath('p', 'hang')}`, ['v5.channel.k8s.io'], {
        headers,
      });
      await new Promise((resolve) => socket.on('open', resolve));
      socket.terminate();
      await abort;
    },
    {
      exec: {
        run: (_request, signal) =>
          new Promise((resolve) => {
            signal?.addEventListener('abort', () => {
              aborted();
              resolve({ kind: 'transport', cause: 'aborted' });
            });
          }),
      },
    },
  );
});

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
        ref: ref('c'),
        subresource: 'status',
        patch: { status: { status: 'Init' } },
      });
      assert.is(patched.kind, 'ok');
      const stale = await client.request({
        verb: 'mergePatch',
        ref: ref('c'),
        patch: { metadata: { resourceVersion: '1', labels: { a: 'b' } } },
      });
      assert.is(stale.kind, 'conflict');
      const listed = await client.list({ verb: 'list', type: CONTAINERS, limit: 1 });
      assert.equal(listed.kind === 'ok' ? listed.answer.items.map(nameOf) : listed, ['c']);
      assert.is((await client.request({ verb: 'delete', ref: ref('c'), propagation: 'Background' })).kind, 'ok');
      assert.is((await client.request({ verb: 'get', ref: ref('c') })).kind, 'notFound');
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
