/**
 * Lists and watches one type of object and tells what it saw. Owns the connection's life: pages, resume, relist, back-off,
 * silence. Keeps no object (that is store.ts) and decides nothing. Source: design.md 2, kube:kube-runtime/src/watcher.rs.
 */
import type { KubeObject, KubeOutcome, ResourceType, WatchEnd, WatchEvent } from '../messages/kube.ts';
import { type Project, see, type WatcherEvent } from '../messages/watch.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import type { KubeApi, ListRequest } from './outside.ts';
import { jittered, type Random } from './random.ts';

export interface WatcherOptions<T extends KubeObject> {
  readonly api: Pick<KubeApi, 'list' | 'watch'>;
  readonly type: ResourceType;
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly project: Project<T>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Items a page. Default `PAGE_SIZE`. */
  readonly pageSize?: number;
  /** Neither event nor bookmark for so long: the connection is given up and resumed. Default `SILENCE_MS`. */
  readonly silenceMs?: number;
  /** Told when the trouble is over. */
  readonly recovered?: () => void;
  /** Ask for a streaming list first; a server that refuses or does not know it gets paged lists from then on. Default true. */
  readonly streaming?: boolean;
}

export interface Watcher {
  /** Ends the connection; nothing is told afterwards. */
  readonly stop: () => void;
  readonly counts: () => WatcherCounts;
  /** Why it hears nothing, once it has failed twice in a row; undefined while the server talks to it. */
  readonly trouble: () => string | undefined;
  /** One in trouble tries again now: another one has just been answered. */
  readonly hurry: () => void;
  /** Lists anew, from the present state on: what is known may be behind. A listing under way is not enough, nor cut short. */
  readonly relist: () => void;
}
/** Since the start. `lastHeardMs` is on the monotonic clock; undefined before the first word. */
export interface WatcherCounts {
  readonly listings: number;
  readonly resumes: number;
  readonly silences: number;
  readonly failures: number;
  readonly malformed: number;
  readonly lastHeardMs: number | undefined;
}

/** As client-go. */
export const PAGE_SIZE = 500;
/** An API server sends a bookmark about once a minute (60 to 68 s seen on 1.36.3): two are missing. */
export const SILENCE_MS = 130_000;
/** A server older than streaming lists ignores the wish, so the end of the initial events never comes. */
export const STREAMING_SILENCE_MS = 15_000;
export const BACKOFF_MS_MIN = 1_000;
export const BACKOFF_MS_MAX = 30_000;
/** A watch that ended without a word so often in a row is not resumed: a server waits in silence for a resourceVersion that it has not reached (1.36.3), as after a restore. */
const BARREN_WATCHES_MAX = 3;
/** Continue tokens that expire this often: the pages are read too slowly, ask for all at once (as client-go does). */
const EXPIRED_LISTS_MAX = 2;

/** One failure is an API server that restarts. */
const TROUBLE_FAILURES = 2;

/** Where to go on: from a resourceVersion, or with a fresh listing. */
type Next = { readonly from: string | undefined; readonly afterMs: number };

