/** Which table each state of a container walks. Source: spec 02, 3. */
import type { Flows } from '../container.ts';
import { activeFlow } from './active.ts';
import { deletingFlow } from './deleting.ts';
import { destroyingFlow } from './destroying.ts';
import { pausedFlow } from './paused.ts';
import type { Step } from './step.ts';

/**
 * The rows, all objects of one shape: a pass reads some sixty of them, and the engine is slow on as many shapes as there are
 * combinations of fields (measured with the tree benchmark).
 */
const walkable = (rows: readonly Step[]): readonly Step[] => rows.map(alike);

function alike({ number, name, when, run, onFailure, condition, throttle, hook, afterWrite }: Step): Step {
  return { number, name, when, run, onFailure, condition, throttle, hook, afterWrite };
}

export const flows: Flows = {
  active: walkable(activeFlow),
  paused: walkable(pausedFlow),
  deleting: walkable(deletingFlow),
  destroying: walkable(destroyingFlow),
};
