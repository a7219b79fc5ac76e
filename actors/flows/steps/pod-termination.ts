/**
 * Steps 19 and 20: the pod of a container that is to stay is being deleted, by whomever. It may stop gracefully; a drive or
 * compute that does not stop in time leaves its cluster and is replaced. Source: spec 03, 8, 15 no. 25, 26; spec 02, 6.14; F9, I2.
 */
import { checkAllowForceStop, localStop } from '../../../io/commands.ts';
import { goDurationMs } from '../../../messages/go-duration.ts';
import { controllerOf } from '../../../messages/kube.ts';
import { nodeReady, type Pod } from '../../../messages/resources.ts';
import { done, doneWith, failed, type Verdict } from '../../../messages/verdict.ts';
import { type ContainerMode, TIMESTAMPS } from '../../../messages/weka-container.ts';
import { hasAgent, hasFrontend, isCompute, isDrive, isWekaContainer } from '../../../messages/weka-modes.ts';
import { exec, type PodTarget, type Script } from '../../calls.ts';
import { driversReady } from '../../rules/drivers.ts';
import { imageOf, upgradesByForce } from '../../rules/pod-image.ts';
import { imageNotAligned, nodeUnschedulable, ownPod, type Pass, podTerminating, usesCriO } from '../pass.ts';
import { execText, stderrOf } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { driverNeed } from './drivers.ts';
import { prepare } from './image-update.ts';
import { changeState } from './object.ts';
import { permit } from './stop-pod.ts';
import { mountsAgainst } from './upgrade-conditions.ts';

/** How long a graceful stop may take before the container is replaced. */
const STOP_MS_MAX = 5 * 60_000;
const LOOK_AGAIN_MS = 10_000;
const TERMINATING = 'PodTerminating';

const isDriveOrCompute = (mode: ContainerMode): boolean => isDrive(mode) || isCompute(mode);
const isDriversBuilder = (mode: ContainerMode): boolean =>
  mode === 'drivers-builder' || mode === 'drivers-dist' || mode === 'dist';

export const hasStopAttempt = ({ status }: Pass): boolean =>
  status.timestamps?.[TIMESTAMPS.stoppingAttempt] !== undefined;
/** Step 19. A clean restart does not count towards leaving. */
export const dropStopAttempt = (): Verdict =>
  doneWith({ status: { timestamps: { [TIMESTAMPS.stoppingAttempt]: null } } });

/** Its status says so until it is gone, whatever its process says on the way out (I2). */
export const saysTerminating = (pass: Pass): boolean =>
  podTerminating(pass) && isWekaContainer(pass.spec.mode) && !isDriversBuilder(pass.spec.mode);

/** Step 20. Runs in every pass until the pod is gone; the rows after it go on with the terminating pod. */
export function handlePodTermination(pass: Pass): Verdict | Ask {
  const { node, pod, status } = pass;
  const text = !saysTerminating(pass) || status.status === TERMINATING ? {} : { status: { status: TERMINATING } };
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
  const { spec, settings, container } = pass;
  const { overrides = {}, mode } = spec;
  const execs = !usesCriO(pass);
  const upgrading = isUpgrading(pass, pod);
  if (upgrading === undefined) return failed('Weka container not found in pod');
  if (overrides.podDeleteForceReplace === true || (upgrading && upgradesByForce(container, settings))) {
    yield* permit(pass, pod, 'forced', execs);
    return execs && hasAgent(mode) ? yield* stopLocal(target, true) : done;
  }
  const evicts = settings.evictContainerOnDeletion && !(isCompute(mode) && overrides.upgradePreventEviction === true);
  if (evicts && isDriveOrCompute(mode)) {
    return yield* changeState(pass, 'deleting', 'evicting container on pod deletion');
  }
  if (hasFrontend(mode)) {
    const objection = yield* frontendMayStop(pass, upgrading);
    if (objection !== undefined) return objection;
  }
  const { told, error } = yield* permit(pass, pod, 'graceful', execs);
  if (!told && error !== '') return failed(error);
  if (!hasAgent(mode)) return done;
  const forced = execs && (yield* exec(target, checkAllowForceStop())).kind === 'ok';
  const attempt = told && isDriveOrCompute(mode) ? yield* timed(pass, pod) : done;
  if (attempt.kind !== 'done') return attempt;
  const stopped = execs ? yield* stopLocal(target, forced) : done;
  const timer = attempt.status === undefined ? {} : { status: attempt.status };
  // A process that waits for drivers cannot stop before it has them: row 27 loads them.
  if (stopped.kind === 'failed' && !driversAreReady(pass)) return doneWith({ ...timer, lookAgainMs: LOOK_AGAIN_MS });
  return { ...stopped, ...timer };
}

/** A drain of its node waits for its mounts; an upgrade hands its driver over. Undefined: it may. */
function* frontendMayStop(pass: Pass, upgrading: boolean): Script<Verdict | undefined> {
  if (nodeUnschedulable(pass)) {
    const mounts = yield* mountsAgainst(pass);
    if (mounts !== undefined) return failed(mounts.why, { events: mounts.events });
  }
  const prepared = upgrading ? yield* prepare(pass) : undefined;
  return prepared?.kind === 'failed' ? failed(prepared.why) : undefined;
}

function driversAreReady(pass: Pass): boolean {
  const { node, settings } = pass;
  return node !== undefined && driversReady(node, driverNeed(pass), settings.backendDriversNeedBootId);
}

/** The pod still runs the image that the container is about to leave. Undefined: it has no such container. */
function isUpgrading(pass: Pass, pod: Pod): boolean | undefined {
  if (!imageNotAligned(pass) || !pass.status.lastAppliedImage) return false;
  const image = imageOf(pod);
  return image === undefined ? undefined : image !== pass.spec.image;
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
