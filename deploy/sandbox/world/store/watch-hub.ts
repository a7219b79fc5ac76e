/**
 * The watchers of one store: what they are sent, in which order, and their bookmarks. One event object serves all of them.
 * A write made inside a watcher's callback is delivered after the event being delivered, so all see one order.
 */
import type { Clock } from '../../../../io/clock.ts';
import type { WatchEvent } from '../../../../messages/kube.ts';
import type { Stored } from './json.ts';
import type { Change, ObjectTable } from './object-table.ts';

/** As the API server: about one a minute. */
export const BOOKMARK_MS = 60_000;

export interface WatchSpec {
  readonly matches: (object: Stored) => boolean;
  /** Undefined: the present state first, then what follows. */
  readonly fromRevision: number | undefined;
  /** A bookmark after the present state. */
  readonly initialBookmark: boolean;
}

export interface WatchHub {
  /** Sends what is due at once, then each change. Returns the stop, which may be called at any time, also by `take`. */
  readonly open: (table: ObjectTable, spec: WatchSpec, take: (event: WatchEvent) => void) => () => void;
  /** Call once a change has been applied to its table. */
  readonly announce: (table: ObjectTable, change: Change) => void;
}

interface Watcher {
  readonly spec: WatchSpec;
  readonly take: (event: WatchEvent) => void;
  seenRevision: number;
  open: boolean;
  stopBookmarks: () => void;
}

export function watchHub(clock: Clock, revision: () => number): WatchHub {
  const watchers = new Map<ObjectTable, Set<Watcher>>();
  const queue: { readonly table: ObjectTable; readonly change: Change }[] = [];
  let delivering = false;

  const deliver = (): void => {
    if (delivering) return;
    delivering = true;
    // A callback that throws is a bug of its owner: the others still get every event, then the writer hears of it.
    const errors: unknown[] = [];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { table, change } = next;
      const leaving = once(() => leavingEvent(change));
      for (const watcher of watchers.get(table) ?? []) {
        try {
          send(watcher, change, leaving);
        } catch (error) {
          errors.push(error);
        }
      }
    }
    delivering = false;
    if (errors.length > 0) throw errors[0];
  };

  const bookmarkLater = (watcher: Watcher): void => {
    watcher.stopBookmarks = clock.after(BOOKMARK_MS, () => {
      bookmarkLater(watcher);
      // A bookmark promises that nothing older is still to come.
      if (queue.length === 0) watcher.take(bookmark(revision(), false));
    });
  };

  return {
    open: (table, spec, take) => {
      const watcher: Watcher = { spec, take, seenRevision: 0, open: true, stopBookmarks: () => undefined };
      const stop = (): void => {
        watcher.open = false;
        watcher.stopBookmarks();
        watchers.get(table)?.delete(watcher);
      };
      begin(table, watcher, revision());
      // A callback may have written meanwhile: what is in the history by now is sent here, the rest by announce.
      if (!catchUp(table, watcher)) return stop;
      if (!watcher.open) return stop;
      const ofTable = watchers.get(table) ?? new Set();
      watchers.set(table, ofTable.add(watcher));
      bookmarkLater(watcher);
      return stop;
    },
    announce: (table, change) => {
      if (!watchers.has(table)) return;
      queue.push({ table, change });
      deliver();
    },
  };
}

function begin(table: ObjectTable, watcher: Watcher, now: number): void {
  const { fromRevision, initialBookmark, matches } = watcher.spec;
  if (fromRevision !== undefined) {
    // One that is still to come is waited for in silence.
    watcher.seenRevision = fromRevision;
    return;
  }
  watcher.seenRevision = now;
  for (const object of table.list(undefined)) {
    if (watcher.open && matches(object)) watcher.take({ kind: 'added', object });
  }
  if (watcher.open && initialBookmark) watcher.take(bookmark(now, true));
}

/** False when the watch has ended with an error. */
function catchUp(table: ObjectTable, watcher: Watcher): boolean {
  for (;;) {
    const missed = table.since(watcher.seenRevision);
    if (missed === undefined) {
      watcher.take({ kind: 'error', code: 410, message: `too old resource version: ${watcher.seenRevision}` });
      return false;
    }
    if (missed.length === 0) return true;
    for (const change of missed)
      send(
        watcher,
        change,
        once(() => leavingEvent(change)),
      );
  }
}

function send(watcher: Watcher, change: Change, leaving: () => WatchEvent): void {
  if (!watcher.open || change.revision <= watcher.seenRevision) return;
  watcher.seenRevision = change.revision;
  const { matches } = watcher.spec;
  const was = change.previous !== undefined && matches(change.previous);
  const is = change.kind !== 'deleted' && matches(change.object);
  if (is) watcher.take({ kind: was ? 'modified' : 'added', object: change.object });
  else if (was) watcher.take(leaving());
}

/** What a watcher sees when an object goes, or no longer fits its selector: the state before, at the new revision. */
function leavingEvent({ kind, object, previous }: Change): WatchEvent {
  if (kind === 'deleted' || previous === undefined) return { kind: 'deleted', object };
  const metadata = Object.freeze({ ...previous.metadata, resourceVersion: object.metadata.resourceVersion });
  return { kind: 'deleted', object: Object.freeze({ ...previous, metadata }) };
}

const bookmark = (revision: number, initialEventsEnd: boolean): WatchEvent => ({
  kind: 'bookmark',
  resourceVersion: String(revision),
  initialEventsEnd,
});

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
