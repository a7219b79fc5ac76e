/**
 * Steps 9, D11, X8: what the pod uses, beside the counts of its process, into the container's trace. Only for containers whose
 * trace goes to the log: a request a minute for each of a fleet would be read by nobody. Source: spec 07, 17; I7.
 */
import { isTraced } from '../../../io/trace-log.ts';
import { POD_METRICS, refOf } from '../../../messages/kube.ts';
import { done, doneWith, type Verdict } from '../../../messages/verdict.ts';
import type { WekaContainerStatus } from '../../../messages/weka-container.ts';
import { kube, type Script } from '../../calls.ts';
import { podUsage } from '../../rules/pod-usage.ts';
import { type Pass, podRef } from '../pass.ts';
import { type Ask, ask } from '../step.ts';

export const isBeingTraced = (pass: Pass): boolean => isTraced(pass.settings, pass.container.metadata);

export const reportUsage = (pass: Pass): Ask => ask('stats', usage(pass));

/** Errors are ignored: there need not be a metrics server. */
function* usage(pass: Pass): Script<Verdict> {
  const ref = podRef(pass);
  const metrics = yield* kube({ verb: 'get', ref: refOf(POD_METRICS, ref) }, 'periodic');
  if (metrics.kind !== 'ok') return done;
  // Of the pods in the store the resources are not kept.
  const pod = yield* kube({ verb: 'get', ref }, 'periodic');
  if (pod.kind !== 'ok') return done;
  return doneWith({ figures: { ...podUsage(metrics.answer, pod.answer), ...countsOf(pass.status) } });
}
function countsOf({ stats }: WekaContainerStatus): Readonly<Record<string, number>> {
  const { active = 0, desired = 0 } = stats?.processes ?? {};
  const drives = stats?.drives?.counters ?? {};
  return {
    desired_processes: desired,
    created_processes: desired, // As the reference: not the created ones.
    active_processes: active,
    desired_drives: drives.desired ?? 0,
    created_drives: drives.created ?? 0,
    active_drives: drives.active ?? 0,
  };
}
