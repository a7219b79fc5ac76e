/** One watch on one HTTP response: the store's events in order, the time limit, and the end of a reader that is too slow. */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../../io/clock.ts';
import type { WatchEvent, WatchRequest } from '../../../messages/kube.ts';
import type { ApiStore, ServedType } from '../world/api.ts';
import { type Form, renderBookmark, renderObject } from './representation.ts';
import { groupVersionOf } from './routes.ts';
import { failure } from './status.ts';

export interface WatchPlan {
  readonly served: ServedType;
  readonly form: Form;
  readonly request: WatchRequest;
  /** The client asked for bookmarks. */
  readonly bookmarks: boolean;
  /** The client wants to know where the initial events end. */
  readonly initialEnd: boolean;
  readonly timeoutMs: number;
}

export interface WatchLimits {
  /** Bytes handed to the socket and not yet sent; more events wait unserialised. */
  readonly socketBytesMax: number;
  /** Events that may wait beyond the initial ones. A reader further behind is cut off, and must list again. */
  readonly waitingEventsMax: number;
}
export const WATCH_LIMITS: WatchLimits = {
  socketBytesMax: 1024 * 1024,
  waitingEventsMax: 10_000,
};

/** Serialises an event once for all watches that deliver it in the same form at the same moment. */
export interface EventEncoder {
  readonly encode: (plan: WatchPlan, event: WatchEvent, first: boolean) => Buffer;
}

const line = (type: string, object: unknown): Buffer => Buffer.from(`${JSON.stringify({ type, object })}\n`);
const TYPES = { added: 'ADDED', modified: 'MODIFIED', deleted: 'DELETED' } as const;

/**
 * Holds only the newest line of each type and form: the store delivers a write to all its watchers inside the write, so
 * they meet here one after another, and nothing outlives the moment (a line per object would double the fleet's memory).
 */
export function createEventEncoder(clock: Clock): EventEncoder {
  const newest = new Map<
    string,
    { readonly event: WatchEvent & { object: object }; readonly atMs: number; line: Buffer }
  >();
  return {
    encode: ({ served, form, request: { type } }, event, first) => {
      if (event.kind === 'error') return line('ERROR', failure(event.code, reasonOf(event.code), event.message));
      if (event.kind === 'bookmark')
        return line('BOOKMARK', renderBookmark(form, type, event.resourceVersion, event.initialEventsEnd));
      const atMs = clock.wallMs();
      const include = form.kind === 'table' ? `${form.include}/${first}` : '';
      const key = `${groupVersionOf(type)}/${type.plural}/${form.kind}/${include}`;
      const known = newest.get(key);
      const { kind, object } = event;
      if (known?.event.object === object && known.event.kind === kind && known.atMs === atMs) return known.line;
      const fresh = { event, atMs, line: line(TYPES[kind], renderObject(form, served, object, atMs, first)) };
      newest.set(key, fresh);
      return fresh.line;
    },
  };
}

const REASONS = new Map([
  [400, 'BadRequest'],
  [410, 'Expired'],
  [504, 'Timeout'],
]);
const reasonOf = (code: number): string => REASONS.get(code) ?? 'InternalError';

export interface WatchServices {
  readonly store: ApiStore;
  readonly clock: Clock;
  readonly encoder: EventEncoder;
  readonly limits: WatchLimits;
}

/** Starts at once; returns the end, which may be called at any time. The response is over when either side ends. */
export function streamWatch(response: ServerResponse, plan: WatchPlan, services: WatchServices): () => void {
  const { store, clock, encoder, limits } = services;
  const socketBytesMax = Math.max(limits.socketBytesMax, response.writableHighWaterMark); // Below it no drain is told.
  let waiting: WatchEvent[] = [];
  let taken = 0; // Events of `waiting` already written.
  let waitingMax = Number.POSITIVE_INFINITY;
  let first = true;
  let ended = false;
  const cleanUps: (() => void)[] = [];

  const end = (): void => {
    if (ended) return;
    ended = true;
    for (const cleanUp of cleanUps) cleanUp();
    response.end();
  };
  const cut = (): void => {
    response.destroy();
    end();
  };
  const pump = (): void => {
    while (!ended && taken < waiting.length && response.writableLength < socketBytesMax) {
      const event = waiting[taken++] as WatchEvent;
      response.write(encoder.encode(plan, event, first));
      if (event.kind !== 'bookmark') first = false;
      if (event.kind === 'error') end();
    }
    if (taken === waiting.length || taken > 1024) {
      waiting = waiting.slice(taken);
      taken = 0;
    }
  };
  const take = (event: WatchEvent): void => {
    if (ended) return;
    if (event.kind === 'bookmark' && !(event.initialEventsEnd ? plan.initialEnd : plan.bookmarks)) return;
    waiting.push(event);
    if (waiting.length - taken > waitingMax) cut();
    else pump();
  };

  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  response.on('drain', pump);
  response.on('close', end);
  response.on('error', end);
  cleanUps.push(clock.after(plan.timeoutMs, end));
  const stop = store.watch(plan.request, take);
  cleanUps.push(stop);
  if (ended) stop(); // An error event came before the store returned.
  waitingMax = waiting.length - taken + limits.waitingEventsMax;
  return end;
}
