/** HTTP for machines: /metrics, /healthz, /readyz on configured addresses. Owns the listening sockets; what is healthy is told by callbacks. Source: spec 02 §2.5, README I8. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

/** Undefined: fine. Otherwise what is wrong, in words for an operator. */
export type Probe = () => string | undefined;

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}
/** Answers GET and HEAD. A throw or a rejection becomes a 500 and is logged. */
export type Route = (request: IncomingMessage) => Reply | Promise<Reply>;
export interface Serving {
  /** The port listened on, also where 0 was asked for. */
  readonly port: number;
  readonly close: () => Promise<void>;
}
export interface BindAddress {
  /** Absent: all addresses. */
  readonly host?: string;
  readonly port: number;
}

/** `:8080`, `127.0.0.1:8080`, `[::1]:8080`; empty or `0` means not at all (undefined), as in the reference. Throws on anything else. */
export function parseBindAddress(text: string): BindAddress | undefined {
  if (text === '' || text === '0') return undefined;
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new Error(`not an address to listen on: ${JSON.stringify(text)}`);
  const host = match[1] ?? match[2] ?? '';
  return host === '' ? { port } : { host, port };
}

/** Listens; rejects when the address cannot be had (a configuration error). */
export async function serve(address: BindAddress, routes: Readonly<Record<string, Route>>, log: Log): Promise<Serving> {
  const table = new Map(Object.entries(routes));
  const answer = async (request: IncomingMessage): Promise<Reply> => {
    const route = table.get(new URL(request.url ?? '/', 'http://here').pathname);
    if (route === undefined) return plain(404, 'not found');
    if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'only GET');
    try {
      return await route(request);
    } catch (err) {
      log.error({ err, path: request.url }, 'request failed');
      return plain(500, 'failed, see the log');
    }
  };
  const server = createServer((request, response) => {
    void answer(request).then(({ status, contentType, body }) => {
      response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, () => {
      server.off('error', reject);
      server.on('error', (err) => log.error({ err }, 'listening socket failed'));
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const plain = (status: number, body: string): Reply => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body: `${body}\n`,
});

/** 200 `ok`, or 503 with each complaint on a line. `/healthz` failing lets the kubelet restart the pod, so it must be sure. */
export const probeRoute =
  (probes: Readonly<Record<string, Probe>>): Route =>
  () => {
    const complaints = Object.entries(probes).flatMap(([name, probe]) => {
      const complaint = probe();
      return complaint === undefined ? [] : [`${name}: ${complaint}`];
    });
    return complaints.length === 0 ? plain(200, 'ok') : plain(503, complaints.join('\n'));
  };

export const metricsRoute =
  (metrics: Metrics): Route =>
  async () => ({ status: 200, contentType: metrics.contentType, body: await metrics.scrape() });

/**
 * Complains when messages wait but none has been handled for `stalledMs`. Looks when it is asked: two probes at least
 * `stalledMs` apart are needed for a complaint.
 */
export function mailboxProbe(
  clock: Pick<Clock, 'monotonicMs'>,
  stalledMs: number,
  system: { readonly turnCount: () => number; readonly waitingCount: () => number },
): Probe {
  let turns = -1;
  let sinceMs = 0;
  return () => {
    const [nowMs, nowTurns, waiting] = [clock.monotonicMs(), system.turnCount(), system.waitingCount()];
    if (nowTurns !== turns || waiting === 0) {
      turns = nowTurns;
      sinceMs = nowMs;
      return undefined;
    }
    const quietMs = nowMs - sinceMs;
    return quietMs < stalledMs
      ? undefined
      : `${waiting} messages wait, none handled for ${Math.round(quietMs / 1000)} s`;
  };
}
