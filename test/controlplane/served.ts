/** Whether each container was served by one shard at a time: what shards asked, against what the sharder gave them. Pure. */
import { type Asked, isWrite } from './audit.ts';

/** `namespace/name` → who changed its status or its pod, in order, each run of one's writes told once. */
export function servantsOf(asked: readonly Asked[]): ReadonlyMap<string, readonly string[]> {
  const servants = new Map<string, string[]>();
  for (const { user, namespace, name, code } of asked.filter(isServing)) {
    const key = `${namespace}/${name}`;
    const before = servants.get(key) ?? [];
    if (code >= 200 && code < 300 && before.at(-1) !== user) servants.set(key, [...before, user]);
  }
  return servants;
}
const isServing = (each: Asked): boolean =>
  isWrite(each) && (each.resource === 'wekacontainers/status' || each.resource === 'pods');

/**
 * What was done by one that had not been given the container, or not any more. Nobody's clock counts: whoever serves must come in
 * the order in which the sharder gave.
 */
export function outOfTurn(
  servants: ReadonlyMap<string, readonly string[]>,
  given: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  return [...servants].flatMap(([key, users]) => {
    let at = -1;
    const turns = given.get(key) ?? [];
    const follows = users.every((user) => {
      at = turns.indexOf(user, at + 1);
      return at >= 0;
    });
    return follows ? [] : [`${key}: given to ${turns.join(', ') || 'nobody'}, served by ${users.join(', ')}`];
  });
}
