/** Commands in pods over a WebSocket, as kubectl and the controller send them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { PODS } from '../../../messages/kube.ts';
import { NAMESPACE, podDraft, TOKEN, type Wire, withServer } from './support.ts';

interface Frames {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: Wire;
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
  }));

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
  }));

test('exec-endpoint: a client that goes away aborts its command', async () => {
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

test.run();
