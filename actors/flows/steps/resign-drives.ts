/** D25, X16: erases weka's signature from the container's drives. Destroys the data on them. Source: spec 03, 4.14; F2, F32. */
import { parseResignResult, saysError } from '../../../io/weka-parsers/results.ts';
import { CONDITIONS, conditionOf } from '../../../messages/condition.ts';
import { CONTAINERS, controllerOf, refOf } from '../../../messages/kube.ts';
import { nodeReady, type Pod } from '../../../messages/resources.ts';
import { done, failed, type Verdict, WAIT_MS, wait, warningEachMinute } from '../../../messages/verdict.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { kube, type Script } from '../../calls.ts';
import { collect } from '../../node/discovery.ts';
import { resignDraft, resignName } from '../../rules/helpers.ts';
import { hasCondition, namespaceOf, type Pass, podRef } from '../pass.ts';
import { kubeFailed, kubeText } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { agentDrives } from './drives.ts';
import { NO_PLACE } from './write-resources.ts';

/** Key in `status.timestamps`: it is definitely no member. Resigning drives without an id relies on it (F2). */
export const NOT_MEMBER = 'NotMemberOfCluster';
const LOOK_AGAIN_MS = 15_000;
/** Key in `status.timestamps`: when the first try failed. */
const RESIGN_FAILING = 'DrivesResignFailing';
const REST_MS_MIN = 10_000;
const REST_MS_MAX = 300_000;
const NESTED =
  'error reconciling object during phase ResignDrives: error reconciling object during phase PollResults: wait-error:';
/** The operator's own image cannot sign drives. */
const FORBIDDEN_IMAGE = 'weka.io/weka-in-container';

export function resignDrives(pass: Pass): Verdict | Ask {
  const { node, nodeName, status, settings } = pass;
  if (nodeName !== undefined && !nodeReady(node)) {
    if (node === undefined && settings.cleanupRemovedNodes && pass.view.synced()) return done;
    return wait(LOOK_AGAIN_MS, 'container node is not ready, cannot perform resign drives operation');
  }
  if (nodeName === undefined || (status.allocations?.drives?.length ?? 0) === 0) return done;
  if (!mayErase(pass)) {
    return status.containerID === undefined ? ask('operation', nothingToErase(pass)) : wait(LOOK_AGAIN_MS, NOT_KNOWN);
  }
  return ask('operation', resign(pass));
}
/** A drive without weka's signature is in no cluster, and nothing is left of one on it. */
function* nothingToErase(pass: Pass): Script<Verdict> {
  const drives = yield* agentDrives(pass);
  const held = pass.status.allocations?.drives ?? [];
  if (held.every((serial) => drives?.get(serial)?.is_signed === false)) return done;
  return wait(LOOK_AGAIN_MS, NOT_KNOWN);
}
/** A cluster that is destroyed has no use for its drives; one that goes on may have. */
export const mayErase = (pass: Pass): boolean => pass.spec.state !== 'deleting' || provenOut(pass);
const NOT_KNOWN = 'membership is not known, the drives may still belong to the cluster';
/** Removed from its cluster, or definitely never in it, or told by its override that nobody asks. */
export function provenOut(pass: Pass): boolean {
  const { status, spec } = pass;
  if (status.containerID !== undefined) {
    return hasCondition(pass, CONDITIONS.removed) || spec.overrides?.skipDeactivate === true;
  }
  if (status.timestamps?.[NOT_MEMBER] !== undefined) return true;
  // Without resources its process never started, so it cannot have joined. A try to write them may have succeeded
  // whatever its outcome was, but for one that found no place to write to.
  const written = conditionOf(status.conditions, CONDITIONS.resourcesWritten);
  return written === undefined || written.message.endsWith(NO_PLACE);
}

