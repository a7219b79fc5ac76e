/**
 * The API server over undici: one request, one outcome, never an exception. Owns its connections, one Agent per purpose;
 * credentials come from kube-credentials.ts. Never retries but once after a 401: what to repeat is the caller's decision.
 */
import { Agent, type Dispatcher } from 'undici';
import type { KubeOutcome, WatchEnd, WatchEvent } from '../messages/kube.ts';
import type { Clock } from './clock.ts';
import { eachLine } from './each-line.ts';
import { decodeEvent, decodeList, decodeObject, type HttpAnswer, refusal } from './kube-answer.ts';
import type { KubeCredential, KubeCredentials, KubeTls } from './kube-credentials.ts';
import { type HttpRequest, listHttp, objectHttp, watchHttp } from './kube-path.ts';
import type { KubeApi } from './outside.ts';
import type { Random } from './random.ts';

export interface KubeClientOptions {
  readonly credentials: KubeCredentials;
  readonly clock: Clock;
  readonly random: Random;
  /** Sent as User-Agent; the API server makes the field manager's name from the part before the slash. */
  readonly userAgent: string;
  /** From the call to the end of the answer; for a watch to its first byte. Default `REQUEST_TIMEOUT_MS`. */
  readonly timeoutMs?: number;
  /** A longer answer is given up. Default `BODY_BYTES_MAX`. */
  readonly bodyBytesMax?: number;
}
export interface KubeClient extends KubeApi {
  /** What is no object: GET of a path of the server's own, such as `/openapi/v3`. The answer is any JSON object. */
  readonly read: (path: string, signal?: AbortSignal) => Promise<KubeOutcome<unknown>>;
  /** Ends every request and closes every connection. */
  readonly close: () => Promise<void>;
}

/** The API server's own limit for requests that are not watches is 60 s; half of it is slow enough to try again. */
export const REQUEST_TIMEOUT_MS = 30_000;
/** A page of 500 pods is about 10 MB. */
export const BODY_BYTES_MAX = 64 * 1024 * 1024;
/** etcd takes no object above 1.5 MB; managedFields and JSON's own quoting add to that. */
const WATCH_LINE_BYTES_MAX = 8 * 1024 * 1024;
/** How long the server keeps a watch: as client-go, at random between these, so that a fleet of watches does not end at once. */
const WATCH_SECONDS_MIN = 300;
const WATCH_SECONDS_MAX = 600;

type Purpose = 'watch' | 'read' | 'write';
type Agents = Readonly<Record<Purpose, Agent>>;
type Opened = { readonly response: Dispatcher.ResponseData } | { readonly failed: string };

/** Requests may start at once; nothing connects before. */
export function kubeClient(options: KubeClientOptions): KubeClient {
  const { credentials, clock, random, userAgent } = options;
  const timeoutMs = options.timeoutMs ?? REQUEST_TIMEOUT_MS;
  const bodyBytesMax = options.bodyBytesMax ?? BODY_BYTES_MAX;
  const base = new URL(credentials.baseUrl);
  const prefix = base.pathname === '/' ? '' : base.pathname;
  let tls = credentials.current().tls;
  let agents = openAgents(tls);
  const retired = new Set<Promise<void>>();
  const live = new Set<AbortController>();

  /** New material means new connections. The old agents finish what runs on them: a watch lives 10 minutes at most. */
  const agentFor = (purpose: Purpose, credential: KubeCredential): Agent => {
    if (credential.tls !== tls) {
      for (const agent of Object.values(agents)) {
        const closing = agent.close().finally(() => retired.delete(closing));
        retired.add(closing);
      }
      tls = credential.tls;
      agents = openAgents(tls);
    }
    return agents[purpose];
  };

  const openOnce = async (
    purpose: Purpose,
    http: HttpRequest,
    signal: AbortSignal,
    credential: KubeCredential,
  ): Promise<Opened> => {
    const headers = {
      ...credential.headers,
      accept: 'application/json',
      'user-agent': userAgent,
      ...(http.contentType === undefined ? {} : { 'content-type': http.contentType }),
    };
    try {
      const response = await agentFor(purpose, credential).request({
        origin: base.origin,
        path: prefix + http.path,
        method: http.method,
        headers,
        signal,
        ...(http.body === undefined ? {} : { body: http.body }),
      });
      return { response };
    } catch (err) {
      return { failed: causeOf(err, signal) };
    }
  };
  /** A 401 is answered once with fresh credentials: nothing was done, so a write may be repeated too. */
  const open = async (purpose: Purpose, http: HttpRequest, signal: AbortSignal): Promise<Opened> => {
    const used = credentials.current();
    const first = await openOnce(purpose, http, signal, used);
    if ('failed' in first || first.response.statusCode !== 401) return first;
    if (credentials.current() === used) await credentials.refresh();
    if (credentials.current() === used) return first;
    await first.response.body.dump();
    return openOnce(purpose, http, signal, credentials.current());
  };

  const roundTrip = async (purpose: Purpose, http: HttpRequest, outer?: AbortSignal): Promise<HttpAnswer | string> => {
    const limit = limited(clock, live, timeoutMs, outer);
    try {
      const opened = await open(purpose, http, limit.signal);
      if ('failed' in opened) return opened.failed;
      return await readAnswer(opened.response, bodyBytesMax);
    } catch (err) {
      return causeOf(err, limit.signal);
    } finally {
      limit.release();
    }
  };

  return {
    request: async (request, signal) => {
      const answer = await roundTrip(request.verb === 'get' ? 'read' : 'write', objectHttp(request), signal);
      if (typeof answer === 'string') return { kind: 'transport', cause: answer };
      return refusal(answer, request.verb === 'create') ?? decodeObject(answer.body);
    },
    list: async (request, signal) => {
      const answer = await roundTrip('read', listHttp(request), signal);
      if (typeof answer === 'string') return { kind: 'transport', cause: answer };
      return refusal(answer, false) ?? decodeList(answer.body, request.type);
    },
    read: async (path, signal) => {
      const answer = await roundTrip('read', { method: 'GET', path }, signal);
      if (typeof answer === 'string') return { kind: 'transport', cause: answer };
      return refusal(answer, false) ?? decodeObject(answer.body);
    },
    watch: async (request, take, signal, told) => {
      const seconds = Math.round(WATCH_SECONDS_MIN + random() * (WATCH_SECONDS_MAX - WATCH_SECONDS_MIN));
      const limit = limited(clock, live, timeoutMs, signal);
      try {
        const opened = await open('watch', watchHttp(request, seconds), limit.signal);
        limit.disarm();
        if ('failed' in opened)
          return signal.aborted ? { kind: 'aborted' } : { kind: 'transport', cause: opened.failed };
        if (opened.response.statusCode !== 200) {
          const answer = await readAnswer(opened.response, bodyBytesMax);
          return watchRefusal(answer);
        }
        told?.();
        return await readEvents(opened.response, take);
      } catch (err) {
        return signal.aborted ? { kind: 'aborted' } : { kind: 'transport', cause: causeOf(err, limit.signal) };
      } finally {
        limit.release();
      }
    },
    close: async () => {
      // An agent that is closing already forgets its connections: destroying it would not reach them.
      for (const controller of live) controller.abort(new Error('client closed'));
      await Promise.all(Object.values(agents).map((agent) => agent.destroy()));
      await Promise.all(retired);
    },
  };
}

