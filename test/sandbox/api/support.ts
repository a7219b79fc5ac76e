/** A store with the project's CRDs behind a real HTTP server on loopback, and a client that speaks plain HTTP. */
import { type ApiServerOptions, createApiServer } from '../../../deploy/sandbox/api/server.ts';
import type { ApiStore } from '../../../deploy/sandbox/world/api.ts';
import type { ExecApi, ExecRequest } from '../../../io/outside.ts';
import { CONTAINERS, type Draft, type KubeObject, type ObjectRef, refOf } from '../../../messages/kube.ts';
import { type Answer, type Ask, type OpenWatch, plainClient } from '../../support/plain-client.ts';
import { type SimClock, simClock } from '../../support/sim-clock.ts';
import { newStore } from './new-store.ts';

export type { Answer, Ask, OpenWatch, Wire } from '../../support/plain-client.ts';

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
  const { ask, watch, close } = plainClient({ origin: server.url, token: TOKEN });
  try {
    await use({ store, clock, url: server.url, execs, ask, watch });
  } finally {
    await server.close();
    await close();
  }
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
