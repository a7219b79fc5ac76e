/** Step 41: drives, ports and failure domain, granted by the node's actor and durable before anything uses them. Source: spec 05, 4. */
import { doneWith, failed, type Verdict, WAIT_MS, wait } from '../../../messages/verdict.ts';
import { askImage, askNode, type Script } from '../../calls.ts';
import type { Pass } from '../pass.ts';
import { type Ask, ask } from '../step.ts';

export const allocateResources = (pass: Pass): Ask => ask('drives', allocate(pass));

export const flagsImage = ({ spec, status }: Pass): string => status.lastAppliedImage || spec.image;

function* allocate(pass: Pass): Script<Verdict> {
  const { nodeName, uid } = pass;
  if (nodeName === undefined) return failed('container has no node affinity');
  const flags = yield* askImage({ kind: 'flags', image: flagsImage(pass), uid });
  if (flags.kind === 'pending') return wait(WAIT_MS, 'ad-hoc container execution result not ready');
  if (flags.kind === 'failed') return failed(flags.reason);
  const answer = yield* askNode(nodeName, { kind: 'allocate', uid, flags: flags.flags });
  if (answer.kind === 'allocated')
    return doneWith({ status: { allocations: answer.allocations }, events: answer.events });
  const { reason, events } = answer;
  return answer.plain ? failed(reason, { events }) : wait(answer.retryMs, reason, { events });
}