/** Starts at once; `take` is called synchronously, in order. One that throws is a bug: logged, and the listing starts over. */
export function startWatcher<T extends KubeObject>(
  options: WatcherOptions<T>,
  take: (event: WatcherEvent<T>) => void,
): Watcher {
  const { api, clock, random, type } = options;
  const log = options.log.child({ watches: type.plural });
  const controller = new AbortController();
  const stopped = () => controller.signal.aborted;
  const counts = { listings: 0, resumes: 0, silences: 0, failures: 0, malformed: 0 };
  let lastHeardMs: number | undefined;
  let streaming = options.streaming ?? true;
  let failuresInRow = 0;
  /** Failures since the server last agreed to anything. */
  let unheard = 0;
  let trouble: string | undefined;
  let barrenWatches = 0;
  let expiredLists = 0;
  /** Asked for since the last listing began. */
  let listAnew = false;
  let recall = (): void => {};

  const scope = {
    type,
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),
    ...(options.fieldSelector === undefined ? {} : { fieldSelector: options.fieldSelector }),
  };

  /** False when `take` threw: its state may be torn, so everything is listed anew. */
  const emit = (event: WatcherEvent<T>): boolean => {
    if (stopped()) return false;
    try {
      take(event);
      return true;
    } catch (err) {
      log.error({ err, event: event.kind }, 'watch event could not be taken');
      return false;
    }
  };
  /** Undefined: what cannot even be identified is counted and left out. */
  const seen = (raw: KubeObject) => {
    const identified = [raw.metadata?.uid, raw.metadata?.name, raw.metadata?.resourceVersion];
    if (!identified.every((text) => typeof text === 'string')) {
      counts.malformed++;
      log.error({ metadata: raw.metadata }, 'object without identity');
      return undefined;
    }
    const result = see(raw, options.project);
    if (result.kind === 'malformed') {
      counts.malformed++;
      const { namespace, name, uid } = raw.metadata;
      log.error({ namespace, name, uid, problem: result.problem }, 'object could not be read');
    }
    return result;
  };

  const emitSeen = (kind: 'initApply' | 'apply', raw: KubeObject): boolean => {
    const result = seen(raw);
    return result === undefined || emit({ kind, seen: result });
  };

  /** `answered`: by a server that agreed first, so nothing is wrong between us. */
  const failed = (from: string | undefined, why: string, retryAfterMs = 0, answered = false): Next => {
    counts.failures++;
    const backoffMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(failuresInRow++, 10));
    const afterMs = Math.max(retryAfterMs, jittered(backoffMs, 0.5, random));
    if (!answered) unheard++;
    if (unheard >= TROUBLE_FAILURES) trouble = why;
    if (!stopped()) log.warn({ why, failuresInRow, afterMs }, 'watch failed');
    return { from, afterMs };
  };

  const agreed = (): void => {
    unheard = 0;
    if (trouble === undefined) return;
    log.info({ was: trouble }, 'the API server answers again');
    trouble = undefined;
    failuresInRow = 0;
    options.recovered?.();
  };

  /** Pages until the last one, then the watch starts from the list's resourceVersion. */
  const listInPages = async (): Promise<Next> => {
    const limit = expiredLists >= EXPIRED_LISTS_MAX ? undefined : (options.pageSize ?? PAGE_SIZE);
    let request: ListRequest = { verb: 'list', ...scope, ...(limit === undefined ? {} : { limit }) };
    let version: string | undefined;
    counts.listings++;
    listAnew = false;
    let taken = emit({ kind: 'init' });
    for (;;) {
      const outcome = await api.list(request, controller.signal);
      switch (outcome.kind) {
        case 'ok':
          break;
        case 'gone':
          expiredLists++;
          return failed(undefined, `list expired: ${outcome.message}`);
        case 'throttled':
          return failed(undefined, 'list throttled', outcome.retryAfterMs);
        default:
          return failed(undefined, `list ${outcome.kind}: ${listTextOf(type, outcome)}`);
      }
      agreed();
      lastHeardMs = clock.monotonicMs();
      for (const raw of outcome.answer.items) taken = emitSeen('initApply', raw) && taken;
      // The first page's version: what changed while the later ones were read is told again by the watch.
      version ??= outcome.answer.resourceVersion;
      if (!taken) return failed(undefined, 'a listed object could not be taken');
      if (outcome.answer.continue === undefined) break;
      request = { ...request, continue: outcome.answer.continue };
    }
    expiredLists = 0;
    return emit({ kind: 'initDone', resourceVersion: version })
      ? { from: listAnew ? undefined : version, afterMs: 0 }
      : failed(undefined, 'the listing could not be taken');
  };

  /** From a version, or with the present state first (a streaming list). */
  const watch = async (from: string | undefined): Promise<Next> => {
    const session = {
      listing: from === undefined,
      version: from,
      heard: false,
      silent: false,
      torn: false,
      gone: false,
    };
    const startedMs = clock.monotonicMs();
    const connection = new AbortController();
    const abort = () => connection.abort();
    controller.signal.addEventListener('abort', abort, { once: true });
    const tell = (taken: boolean) => {
      if (taken) return;
      session.torn = true;
      abort();
    };
    recall = () => {
      if (!session.listing) abort();
    };
    if (session.listing) {
      counts.listings++;
      listAnew = false;
      tell(emit({ kind: 'init' }));
    } else counts.resumes++;

    const silenceMs = () => (session.listing ? STREAMING_SILENCE_MS : (options.silenceMs ?? SILENCE_MS));
    let heardMs = startedMs;
    let cancel = () => {};
    // One timer that looks at the clock, not one per event.
    const guard = () => {
      const leftMs = heardMs + silenceMs() - clock.monotonicMs();
      cancel = clock.after(Math.max(leftMs, 1), () => {
        if (clock.monotonicMs() - heardMs < silenceMs()) return guard();
        session.silent = true;
        counts.silences++;
        abort();
      });
    };
    guard();

    const takeEvent = (event: WatchEvent) => {
      if (connection.signal.aborted) return;
      heardMs = clock.monotonicMs();
      lastHeardMs = heardMs;
      if (event.kind === 'error') {
        session.gone = event.code === 410;
        return;
      }
      agreed();
      if (!session.listing) {
        session.heard = true;
        failuresInRow = 0;
      }
      if (event.kind === 'bookmark') {
        session.version = event.resourceVersion;
        if (!session.listing || !event.initialEventsEnd) return;
        session.listing = false;
        tell(emit({ kind: 'initDone', resourceVersion: event.resourceVersion }));
        if (listAnew) abort();
        return;
      }
      const { resourceVersion } = event.object.metadata ?? {};
      if (typeof resourceVersion === 'string') session.version = resourceVersion;
      if (event.kind === 'deleted')
        tell(typeof resourceVersion !== 'string' || emit({ kind: 'delete', meta: event.object.metadata }));
      else tell(emitSeen(session.listing ? 'initApply' : 'apply', event.object));
    };
    const ended = await api.watch(
      { ...scope, resourceVersion: from ?? '', ...(session.listing ? { sendInitialEvents: true } : {}) },
      takeEvent,
      connection.signal,
      agreed,
    );
    cancel();
    recall = () => {};
    controller.signal.removeEventListener('abort', abort);
    if (listAnew && !session.listing && !session.torn) return { from: undefined, afterMs: 0 };
    if (session.torn) return failed(undefined, 'an event could not be taken');
    const end: WatchEnd = session.gone ? { kind: 'gone' } : ended;
    if (session.listing) return listingEnded(end, session.silent);
    barrenWatches = session.heard || from === undefined ? 0 : barrenWatches + 1;
    return watchEnded(end, session, clock.monotonicMs() - startedMs);
  };

  /** The streaming list did not reach its end: again, or in pages from now on. */
  const listingEnded = (end: WatchEnd, silent: boolean): Next => {
    const unknownHere = end.kind === 'refused' && (end.status === 400 || end.status === 422);
    if (silent || unknownHere || end.kind === 'closed') {
      log.info({ end: end.kind, silent }, 'no streaming lists here: listing in pages');
      streaming = false;
      return { from: undefined, afterMs: 0 };
    }
    return failed(undefined, `streaming list: ${textOf(type, end)}`, end.kind === 'throttled' ? end.retryAfterMs : 0);
  };

  const watchEnded = (
    end: WatchEnd,
    {
      version,
      heard,
      silent,
    }: { readonly version: string | undefined; readonly heard: boolean; readonly silent: boolean },
    livedMs: number,
  ): Next => {
    const barren = barrenWatches >= BARREN_WATCHES_MAX;
    if (barren) barrenWatches = 0;
    const from = barren || end.kind === 'gone' ? undefined : version;
    const ordinary = end.kind === 'closed' || end.kind === 'gone' || (end.kind === 'aborted' && silent);
    // A server that hangs up at once must not be called in a loop, whatever it says.
    if (ordinary && (heard || livedMs >= BACKOFF_MS_MIN))
      return { from, afterMs: Math.max(0, BACKOFF_MS_MIN - livedMs) };
    const retryAfterMs = end.kind === 'throttled' ? end.retryAfterMs : 0;
    return failed(from, `watch: ${textOf(type, end)}`, retryAfterMs, end.kind === 'closed');
  };

  let wakeNow = (): void => {};
  const pause = (delayMs: number) =>
    new Promise<void>((resolve) => {
      if (delayMs <= 0 || stopped()) return resolve();
      const cancel = clock.after(delayMs, wake);
      controller.signal.addEventListener('abort', wake, { once: true });
      wakeNow = wake;
      function wake() {
        cancel();
        controller.signal.removeEventListener('abort', wake);
        resolve();
      }
    });

  const run = async () => {
    let next: Next = { from: undefined, afterMs: 0 };
    while (!stopped()) {
      await pause(next.afterMs);
      if (stopped()) return;
      const from = listAnew ? undefined : next.from;
      next = await (from !== undefined ? watch(from) : streaming ? watch(undefined) : listInPages());
    }
  };
  void run();
  return {
    stop: () => controller.abort(),
    counts: () => ({ ...counts, lastHeardMs }),
    trouble: () => trouble,
    hurry: () => {
      if (trouble !== undefined) wakeNow();
    },
    relist: () => {
      listAnew = true;
      recall();
    },
  };
}

function textOf(type: ResourceType, end: WatchEnd): string {
  switch (end.kind) {
    case 'refused':
      return `refused, ${end.status} ${end.message}${hint(type, end.status)}`;
    case 'transport':
      return end.cause;
    default:
      return end.kind;
  }
}

type ListFailure = Exclude<KubeOutcome<never>, { kind: 'ok' | 'throttled' }>;
const listTextOf = (type: ResourceType, outcome: ListFailure): string => {
  if (outcome.kind === 'transport') return outcome.cause;
  const status = outcome.kind === 'refused' ? outcome.status : outcome.kind === 'notFound' ? 404 : 0;
  return outcome.message + hint(type, status);
};

/** What a server's own words leave out. */
function hint({ plural, group, version }: ResourceType, status: number): string {
  if (status === 401) return ' (the credentials are not accepted: expired, or of another cluster)';
  if (status === 404) return ` (${group === '' ? '' : `${group}/`}${version} ${plural} is not served: no such CRD)`;
  return '';
}
