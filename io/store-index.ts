/** One look-up table of a store: key → uids of the objects that have it. Owns nothing else. */
import type { KubeObject } from '../messages/kube.ts';

export interface StoreIndex<T extends KubeObject> {
  /** Replaces what was known of that uid; undefined removes it. */
  readonly set: (uid: string, object: T | undefined) => void;
  readonly uidsOf: (key: string) => Iterable<string>;
}

const NONE: readonly string[] = [];
const sameKeys = (before: readonly string[], after: readonly string[]): boolean =>
  before.length === after.length && before.every((key, index) => key === after[index]);

/** `keysOf` may give none, one or many keys, in any order, without repeats. */
export function storeIndex<T extends KubeObject>(keysOf: (object: T) => readonly string[]): StoreIndex<T> {
  const uidsByKey = new Map<string, Set<string>>();
  const keysByUid = new Map<string, readonly string[]>();

  const remove = (uid: string, key: string) => {
    const uids = uidsByKey.get(key);
    uids?.delete(uid);
    if (uids?.size === 0) uidsByKey.delete(key);
  };
  return {
    set: (uid, object) => {
      const before = keysByUid.get(uid) ?? NONE;
      const after = object === undefined ? [] : keysOf(object);
      // Nearly every write leaves its keys as they were: then what is old stays, and nothing new grows old.
      if (sameKeys(before, after)) return;
      for (const key of before) if (!after.includes(key)) remove(uid, key);
      for (const key of after) {
        const uids = uidsByKey.get(key);
        if (uids === undefined) uidsByKey.set(key, new Set([uid]));
        else uids.add(uid);
      }
      if (after.length === 0) keysByUid.delete(uid);
      else keysByUid.set(uid, after);
    },
    uidsOf: (key) => uidsByKey.get(key) ?? [],
  };
}
