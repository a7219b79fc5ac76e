/**
 * What waits, by class of work: strict priority, but for a share of the turns that the lower classes keep, so that none of
 * them ever starves. First in, first out within a class. Serves p-queue as its queue. Source: design.md 5; libraries.md 2.
 */
import type { WorkClass } from './submit.ts';

/** Highest first. */
export const WORK_CLASSES = ['removal', 'activation', 'periodic'] as const satisfies readonly WorkClass[];
/** Index in `WORK_CLASSES`. */
export type Rank = 0 | 1 | 2;
export const rankOf = (workClass: WorkClass): Rank => WORK_CLASSES.indexOf(workClass) as Rank; // Every class is in the list.

/** Of so many turns in a row one belongs to each lower class that waits: an eighth. */
const ROUND = 8;
const TURN_OF: readonly (Rank | undefined)[] = [undefined, undefined, undefined, 1, undefined, undefined, undefined, 2];

interface Options {
  readonly id?: string | undefined;
  /** A `Rank`; p-queue calls it so. */
  readonly priority?: number | undefined;
}

export class FairQueue<Element> {
  /** One lane a rank: id to element, in order of arrival. A Map, since any one may be taken out. */
  readonly #lanes: readonly Map<string, Element>[] = WORK_CLASSES.map(() => new Map<string, Element>());
  #turn = 0;
  #unnamed = 0;

  get size(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.size, 0);
  }
  enqueue(element: Element, { id = `#${this.#unnamed++}`, priority = 0 }: Options = {}): void {
    this.#lane(priority).set(id, element);
  }
  dequeue(): Element | undefined {
    const favoured = TURN_OF[this.#turn];
    this.#turn = (this.#turn + 1) % ROUND;
    for (const rank of favoured === undefined ? [0, 1, 2] : [favoured, 0, 1, 2]) {
      for (const [id, element] of this.#lane(rank)) {
        this.#lane(rank).delete(id);
        return element;
      }
    }
    return undefined;
  }
  /** Those of one rank, in order. */
  filter({ priority = 0 }: Options): Element[] {
    return [...this.#lane(priority).values()];
  }
  /** To the end of the lane of that rank. */
  setPriority(id: string, priority: number): void {
    for (const lane of this.#lanes) {
      const element = lane.get(id);
      if (element === undefined) continue;
      lane.delete(id);
      this.#lane(priority).set(id, element);
      return;
    }
    throw new ReferenceError(`nothing with the id ${id} waits`);
  }
  remove(id: string): void {
    for (const lane of this.#lanes) if (lane.delete(id)) return;
  }
  #lane(rank: number): Map<string, Element> {
    const lane = this.#lanes[rank];
    if (lane === undefined) throw new RangeError(`no class of work has the rank ${rank}`);
    return lane;
  }
}
