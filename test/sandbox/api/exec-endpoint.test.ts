/** Commands in pods over a WebSocket, as kubectl and the controller send them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { systemClock } from '../../../io/clock.ts';
import { execClient } from '../../../io/exec-client.ts';
import { fixedCredentials } from '../../../io/kube-credentials.ts';
import type { ExecApi } from '../../../io/outside.ts';
import { PODS } from '../../../messages/kube.ts';
import { simClock } from '../../support/sim-clock.ts';
import { NAMESPACE, podDraft, TOKEN, type Wire, withServer } from './support.ts';

/** The endpoint holds its first frame back for 25 ms. */
const REAL_TIME = { clock: systemClock };

interface Frames {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: Wire;
}
const connect = (url: string, path: string, token = TOKEN, protocol = 'v5.channel.k8s.io'): WebSocket =>
  new WebSocket(`${url.replace('http', 'ws')}${path}`, [protocol], {
    headers: { authorization: `Bearer ${token}` },
  });

/** Runs a command as kubectl does; the HTTP code where the upgrade is refused. */
function execute(
  url: string,
  path: string,
  stdin?: string,
  token = TOKEN,
  protocol?: string,
): Promise<Frames | number> {
  const socket = connect(url, path, token, protocol);
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

test('exec-endpoint: a command runs in a pod with its arguments, input, output and exit code', () =>
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
  }, REAL_TIME));

const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const;
for (const protocol of PROTOCOLS)
  test(`spec 07 §23 #55: ${protocol}: the same outputs, exit codes and texts; SPDY is not offered`, () =>
    withServer(async ({ store, url, ask }) => {
      store.request({ verb: 'create', type: PODS, object: podDraft('p') });
      const run = (...argv: string[]) => execute(url, execPath('p', ...argv), undefined, TOKEN, protocol);
      const good = (await run('echo', 'a b', '$(x)')) as Frames;
      assert.equal([good.stdout, good.stderr, good.status.status], ['a b $(x)\n', '', 'Success']);
      const bad = (await run('fail')) as Frames;
      assert.equal([bad.stdout, bad.stderr], ['some\n', 'bad\n']);
      assert.equal(bad.status.details.causes, [{ reason: 'ExitCode', message: '7' }]);
      const gone = (await run('gone')) as Frames;
      assert.ok(gone.status.message.includes('container not found ("weka-container")'));
      const spdy = await ask(execPath('p', 'echo'), { method: 'POST' });
      assert.is(spdy.code, 400);
      const withInput = await execute(url, `${execPath('p', 'cat')}&stdin=true`, 'x', TOKEN, protocol);
      assert.is(withInput === 400, protocol === 'v4.channel.k8s.io', 'an input that could not end is refused');
    }, REAL_TIME));

test('spec 07 §23 #55: the controller’s own client gets the same from this endpoint', () =>
  withServer(async ({ store, url }) => {
    store.request({ verb: 'create', type: PODS, object: podDraft('p') });
    const credentials = fixedCredentials(url, { authorization: `Bearer ${TOKEN}` });
    const client = execClient({ credentials, clock: systemClock, userAgent: 'tests' });
    const run = (pod: string, ...argv: string[]) =>
      client.run({ target: { namespace: NAMESPACE, pod, container: 'weka-container' }, argv, timeoutMs: 10_000 });
    assert.equal(await run('p', 'echo', 'a b', '$(x)'), { kind: 'ok', stdout: 'a b $(x)\n', stderr: '' });
    assert.equal(await run('p', 'fail'), { kind: 'exit', code: 7, stdout: 'some\n', stderr: 'bad\n' });
    const gone = await run('p', 'gone');
    assert.ok(gone.kind === 'podGone' && gone.cause.includes('container not found ("weka-container")'));
    const missing = await run('missing', 'echo');
    assert.ok(missing.kind === 'podGone' && missing.cause.includes('missing'));
    client.close();
  }, REAL_TIME));

test('exec-endpoint: commands that can not run say why', () =>
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
  }, REAL_TIME));

test('exec-endpoint: no frame leaves before kubectl has its streams', async () => {
  const clock = simClock();
  await withServer(
    async ({ store, url, execs }) => {
      store.request({ verb: 'create', type: PODS, object: podDraft('p') });
      let ended = false;
      const running = execute(url, execPath('p', 'echo', 'x')).then((frames) => {
        ended = true;
        return frames as Frames;
      });
      while (clock.pendingCount() === 0) await new Promise((resolve) => setImmediate(resolve)); // The command has ended.
      clock.advance(24);
      await execute(url, execPath('missing', 'echo')); // A whole round trip later
      assert.equal([execs.length, ended], [1, false]);
      clock.advance(1);
      assert.is((await running).stdout, 'x\n');
    },
    { clock },
  );
});

for (const [how, leave] of [
  ['a client that goes away', (socket: WebSocket) => socket.terminate()],
  ['a server that closes', () => undefined],
] as const)
  test(`exec-endpoint: ${how} aborts the command`, async () => {
    let aborted: () => void = () => undefined;
    const abort = new Promise<void>((resolve) => {
      aborted = resolve;
    });
    const exec: ExecApi = {
      run: (_request, signal) =>
        new Promise((resolve) => {
          signal?.addEventListener('abort', () => {
            aborted();
            resolve({ kind: 'transport', cause: 'aborted' });
          });
        }),
    };
    await withServer(
      async ({ store, url }) => {
        store.request({ verb: 'create', type: PODS, object: podDraft('p') });
        const socket = connect(url, execPath('p', 'any'));
        socket.on('error', () => undefined);
        await new Promise((resolve) => socket.on('open', resolve));
        leave(socket);
      },
      { exec },
    );
    await abort;
  });

test.run();
