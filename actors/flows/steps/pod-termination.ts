/**
 * Steps 19 and 20 for drive and compute: the pod of a container that is to stay is being deleted, by whomever. It may stop
 * gracefully; one that does not stop in time leaves its cluster and is replaced. Source: spec 03, 8; spec 02, 6.14; F9, I2.
 */
import { checkAllowForceStop, localStop } from '../../../io/commands.ts';
import { goDurationMs } from '../../../messages/go-duration.ts';
import { controllerOf } from '../../../messages/kube.ts';
import { nodeReady, type Pod } from '../../../messages/resources.ts';
import { done, doneWith, failed, type Verdict } from '../../../messages/verdict.ts';
import { TIMESTAMPS } from '../../../messages/weka-container.ts';
import { isCompute } from '../../../messages/weka-modes.ts';
import { exec, type PodTarget, type Script } from '../../calls.ts';
import { driversReady } from '../../rules/drivers.ts';
import { imageNotAligned, ownPod, type Pass } from '../pass.ts';
import { execText, stderrOf } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { driverNeed } from './drivers.ts';
import { changeState } from './object.ts';
import { permit } from './stop-pod.ts';

/** How long a graceful stop may take before the container is replaced. */
const STOP_MS_MAX = 5 * 60_000;
const LOOK_AGAIN_MS = 10_000;
const TERMINATING = 'PodTerminating';

export const hasStopAttempt = ({ status }: Pass): boolean =>
  status.timestamps?.[TIMESTAMPS.stoppingAttempt] !== undefined;
/** Step 19. A clean restart does not count towards leaving. */
export const dropStopAttempt = (): Verdict =>
  doneWith({ status: { timestamps: { [TIMESTAMPS.stoppingAttempt]: null } } });

/** Step 20. Runs in every pass until the pod is gone; the rows after it go on with the terminating pod. */
export function handlePodTermination(pass: Pass): Verdict | Ask {
  const { node, pod, status } = pass;
  const text = status.status === TERMINATING ? {} : { status: { status: TERMINATING } };
  const target = ownPod(pass);
  // Without its node the pod is collected by the API server; one that is not ready is not asked (I4), row 39 waits for it.
  if (node === undefined || !nodeReady(node) || pod === undefined || target === undefined) return doneWith(text);
  return ask('pod', stopping(pass, pod, target, text));
}

function* stopping(pass: Pass, pod: Pod, target: PodTarget, text: { readonly status?: object }): Script<Verdict> {
  const verdict = yield* stop(pass, pod, target);
  return { ...verdict, status: { ...text.status, ...verdict.status } };
}

function* stop(pass: Pass, pod: Pod, target: PodTarget): Script<Verdict> {
  const { spec, settings } = pass;
  const { overrides = {}, mode } = spec;
  if (overrides.podDeleteForceReplace === true || (overrides.upgradeForceReplace === true && upgrading(pass, pod))) {
    yield* permit(pass, pod, 'forced');
    return yield* stopLocal(target, true);
  }
  const evicts = settings.evictContainerOnDeletion && !(isCompute(mode) && overrides.upgradePreventEviction === true);
  if (evicts) return yield* changeState(pass, 'deleting', 'evicting container on pod deletion');
  const { told, error } = yield* permit(pass, pod, 'graceful');
  if (!told && error !== '') return failed(error);
  const forced = yield* exec(target, checkAllowForceStop());
  const attempt = told ? yield* timed(pass, pod) : done;
  if (attempt.kind !== 'done') return attempt;
  const stopped = yield* stopLocal(target, forced.kind === 'ok');
  const timer = attempt.status === undefined ? {} : { status: attempt.status };
  // A process that waits for drivers cannot stop before it has them: row 27 loads them.
  if (stopped.kind === 'failed' && !driversAreReady(pass)) return doneWith({ ...timer, lookAgainMs: LOOK_AGAIN_MS });
  return { ...stopped, ...timer };
}
function driversAreReady(pass: Pass): boolean {
  const { node, settings } = pass;
  return node !== undefined && driversReady(node, driverNeed(pass), settings.backendDriversNeedBootId);
}

/** The pod still runs the image that the container is about to leave. */
function upgrading(pass: Pass, pod: Pod): boolean {
  const running = pod.spec?.containers?.find(({ name }) => name === 'weka-container')?.image;
  return imageNotAligned(pass) && Boolean(pass.status.lastAppliedImage) && running !== pass.spec.image;
}

function* stopLocal(target: PodTarget, forced: boolean): Script<Verdict> {
  const command = localStop(forced);
  const outcome = yield* exec(target, command);
  if (outcome.kind === 'ok' || outcome.kind === 'podGone') return done;
  return failed(`error stopping weka local: ${stderrOf(outcome)}, ${execText(command, outcome)}`);
}

/** Starts with the first permission that reached this pod: one that is older than the pod counts for nothing (F9). */
function* timed(pass: Pass, pod: Pod): Script<Verdict> {
  const { status, spec, container, view, wallMs } = pass;
  const sinceMs = Date.parse(status.timestamps?.[TIMESTAMPS.stoppingAttempt] ?? '');
  if (!(sinceMs >= Date.parse(pod.metadata.creationTimestamp))) {
    const now = new Date(wallMs).toISOString();
    return doneWith({ status: { timestamps: { [TIMESTAMPS.stoppingAttempt]: now } } });
  }
  const owner = controllerOf(container.metadata);
  const cluster = view.clusterByName(container.metadata.namespace ?? '', owner?.name ?? '');
  if (owner === undefined || cluster === undefined) return failed('error getting cluster: Cluster not found');
  const limitMs = goDurationMs(cluster.spec?.overrides?.podTerminationDeactivationTimeout ?? '') ?? STOP_MS_MAX;
  const migrates = spec.overrides?.migrateOutFromPvc === true && spec.pvc !== undefined;
  if (limitMs <= 0 || wallMs - sinceMs <= limitMs || migrates) return done;
  return yield* changeState(pass, 'deleting', 'deleting weka container');
}
