/**
 * Step 26: the pod goes where its image is no longer the wanted one and nothing stands against it. What stops it is step 20;
 * what proves the new image is `status.lastAppliedImage`. Source: spec 03, 9.2, 9.3; F31.
 */
import { prepareForUpgrade } from '../../../io/commands.ts';
import { noWekafsDriver } from '../../../io/weka-errors.ts';
import { CONDITIONS, conditionOf, REASON_ERROR } from '../../../messages/condition.ts';
import { PODS, refOf } from '../../../messages/kube.ts';
import type { Pod } from '../../../messages/resources.ts';
import { done, failed, skipped, type Verdict } from '../../../messages/verdict.ts';
import { hasFrontend, isClient } from '../../../messages/weka-modes.ts';
import { exec, kube, type Script } from '../../calls.ts';
import { imageOf, upgradesByForce } from '../../rules/pod-image.ts';
import { imageNotAligned, ownPod, type Pass } from '../pass.ts';
import { withCondition } from '../run.ts';
import { execText, kubeFailed, stderrOf } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { driverIsAbsent } from './mounts.ts';
import { permit } from './stop-pod.ts';
import { type Objection, upgradeObjection } from './upgrade-conditions.ts';

const GOING = 'Pod is being deleted, waiting';

/**
 * Another image than the wanted one was applied, or its pod was built for another one: also before the first image was
 * applied, and on the way back to the last one.
 */
export const changesImage = (pass: Pass): boolean => {
  const { pod, spec, status } = pass;
  if (pod === undefined) return false;
  return (Boolean(status.lastAppliedImage) && imageNotAligned(pass)) || imageOf(pod) !== spec.image;
};

export function handleImageUpdate(pass: Pass): Verdict | Ask {
  const { pod, spec, container, settings } = pass;
  const image = pod === undefined ? undefined : imageOf(pod);
  if (pod === undefined || image === undefined) return failed('Weka container not found in pod');
  const going = pod.metadata.deletionTimestamp !== undefined;
  if (upgradesByForce(container, settings)) {
    if (going) return failed(GOING);
    return image === spec.image ? done : ask('pod', replaceByForce(pass, pod));
  }
  if (image === spec.image) return going ? failed(GOING) : done;
  return ask('pod', replace(pass, pod));
}

function* replace(pass: Pass, pod: Pod): Script<Verdict> {
  const objection = yield* upgradeObjection(pass);
  if (objection !== undefined) return waits(pass, objection);
  // It stays until its user deletes it. One without a driver has nothing mounted and nothing to be prepared.
  if (isClient(pass.spec.mode) && pass.spec.upgradePolicyType === 'manual' && !(yield* driverIsAbsent(pass)))
    return done;
  if (pod.metadata.deletionTimestamp === undefined) {
    const prepared = yield* prepare(pass);
    if (prepared.kind === 'noDriver') return yield* replaceByForce(pass, pod);
    if (prepared.kind === 'failed') return failed(prepared.why);
  }
  return yield* remove(pod);
}

/** Only this step waits: what comes after it keeps the container's status true (F31). */
function waits({ status, wallMs }: Pass, objection: NonNullable<Objection>): Verdict {
  const message = `cannot upgrade: ${objection.why}`;
  const old = conditionOf(status.conditions, CONDITIONS.imageUpdated);
  const told = old?.status === 'False' && old.message === message;
  const condition = { type: CONDITIONS.imageUpdated, status: 'False', reason: REASON_ERROR, message } as const;
  return skipped(message, {
    events: objection.events,
    ...(told ? {} : { status: { conditions: withCondition(status, condition, wallMs).conditions } }),
  });
}

export type Prepared = { readonly kind: 'ready' | 'noDriver' } | { readonly kind: 'failed'; readonly why: string };

/** Lets a frontend's driver go over to the next process; run right before the pod goes. Nothing without a hot upgrade. */
export function* prepare(pass: Pass): Script<Prepared> {
  const { spec } = pass;
  const target = ownPod(pass);
  if (!hasFrontend(spec.mode) || spec.allowHotUpgrade !== true || target === undefined) return { kind: 'ready' };
  const command = prepareForUpgrade();
  const outcome = yield* exec(target, command);
  if (outcome.kind === 'ok') return { kind: 'ready' };
  if (outcome.kind === 'exit' && noWekafsDriver(outcome.stderr)) return { kind: 'noDriver' };
  const why = `error running prepare-upgrade: ${stderrOf(outcome)}, ${execText(command, outcome)}`;
  return { kind: 'failed', why };
}

function* replaceByForce(pass: Pass, pod: Pod): Script<Verdict> {
  // The pod is not terminating yet, so also cri-o lets a command in.
  const { told, error } = yield* permit(pass, pod, 'forced', true);
  if (!told && error !== '') return failed(error);
  return yield* remove(pod);
}

function* remove(pod: Pod): Script<Verdict> {
  if (pod.metadata.deletionTimestamp !== undefined) return done;
  const outcome = yield* kube({ verb: 'delete', ref: refOf(PODS, pod.metadata), uid: pod.metadata.uid });
  return outcome.kind === 'ok' || outcome.kind === 'notFound' ? done : kubeFailed('failed to delete the pod', outcome);
}
