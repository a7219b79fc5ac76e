/**
 * What is known of one type of object: one writer (its watcher, and the answers to our own writes), many readers. Owns the
 * objects and their indexes; never asks the API server. Readers get shared objects that nobody changes.
 */
import type { KubeObject, ObjectMeta } from '../messages/kube.ts';
import { sameJson } from '../messages/merge-patch.ts';
import { compareVersions, metaOf, type Project, type Seen, see, type WatcherEvent } from '../messages/watch.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { type StoreIndex, storeIndex } from './store-index.ts';

/** `own`: the answer to a write of this process; whoever wrote it knows already, its neighbours do not. */
export type Origin = 'watch' | 'own';
/**
 * `before` is what was held until now: undefined for an object that is new here. A state that differs from it in nothing
 * but its resourceVersion (after projection) is not told, but is what `get` returns.
 */
export type Change<T extends KubeObject> =
  | { readonly kind: 'changed'; readonly object: T; readonly before: T | undefined; readonly origin: Origin }
  | { readonly kind: 'gone'; readonly object: T; readonly before: T; readonly origin: Origin }
  /** Its present state cannot be read; `before`, the last that could, is still what `get` returns. */
  | {
      readonly kind: 'malformed';
      readonly meta: ObjectMeta;
      readonly problem: string;
      readonly before: T | undefined;
      readonly origin: Origin;
    };

export interface StoreReader<T extends KubeObject> {
  /** The newest readable state; undefined when it does not exist (or, before `synced`, is not known yet). */
  readonly get: (uid: string) => T | undefined;
  /** `namespace` is undefined for cluster-scoped types. */
  readonly byName: (namespace: string | undefined, name: string) => T | undefined;
  /** All, in no particular order. A new array each time. */
  readonly list: () => readonly T[];
  readonly size: () => number;
  /** Why the newest state of this object cannot be read; undefined when it can. A write decided on `get` will then conflict. */
  readonly problemOf: (uid: string) => string | undefined;
  /** Identity of the newest state, whether it can be read or not. */
  readonly metaOf: (uid: string) => ObjectMeta | undefined;
  /** Of what bears this name, whether it can be read or not. */
  readonly uidOf: (namespace: string | undefined, name: string) => string | undefined;
  /** True once a full listing was taken. */
  readonly synced: () => boolean;
  /** Resolves when `synced` becomes true; never rejects. */
  readonly whenSynced: Promise<void>;
  /** Calls `then` once the watcher has told of everything up to that version: at once where it has. Returns what withdraws it. */
  readonly whenSeen: (version: string, then: () => void) => () => void;
  /** Calls `then` once a listing has been taken that began after this call. Returns what withdraws it. */
  readonly whenListed: (then: () => void) => () => void;
  /** Returns the end of the subscription. What is already here is not told: read `list`. A throw in `listen` is logged. */
  readonly onChange: (listen: (change: Change<T>) => void) => () => void;
  /** Adds an index over what is and what will be here; returns its look-up. `name` is for the log. */
  readonly index: (name: string, keysOf: (object: T) => readonly string[]) => (key: string) => readonly T[];
}
export interface Store<T extends KubeObject> extends StoreReader<T> {
  /** For the watcher alone. */
  readonly take: (event: WatcherEvent<T>) => void;
  /**
   * The answer to an own write, of any age: an older state than the held one, or one of an object that was seen to go, is
   * ignored, and so is a Status. One that took the last finalizer of a deleted object takes the object. Only objects within the watcher's selectors and namespace belong here.
   */
  readonly put: (answer: KubeObject) => void;
}

export interface StoreOptions<T extends KubeObject> {
  /** The same as the watcher's. */
  readonly project: Project<T>;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
}

/** A relist reaches the listeners in slices of this many, so that leases and probes go on: 80,000 turns in one go stop the loop for 4.1 s, in such slices for 35 ms (design.md 2). */
export const SLICE = 500;
/** Remembered deletions, against events told twice. */
const TOMBSTONES_MAX = 10_000;

interface Entry<T> {
  /** Of the newest state, readable or not. */
  meta: ObjectMeta;
  object: T | undefined;
  problem: string | undefined;
  /** Known from a write's answer only: a listing that is older must not undo it. */
  unconfirmed: boolean;
}

