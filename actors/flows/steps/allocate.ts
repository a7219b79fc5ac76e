/** Step 41: drives, ports and failure domain, granted by the node's actor and durable before anything uses them. Source: spec 05, 4. */
import {
  doneWith,
  failed,
  skipped,
  type Verdict,
  WAIT_MS,
  wait,
  warningEachMinute,
} from '../../../messages/verdict.ts';
import { askImage, askNode, type Script } from '../../calls.ts';
import type { Pass } from '../pass.ts';
import { type Ask, ask } from '../step.ts';

/** A member without allocations has lost its record, not its drives: a new choice would give it others (F21). */
export function allocateResources(pass: Pass): Verdict | Ask {
  if (pass.status.containerID === undefined) return ask('drives', allocate(pass));
  const text = 'the container is a member of its cluster and its allocations are missing, none are chosen anew';
  return skipped(text, { events: [warningEachMinute('AllocationsLost', text)] });
}

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
