/**
 * Requests to node agents over undici: one request, one outcome, never an exception. Owns its connections, nothing else:
 * which agent, which token and how many at a time is others' matter. Source: spec 07, 13 and 14.
 */
import { isIPv6 } from 'node:net';
import { Agent } from 'undici';
import type { AgentOutcome } from '../messages/outcome.ts';
import type { Clock } from './clock.ts';
import type { AgentApi, AgentRequest } from './outside.ts';

export interface AgentClientOptions {
  readonly clock: Clock;
  readonly userAgent: string;
  /** Default 8090, which is what every agent listens on. */
  readonly port?: number;
}
export interface AgentClient extends AgentApi {
  /** Ends every request and closes every connection. */
  readonly close: () => Promise<void>;
}

export const AGENT_PORT = 8090;
/** The longest answer is the list of a node's drives. */
const BODY_BYTES_MAX = 8 * 1024 * 1024;
/** Longer than the minute between two polls would keep ten thousand connections open. */
const KEEP_ALIVE_MS = 10_000;

type AgentEnd = Exclude<AgentOutcome, { kind: 'dropped' }>;

/** Plain HTTP, as the agents speak it. */
export function agentClient({ clock, userAgent, port = AGENT_PORT }: AgentClientOptions): AgentClient {
  const agent = new Agent({ keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: 0, bodyTimeout: 0 });

  const exchange = async (
    podIp: string,
    { method, path, body }: AgentRequest,
    token: string,
    signal: AbortSignal,
  ): Promise<AgentEnd> => {
    const response = await agent.request({
      origin: `http://${isIPv6(podIp) ? `[${podIp}]` : podIp}:${port}`,
      path,
      method,
      headers: { authorization: `Token ${token}`, 'content-type': 'application/json', 'user-agent': userAgent },
      signal,
      ...(body === undefined ? {} : { body }),
    });
    const parts: Buffer[] = [];
    let sizeBytes = 0;
    for await (const part of response.body as AsyncIterable<Buffer>) {
      sizeBytes += part.length;
      // Leaving the loop destroys the body, and with it the connection.
      if (sizeBytes > BODY_BYTES_MAX)
        return { kind: 'transport', cause: `the answer is longer than ${BODY_BYTES_MAX} bytes` };
      parts.push(part);
    }
    const text = Buffer.concat(parts).toString('utf8');
    const { statusCode: status } = response;
    return status >= 200 && status < 300 ? { kind: 'ok', body: text } : { kind: 'status', status, body: text };
  };

  return {
    request: async (podIp, request, token, signal) => {
      const { timeoutMs } = request;
      const controller = new AbortController();
      let timedOut = false;
      const cancelTimer = clock.after(timeoutMs, () => {
        timedOut = true;
        controller.abort();
      });
      const abort = (): void => controller.abort();
      if (signal?.aborted) abort();
      signal?.addEventListener('abort', abort, { once: true });
      try {
        return await exchange(podIp, request, token, controller.signal);
      } catch (err) {
        if (timedOut) return { kind: 'timeout', afterMs: timeoutMs };
        return { kind: 'transport', cause: controller.signal.aborted ? 'aborted' : causeOf(err) };
      } finally {
        cancelTimer();
        signal?.removeEventListener('abort', abort);
      }
    },
    close: () => agent.destroy(),
  };
}

function causeOf(err: unknown): string {
  if (!(err instanceof Error)) return String(err);
  const code = (err as { code?: unknown }).code;
  return typeof code === 'string' && !err.message.includes(code) ? `${code}: ${err.message}` : err.message;
}
