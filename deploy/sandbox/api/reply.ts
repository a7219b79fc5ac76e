/** What a request asks and what the server answers, as data between the routes and the socket. */
import type { Status } from './status.ts';
import type { WatchPlan } from './watch-stream.ts';

export interface ApiRequest {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly accept: string | undefined;
  readonly contentType: string | undefined;
  readonly userAgent: string | undefined;
  readonly body: Buffer;
}

export type Reply =
  | {
      readonly kind: 'json';
      readonly code: number;
      readonly body: unknown;
      readonly contentType?: string;
      readonly headers?: Readonly<Record<string, string | readonly string[]>>;
    }
  | { readonly kind: 'watch'; readonly plan: WatchPlan }
  /** Closes the connection without an answer: the client can't know what happened. */
  | { readonly kind: 'drop' };

export const json = (body: unknown, code = 200): Reply => ({ kind: 'json', code, body });

/** `undefined`: the outcome is unknown to the client, the connection drops. */
export function refuse(status: Status | undefined): Reply {
  if (status === undefined) return { kind: 'drop' };
  const seconds = status.details?.retryAfterSeconds;
  const headers = seconds === undefined ? {} : { headers: { 'retry-after': String(seconds) } };
  return { kind: 'json', code: status.code, body: status, ...headers };
}
