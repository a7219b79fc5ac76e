/**
 * The models' view of one kind of object: kept by one watch, handed out by key, with listeners in order of
 * subscription. A listener runs inside the write that caused it, so it never writes: it sets a timer.
 */
import type { KubeObject, ResourceType } from '../../../messages/kube.ts';
import type { ModelApi } from './model-api.ts';
import { keyOf } from './objects.ts';

/** `after` is absent for a deletion, `before` for a first sight. */
export type Listener<T> = (after: T | undefined, before: T | undefined) => void;

export interface Cache<T extends KubeObject> {
  /** By `namespace/name`; cluster-scoped objects have the key `/name`. */
  readonly get: (key: string) => T | undefined;
  readonly all: () => Iterable<T>;
  /** The listener is told at once of all that is there. */
  readonly listen: (listener: Listener<T>) => void;
}

export function createCache<T extends KubeObject>(store: Pick<ModelApi, 'watch'>, type: ResourceType): Cache<T> {
  const byKey = new Map<string, T>();
  const listeners: Listener<T>[] = [];
  store.watch({ type, resourceVersion: '', sendInitialEvents: true }, (event) => {
    if (event.kind === 'bookmark' || event.kind === 'error') return;
    const object = event.object as T; // The store holds only objects of the watched type here.
    const key = keyOf(object);
    const before = byKey.get(key);
    const after = event.kind === 'deleted' ? undefined : object;
    if (after === undefined) byKey.delete(key);
    else byKey.set(key, after);
    for (const listener of listeners) listener(after, before ?? (after === undefined ? object : undefined));
  });
  return {
    get: (key) => byKey.get(key),
    all: () => byKey.values(),
    listen: (listener) => {
      for (const object of byKey.values()) listener(object, undefined);
      listeners.push(listener);
    },
  };
}
