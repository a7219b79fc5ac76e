/** D17, X9: a container that became a member at the last moment is not left behind in its cluster. Source: spec 03, 4.10; F1, F2. */
import { doneWith, failed, restartAt, skipped, type Verdict } from '../../../messages/verdict.ts';
import { isBackend } from '../../../messages/weka-modes.ts';
import type { PodTarget, Script } from '../../calls.ts';
import { ownPod, type Pass } from '../pass.ts';
import { type Ask, ask } from '../step.ts';
import { guidMismatch, readMembership } from './identity.ts';

/** Remembered in the status: the probe gave a definite "no". Resigning drives without an id relies on it (F2). */
export const NOT_MEMBER = 'NotMemberOfCluster';

/** `restartStep`: where the flow goes on once an id is known; absent where membership changes nothing (destroying). */
export const probeLateJoin =
  (restartStep?: string) =>
  (pass: Pass): Verdict | Ask => {
    const target = ownPod(pass);
    return target === undefined ? failed('Pod is not found') : ask('member', probe(pass, target, restartStep));
  };

function* probe(pass: Pass, target: PodTarget, restartStep: string | undefined): Script<Verdict> {
  const found = yield* readMembership(pass, target);
  if (found.kind === 'unknown') return failed(found.text);
  if (found.kind === 'notMember') {
    if (!found.definite) return failed(found.text);
    return skipped(found.text, { status: { timestamps: { [NOT_MEMBER]: new Date(pass.wallMs).toISOString() } } });
  }
  const mismatch = guidMismatch(pass, found.guid);
  if (mismatch !== undefined) return failed(mismatch);
  const change = { status: { containerID: found.hostId, clusterID: found.guid } };
  if (restartStep === undefined || !isBackend(pass.spec.mode)) return doneWith(change);
  return restartAt(restartStep, 'the container has joined its cluster', change);
}
