/**
 * The modelled API server over HTTP: sockets, tokens, routes. What an object may become is the store's matter.
 * Source: the Kubernetes API as kubectl 1.32 uses it.
 */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../io/clock.ts';
import type { ExecApi } from '../../../io/outside.ts';
import type { ApiStore } from '../world/api.ts';
import { readBody } from './body.ts';
import type { TlsMaterial } from './certificate.ts';
import { answerCollection } from './collections.ts';
import { AGGREGATED, aggregated, coreVersions, groupList, groupOf, resourceList, VERSION } from './discovery.ts';
import { createExecEndpoint } from './exec-endpoint.ts';
import { refuseUpgrade } from './exec-stream.ts';
import { answerObject } from './objects.ts';
import { openApiOf, openApiRoot } from './open-api.ts';
import { bodyOf } from './parameters.ts';
import { type ApiRequest, json, type Reply, refuse } from './reply.ts';
import { answerReview } from './reviews.ts';
import { type Route, routeOf } from './routes.ts';
import { badRequest, failure, methodNotAllowed, noSuchPath } from './status.ts';
import { createEventEncoder, streamWatch, WATCH_LIMITS, type WatchLimits, type WatchServices } from './watch-stream.ts';

/** One answered request, for a log. A watch is logged when it begins. */
export interface AccessRecord {
  readonly method: string;
  readonly url: string;
  /** 0: the connection was dropped without an answer; 101: a command's WebSocket. */
  readonly code: number;
  readonly user: string | undefined;
  readonly tookMs: number;
}

export interface ApiServerOptions {
  readonly store: ApiStore;
  /** The store as that user's requests meet it, for who wants to count them. Absent: `store` for all. */
  readonly storeFor?: (user: string) => ApiStore;
  readonly exec: ExecApi;
  /** Token to user; read at every request, so that its owner may change it. */
  readonly tokens: ReadonlyMap<string, string>;
  readonly clock: Clock;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Serves HTTPS, without which kubectl sends no token. */
  readonly tls?: TlsMaterial;
  /** Why this user may not ask that, in the server's words; undefined: it may. Absent: everybody may do everything. */
  readonly forbids?: (user: string, method: string, url: string) => string | undefined;
  readonly watchLimits?: Partial<WatchLimits>;
  readonly log?: (record: AccessRecord) => void;
}

export interface ApiServer {
  /** Without a slash at its end. */
  readonly url: string;
  /** Ends every watch, command and connection. */
  readonly close: () => Promise<void>;
}

/** Open to everyone, as in Kubernetes. */
const PUBLIC: readonly Route['kind'][] = ['health', 'version'];

/** Resolves when the server listens; rejects when it cannot. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { store, exec, tokens, clock, host, port, tls, log } = options;
  const watches = new Set<() => void>();
  const services: WatchServices = {
    store,
    clock,
    encoder: createEventEncoder(clock),
    limits: { ...WATCH_LIMITS, ...options.watchLimits },
  };
  const execEndpoint = createExecEndpoint(store, exec, clock);

  const userOf = (request: IncomingMessage): string | undefined => {
    const [, token] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    return token === undefined ? undefined : tokens.get(token);
  };
  const record = (request: IncomingMessage, user: string | undefined, code: number, sinceMs: number): void =>
    log?.({
      method: request.method ?? '',
      url: request.url ?? '',
      code,
      user,
      tookMs: clock.monotonicMs() - sinceMs,
    });

  const answer = async (request: IncomingMessage, user: string | undefined): Promise<Reply> => {
    const target = targetOf(request, store);
    if (target === undefined) return refuse(noSuchPath());
    const { route, query } = target;
    if (user === undefined && !PUBLIC.includes(route.kind)) return refuse(failure(401, 'Unauthorized', 'Unauthorized'));
    const { method = '', headers } = request;
    const forbidden = user === undefined ? undefined : options.forbids?.(user, method, request.url ?? '');
    if (forbidden !== undefined) return refuse(failure(403, 'Forbidden', forbidden));
    const body = method === 'GET' ? Buffer.alloc(0) : await readBody(request);
    if (body === undefined) return { kind: 'drop' };
    if (body === 'tooLarge') {
      const tooLarge = refuse(failure(413, 'RequestEntityTooLarge', 'Request entity too large: limit is 3145728'));
      return tooLarge.kind === 'json' ? { ...tooLarge, headers: { connection: 'close' } } : tooLarge;
    }
    const asked: ApiRequest = {
      method,
      query,
      accept: headers.accept,
      contentType: headers['content-type'],
      userAgent: headers['user-agent'],
      body,
    };
    const met = user === undefined ? store : (options.storeFor?.(user) ?? store);
    return replyTo(route, asked, { store: met, tokens, user: user ?? '', nowMs: clock.wallMs() });
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const sinceMs = clock.monotonicMs();
    const user = userOf(request);
    const reply = await answer(request, user);
    record(request, user, reply.kind === 'json' ? reply.code : reply.kind === 'watch' ? 200 : 0, sinceMs);
    if (reply.kind === 'drop') request.socket.destroy();
    else if (reply.kind === 'json') send(response, reply);
    else {
      const end = streamWatch(response, reply.plan, services);
      watches.add(end);
      response.on('close', () => watches.delete(end));
    }
  };

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const sinceMs = clock.monotonicMs();
    const user = userOf(request);
    const target = targetOf(request, store);
    const status =
      user === undefined
        ? failure(401, 'Unauthorized', 'Unauthorized')
        : target?.route.kind === 'object' && target.route.subresource === 'exec'
          ? execEndpoint.accept(target.route.ref, target.query, request, socket, head)
          : badRequest('only pods/exec may be upgraded');
    record(request, user, status?.code ?? 101, sinceMs);
    if (status !== undefined) refuseUpgrade(socket, status);
  };

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const sinceMs = clock.monotonicMs();
    handle(request, response).catch((err: unknown) => {
      const text = err instanceof Error ? err.message : String(err);
      record(request, undefined, 500, sinceMs);
      if (response.headersSent) response.destroy();
      else send(response, refuse(failure(500, 'InternalError', `Internal error occurred: ${text}`)));
    });
  };
  const server = tls === undefined ? createHttpServer(listener) : createTlsServer({ ...tls }, listener);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('upgrade', upgrade);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo; // Never a pipe's name: it listens on host and port.
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}:${address.port}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const end of watches) end();
      execEndpoint.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Longer than the 60 s that a client may keep an idle connection: a request never meets a closing one. */