function* resign(pass: Pass): Script<Verdict> {
  const { container, nodeName, view, settings } = pass;
  if (nodeName === undefined) return done;
  const held = yield* podHolds(pass, 'the pod still exists, drives are not resigned');
  if (held !== undefined) return held;
  const own = namespaceOf(pass);
  const ending = view.namespace(own)?.status?.phase === 'Terminating';
  const namespace = ending ? settings.operatorNamespace : own;
  const ref = refOf(CONTAINERS, { name: resignName(container), namespace });
  const helper = yield* kube<WekaContainer>({ verb: 'get', ref }, 'removal');
  if (helper.kind === 'notFound') return yield* create(pass, namespace, !ending || own === settings.operatorNamespace);
  if (helper.kind !== 'ok') return kubeFailed('failed to read the resign container', helper);
  const { status, metadata } = helper.answer;
  if (metadata.deletionTimestamp !== undefined || status?.result === undefined) {
    return wait(WAIT_MS, `${NESTED}container execution result is not ready`);
  }
  const error = errorOf(status.result);
  if (error !== undefined) return yield* again(pass, helper.answer, `${error}, re-creating container`);
  const left = yield* collect(helper.answer);
  return left === undefined ? done : failed(left);
}

/**
 * Tried again after as long as it has been failing (I6): each rest about doubles, from 10 s to 5 min, also across a restart.
 * Until then the helper stays: it says what went wrong.
 */
function* again({ status, wallMs }: Pass, helper: WekaContainer, text: string): Script<Verdict> {
  const now = new Date(wallMs).toISOString();
  const since = status.timestamps?.[RESIGN_FAILING];
  const news = {
    events: [warningEachMinute('DrivesResignFailed', text)],
    ...(since === undefined ? { status: { timestamps: { [RESIGN_FAILING]: now } } } : {}),
  };
  const received = conditionOf(helper.status?.conditions, CONDITIONS.resultsReceived)?.lastTransitionTime;
  const failedMs = Date.parse(received ?? helper.metadata.creationTimestamp ?? now);
  const restMs = Math.min(Math.max(failedMs - Date.parse(since ?? now), REST_MS_MIN), REST_MS_MAX);
  if (wallMs < failedMs + restMs) return failed(text, news);
  return failed((yield* collect(helper)) ?? text, news);
}

/** A cache may be late; the process must be gone before its drives are erased. */
export function* podHolds(pass: Pass, text: string): Script<Verdict | undefined> {
  const pod = yield* kube<Pod>({ verb: 'get', ref: podRef(pass) }, 'removal');
  if (pod.kind !== 'ok' && pod.kind !== 'notFound') return kubeFailed('failed to read the pod', pod);
  const ours = pod.kind === 'ok' && controllerOf(pod.answer.metadata)?.uid === pass.uid;
  return ours ? wait(WAIT_MS, text) : undefined;
}

function* create(pass: Pass, namespace: string, owned: boolean): Script<Verdict> {
  const { container, nodeName, settings } = pass;
  if (nodeName === undefined) return done;
  if (settings.signDrivesImage.includes(FORBIDDEN_IMAGE)) {
    return wait(LOOK_AGAIN_MS, 'weka image is not allowed for sign-drives operation, do not set image to use default');
  }
  if (settings.signDrivesImage === '')
    return wait(LOOK_AGAIN_MS, 'SIGN_DRIVES_IMAGE is not set, drives cannot be resigned');
  const object = resignDraft(container, nodeName, namespace, owned, settings);
  const created = yield* kube({ verb: 'create', type: CONTAINERS, object }, 'removal');
  if (created.kind !== 'ok' && created.kind !== 'alreadyExists')
    return failed(`failed to create the resign container: ${kubeText(created)}`);
  return wait(WAIT_MS, `${NESTED}container execution result is not ready`);
}

/** Undefined: at least one drive was resigned. An unreadable result is fetched again by a new helper (F32). */
function errorOf(result: string): string | undefined {
  const parsed = parseResignResult(result);
  if (parsed.kind === 'bad') {
    const what = saysError(result) ? 'resign drives operation failed' : 'Failed to unmarshal results';
    return `${what}: ${parsed.why}`;
  }
  return parsed.value.length > 0 ? undefined : 'resign drives operation did not resign any drives';
}
