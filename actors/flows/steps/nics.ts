/** Step 28: cloud NICs of its node, given by the node's actor. Source: spec 05, 10.2, 10.3; F26. */
import { doneWith, failed, type Verdict, wait } from '../../../messages/verdict.ts';
import { askNode, type Script } from '../../calls.ts';
import { needsNics } from '../../rules/allocation/nics.ts';
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
