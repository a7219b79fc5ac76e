/** Steps that look at pod and node and say what they see. They change nothing outside the status. Source: spec 02, 6.17, 6.21, 6.24 to 6.26, 6.31. */

import { PODS, refOf } from '../../../messages/kube.ts';
import { conditionOf, nodeReady, PODS_CONTAINER } from '../../../messages/resources.ts';
import { done, doneWith, failed, type Verdict, wait, warningEachMinute } from '../../../messages/verdict.ts';
import { isOneOff } from '../../../messages/weka-modes.ts';
import { kube, type Script } from '../../calls.ts';
import { imageOf } from '../../rules/pod-image.ts';
import type { Pass } from '../pass.ts';
import { type Ask, ask } from '../step.ts';
import { setStatus } from './object.ts';

export const phaseOf = ({ pod }: Pass): string | undefined => pod?.status?.phase;
export const podRunning = (pass: Pass): boolean => phaseOf(pass) === 'Running';

export const reportNodeUnschedulable = ({ nodeName }: Pass): Verdict =>
  doneWith({ events: [warningEachMinute('NodeUnschedulable', `node ${nodeName} is unschedulable`)] });

/** Step 33: its process has died before and is not ready. */
export const restartsUnready = ({ pod }: Pass): boolean =>
  conditionOf(pod?.status?.conditions, 'ContainersReady')?.status !== 'True' &&
  pod?.status?.containerStatuses?.some(({ name, restartCount = 0 }) => name === PODS_CONTAINER && restartCount > 0) ===
    true;
export const checkPodUnhealthy = (): Verdict => wait(15_000, 'pod is unhealthy', { status: { status: 'Unhealthy' } });

export const ensurePodNotRunningState = (pass: Pass): Verdict => setStatus(pass, 'PodNotRunning');
export const setPodRunningStatus = (pass: Pass): Verdict => (podRunning(pass) ? setStatus(pass, 'PodRunning') : done);
/** Step 40. A pod that has ended will not run again: it makes room for a new one (F22). One-offs are done then. */
export function waitForPodRunning(pass: Pass): Verdict | Ask {
  if (podRunning(pass)) return done;
  const waits = wait(10_000, 'Pod is not running');
  const { pod, settings, spec } = pass;
  const ended = FINISHED.has(phaseOf(pass) ?? '') && !isOneOff(spec.mode) && settings.finishedPodCleanupEnabled;
  if (!ended || pod === undefined || pod.metadata.deletionTimestamp !== undefined) return waits;
  return ask('pod', removePod(refOf(PODS, pod.metadata), pod.metadata.uid, waits));
}
const FINISHED: ReadonlySet<string> = new Set(['Failed', 'Succeeded']);

/** Step 39. A running pod of a node that has been not ready for a while is deleted, once (V1). */
export function handleNodeNotReady(pass: Pass): Verdict | Ask {
  const { node, nodeName, pod, settings, wallMs } = pass;
  if (node === undefined) return failed('node is not set');
  if (nodeReady(node)) return done;
  const events = [warningEachMinute('NodeNotReady', `node ${nodeName} is not ready`)];
  const verdict = wait(15_000, `node ${nodeName} is not ready`, { events });
  const sinceMs = Date.parse(conditionOf(node.status?.conditions, 'Ready')?.lastTransitionTime ?? '');
  // Without a time of transition the grace cannot be told to be over.
  const lasts = settings.nodeConditionGraceMs === 0 || wallMs - sinceMs >= settings.nodeConditionGraceMs;
  if (!lasts || !podRunning(pass) || pod === undefined || pod.metadata.deletionTimestamp !== undefined) return verdict;
  return ask('pod', removePod(refOf(PODS, pod.metadata), pod.metadata.uid, verdict));
}
function* removePod(ref: ReturnType<typeof refOf>, uid: string, verdict: Verdict): Script<Verdict> {
  yield* kube({ verb: 'delete', ref, uid }); // The wait comes in every case, also if the delete failed.
  return verdict;
}

/** Step 53: the image the container really runs, recorded once it runs. Gates joining and drives. */
export function applyCurrentImage(pass: Pass): Verdict {
  const { pod, spec, status } = pass;
  const image = pod === undefined ? undefined : imageOf(pod);
  if (image === undefined) return failed('Weka container not found in pod');
  if (image !== spec.image) return done;
  if (!podRunning(pass)) return failed('Pod is not running yet');
  if (status.status !== 'Running' && status.status !== 'PodRunning') return failed('Container is not running yet');
  return doneWith({ status: { lastAppliedImage: spec.image } });
}
