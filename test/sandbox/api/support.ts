/** A store with the project's CRDs behind a real HTTP server on loopback, and a client that speaks plain HTTP. */
import { Agent, type Dispatcher } from 'undici';
import { type ApiServerOptions, createApiServer } from '../../../deploy/sandbox/api/server.ts';
import type { ApiStore } from '../../../deploy/sandbox/world/api.ts';
import { eachLine } from '../../../io/each-line.ts';
import type { ExecApi, ExecRequest } from '../../../io/outside.ts';
import { CONTAINERS, type Draft, type KubeObject, type ObjectRef, refOf } from '../../../messages/kube.ts';
import { type SimClock, simClock } from '../../support/sim-clock.ts';
import { newStore } from './new-store.ts';

// biome-ignore lint/suspicious/noExplicitAny: JSON from the wire is read freely; a wrong guess fails the test.
export type Wire = any;

export interface Answer {
  readonly code: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly body: Wire;
}
export interface Ask {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly accept?: string;
  /** Sent as JSON, or as it is when it is a text. */
  readonly body?: unknown;
  readonly contentType?: string;
  /** Default: the known one. */
  readonly token?: string;
}
export interface WatchEventLine {
  readonly type: string;
  readonly object: Wire;
}
export interface OpenWatch {
  /** The next event; rejects where the watch has ended. */
  readonly next: () => Promise<WatchEventLine>;
  /** Resolves once the server has ended the watch: `cut` when without a proper end. */
  readonly ended: () => Promise<'ended' | 'cut'>;
}
export interface Setup {
  readonly store: ApiStore;
  readonly clock: SimClock;
  readonly url: string;
  readonly execs: readonly ExecRequest[];
  readonly ask: (path: string, options?: Ask) => Promise<Answer>;
  readonly watch: (path: string, accept?: string) => Promise<OpenWatch>;
}

export const TOKEN = 'token-of-admin';
export const NAMESPACE = 'weka';
export const CONTAINERS_PATH = `/apis/weka.weka.io/v1alpha1/namespaces/${NAMESPACE}/wekacontainers`;

/** `sh -c`-free commands: `echo`, `cat`, `fail`, `hang` (until aborted), `cut`, `gone`. */
export const fakeExec = (execs: ExecRequest[]): ExecApi => ({
  run: (request, signal) => {
    execs.push(request);
    const [command = '', ...rest] = request.argv;
    if (command === 'echo') return Promise.resolve({ kind: 'ok', stdout: `${rest.join(' ')}\n`, stderr: '' });
    if (command === 'cat') return Promise.resolve({ kind: 'ok', stdout: request.stdin ?? '', stderr: 'read\n' });
    if (command === 'fail') return Promise.resolve({ kind: 'exit', code: 7, stdout: 'some\n', stderr: 'bad\n' });
    if (command === 'cut') return Promise.resolve({ kind: 'transport', cause: 'reset' });
    if (command === 'gone')
      return Promise.resolve({ kind: 'podGone', cause: 'container not found ("weka-container")' });
    if (command === 'hang')
      return new Promise((resolve) => {
        signal?.addEventListener('abort', () => resolve({ kind: 'transport', cause: 'aborted' }));
      });
    return Promise.resolve({ kind: 'exit', code: 127, stdout: '', stderr: `${command}: command not found\n` });
  },
});

/** Starts everything, runs `use`, closes everything. The clock is virtual. */
export async function withServer(
  use: (setup: Setup) => Promise<void>,
  options: Partial<ApiServerOptions> = {},
): Promise<void> {
  const clock = simClock();
  const store = options.store ?? newStore(clock);
  const execs: ExecRequest[] = [];
  const server = await createApiServer({
    store,
    exec: fakeExec(execs),
    tokens: new Map([[TOKEN, 'admin']]),
    clock,
    host: '127.0.0.1',
    port: 0,
    ...options,
  });
  const client = new Agent({ bodyTimeout: 0 });
  const origin = server.url;
  const send = (path: string, { method = 'GET', accept, body, contentType, token = TOKEN }: Ask) =>
    client.request({
      origin,
      path,
      method,
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(accept === undefined ? {} : { accept }),
        ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
        'user-agent': 'tests/1.0 (linux)',
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  const ask = async (path: string, request: Ask = {}): Promise<Answer> => {
    const { statusCode: code, headers, body } = await send(path, request);
    const text = await body.text();
    const isJson = String(headers['content-type']).startsWith('application/json');
    return { code, headers, body: isJson ? JSON.parse(text) : text };
  };
  const watch = async (path: string, accept?: string): Promise<OpenWatch> => {
    const { body } = await send(path, accept === undefined ? {} : { accept });
    return openWatch(body);
  };
  try {
    await use({ store, clock, url: server.url, execs, ask, watch });
  } finally {
    await server.close();
    await client.destroy();
  }
}

function openWatch(body: Dispatcher.ResponseData['body']): OpenWatch {
  const events: WatchEventLine[] = [];
  let wake: () => void = () => undefined;
  let end: 'ended' | 'cut' | undefined;
  const finish = (how: 'ended' | 'cut') => (): void => {
    end = how;
    wake();
  };
  const take = (line: string): void => {
    events.push(JSON.parse(line) as WatchEventLine);
    wake();
  };
  eachLine(body as AsyncIterable<Buffer>, 8 * 1024 * 1024, take).then(finish('ended'), finish('cut'));
  const woken = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  return {
    next: async () => {
      for (;;) {
        const event = events.shift();
        if (event !== undefined) return event;
        if (end !== undefined) throw new Error(`the watch has ${end}`);
        await woken();
      }
    },
    ended: async () => {
      while (end === undefined) await woken();
      return end;
    },
  };
}

export const containerDraft = (name: string, more: Record<string, unknown> = {}): Draft =>
  ({
    apiVersion: 'weka.weka.io/v1alpha1',
    kind: 'WekaContainer',
    metadata: { name, namespace: NAMESPACE },
    spec: { image: 'quay.io/weka:4.4.5', mode: 'drive', name: '', numCores: 1, ...more },
  }) as Draft;

export const podDraft = (name: string): Draft =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE },
    spec: { nodeName: 'node-1', containers: [{ name: 'weka-container', image: 'i' }] },
  }) as Draft;

export const refOfContainer = (name: string): ObjectRef => refOf(CONTAINERS, { namespace: NAMESPACE, name });

export function createContainers({ store }: Pick<Setup, 'store'>, ...names: string[]): void {
  for (const name of names) {
    const outcome = store.request({ verb: 'create', type: CONTAINERS, object: containerDraft(name) });
    if (outcome.kind !== 'ok') throw new Error(`container ${name}: ${JSON.stringify(outcome)}`);
  }
}

export const nameOf = (object: KubeObject): string => object.metadata.name;
