/** The API client against a real HTTP server on loopback. Time limits run on a virtual clock: nothing waits. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type KubeClientOptions, kubeClient } from '../../io/kube-client.ts';
import { fixedCredentials, type KubeCredential, type KubeCredentials } from '../../io/kube-credentials.ts';
import { CONTAINERS, EVENTS, type KubeObject, NODES, PODS, refOf, type WatchEvent } from '../../messages/kube.ts';
import { simClock } from '../support/sim-clock.ts';

type Handle = (request: IncomingMessage & { text: string }, response: ServerResponse) => void;

/** Runs `body` with a client of a server that answers by `handle`; closes both. */
async function withServer(
  handle: Handle,
  body: (parts: {
    client: ReturnType<typeof kubeClient>;
    clock: ReturnType<typeof simClock>;
    baseUrl: string;
  }) => Promise<void>,
  options: Partial<KubeClientOptions> & { credentialsOf?: (baseUrl: string) => KubeCredentials } = {},
): Promise<void> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => handle(Object.assign(request, { text: Buffer.concat(chunks).toString() }), response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clock = simClock();
  const client = kubeClient({
    credentials: options.credentialsOf?.(baseUrl) ?? fixedCredentials(baseUrl, { authorization: 'Bearer one' }),
    clock,
    random: () => 0.5,
    userAgent: 'controller/1.2',
    ...options,
  });
  try {
    await body({ client, clock, baseUrl });
  } finally {
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
const answer = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
};
const status = (reason: string, message: string) => ({ kind: 'Status', apiVersion: 'v1', reason, message });
const pod = refOf(PODS, { namespace: 'ns', name: 'p' });
const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', uid: 'u', resourceVersion: '1' } } as KubeObject;

test('each verb goes where the API conventions say, with method, type and body', async () => {
  const seen: string[] = [];
  await withServer(
    ({ method, url, headers, text }, response) => {
      seen.push(`${method} ${url} ${headers['content-type'] ?? '-'} ${text}`);
      assert.is(headers.authorization, 'Bearer one');
      assert.is(headers['user-agent'], 'controller/1.2');
      answer(response, 200, object);
    },
    async ({ client }) => {
      const container = refOf(CONTAINERS, { namespace: 'ns', name: 'c' });
      await client.request({ verb: 'get', ref: refOf(NODES, { name: 'n 1' }) });
      await client.request({
        verb: 'create',
        type: PODS,
        object: { ...object, metadata: { name: 'p', namespace: 'ns' } },
      });
      await client.request({ verb: 'replace', ref: pod, object });
      await client.request({
        verb: 'mergePatch',
        ref: container,
        subresource: 'status',
        patch: { status: { a: null } },
      });
      await client.request({ verb: 'jsonPatch', ref: container, patch: [{ op: 'remove', path: '/spec/x' }] });
      await client.request({
        verb: 'delete',
        ref: pod,
        uid: 'u',
        resourceVersion: '7',
        gracePeriodSeconds: 0,
        propagation: 'Background',
      });
    },
  );
  assert.equal(seen, [
    'GET /api/v1/nodes/n%201 - ',
    'POST /api/v1/namespaces/ns/pods application/json {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"ns"}}',
    `PUT /api/v1/namespaces/ns/pods/p application/json ${JSON.stringify(object)}`,
    'PATCH /apis/weka.weka.io/v1alpha1/namespaces/ns/wekacontainers/c/status application/merge-patch+json {"status":{"a":null}}',
    'PATCH /apis/weka.weka.io/v1alpha1/namespaces/ns/wekacontainers/c application/json-patch+json [{"op":"remove","path":"/spec/x"}]',
    'DELETE /api/v1/namespaces/ns/pods/p application/json {"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"uid":"u","resourceVersion":"7"},"gracePeriodSeconds":0,"propagationPolicy":"Background"}',
  ]);
});

for (const [code, body, headers, outcome] of [
  [404, status('NotFound', 'no p'), {}, { kind: 'notFound', message: 'no p' }],
  [409, status('AlreadyExists', 'p exists'), {}, { kind: 'alreadyExists', message: 'p exists' }],
  [409, status('Conflict', 'modified'), {}, { kind: 'conflict', message: 'modified' }],
  [410, status('Expired', 'too old'), {}, { kind: 'gone', message: 'too old' }],
  [429, status('TooManyRequests', 'slow'), { 'retry-after': '7' }, { kind: 'throttled', retryAfterMs: 7_000 }],
  [429, 'slow', {}, { kind: 'throttled', retryAfterMs: 1_000 }],
  [503, 'slow', { 'retry-after': '2' }, { kind: 'throttled', retryAfterMs: 2_000 }],
  [503, 'down', {}, { kind: 'refused', status: 503, reason: '', message: 'down' }],
  [422, status('Invalid', 'bad'), {}, { kind: 'refused', status: 422, reason: 'Invalid', message: 'bad' }],
  [200, '<html>', {}, { kind: 'transport', cause: 'the answer is not a JSON object' }],
] as const) {
  test(`status ${code} with ${typeof body === 'string' ? body : body.reason} is ${outcome.kind}`, () =>
    withServer(
      (_, response) => answer(response, code, body, headers),
      async ({ client }) => assert.equal(await client.request({ verb: 'create', type: PODS, object }), outcome),
    ));
}

test('a list page carries its query, and its items get the apiVersion and kind they lack', async () => {
  let url = '';
  await withServer(
    (request, response) => {
      url = request.url ?? '';
      const item = { metadata: { name: 'p', uid: 'u', resourceVersion: '5' } };
      answer(response, 200, { metadata: { resourceVersion: '9', continue: 'more' }, items: [item] });
    },
    async ({ client }) => {
      const outcome = await client.list({
        verb: 'list',
        type: PODS,
        labelSelector: 'a=b,c',
        limit: 500,
        continue: 'x/y',
      });
      assert.is(url, '/api/v1/pods?labelSelector=a%3Db%2Cc&limit=500&continue=x%2Fy');
      const item = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', uid: 'u', resourceVersion: '5' } };
      assert.equal(outcome, { kind: 'ok', answer: { items: [item], resourceVersion: '9', continue: 'more' } });
    },
  );
});

test('a request that takes too long ends as transport, and its connection is closed', async () => {
  const closed: Promise<unknown>[] = [];
  await withServer(
    (request, response) => {
      closed.push(new Promise((resolve) => response.on('close', resolve)));
      assert.is(request.method, 'GET');
      arrived();
    },
    async ({ client, clock }) => {
      const outcome = client.request({ verb: 'get', ref: pod });
      await arrival;
      clock.advance(30_000);
      assert.equal(await outcome, { kind: 'transport', cause: 'timed out after 30000 ms' });
      await Promise.all(closed);
      assert.is(clock.pendingCount(), 0);
    },
  );
});
let arrived = () => {};
const arrival = new Promise<void>((resolve) => {
  arrived = resolve;
});

test('a signal ends a request, also one that was aborted before', async () => {
  let reached = () => {};
  const reachedOnce = new Promise<void>((resolve) => {
    reached = resolve;
  });
  await withServer(
    () => reached(),
    async ({ client, clock }) => {
      const controller = new AbortController();
      const outcome = client.request({ verb: 'get', ref: pod }, controller.signal);
      await reachedOnce;
      controller.abort();
      assert.equal(await outcome, { kind: 'transport', cause: 'aborted' });
      assert.equal(await client.request({ verb: 'get', ref: pod }, controller.signal), {
        kind: 'transport',
        cause: 'aborted',
      });
      assert.is(clock.pendingCount(), 0);
    },
  );
});

test('a server that is not there is a transport outcome', async () => {
  await withServer(
    () => undefined,
    async () => {
      const clock = simClock();
      const client = kubeClient({
        credentials: fixedCredentials('http://127.0.0.1:1'),
        clock,
        random: () => 0.5,
        userAgent: 'x',
      });
      const outcome = await client.list({ verb: 'list', type: PODS });
      assert.is(outcome.kind, 'transport');
      assert.match((outcome as { cause: string }).cause, /ECONNREFUSED/);
      await client.close();
    },
  );
});

test('an answer over the cap is given up', () =>
  withServer(
    (_, response) => answer(response, 200, { ...object, padding: 'x'.repeat(100_000) }),
    async ({ client }) =>
      assert.equal(await client.request({ verb: 'get', ref: pod }), {
        kind: 'transport',
        cause: 'the answer is longer than 50000 bytes',
      }),
    { bodyBytesMax: 50_000 },
  ));

function rotating(baseUrl: string, rotates: boolean) {
  let refreshes = 0;
  let current: KubeCredential = { headers: { authorization: 'Bearer old' }, tls: {} };
  const credentials: KubeCredentials = {
    baseUrl,
    current: () => current,
    refresh: async () => {
      refreshes++;
      if (rotates) current = { headers: { authorization: 'Bearer new' }, tls: {} };
    },
    stop: () => undefined,
  };
  return { credentials, refreshes: () => refreshes };
}

for (const rotates of [true, false]) {
  test(`after a 401 the credentials are refreshed ${rotates ? 'and the request repeated once' : 'and, unchanged, the refusal stands'}`, async () => {
    let keeper: ReturnType<typeof rotating> | undefined;
    const tokens: (string | undefined)[] = [];
    await withServer(
      ({ headers }, response) => {
        tokens.push(headers.authorization);
        if (headers.authorization === 'Bearer new') answer(response, 200, object);
        else answer(response, 401, status('Unauthorized', 'who?'));
      },
      async ({ client }) => {
        const outcome = await client.request({ verb: 'mergePatch', ref: pod, patch: {} });
        assert.is(outcome.kind, rotates ? 'ok' : 'refused');
      },
      {
        credentialsOf: (baseUrl) => {
          keeper = rotating(baseUrl, rotates);
          return keeper.credentials;
        },
      },
    );
    assert.equal(tokens, rotates ? ['Bearer old', 'Bearer new'] : ['Bearer old']);
    assert.is(keeper?.refreshes(), 1);
  });
}

/** A watch that answers `lines`, in chunks that cut wherever they like, and then ends or stays open. */
const watchWith =
  (chunks: readonly (string | Buffer)[], ends: boolean): Handle =>
  (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    for (const chunk of chunks) response.write(chunk);
    if (ends) response.end();
  };
const line = (type: string, value: unknown) => `${JSON.stringify({ type, object: value })}\n`;
const bookmark = (annotations: Record<string, string> = {}) =>
  line('BOOKMARK', { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: '12', annotations } });

