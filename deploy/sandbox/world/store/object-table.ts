/**
 * The objects of one type in order of their keys, and the newest of their changes: enough to tell what the table was like
 * at any revision within the window. Decides nothing.
 */
import type { Stored } from './json.ts';

export interface Change {
  readonly kind: 'added' | 'modified' | 'deleted';
  /** The store's counter at this write: the object's resourceVersion as a number. */
  readonly revision: number;
  /** For `deleted`: the last state, with the revision of the deletion. */
  readonly object: Stored;
  readonly previous: Stored | undefined;
}

export interface ObjectTable {
  readonly get: (key: string) => Stored | undefined;
  /** All objects, or those of one namespace, in order of namespace and name. A copy. */
  readonly list: (namespace: string | undefined) => readonly Stored[];
  /** As it was at `revision`, or undefined when that is older than the window. */
  readonly listAt: (revision: number, namespace: string | undefined) => readonly Stored[] | undefined;
  readonly apply: (change: Change) => void;
  /** The changes after `revision`, oldest first, or undefined when some of them are forgotten. */
  readonly since: (revision: number) => readonly Change[] | undefined;
  /** Forgets all changes up to `revision`. */
  readonly forget: (revision: number) => void;
}

export const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`;
const keyOfObject = ({ metadata }: Stored): string => keyOf(metadata.namespace, metadata.name);

/** Keeps the last `windowCount` changes, at least. */
export function objectTable(windowCount: number): ObjectTable {
  const objects = new Map<string, Stored>();
  // Keys and objects in step, by key: a list is a slice, an insertion moves pointers (10,000 of them take microseconds).
  const keys: string[] = [];
  const inOrder: Stored[] = [];
  let history: Change[] = [];
  let forgottenRevision = 0;

  const place = (key: string): number => lowerBound(keys, (one) => one < key);
  const range = (namespace: string | undefined): readonly [number, number] =>
    // '0' is the character after '/'.
    namespace === undefined ? [0, keys.length] : [place(`${namespace}/`), place(`${namespace}0`)];
  const since = (revision: number): readonly Change[] | undefined =>
    revision < forgottenRevision
      ? undefined
      : history.slice(lowerBound(history, (change) => change.revision <= revision));
  const forget = (revision: number): void => {
    forgottenRevision = Math.max(forgottenRevision, revision);
    history = history.slice(lowerBound(history, (change) => change.revision <= revision));
  };

  return {
    get: (key) => objects.get(key),
    list: (namespace) => inOrder.slice(...range(namespace)),
    listAt: (revision, namespace) => {
      const undo = since(revision);
      if (undo === undefined) return undefined;
      if (undo.length === 0) return inOrder.slice(...range(namespace));
      const then = new Map(inOrder.slice(...range(namespace)).map((object) => [keyOfObject(object), object]));
      for (const { object, previous } of undo.toReversed()) {
        if (namespace !== undefined && object.metadata.namespace !== namespace) continue;
        if (previous === undefined) then.delete(keyOfObject(object));
        else then.set(keyOfObject(object), previous);
      }
      return [...then].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, object]) => object);
    },
    apply: (change) => {
      const key = keyOfObject(change.object);
      const index = place(key);
      const present = keys[index] === key;
      if (change.kind === 'deleted') {
        objects.delete(key);
        if (present) {
          keys.splice(index, 1);
          inOrder.splice(index, 1);
        }
      } else {
        objects.set(key, change.object);
        if (present) inOrder[index] = change.object;
        else {
          keys.splice(index, 0, key);
          inOrder.splice(index, 0, change.object);
        }
      }
      history.push(change);
      const last = history.length >= 2 * windowCount ? history[windowCount - 1] : undefined;
      if (last !== undefined) forget(last.revision);
    },
    since,
    forget,
  };
}

/** The first index at which `before` no longer holds. */
function lowerBound<Item>(items: readonly Item[], before: (item: Item) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && before(item)) low = middle + 1;
    else high = middle;
  }
  return low;
}
