/**
 * A node whose kubelet does nothing but run commands: what a real API server needs to serve `pods/exec`. Fake pods, real
 * frames: the API server proxies its WebSocket unchanged to the address that the Node object tells.
 */
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { selfSignedCertificate } from '../../../deploy/sandbox/api/certificate.ts';
import { createExecEndpoint } from '../../../deploy/sandbox/api/exec-endpoint.ts';
import { refuseUpgrade } from '../../../deploy/sandbox/api/exec-stream.ts';
import { systemClock } from '../../../io/clock.ts';
import type { KubeClient } from '../../../io/kube-client.ts';
import type { ExecApi } from '../../../io/outside.ts';
import { type Draft, NODES, PODS, refOf } from '../../../messages/kube.ts';
import { done } from './server.ts';

const HOST = '127.0.0.1';

export interface ExecNode {
  readonly name: string;
  readonly close: () => Promise<void>;
}

/** Creates the Node object, ready, and serves its commands. */
export async function startExecNode(name: string, kube: KubeClient, exec: ExecApi): Promise<ExecNode> {
  const anyPod = {
    request: ({ ref }: { readonly ref?: { readonly namespace?: string; readonly name: string } }) => ({
      kind: 'ok',
      answer: { metadata: ref, spec: { nodeName: name, containers: [{ name: 'main' }] } },
    }),
  };
  // Only `get` is asked of it, and only these fields are read.
  const endpoint = createExecEndpoint(anyPod as never, exec, systemClock);
  const server = createServer({ ...selfSignedCertificate([HOST], systemClock.wallMs()) });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { pathname, searchParams } = new URL(request.url ?? '', `https://${HOST}`);
    const [, , namespace = '', pod = '', container = ''] = pathname.split('/');
    const query = new URLSearchParams({ container });
    for (const argument of searchParams.getAll('command')) query.append('command', argument);
    for (const [theirs, ours] of [
      ['input', 'stdin'],
      ['output', 'stdout'],
      ['error', 'stderr'],
    ] as const)
      if (searchParams.get(theirs) === '1') query.set(ours, '1');
    const refused = endpoint.accept(refOf(PODS, { namespace, name: pod }), query, request, socket, head);
    if (refused !== undefined) refuseUpgrade(socket, refused);
  });
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const { port } = server.address() as AddressInfo; // Not a pipe.
  const status = {
    addresses: [{ type: 'InternalIP', address: HOST }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    declaredFeatures: ['ExtendWebSocketsToKubelet'], // Otherwise it speaks SPDY to the kubelet.
    conditions: [{ type: 'Ready', status: 'True', reason: 'Test', message: '' }],
  };
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name }, status } as Draft;
  done(await kube.request({ verb: 'create', type: NODES, object: node }));
  return {
    name,
    close: async () => {
      endpoint.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