test('a watch decodes its events across chunk edges and ends as closed', async () => {
  const events: WatchEvent[] = [];
  let url = '';
  const named = { ...object, metadata: { ...object.metadata, name: 'grüße' } };
  const bytes = Buffer.from(
    line('ADDED', named) + line('DELETED', object) + bookmark() + bookmark({ 'k8s.io/initial-events-end': 'true' }),
  );
  const cut = bytes.indexOf(Buffer.from('ü')) + 1;
  await withServer(
    (request, response) => {
      url = request.url ?? '';
      watchWith([bytes.subarray(0, cut), bytes.subarray(cut, cut + 40), bytes.subarray(cut + 40)], true)(
        request,
        response,
      );
    },
    async ({ client }) => {
      const request = { type: PODS, namespace: 'ns', resourceVersion: '', sendInitialEvents: true };
      const end = await client.watch(request, (event) => events.push(event), new AbortController().signal);
      assert.equal(end, { kind: 'closed' });
    },
  );
  assert.is(
    url,
    '/api/v1/namespaces/ns/pods?watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=450',
  );
  assert.equal(events, [
    { kind: 'added', object: named },
    { kind: 'deleted', object },
    { kind: 'bookmark', resourceVersion: '12', initialEventsEnd: false },
    { kind: 'bookmark', resourceVersion: '12', initialEventsEnd: true },
  ]);
});