const KEEP_ALIVE_MS = 90_000;

function targetOf(request: IncomingMessage, store: ApiStore): { route: Route; query: URLSearchParams } | undefined {
  const url = request.url ?? '/';
  const at = url.indexOf('?');
  const route = routeOf(at === -1 ? url : url.slice(0, at), store.types());
  return route === undefined ? undefined : { route, query: new URLSearchParams(at === -1 ? '' : url.slice(at + 1)) };
}

interface World {
  readonly store: ApiStore;
  readonly tokens: ReadonlyMap<string, string>;
  readonly user: string;
  readonly nowMs: number;
}

function replyTo(route: Route, request: ApiRequest, { store, tokens, user, nowMs }: World): Reply {
  switch (route.kind) {
    case 'collection':
      return answerCollection(route, request, store, nowMs);
    case 'object':
      return answerObject(route, request, store, nowMs);
    case 'review': {
      if (request.method !== 'POST') return refuse(methodNotAllowed());
      const body = bodyOf(request);
      if (!body.ok) return refuse(body.status);
      return found(answerReview(route.group, route.plural, body.value, { tokens, user }), 201);
    }
    default:
      return request.method === 'GET' ? describe(route, request, store) : refuse(methodNotAllowed());
  }
}

type Description = Exclude<Route, { kind: 'collection' | 'object' | 'review' }>;

function describe(route: Description, { accept = '' }: ApiRequest, store: ApiStore): Reply {
  const types = store.types();
  const wantsAggregated = accept.replaceAll(' ', '').includes(AGGREGATED);
  switch (route.kind) {
    case 'health':
      return { kind: 'json', code: 200, body: 'ok', contentType: 'text/plain; charset=utf-8' };
    case 'version':
      return json(VERSION);
    case 'coreVersions':
    case 'groups': {
      const core = route.kind === 'coreVersions';
      if (wantsAggregated) return { ...json(aggregated(types, core)), contentType: AGGREGATED } as Reply;
      return json(core ? coreVersions(types) : groupList(types));
    }
    case 'group':
      return found(groupOf(types, route.group));
    case 'resources':
      return found(resourceList(types, route.group, route.version));
    case 'openApiRoot':
      return json(openApiRoot(types));
    case 'openApi':
      return found(openApiOf(types, route.group, route.version));
  }
}

const found = (body: unknown, code = 200): Reply => (body === undefined ? refuse(noSuchPath()) : json(body, code));

function send(response: ServerResponse, reply: Reply): void {
  if (reply.kind !== 'json') return;
  const { code, body, contentType = 'application/json', headers } = reply;
  const text = contentType.startsWith('text/') ? String(body) : JSON.stringify(body);
  response.writeHead(code, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-cache, private',
    ...(headers as Record<string, string | string[]> | undefined),
  });
  response.end(text);
}
