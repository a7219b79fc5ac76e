/** When a modelled sibling looks at an object of its own: on its news, on news of containers it owns, and when it asked to. */
import type { Random } from '../../../io/random.ts';
import { controllerOf, type KubeObject } from '../../../messages/kube.ts';
import type { Cache } from './cache.ts';
import type { WorldContext } from './context.ts';
import type { Container } from './holders.ts';
import { draw } from './latency.ts';
import { keyOf } from './objects.ts';

/**
 * `random` says how soon. Of several looks asked for at an object the first counts. Returns how a
 * turn asks for the next one.
 */
export function ownerTurns<T extends KubeObject>(
  ctx: WorldContext,
  random: Random,
  kind: string,
  owners: Cache<T>,
  containers: Cache<Container>,
  turn: (owner: T) => void,
): (owner: T, delayMs: number) => void {
  const waiting = new Set<string>();
  const soon = (key: string, delayMs: number): void => {
    if (waiting.has(key)) return;
    waiting.add(key);
    ctx.clock.after(delayMs, () => {
      waiting.delete(key);
      const owner = owners.get(key);
      if (owner !== undefined) turn(owner);
    });
  };
  const wake = (key: string): void => soon(key, draw(ctx.latency.sibling, random));
  owners.listen((after) => {
    if (after !== undefined) wake(keyOf(after));
  });
  containers.listen((after, before) => {
    const container = after ?? before;
    const owner = container === undefined ? undefined : controllerOf(container.metadata);
    if (container === undefined || owner?.kind !== kind) return;
    wake(`${container.metadata.namespace ?? ''}/${owner.name}`);
  });
  return (owner, delayMs) => soon(keyOf(owner), delayMs);
}
