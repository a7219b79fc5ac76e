/** Steps 41 and 42: drives, ports and failure domain, granted by the node's actor and durable before anything uses them. Source: spec 05, 4, 12.2. */
import { mergeDiff } from '../../../messages/merge-patch.ts';
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
import { needsDrives } from '../../rules/allocation/additional-drives.ts';
import type { Pass } from '../pass.ts';
import { type Ask, ask } from '../step.ts';
import { allocationsAreStored } from './write-resources.ts';

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
  if (answer.kind === 'pending') return wait(answer.delayMs, answer.reason);
  const { reason, events } = answer;
  return answer.plain ? failed(reason, { events }) : wait(answer.retryMs, reason, { events });
}

/** What was given up or granted in this life must be known to the API first: the node's actor counts by that. */
export const lacksDrives = (pass: Pass): boolean =>
  needsDrives(pass.container, pass.settings) && allocationsAreStored(pass);
/** A question that no time will answer otherwise is asked once, until one of these is another one. */
export const whatIsLacking = ({ spec, status, nodeName }: Pass): string =>
  JSON.stringify([
    nodeName,
    spec.numDrives,
    spec.containerCapacity,
    spec.driveTypesRatio,
    (status.allocations?.virtualDrives ?? []).map(({ virtualUUID }) => virtualUUID),
  ]);

/** Step 42: more of them, beside those it has. */
export function allocateDrives(pass: Pass): Verdict | Ask {
  return ask('drives', allocateMore(pass));
}
function* allocateMore({ nodeName, uid, status }: Pass): Script<Verdict> {
  if (nodeName === undefined) return failed('container has no node affinity');
  const answer = yield* askNode(nodeName, { kind: 'allocateMore', uid });
  if (answer.kind === 'pending') return wait(answer.delayMs, answer.reason);
  if (answer.kind === 'noMore') {
    const { reason, events, retryMs } = answer;
    // Done: it is not asked again before something changes.
    return retryMs === undefined ? doneWith({ events }) : failed(reason, { events });
  }
  const allocations = mergeDiff(status.allocations ?? {}, answer.allocations) ?? {};
  // Neither done for good nor failed. The file is written once the API knows the drives.
  return skipped('more drives were allocated', {
    status: { allocations },
    events: answer.events,
    lookAgainMs: WAIT_MS,
  });
}
