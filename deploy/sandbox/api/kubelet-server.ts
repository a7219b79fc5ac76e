/**
 * The port of modelled kubelets, behind which a real API server runs commands: TLS, `/exec/<namespace>/<pod>/<container>`
 * over a WebSocket. One server for all nodes: a pod's name finds its node. Logs, port forwarding and statistics are not
 * offered. Source: kubelet server of Kubernetes v1.36; spec 07, 21.1.
 */
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../io/clock.ts';
import type { ExecApi } from '../../../io/outside.ts';
import { selfSignedCertificate } from './certificate.ts';
import { type Command, createExecStreams, refuseUpgrade } from './exec-stream.ts';
import { badRequest } from './status.ts';

export interface KubeletServer {
  readonly port: number;
  /** Ends every command and connection. */
  readonly close: () => Promise<void>;
}
export interface KubeletServerOptions {
  /** An IPv4 address at which the API server reaches this machine. */
  readonly ip: string;
  readonly exec: ExecApi;
  readonly clock: Clock;
}

/** Resolves when it listens, on any free port; rejects when it cannot. */
export async function createKubeletServer({ ip, exec, clock }: KubeletServerOptions): Promise<KubeletServer> {
  const commands = createExecStreams(exec, clock);
  const server = createServer({ ...selfSignedCertificate([ip], clock.wallMs()) }, (_request, response) => {
    response.writeHead(404).end('modelled kubelets only run commands\n');
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const url = new URL(request.url ?? '/', 'https://kubelet');
    const command = commandOf(url);
    const wants = (name: string): boolean => ['1', 'true'].includes(url.searchParams.get(name) ?? '');
    const streams = { stdin: wants('input'), stdout: wants('output'), stderr: wants('error'), tty: wants('tty') };
    const refusal =
      command === undefined
        ? badRequest('modelled kubelets only run commands')
        : commands.accept(command, streams, request, socket, head);
    if (refusal !== undefined) refuseUpgrade(socket, refusal);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, ip, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port, // Never a pipe's name: it listens on an address.
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      commands.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function commandOf({ pathname, searchParams }: URL): Command | undefined {
  const [, verb, namespace = '', pod = '', container = ''] = pathname.split('/').map(decodeURIComponent);
  if (verb !== 'exec' || container === '') return undefined;
  return { target: { namespace, pod, container }, argv: searchParams.getAll('command') };
}
