/** A small API server for one type of object, with faults on demand. For tests of the watcher and the store; the modelled fleet has the full one. */
import type { KubeApi, ListRequest } from '../../io/outside.ts';
import type {
  KubeList,
  KubeObject,
  KubeOutcome,
  ResourceType,
  WatchEnd,
  WatchEvent,
  WatchRequest,
} from '../../messages/kube.ts';

export const THINGS: ResourceType = { group: 'test', version: 'v1', kind: 'Thing', plural: 'things', namespaced: true };
export interface Thing extends KubeObject {
  readonly spec: { readonly value: number };
}
type Watching = { take: (event: WatchEvent) => void; end: (end: WatchEnd) => void; muted: boolean };

export function fakeKube() {
  const objects = new Map<string, Thing>();
  let history: { readonly version: number; readonly event: WatchEvent }[] = [];
  let version = 100;
  let forgottenUpTo = 0;
  let uids = 0;
  const watching = new Set<Watching>();
  const lists: ListRequest[] = [];
  const watches: WatchRequest[] = [];
  const faults = {
    /** Taken one by one by the next requests, before anything else is done. */
    lists: [] as KubeOutcome<KubeList>[],
    watches: [] as WatchEnd[],
    /** How streaming lists are met. */
    streaming: 'offered' as 'offered' | 'refused' | 'ignored',
    /** New watches say nothing at all. */
    muted: false,
  };

  const record = (event: WatchEvent) => {
    history.push({ version, event });
    for (const watch of [...watching]) if (!watch.muted) watch.take(event);
  };
  const server = {
    faults,
    lists,
    watches,
    watchCount: () => watching.size,
    state: () => new Map([...objects.values()].map((thing) => [thing.metadata.uid, thing])),
    /** Creates or changes; returns what a write would be answered with. `quietly`: this time the watches do not hear of it. */
    set: (name: string, value: number, quietly = false): Thing => {
      const before = objects.get(name);
      const resourceVersion = String(++version);
      const thing: Thing = {
        apiVersion: 'test/v1',
        kind: 'Thing',
        metadata: {
          name,
          namespace: 'ns',
          uid: before?.metadata.uid ?? `uid-${++uids}`,
          resourceVersion,
          creationTimestamp: '2026-01-01T00:00:00Z',
        },
        spec: { value },
      };
      objects.set(name, thing);
      if (!quietly) record({ kind: before === undefined ? 'added' : 'modified', object: thing });
      return thing;
    },
    remove: (name: string) => {
      const before = objects.get(name);
      if (before === undefined) return;
      objects.delete(name);
      const metadata = { ...before.metadata, resourceVersion: String(++version) };
      record({ kind: 'deleted', object: { ...before, metadata } });
    },
    bookmark: () => {
      for (const watch of watching)
        if (!watch.muted) watch.take({ kind: 'bookmark', resourceVersion: String(version), initialEventsEnd: false });
    },
    /** Sent as it is to every watch. */
    say: (event: WatchEvent) => {
      for (const watch of [...watching]) watch.take(event);
    },
    /** Resumes and continue tokens from before answer 410. */
    forget: () => {
      history = [];
      forgottenUpTo = version;
    },
    /** Ends every watch; a half-open connection is one that is `mute`d instead. */
    cut: (end: WatchEnd) => {
      for (const watch of [...watching]) watch.end(end);
    },
    mute: () => {
      for (const watch of watching) watch.muted = true;
    },
  };

  const list = async (request: ListRequest): Promise<KubeOutcome<KubeList>> => {
    lists.push(request);
    const fault = faults.lists.shift();
    if (fault !== undefined) return fault;
    const [at, offset] = request.continue?.split(':').map(Number) ?? [version, 0];
    if (at === undefined || offset === undefined || at < forgottenUpTo) return { kind: 'gone', message: 'expired' };
    // A page shows the present, not the snapshot: worse than a real server, and the watch must make up for it.
    const items = [...objects.values()].slice(offset, offset + (request.limit ?? Number.POSITIVE_INFINITY));
    const next = offset + items.length;
    const more = next < objects.size ? { continue: `${at}:${next}` } : {};
    return { kind: 'ok', answer: { items, resourceVersion: String(at), ...more } };
  };
  const watch: KubeApi['watch'] = (request, take, signal, opened) =>
    new Promise<WatchEnd>((resolve) => {
      watches.push(request);
      const fault = faults.watches.shift();
      if (fault !== undefined) return resolve(fault);
      const streaming = request.sendInitialEvents === true;
      if (streaming && faults.streaming === 'refused')
        return resolve({ kind: 'refused', status: 422, message: 'sendInitialEvents is forbidden' });
      const from = Number(request.resourceVersion);
      if (!streaming && from < forgottenUpTo) {
        take({ kind: 'error', code: 410, message: 'too old resource version' });
        return resolve({ kind: 'gone' });
      }
      const watching_: Watching = {
        take,
        muted: faults.muted,
        end: (end) => {
          watching.delete(watching_);
          resolve(end);
        },
      };
      watching.add(watching_);
      opened?.();
      signal.addEventListener('abort', () => watching_.end({ kind: 'aborted' }));
      if (watching_.muted) return;
      if (streaming) {
        for (const object of [...objects.values()]) take({ kind: 'added', object });
        if (faults.streaming === 'offered')
          take({ kind: 'bookmark', resourceVersion: String(version), initialEventsEnd: true });
      } else for (const entry of [...history]) if (entry.version > from) take(entry.event);
    });
  const api: Pick<KubeApi, 'list' | 'watch'> = { list, watch };
  return { ...server, api };
}
