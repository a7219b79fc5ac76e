/** Steps 23 and 32: drivers containers that chose a node in vain start over; pods that find none are made anew. Source: spec 02, 6.16, 6.20; F10. */
import { conditionOf } from '../../../messages/resources.ts';
import { done, failed, type Verdict, WAIT_MS, wait, warning } from '../../../messages/verdict.ts';
import type { WekaContainerStatus } from '../../../messages/weka-container.ts';
import { isDriversContainer } from '../../../messages/weka-modes.ts';
import { kube, type Script } from '../../calls.ts';
import { type Pass, podRef } from '../pass.ts';
import { kubeFailed } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { nodeIsGone } from './node-gone.ts';

/** A patch that leaves nothing of the status: conditions, result, allocations, applied image and node go. */
export const emptied = (status: WekaContainerStatus): Readonly<Record<string, unknown>> => ({
  ...Object.fromEntries(Object.keys(status).map((key) => [key, null])),
  status: '',
});

export const boundInVain = ({ spec, status, node }: Pass): boolean =>
  isDriversContainer(spec.mode) && !spec.nodeAffinity && Boolean(status.nodeAffinity) && node === undefined;

/** Step 23. */
export const clearStatusOnNodeNotFound = (pass: Pass): Ask => ask('object', clearWhenGone(pass));
function* clearWhenGone(pass: Pass): Script<Verdict> {
  if (!(yield* nodeIsGone(pass))) return done;
  return wait(WAIT_MS, 'node not found', { status: emptied(pass.status) });
}

/** Step 32: the scheduler has found no node for longer than the setting says. */
export const unschedulableForLong = (pass: Pass): boolean => {
  const { pod, spec, wallMs, settings } = pass;
  if (pod?.status?.phase !== 'Pending' || spec.nodeAffinity) return false;
  const since = unschedulableSince(pass);
  return since !== undefined && wallMs - Date.parse(since) > settings.deleteUnschedulablePodsAfterMs;
};
function unschedulableSince({ pod }: Pass): string | undefined {
  const condition = conditionOf(pod?.status?.conditions, 'PodScheduled');
  const holds = condition?.status === 'False' && condition.reason === 'Unschedulable';
  return holds ? condition.lastTransitionTime : undefined;
}
/** A drivers container forgets its node in one pass, and loses its pod in the next, once that is written. */
export function deletePodIfUnschedulable(pass: Pass): Verdict | Ask {
  const { pod, spec, status } = pass;
  const reason = 'Pod is unschedulable and is being deleted';
  if (isDriversContainer(spec.mode) && status.nodeAffinity) return wait(0, reason, { status: emptied(status) });
  if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return failed(reason);
  return ask('pod', deleteUnschedulable(pass, pod.metadata.uid, unschedulableSince(pass) ?? '', reason));
}
function* deleteUnschedulable(pass: Pass, uid: string, since: string, reason: string): Script<Verdict> {
  const outcome = yield* kube({ verb: 'delete', ref: podRef(pass), uid });
  if (outcome.kind !== 'ok' && outcome.kind !== 'notFound')
    return kubeFailed('error deleting unschedulable pod', outcome);
  const text = `Pod is unschedulable since ${goTime(since)}, deleting it`;
  return failed(reason, { events: [warning('UnschedulablePod', text)] });
}
/** As Go prints a time in UTC. */
const goTime = (at: string): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`;
