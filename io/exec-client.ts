/**
 * Commands in pods over a WebSocket to the API server: one connection each, one outcome, never an exception. Settles only
 * when the connection is closed. Owns no bound and no repetition, but for one try with fresh credentials after a 401.
 * Source: spec 07, 1.
 */
import type { IncomingMessage } from 'node:http';
import { type RawData, WebSocket } from 'ws';
import type { ExecOutcome } from '../messages/outcome.ts';
import type { Clock } from './clock.ts';
import { endOfRefusal, endOfStatus, execPath, STATUS, STDERR, STDOUT, stdinFrames, V4, V5 } from './exec-protocol.ts';
import type { KubeCredential, KubeCredentials } from './kube-credentials.ts';
import type { ExecApi, ExecRequest } from './outside.ts';

export interface ExecClientOptions {
  readonly credentials: KubeCredentials;
  readonly clock: Clock;
  readonly userAgent: string;
  /** A longer output ends the command as `truncated`. Defaults `STDOUT_BYTES_MAX`, `STDERR_BYTES_MAX`. */
  readonly stdoutBytesMax?: number;
  readonly stderrBytesMax?: number;
}
export interface ExecClient extends ExecApi {
  /** Closes every connection; what runs on them ends as `transport`. */
  readonly close: () => void;
}

/** Source: spec 07, 1.3. */
export const STDOUT_BYTES_MAX = 8 * 1024 * 1024;
export const STDERR_BYTES_MAX = 256 * 1024;
/** As often as a silent connection is asked whether it is still there; without a word for `SILENCE_MS` it is not. */
export const PING_MS = 10_000;
export const SILENCE_MS = 30_000;
/** How long the other side may take to answer a close. */
const CLOSE_MS = 2_000;
/** One frame; a kubelet's are 32 KiB. */
const FRAME_BYTES_MAX = 4 * 1024 * 1024;
const REFUSAL_BYTES_MAX = 64 * 1024;
/** Nothing was sent yet. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

type ExecEnd = Exclude<ExecOutcome, { kind: 'dropped' }>;
type Tried = ExecEnd | { readonly kind: 'unauthorized'; readonly end: ExecEnd };

const nothing = (): void => {};

export function execClient(options: ExecClientOptions): ExecClient {
  const { credentials, clock } = options;
  const open = new Set<WebSocket>();

  /** One connection. `limit` ends it: by time, or because it was aborted. */
  const converse = (request: ExecRequest, credential: KubeCredential, limit: Limit): Promise<Tried> =>
    new Promise((resolve) => {
      const url = credentials.baseUrl.replace(/^http/, 'ws') + execPath(request);
      const socket = new WebSocket(url, [V5, V4], {
        headers: { ...credential.headers, 'user-agent': options.userAgent },
        perMessageDeflate: false,
        maxPayload: FRAME_BYTES_MAX,
        ...credential.tls,
      });
      open.add(socket);
      const [stdout, stderr] = [
        sink(options.stdoutBytesMax ?? STDOUT_BYTES_MAX),
        sink(options.stderrBytesMax ?? STDERR_BYTES_MAX),
      ];
      let end: Tried | undefined;
      let heardMs = clock.monotonicMs();
      let cancelTimer = nothing;

      /** The first word counts. `close` always follows, and settles. */
      const finish = (outcome: Tried, orderly = false): void => {
        end ??= outcome;
        cancelTimer();
        if (!orderly) {
          socket.terminate();
          return;
        }
        socket.close(1000);
        cancelTimer = clock.after(CLOSE_MS, () => socket.terminate());
      };
      const watch = (): void => {
        cancelTimer = clock.after(PING_MS, () => {
          if (clock.monotonicMs() - heardMs >= SILENCE_MS) {
            finish({ kind: 'transport', cause: `no sign of life for ${SILENCE_MS} ms` });
            return;
          }
          socket.ping();
          watch();
        });
      };
      limit.onEnd((outcome) => finish(outcome));

      socket.on('open', () => {
        heardMs = clock.monotonicMs();
        if (request.stdin !== undefined && socket.protocol !== V5) {
          finish({ kind: 'transport', cause: `the server speaks ${socket.protocol}, where standard input has no end` });
          return;
        }
        for (const frame of request.stdin === undefined ? [] : stdinFrames(request.stdin)) socket.send(frame);
        watch();
      });
      socket.on('pong', () => {
        heardMs = clock.monotonicMs();
      });
      socket.on('message', (data: RawData) => {
        heardMs = clock.monotonicMs();
        const frame = data as Buffer; // ws gives Buffers unless told otherwise.
        if (end !== undefined || frame.length < 2) return;
        const [channel, content] = [frame[0], frame.subarray(1)];
        if (channel === STATUS) finish(endOfStatus(content.toString('utf8'), stdout.text(), stderr.text()), true);
        else if ((channel === STDOUT && !stdout.take(content)) || (channel === STDERR && !stderr.take(content)))
          finish({ kind: 'truncated', cause: 'the output is too long' });
      });
      socket.on('unexpected-response', (_, response: IncomingMessage) => {
        void readRefusal(response).then((body) => {
          const refused = endOfRefusal(response.statusCode ?? 0, body);
          finish(response.statusCode === 401 ? { kind: 'unauthorized', end: refused } : refused);
        });
      });
      socket.on('error', (err: Error & { code?: string }) => {
        const notStarted = NOT_CONNECTED.has(err.code ?? '') ? ({ notStarted: true } as const) : {};
        finish({ kind: 'transport', cause: err.message || (err.code ?? 'connection failed'), ...notStarted });
      });
      socket.on('close', (code: number) => {
        open.delete(socket);
        cancelTimer();
        limit.onEnd(nothing);
        resolve(end ?? endOfClose(code));
      });
    });

  const run = async (request: ExecRequest, limit: Limit): Promise<ExecEnd> => {
    const used = credentials.current();
    const first = await converse(request, used, limit);
    if (first.kind !== 'unauthorized') return first;
    if (credentials.current() === used) await credentials.refresh();
    if (credentials.current() === used) return first.end;
    const ended = limit.ended();
    if (ended !== undefined) return ended;
    const second = await converse(request, credentials.current(), limit);
    return second.kind === 'unauthorized' ? second.end : second;
  };

  return {
    run: async (request, signal) => {
      const limit = limited(clock, request.timeoutMs, signal);
      try {
        return limit.ended() ?? (await run(request, limit));
      } finally {
        limit.release();
      }
    },
    close: () => {
      for (const socket of open) socket.terminate();
    },
  };
}

