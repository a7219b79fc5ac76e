/** Commands as a real API server hands them to a kubelet: TLS, kubelet's path and names of streams. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { createKubeletServer } from '../../../deploy/sandbox/api/kubelet-server.ts';
import { systemClock } from '../../../io/clock.ts';
import type { ExecRequest } from '../../../io/outside.ts';

const IP = '127.0.0.1';

/** What came on each channel, or the code of a refused upgrade. */
function execute(port: number, path: string, stdin?: string): Promise<ReadonlyMap<number, string> | number> {
  const socket = new WebSocket(`wss://${IP}:${port}${path}`, ['v5.channel.k8s.io'], { rejectUnauthorized: false });
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
    socket.on('message', (data: Buffer) => channels.set(data[0] ?? -1, data.subarray(1).toString()));
    socket.on('close', () => resolve(channels));
  });
}

test('a command runs in the pod of its path, with arguments, input, output and exit code', async () => {
  const asked: ExecRequest[] = [];
  const run = async (request: ExecRequest) => {
    asked.push(request);
    return { kind: 'exit', code: 7, stdout: `got ${request.stdin}`, stderr: 'bad' } as const;
  };
  const server = await createKubeletServer({ ip: IP, exec: { run }, clock: systemClock });
  try {
    const path = '/exec/weka/pod-a/weka-container?command=bash&command=-c&command=a%20%26%20b&input=1&output=1&error=1';
    const channels = await execute(server.port, path, 'some text');
    assert.equal(
      asked.map(({ target, argv, stdin }) => ({ target, argv, stdin })),
      [
        {
          target: { namespace: 'weka', pod: 'pod-a', container: 'weka-container' },
          argv: ['bash', '-c', 'a & b'],
          stdin: 'some text',
        },
      ],
    );
    if (typeof channels === 'number') throw new Error(`refused with ${channels}`);
    assert.is(channels.get(1), 'got some text');
    assert.is(channels.get(2), 'bad');
    const status = JSON.parse(channels.get(3) ?? '{}');
    assert.equal([status.reason, status.details.causes[0].message], ['NonZeroExitCode', '7']);
    const silent = await execute(server.port, '/exec/weka/pod-a/weka-container?command=ls&output=1');
    assert.equal(typeof silent === 'number' ? silent : [...silent.keys()], [1, 3], 'only what was asked for');
    assert.is(await execute(server.port, '/portForward/weka/pod-a?command=ls'), 400);
  } finally {
    await server.close();
  }
});

test.run();
