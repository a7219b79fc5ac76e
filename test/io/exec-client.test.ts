/** The exec client against a WebSocket server on loopback that plays the API server. Time limits run on a virtual clock. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type WebSocket, WebSocketServer } from 'ws';
import { type ExecClient, type ExecClientOptions, execClient } from '../../io/exec-client.ts';
import { fixedCredentials, type KubeCredentials } from '../../io/kube-credentials.ts';
import type { ExecRequest } from '../../io/outside.ts';
import { type SimClock, simClock } from '../support/sim-clock.ts';

const V5 = 'v5.channel.k8s.io';
const frame = (channel: number, text: string): Buffer => Buffer.concat([Buffer.of(channel), Buffer.from(text)]);
const SUCCESS = frame(3, '{"metadata":{},"status":"Success"}');
const failure = (status: unknown): Buffer => frame(3, JSON.stringify({ status: 'Failure', ...(status as object) }));
const exited = (code: string): Buffer =>
  failure({ reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: code }] } });

const request: ExecRequest = {
  target: { namespace: 'ns', pod: 'p-1', container: 'weka-container' },
  argv: ['bash', '-ce', "echo 'a b' && x=1"],
  timeoutMs: 10_000,
};

interface Server {
  /** Called once the upgrade is done. */
  readonly talk?: (socket: WebSocket, request: IncomingMessage) => void;
  /** Answers the upgrade itself: true when it did. */
  readonly refuse?: (request: IncomingMessage, socket: Duplex) => boolean;
  readonly protocol?: string;
}
interface Parts {
  readonly client: ExecClient;
  readonly clock: SimClock;
  readonly baseUrl: string;
}