interface Limit {
  /** How the time limit or an abort has ended it, if one has. */
  readonly ended: () => ExecEnd | undefined;
  /** Whom to tell; the latest counts. Told at once if it has ended already. */
  readonly onEnd: (tell: (end: ExecEnd) => void) => void;
  readonly release: () => void;
}
/** By time, or by the caller's signal, whichever is first. */
function limited(clock: Clock, timeoutMs: number, signal?: AbortSignal): Limit {
  let end: ExecEnd | undefined;
  let tell: (end: ExecEnd) => void = nothing;
  const finish = (how: ExecEnd): void => {
    if (end !== undefined) return;
    end = how;
    tell(end);
  };
  const abort = (): void => finish({ kind: 'transport', cause: 'aborted' });
  const cancelTimer = clock.after(timeoutMs, () => finish({ kind: 'timeout', afterMs: timeoutMs }));
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  return {
    ended: () => end,
    onEnd: (next) => {
      tell = next;
      if (end !== undefined) next(end);
    },
    release: () => {
      cancelTimer();
      signal?.removeEventListener('abort', abort);
    },
  };
}

/** Without a Status: never a success, whatever output came. An orderly end is told from a broken connection. */
const endOfClose = (code: number): ExecEnd =>
  code === 1006
    ? { kind: 'transport', cause: 'connection lost before the command ended' }
    : { kind: 'truncated', cause: `stream closed without a status (${code})` };

/** Collects output up to a bound. */
function sink(bytesMax: number): { readonly take: (content: Buffer) => boolean; readonly text: () => string } {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  return {
    take: (content) => {
      sizeBytes += content.length;
      if (sizeBytes > bytesMax) return false;
      parts.push(content);
      return true;
    },
    text: () => Buffer.concat(parts).toString('utf8'),
  };
}

/** The body of a refused upgrade, as far as it is of use. Never rejects. */
async function readRefusal(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      parts.push(part);
      sizeBytes += part.length;
      if (sizeBytes > REFUSAL_BYTES_MAX) break;
    }
  } catch {
    // A refusal cut short is a refusal all the same.
  }
  return Buffer.concat(parts).toString('utf8');
}
