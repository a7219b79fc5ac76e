/** Step 28: cloud NICs of its node, given by the node's actor; freed when the container goes. Source: spec 05, 10.2, 10.3; F26. */
import { done, doneWith, failed, type Verdict, wait } from '../../../messages/verdict.ts';
import { askNode, type Script } from '../../calls.ts';
import { holdsNics, needsNics } from '../../rules/allocation/nics.ts';
import type { Pass } from '../pass.ts';
import { type Ask, ask } from '../step.ts';

export const lacksNics = ({ container, node, settings }: Pass): boolean =>
  node !== undefined && needsNics(container, node, settings);

export const allocateNicsOfNode = (pass: Pass): Ask => ask('drives', give(pass));
/** Too few are told and no obstacle: the container goes on with what there is. */
function* give({ nodeName, uid }: Pass): Script<Verdict> {
  if (nodeName === undefined) return failed('node not found');
  const answer = yield* askNode(nodeName, { kind: 'nics', uid });
  switch (answer.kind) {
    case 'given':
      return doneWith({ events: answer.events });
    case 'pending':
      return wait(answer.delayMs, answer.reason);
    case 'failed':
      return failed(answer.reason);
  }
}

/**
 * Part of the last step of a leave: the pod is gone, nothing uses them. Where it cannot be done it is no obstacle: entries
 * of containers that are gone are dropped before others go short.
 */
export function* freeNics({ nodeName, node, uid, container }: Pass): Script<Verdict> {
  if (nodeName === undefined || node === undefined || !holdsNics(container, node)) return done;
  const answer = yield* askNode(nodeName, { kind: 'releaseNics', uid });
  return answer.kind === 'pending' ? wait(answer.delayMs, answer.reason) : done;
}
