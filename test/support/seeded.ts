/** Chance for tests: the seeded streams of the modelled fleet, and what is drawn from them. */
import type { Random } from '../../io/random.ts';

export { random } from '../../deploy/sandbox/seeded.ts';

/** Index in [0, count). */
export const indexBelow = (count: number, chance: Random): number => Math.floor(chance() * count);

/** Fisher-Yates, in place. */
export function shuffle(items: unknown[], chance: Random): void {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = indexBelow(last + 1, chance);
    [items[last], items[other]] = [items[other], items[last]];
  }
}
