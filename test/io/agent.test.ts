/** Requests to node agents: the client against an HTTP server on loopback, the pool over requests that end when told. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type AgentClient, agentClient } from '../../io/agent-client.ts';
import { AGENT_WAIT_MS, type AgentJob, agentPool } from '../../io/agent-pool.ts';
import type { AgentRequest } from '../../io/outside.ts';
import type { AgentOutcome } from '../../messages/outcome.ts';
import { type SimClock, simClock } from '../support/sim-clock.ts';
import { flush } from './fake-jobs.ts';

const mounts: AgentRequest = { method: 'GET', path: '/getActiveMounts?container_name=a', timeoutMs: 10_000 };

async function withAgent(
  handle: (request: IncomingMessage & { text: string }, response: ServerResponse) => void,
  body: (parts: { client: AgentClient; clock: SimClock }) => Promise<void>,
  host = '127.0.0.1',
): Promise<void> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => handle(Object.assign(request, { text: Buffer.concat(chunks).toString() }), response));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const clock = simClock();
  const client = agentClient({ clock, userAgent: 'controller/1.2', port: (server.address() as AddressInfo).port });
  try {
    await body({ client, clock });
  } finally {
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test('a request goes out with its token; 200 is ok, everything else a status', async () => {
  await withAgent(
    ({ method, url, headers, text }, response) => {
      assert.is(headers.authorization, 'Token secret');
      assert.is(headers['content-type'], 'application/json');
      response.writeHead(url === '/register' ? 200 : 404).end(`${method} ${url} ${text}`);
    },
    async ({ client, clock }) => {
      const register = { method: 'POST', path: '/register', body: '{}', timeoutMs: 3_000 } as const;
      assert.equal(await client.request('127.0.0.1', register, 'secret'), { kind: 'ok', body: 'POST /register {}' });
      assert.equal(await client.request('127.0.0.1', mounts, 'secret'), {
        kind: 'status',
        status: 404,
        body: 'GET /getActiveMounts?container_name=a ',
      });
      assert.is(clock.pendingCount(), 0);
    },
  );
});

test('F37: an IPv6 address is bracketed', async () => {
  await withAgent(
    (_, response) => response.end('x'),
    async ({ client }) => assert.equal(await client.request('::1', mounts, 't'), { kind: 'ok', body: 'x' }),
    '::1',
  );
});

test('an agent that never answers costs its time limit, one that is aborted less', async () => {
  let asked: () => void = () => {};
  const handle = () => asked();
  await withAgent(handle, async ({ client, clock }) => {
    const arrived = () =>
      new Promise<void>((resolve) => {
        asked = resolve;
      });
    let there = arrived();
    const running = client.request('127.0.0.1', mounts, 't');
    await there;
    clock.advance(10_000);
    assert.equal(await running, { kind: 'timeout', afterMs: 10_000 });
    const controller = new AbortController();
    there = arrived();
    const second = client.request('127.0.0.1', mounts, 't', controller.signal);
    await there;
    controller.abort();
    assert.equal(await second, { kind: 'transport', cause: 'aborted' });
    assert.is((await client.request('127.0.0.1', mounts, 'bad\ntoken')).kind, 'transport');
  });
});

test('nobody there is transport', async () => {
  const client = agentClient({ clock: simClock(), userAgent: 'x', port: 1 });
  assert.is((await client.request('127.0.0.1', mounts, 't')).kind, 'transport');
  await client.close();
});

function setUp() {
  const clock = simClock();
  const running: ((outcome: Exclude<AgentOutcome, { kind: 'dropped' }>) => void)[] = [];
  const told: string[] = [];
  const pool = agentPool({
    clock,
    random: () => 0.5,
    settings: { nodeAgentConcurrency: 6, nodeAgentConcurrencyPerNode: 4 },
    api: { request: () => new Promise((resolve) => running.push(resolve)) },
  });
  const submit = (node: string, job: Partial<AgentJob> = {}) =>
    pool.submit({ node, ip: '10.0.0.1', token: 't', request: mounts, priority: 'periodic', ...job }, (end) =>
      told.push(end.kind === 'dropped' ? end.why : end.kind),
    );
  return { clock, running, told, pool, submit };
}

test('pool: four a node, so many in all; a request that waited too long is not sent', async () => {
  const { clock, running, told, submit } = setUp();
  for (let index = 0; index < 6; index++) submit('a');
  assert.is(running.length, 4);
  for (let index = 0; index < 6; index++) submit('b');
  assert.is(running.length, 6);
  clock.advance(AGENT_WAIT_MS);
  await flush();
  assert.equal(told, Array(6).fill('deadline'));
});

test('pool: silence opens the breaker of a node, any answer closes it', async () => {
  const { running, told, submit, pool, clock } = setUp();
  for (let index = 0; index < 3; index++) {
    submit('a');
    running.shift()?.({ kind: 'timeout', afterMs: 10_000 });
    await flush();
  }
  submit('a');
  await flush();
  assert.equal(told, ['timeout', 'timeout', 'timeout', 'breaker']);
  clock.advance(10_000);
  submit('a');
  running.shift()?.({ kind: 'status', status: 401, body: 'Unauthorized' });
  await flush();
  assert.equal([told.at(-1), pool.nodes()], ['status', []]);
});

test.run();