/**
 * HTTP/1.1 on purpose: over HTTP/2 one half-open connection would silence every watch and hang every request at once.
 * undici's own time limits are off, ours run on the injected clock.
 */
function openAgents(tls: KubeTls): Agents {
  const agent = () =>
    new Agent({ connect: { ...tls }, allowH2: false, bodyTimeout: 0, headersTimeout: 0, keepAliveTimeout: 60_000 });
  return { watch: agent(), read: agent(), write: agent() };
}

interface Limited {
  readonly signal: AbortSignal;
  /** The time limit no longer holds; the outer signal still does. */
  readonly disarm: () => void;
  readonly release: () => void;
}
/** A signal that ends with `outer` or after `timeoutMs`, whichever is first. Its controller is in `live` until its release. */
function limited(clock: Clock, live: Set<AbortController>, timeoutMs: number, outer?: AbortSignal): Limited {
  const controller = new AbortController();
  live.add(controller);
  const follow = () => controller.abort(new Error('aborted'));
  const disarm = clock.after(timeoutMs, () => controller.abort(new Error(`timed out after ${timeoutMs} ms`)));
  if (outer?.aborted) follow();
  outer?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    disarm,
    release: () => {
      disarm();
      live.delete(controller);
      outer?.removeEventListener('abort', follow);
    },
  };
}

async function readAnswer(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  bytesMax: number,
): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    // Leaving the loop destroys the body, and with it the connection.
    if (sizeBytes > bytesMax) throw new Error(`the answer is longer than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  const retryAfter = headers['retry-after'];
  return {
    status: statusCode,
    retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

/** Thrown inside `take` to leave the line loop; its `end` is the result. */
class WatchOver extends Error {
  readonly end: WatchEnd;
  constructor(end: WatchEnd) {
    super('watch over');
    this.end = end;
  }
}

async function readEvents({ body }: Dispatcher.ResponseData, take: (event: WatchEvent) => void): Promise<WatchEnd> {
  try {
    await eachLine(body as AsyncIterable<Buffer>, WATCH_LINE_BYTES_MAX, (line) => {
      const event = decodeEvent(line);
      if (event === undefined) throw new WatchOver({ kind: 'transport', cause: `not an event: ${line.slice(0, 200)}` });
      take(event);
      if (event.kind === 'error') throw new WatchOver(endOf(event));
    });
    return { kind: 'closed' };
  } catch (err) {
    if (err instanceof WatchOver) return err.end;
    throw err;
  }
}

const endOf = ({ code, message }: Extract<WatchEvent, { kind: 'error' }>): WatchEnd =>
  code === 410 ? { kind: 'gone' } : { kind: 'refused', status: code, message };

function watchRefusal(answer: HttpAnswer): WatchEnd {
  const refused = refusal(answer, false);
  switch (refused?.kind) {
    case 'gone':
      return { kind: 'gone' };
    case 'throttled':
      return refused;
    case 'refused':
      return { kind: 'refused', status: refused.status, message: refused.message };
    default:
      return { kind: 'refused', status: answer.status, message: answer.body.slice(0, 1024) };
  }
}

/** An abort's own reason says more than the error that undici makes of it. */
function causeOf(err: unknown, signal: AbortSignal): string {
  const cause: unknown = signal.aborted ? signal.reason : err;
  if (!(cause instanceof Error)) return String(cause);
  const code = (cause as { code?: unknown }).code;
  return typeof code === 'string' ? `${code}: ${cause.message}` : cause.message;
}
