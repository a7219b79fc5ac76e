/** Which table each state of a container walks. Source: spec 02, 3. */
import type { Flows } from '../container.ts';
import { activeFlow } from './active.ts';
import { deletingFlow } from './deleting.ts';
import { destroyingFlow } from './destroying.ts';
import { pausedFlow } from './paused.ts';

export const flows: Flows = {
  active: activeFlow,
  paused: pausedFlow,
  deleting: deletingFlow,
  destroying: destroyingFlow,
};