export function createStore<T extends KubeObject>({ project, clock, log }: StoreOptions<T>): Store<T> {
  const entries = new Map<string, Entry<T>>();
  /** By namespace ('' for none), then name: two look-ups cost a third of building a key of both. */
  const uidByName = new Map<string, Map<string, string>>();
  const indexes = new Map<string, StoreIndex<T>>();
  const listeners = new Set<(change: Change<T>) => void>();
  const tombstones = new Map<string, string>();
  /** A relist's news not yet told: uid → what was held before it. */
  const untold = new Map<string, T | undefined>();
  /** Newest version that the watcher told of: what is older and not held here is gone. */
  let seenVersion = '';
  /** Who waits for a version; who waits for a listing, and whether it has begun. */
  const waitingFor = new Map<() => void, string>();
  const waitingForList = new Map<() => void, 'next' | 'begun'>();
  let listing: Map<string, Seen<T>> | undefined;
  let slicing = false;
  let synced = false;
  let resolveSynced = () => {};
  const whenSynced = new Promise<void>((resolve) => {
    resolveSynced = resolve;
  });

  const uidOf = (namespace: string | undefined, name: string): string | undefined =>
    uidByName.get(namespace ?? '')?.get(name);
  const namesIn = (namespace = ''): Map<string, string> => {
    const names = uidByName.get(namespace) ?? new Map<string, string>();
    uidByName.set(namespace, names);
    return names;
  };

  const reindex = (name: string, index: StoreIndex<T>, uid: string, object: T | undefined) => {
    try {
      index.set(uid, object);
    } catch (err) {
      index.set(uid, undefined);
      log.error({ err, index: name, uid }, 'object could not be indexed');
    }
  };
  /** Returns what was held before. */
  const set = (seen: Seen<T>, origin: Origin): Entry<T> | undefined => {
    const meta = metaOf(seen);
    const before = entries.get(meta.uid);
    const object = seen.kind === 'object' ? seen.object : before?.object;
    const problem = seen.kind === 'malformed' ? seen.problem : undefined;
    entries.set(meta.uid, { meta, object, problem, unconfirmed: origin === 'own' });
    // Later news of an object does not take its name back from a successor.
    if (before === undefined) namesIn(meta.namespace).set(meta.name, meta.uid);
    if (object !== before?.object) for (const [name, index] of indexes) reindex(name, index, meta.uid, object);
    return before;
  };
  const remove = (uid: string, entry: Entry<T>) => {
    entries.delete(uid);
    const names = namesIn(entry.meta.namespace);
    if (names.get(entry.meta.name) === uid) names.delete(entry.meta.name); // A successor of the same name may be here already.
    if (names.size === 0) uidByName.delete(entry.meta.namespace ?? '');
    for (const index of indexes.values()) index.set(uid, undefined);
  };
  const bury = (uid: string, version: string) => {
    tombstones.delete(uid);
    tombstones.set(uid, version);
    if (tombstones.size > TOMBSTONES_MAX) tombstones.delete(tombstones.keys().next().value ?? '');
  };

  const advance = (version: string) => {
    if (!notAfter(version, seenVersion)) seenVersion = version;
  };
  /** After what was told is held: whoever waited for it reads it. */
  const tellSeen = () => {
    for (const [then, version] of waitingFor) {
      if (!notAfter(version, seenVersion)) continue;
      waitingFor.delete(then);
      then();
    }
  };
  const tellListed = () => {
    for (const [then, state] of waitingForList) {
      if (state !== 'begun') continue;
      waitingForList.delete(then);
      then();
    }
  };

  /** Tells what became of `uid` since `before`. */
  const tell = (uid: string, before: T | undefined, origin: Origin) => {
    const entry = entries.get(uid);
    let change: Change<T>;
    if (entry?.problem !== undefined)
      change = { kind: 'malformed', meta: entry.meta, problem: entry.problem, before, origin };
    else if (entry?.object !== undefined) change = { kind: 'changed', object: entry.object, before, origin };
    else if (before !== undefined) change = { kind: 'gone', object: before, before, origin };
    else return;
    for (const listen of listeners) {
      try {
        listen(change);
      } catch (err) {
        log.error({ err, uid }, 'change listener failed');
      }
    }
  };
  /** At once; overtakes and includes what a relist still has to tell of the same object. */
  const tellNow = (uid: string, before: T | undefined, origin: Origin) => {
    const first = untold.has(uid) ? untold.get(uid) : before;
    untold.delete(uid);
    tell(uid, first, origin);
  };
  const tellSlice = () => {
    let left = SLICE;
    for (const [uid, before] of untold) {
      if (left-- === 0) break;
      untold.delete(uid);
      tell(uid, before, 'watch');
    }
    slicing = untold.size > 0;
    if (slicing) clock.after(0, tellSlice);
  };

  const apply = (seen: Seen<T>, origin: Origin) => {
    const meta = metaOf(seen);
    const held = entries.get(meta.uid);
    if (origin === 'watch') advance(meta.resourceVersion);
    if (held !== undefined) {
      const order = compareVersions(meta.resourceVersion, held.meta.resourceVersion);
      if (order === 0 && origin === 'watch') held.unconfirmed = false; // The echo of our own write: no news.
      if (order !== undefined && order <= 0) return;
    } else if (origin === 'own' && notAfter(meta.resourceVersion, seenVersion)) return;
    if (notAfter(meta.resourceVersion, tombstones.get(meta.uid) ?? '')) return;
    tombstones.delete(meta.uid);
    const before = set(seen, origin);
    if (!sameButVersion(before, entries.get(meta.uid))) tellNow(meta.uid, before?.object, origin);
  };
  const drop = (meta: ObjectMeta, origin: Origin) => {
    if (origin === 'watch') advance(meta.resourceVersion);
    const held = entries.get(meta.uid);
    if (held !== undefined && (compareVersions(meta.resourceVersion, held.meta.resourceVersion) ?? 0) < 0) return;
    bury(meta.uid, meta.resourceVersion);
    if (held === undefined) return;
    remove(meta.uid, held);
    tellNow(meta.uid, held.object, origin);
  };

  /** Readers see the new state in whole at once; listeners hear of the difference in slices. */
  const swap = (listed: ReadonlyMap<string, Seen<T>>, version: string) => {
    const note = (uid: string, before: T | undefined) => {
      if (!untold.has(uid)) untold.set(uid, before);
    };
    const ahead = new Set<string>();
    for (const [uid, held] of entries) {
      const seen = listed.get(uid);
      const newest = seen === undefined ? version : metaOf(seen).resourceVersion;
      if (held.unconfirmed && (compareVersions(held.meta.resourceVersion, newest) ?? -1) > 0) ahead.add(uid);
      // Once only: the next listing has the last word, also after a restore made the server's versions go back.
      held.unconfirmed = false;
      if (ahead.has(uid) || seen !== undefined) continue;
      remove(uid, held);
      note(uid, held.object);
    }
    for (const [uid, seen] of listed) {
      if (ahead.has(uid) || entries.get(uid)?.meta.resourceVersion === metaOf(seen).resourceVersion) continue;
      tombstones.delete(uid);
      const before = set(seen, 'watch');
      if (!sameButVersion(before, entries.get(uid))) note(uid, before?.object);
    }
    seenVersion = version;
    if (!synced) {
      synced = true;
      resolveSynced();
    }
    if (!slicing && untold.size > 0) {
      slicing = true;
      clock.after(0, tellSlice);
    }
  };

  const objectsOf = (uids: Iterable<string>): readonly T[] => {
    const objects: T[] = [];
    for (const uid of uids) {
      const object = entries.get(uid)?.object;
      if (object !== undefined) objects.push(object);
    }
    return objects;
  };

  return {
    get: (uid) => entries.get(uid)?.object,
    byName: (namespace, name) => entries.get(uidOf(namespace, name) ?? '')?.object,
    list: () => objectsOf(entries.keys()),
    size: () => entries.size,
    problemOf: (uid) => entries.get(uid)?.problem,
    metaOf: (uid) => entries.get(uid)?.meta,
    uidOf,
    synced: () => synced,
    whenSynced,
    whenSeen: (version, then) => {
      if (notAfter(version, seenVersion)) then();
      else waitingFor.set(then, version);
      return () => waitingFor.delete(then);
    },
    whenListed: (then) => {
      waitingForList.set(then, 'next');
      return () => waitingForList.delete(then);
    },
    onChange: (listen) => {
      listeners.add(listen);
      return () => listeners.delete(listen);
    },
    index: (name, keysOf) => {
      if (indexes.has(name)) throw new Error(`index ${name} exists already`);
      const index = storeIndex(keysOf);
      indexes.set(name, index);
      for (const [uid, { object }] of entries) if (object !== undefined) reindex(name, index, uid, object);
      return (key) => objectsOf(index.uidsOf(key));
    },
    put: (answer) => {
      if (typeof answer.metadata?.uid !== 'string') return;
      if (wasTheLast(answer)) drop(answer.metadata, 'own');
      else apply(see(answer, project), 'own');
    },
    take: (event) => {
      switch (event.kind) {
        case 'init':
          listing = new Map();
          for (const then of waitingForList.keys()) waitingForList.set(then, 'begun');
          return;
        case 'initApply':
          listing?.set(metaOf(event.seen).uid, event.seen);
          return;
        case 'initDone':
          if (listing === undefined) return;
          swap(listing, event.resourceVersion);
          listing = undefined;
          tellSeen();
          tellListed();
          return;
        case 'apply':
          if (listing === undefined) apply(event.seen, 'watch');
          else listing.set(metaOf(event.seen).uid, event.seen);
          return tellSeen();
        case 'delete':
          if (listing === undefined) drop(event.meta, 'watch');
          else listing.delete(event.meta.uid);
          return tellSeen();
      }
    },
  };
}

/** Nothing that is read has changed: heartbeats, other managers' fields. No news. */
function sameButVersion<T extends KubeObject>(before: Entry<T> | undefined, after: Entry<T> | undefined): boolean {
  if (before?.object === undefined || after?.object === undefined) return false;
  if (before.problem !== after.problem) return false;
  const { resourceVersion } = before.object.metadata;
  const aligned = { ...after.object, metadata: { ...after.object.metadata, resourceVersion } };
  return sameJson(before.object, aligned);
}

/** The write took the last finalizer of an object that was to be deleted: with it the object went. */
const wasTheLast = ({ metadata }: KubeObject): boolean =>
  metadata.deletionTimestamp !== undefined &&
  (metadata.finalizers ?? []).length === 0 &&
  (metadata.deletionGracePeriodSeconds ?? 0) === 0;
const notAfter = (version: string, limit: string): boolean => (compareVersions(version, limit) ?? 1) <= 0;