for (const [name, chunks, kind] of [
  ['an ERROR event of 410', [line('ERROR', { ...status('Expired', 'old'), code: 410 })], 'gone'],
  ['an ERROR event of 500', [line('ERROR', { ...status('InternalError', 'oops'), code: 500 })], 'refused'],
  ['a line that is not JSON', ['{"type":\n'], 'transport'],
  ['an object without a uid', [line('ADDED', { metadata: { name: 'p', resourceVersion: '1' } })], 'transport'],
] as const) {
  test(`${name} ends a watch that would stay open, as ${kind}`, () =>
    withServer(watchWith(chunks, false), async ({ client }) => {
      const request = { type: PODS, resourceVersion: '5' };
      const end = await client.watch(request, () => undefined, new AbortController().signal);
      assert.is(end.kind, kind);
    }));
}

test('a watch refused with 410 before its first event is gone, one refused with 429 is throttled', async () => {
  const codes = [410, 429, 403];
  await withServer(
    (_, response) => answer(response, codes.shift() ?? 500, status('x', 'y'), { 'retry-after': '3' }),
    async ({ client }) => {
      const watch = () =>
        client.watch({ type: EVENTS, resourceVersion: '5' }, () => undefined, new AbortController().signal);
      assert.equal(await watch(), { kind: 'gone' });
      assert.equal(await watch(), { kind: 'throttled', retryAfterMs: 3_000 });
      assert.equal(await watch(), { kind: 'refused', status: 403, message: 'y' });
    },
  );
});

test('an open watch has no time limit, ends by its signal, and then its connection is closed', async () => {
  let closed: Promise<unknown> = Promise.resolve();
  await withServer(
    (request, response) => {
      closed = new Promise((resolve) => response.on('close', resolve));
      watchWith([bookmark()], false)(request, response);
    },
    async ({ client, clock }) => {
      const controller = new AbortController();
      let heard = () => {};
      const first = new Promise<void>((resolve) => {
        heard = resolve;
      });
      const end = client.watch({ type: PODS, resourceVersion: '5' }, heard, controller.signal);
      await first;
      clock.advance(3_600_000);
      controller.abort();
      assert.equal(await end, { kind: 'aborted' });
      await closed;
    },
  );
});

test('many open watches do not keep other requests waiting', async () => {
  await withServer(
    (request, response) => {
      if (request.url?.includes('watch=1')) watchWith([bookmark()], false)(request, response);
      else answer(response, 200, object);
    },
    async ({ client }) => {
      const controller = new AbortController();
      const ends = Array.from({ length: 40 }, () =>
        client.watch({ type: PODS, resourceVersion: '5' }, () => undefined, controller.signal),
      );
      assert.is((await client.request({ verb: 'get', ref: pod })).kind, 'ok');
      controller.abort();
      assert.ok((await Promise.all(ends)).every((end) => end.kind === 'aborted'));
    },
  );
});

test.run();