async function withServer(
  { talk, refuse, protocol = V5 }: Server,
  body: (parts: Parts) => Promise<void>,
  options: Partial<ExecClientOptions> & { credentialsOf?: (baseUrl: string) => KubeCredentials } = {},
): Promise<void> {
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => offered.has(protocol) && protocol,
  });
  const server = createServer();
  const raw = new Set<Duplex>();
  server.on('upgrade', (upgrade, socket, head) => {
    raw.add(socket);
    socket.on('error', () => socket.destroy());
    if (refuse?.(upgrade, socket) === true) return;
    sockets.handleUpgrade(upgrade, socket, head, (opened) => {
      opened.on('error', () => opened.terminate());
      talk?.(opened, upgrade);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clock = simClock();
  const client = execClient({
    credentials: options.credentialsOf?.(baseUrl) ?? fixedCredentials(baseUrl, { authorization: 'Bearer one' }),
    clock,
    userAgent: 'controller/1.2',
    ...options,
  });
  try {
    await body({ client, clock, baseUrl });
  } finally {
    client.close();
    for (const socket of raw) socket.destroy();
    sockets.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
const refusal = (status: number, message: string) => (_: IncomingMessage, socket: Duplex) => {
  const body = JSON.stringify({ kind: 'Status', status: 'Failure', message, code: status });
  socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`);
  return true;
};

test('a command that ends with 0 is ok, with both outputs, asked for by argv word by word', async () => {
  await withServer(
    {
      talk: (socket, { url = '', headers }) => {
        const { pathname, searchParams } = new URL(url, 'http://x');
        assert.is(pathname, '/api/v1/namespaces/ns/pods/p-1/exec');
        assert.equal(searchParams.getAll('command'), request.argv);
        assert.equal(
          ['container', 'stdout', 'stderr', 'stdin', 'tty'].map((name) => searchParams.get(name)),
          ['weka-container', 'true', 'true', null, null],
        );
        assert.is(headers.authorization, 'Bearer one');
        assert.is(headers['user-agent'], 'controller/1.2');
        const euro = Buffer.from('€');
        socket.send(frame(1, ''));
        socket.send(Buffer.concat([Buffer.of(1), euro.subarray(0, 1)]));
        socket.send(frame(2, 'warning'));
        socket.send(Buffer.concat([Buffer.of(1), euro.subarray(1)]));
        socket.send(SUCCESS);
        socket.close(1000);
      },
    },
    async ({ client, clock }) => {
      assert.equal(await client.run(request), { kind: 'ok', stdout: '€', stderr: 'warning' });
      assert.is(clock.pendingCount(), 0, 'no timer is left behind');
    },
  );
});

for (const [what, last, expected] of [
  ['exit code 7', exited('7'), { kind: 'exit', code: 7, stdout: 'out', stderr: 'err' }],
  ['exit code that is none', exited('x'), { kind: 'transport', cause: 'unreadable' }],
  [
    'container not found',
    failure({
      reason: 'InternalError',
      message: 'unable to upgrade connection: container not found ("weka-container")',
    }),
    { kind: 'podGone', cause: 'unable to upgrade connection: container not found ("weka-container")' },
  ],
  ['another failure', failure({ message: 'dial tcp: timeout' }), { kind: 'transport', cause: 'dial tcp: timeout' }],
] as const) {
  test(`the final status says how it ended: ${what}`, async () => {
    await withServer(
      { talk: (socket) => [frame(1, 'out'), frame(2, 'err'), last].forEach((each) => void socket.send(each)) },
      async ({ client }) => {
        const outcome = await client.run(request);
        assert.is(outcome.kind, expected.kind);
        if (!('cause' in expected) || expected.cause !== 'unreadable') assert.equal(outcome, expected);
      },
    );
  });
}

for (const protocol of [V5, 'v4.channel.k8s.io'])
  test(`spec 07 §23 #55: ${protocol}: an exit with output, one with 7, and no such container`, async () => {
    const cause = 'container not found ("weka-container")';
    for (const [last, expected] of [
      [SUCCESS, { kind: 'ok', stdout: 'out', stderr: 'err' }],
      [exited('7'), { kind: 'exit', code: 7, stdout: 'out', stderr: 'err' }],
      [failure({ reason: 'InternalError', message: cause }), { kind: 'podGone', cause }],
    ] as const) {
      const talk = (socket: WebSocket) =>
        [frame(1, 'out'), frame(2, 'err'), last].forEach((each) => void socket.send(each));
      await withServer({ protocol, talk }, async ({ client }) => assert.equal(await client.run(request), expected));
    }
  });

test('spec 07 §23 #53: a connection that ends without a status is never a success', async () => {
  const ends: readonly [string, (socket: WebSocket) => void][] = [
    ['transport', (socket) => socket.terminate()],
    ['truncated', (socket) => socket.close(1000)],
  ];
  for (const [kind, end] of ends) {
    await withServer({ talk: (socket) => socket.send(frame(1, '[]'), () => end(socket)) }, async ({ client }) => {
      const outcome = await client.run(request);
      assert.is(outcome.kind, kind);
      assert.not.ok('notStarted' in outcome, 'it may have run');
    });
  }
});

test('spec 07 §23 #11: a hanging command ends after its time limit, and only when its connection is closed', async () => {
  let opened: () => void = () => {};
  const open = new Promise<void>((resolve) => {
    opened = resolve;
  });
  let closed: () => void = () => {};
  const close = new Promise<void>((resolve) => {
    closed = resolve;
  });
  await withServer(
    {
      talk: (socket) => {
        socket.on('close', closed);
        opened();
      },
    },
    async ({ client, clock }) => {
      const running = client.run(request);
      await open;
      clock.advance(9_999);
      clock.advance(1);
      assert.equal(await running, { kind: 'timeout', afterMs: 10_000 });
      await close;
      assert.is(clock.pendingCount(), 0);
    },
  );
});

test('the time limit also holds while connecting', async () => {
  let asked: () => void = () => {};
  const upgrade = new Promise<void>((resolve) => {
    asked = resolve;
  });
  await withServer(
    {
      refuse: () => {
        asked();
        return true; // Never answered.
      },
    },
    async ({ client, clock }) => {
      const running = client.run(request);
      await upgrade;
      clock.advance(10_000);
      assert.equal(await running, { kind: 'timeout', afterMs: 10_000 });
    },
  );
});

test('an abort closes the connection', async () => {
  const controller = new AbortController();
  await withServer({ talk: () => controller.abort() }, async ({ client }) => {
    assert.equal(await client.run(request, controller.signal), { kind: 'transport', cause: 'aborted' });
    assert.equal(await client.run(request, controller.signal), { kind: 'transport', cause: 'aborted' });
  });
});

for (const [status, message, expected] of [
  [404, 'pods "p-1" not found', { kind: 'podGone', cause: 'pods "p-1" not found' }],
  [400, 'pod p-1 does not have a host assigned', { kind: 'podGone', cause: 'pod p-1 does not have a host assigned' }],
  [500, 'container not found ("weka-container")', { kind: 'podGone', cause: 'container not found ("weka-container")' }],
  [403, 'forbidden', { kind: 'forbidden', cause: '403 forbidden' }],
  [400, 'Upgrade request required', { kind: 'transport', cause: '400 Upgrade request required', notStarted: true }],
  [502, 'dial tcp', { kind: 'transport', cause: '502 dial tcp', notStarted: true }],
] as const) {
  test(`a refused upgrade never ran: ${status} ${message}`, async () => {
    await withServer({ refuse: refusal(status, message) }, async ({ client, clock }) => {
      assert.equal(await client.run(request), expected);
      assert.is(clock.pendingCount(), 0);
    });
  });
}

test('spec 08 §11 #37: with `create` on pods/exec alone a WebSocket, which is a GET, is forbidden: a permission problem, whatever its text', async () => {
  const message = 'pods "p-1" is forbidden: User "x" cannot get resource "pods/exec" (container not found)';
  await withServer({ refuse: refusal(403, message) }, async ({ client }) => {
    assert.equal(await client.run(request), { kind: 'forbidden', cause: `403 ${message}` });
  });
});

test('a 401 is answered once with fresh credentials', async () => {
  let token = 'old';
  const seen: (string | undefined)[] = [];
  const credentialsOf = (baseUrl: string): KubeCredentials => {
    let current = { headers: { authorization: 'Bearer old' }, tls: {} };
    const refresh = async () => {
      current = { headers: { authorization: `Bearer ${token}` }, tls: {} };
    };
    return { baseUrl, current: () => current, refresh, stop: () => undefined };
  };
  const server: Server = {
    refuse: (upgrade, socket) => {
      seen.push(upgrade.headers.authorization);
      return upgrade.headers.authorization === 'Bearer new' ? false : refusal(401, 'Unauthorized')(upgrade, socket);
    },
    talk: (socket) => socket.send(SUCCESS),
  };
  await withServer(
    server,
    async ({ client }) => {
      assert.equal(await client.run(request), { kind: 'forbidden', cause: '401 Unauthorized' });
      token = 'new';
      assert.is((await client.run(request)).kind, 'ok');
      assert.equal(seen, ['Bearer old', 'Bearer old', 'Bearer old', 'Bearer new']);
    },
    { credentialsOf },
  );
});

test('an output above its bound is truncated, not handed over', async () => {
  for (const channel of [1, 2]) {
    await withServer(
      {
        talk: (socket) => {
          socket.send(frame(channel, '12345678'));
          socket.send(frame(channel, '9'));
          socket.send(SUCCESS);
        },
      },
      async ({ client }) =>
        assert.equal(await client.run(request), { kind: 'truncated', cause: 'the output is too long' }),
      { stdoutBytesMax: 8, stderrBytesMax: 8 },
    );
  }
});

test('standard input is written in pieces and ended', async () => {
  const stdin = 'x'.repeat(70_000);
  const frames: Buffer[] = [];
  const talk = (socket: WebSocket, { url = '' }: IncomingMessage) => {
    assert.is(new URL(url, 'http://x').searchParams.get('stdin'), 'true');
    socket.on('message', (data) => {
      frames.push(data as Buffer);
      if ((data as Buffer)[0] === 255) socket.send(SUCCESS);
    });
  };
  await withServer({ talk }, async ({ client }) => {
    assert.is((await client.run({ ...request, stdin })).kind, 'ok');
    assert.equal(frames.pop(), Buffer.of(255, 0));
    assert.ok(frames.every((each) => each[0] === 0 && each.length <= 32 * 1024 + 1));
    assert.is(frames.map((each) => each.subarray(1).toString()).join(''), stdin);
  });
});

test('v4 serves where v5 is not known, but not for standard input', async () => {
  await withServer({ protocol: 'v4.channel.k8s.io', talk: (socket) => socket.send(SUCCESS) }, async ({ client }) => {
    assert.is((await client.run(request)).kind, 'ok');
    assert.is((await client.run({ ...request, stdin: 'x' })).kind, 'transport');
  });
});

test('a connection that answers no ping is given up long before the time limit', async () => {
  let opened: (socket: WebSocket) => void = () => {};
  const open = new Promise<WebSocket>((resolve) => {
    opened = resolve;
  });
  await withServer({ talk: (socket) => opened(socket) }, async ({ client, clock }) => {
    const running = client.run({ ...request, timeoutMs: 300_000 });
    const socket = await open;
    await new Promise<void>((resolve) => setImmediate(resolve));
    const pinged = new Promise<void>((resolve) => socket.once('ping', () => resolve()));
    // Until the client has seen the upgrade it has no ping timer.
    while (clock.pendingCount() < 2) await new Promise<void>((resolve) => setImmediate(resolve));
    clock.advance(10_000);
    await pinged;
    clock.advance(30_000);
    assert.equal(await running, { kind: 'transport', cause: 'no sign of life for 30000 ms' });
  });
});

test('nobody listening: refused before the command could begin', async () => {
  const client = execClient({
    credentials: fixedCredentials('http://127.0.0.1:1'),
    clock: simClock(),
    userAgent: 'x',
  });
  const outcome = await client.run(request);
  assert.is(outcome.kind, 'transport');
  assert.is((outcome as { notStarted?: boolean }).notStarted, true);
});

test.run();
