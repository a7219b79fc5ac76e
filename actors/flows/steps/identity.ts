/** Step 55, D17, X9: which host of which cluster this container is. Source: spec 07, 6.4; spec 03, 4.10; F1, F2, F3. */
import { identity } from '../../../io/commands.ts';
import { parseIdentity } from '../../../io/weka-parsers/identity.ts';
import type { ClusterUid } from '../../../messages/ids.ts';
import { controllerOf } from '../../../messages/kube.ts';
import { done, doneWith, failed, type Verdict, WAIT_MS, wait, warningEachMinute } from '../../../messages/verdict.ts';
import { hasJoinIps } from '../../../messages/weka-modes.ts';
import { exec, type PodTarget, type Script } from '../../calls.ts';
import { ownPod, type Pass } from '../pass.ts';
import { execText } from '../said.ts';
import { type Ask, ask } from '../step.ts';

const NOT_MEMBER_MS = 15_000;
const NO_CLUSTER = '00000000-0000-0000-0000-000000000000';

/** What the container's own process says of its membership. */
export type Membership =
  | { readonly kind: 'member'; readonly hostId: number; readonly guid: string }
  /** It belongs to no cluster. `definite`: it says so itself; else it names none. */
  | { readonly kind: 'notMember'; readonly text: string; readonly definite: boolean }
  | { readonly kind: 'unknown'; readonly text: string };

export function* readMembership({ spec }: Pass, target: PodTarget): Script<Membership> {
  const command = identity(spec.name, hasJoinIps(spec));
  if (command.kind === 'invalid') return { kind: 'unknown', text: command.why };
  const outcome = yield* exec(target, command.command, 'activation');
  if (outcome.kind !== 'ok') return { kind: 'unknown', text: execText(command.command, outcome) };
  const answer = parseIdentity(outcome.stdout);
  if (answer.kind === 'bad') return { kind: 'unknown', text: answer.why };
  const { hasValue, exception, value } = answer.value;
  if (!hasValue && exception !== undefined) return { kind: 'notMember', text: exception, definite: true };
  if (value === undefined)
    return { kind: 'unknown', text: 'no value in response from weka local container-get-identity' };
  if (value.clusterGuid === '' || value.clusterGuid === NO_CLUSTER) {
    const definite = value.clusterGuid === NO_CLUSTER;
    return { kind: 'notMember', text: 'container is not part of the cluster yet', definite };
  }
  return { kind: 'member', hostId: value.hostId, guid: value.clusterGuid };
}

/** A container that answers with another cluster than its owner's is not taken in (F3). */
export function guidMismatch({ container, view }: Pass, guid: string): string | undefined {
  const owner = controllerOf(container.metadata);
  const expected = owner === undefined ? undefined : view.cluster(owner.uid as ClusterUid)?.status?.clusterID; // Undefined for other owners.
  if (!expected || expected === guid) return undefined;
  return `container reports cluster ${guid}, its owner is cluster ${expected}`;
}

/** Step 55. */
export function reconcileClusterStatus(pass: Pass): Verdict | Ask {
  const target = ownPod(pass);
  if (target === undefined) return failed('Pod is not found');
  return pass.status.containerID === undefined ? ask('member', join(pass, target)) : done;
}
function* join(pass: Pass, target: PodTarget): Script<Verdict> {
  const found = yield* readMembership(pass, target);
  if (found.kind === 'unknown') return wait(WAIT_MS, found.text);
  if (found.kind === 'notMember') return wait(NOT_MEMBER_MS, found.text);
  const mismatch = guidMismatch(pass, found.guid);
  if (mismatch !== undefined) {
    return wait(NOT_MEMBER_MS, mismatch, { events: [warningEachMinute('ClusterIdMismatch', mismatch)] });
  }
  return doneWith({ status: { containerID: found.hostId, clusterID: found.guid } });
}

/**
 * A member's identity is read once more for each new pod: a local container that came back as another host, or in another
 * cluster, is reported, and nothing is done to either (F3).
 */
export function verifyIdentity(pass: Pass): Verdict | Ask {
  const target = ownPod(pass);
  return target === undefined ? failed('Pod is not found') : ask('member', compare(pass, target));
}
function* compare(pass: Pass, target: PodTarget): Script<Verdict> {
  const { containerID, clusterID } = pass.status;
  const found = yield* readMembership(pass, target);
  if (found.kind !== 'member') return failed(found.text);
  if (found.hostId === containerID && found.guid === clusterID) return done;
  const text = `container reports host ${found.hostId} of cluster ${found.guid}, its status says host ${containerID} of ${clusterID}`;
  return doneWith({ events: [warningEachMinute('ClusterIdMismatch', text)] });
}
export const isMember = ({ status }: Pass): boolean =>
  status.containerID !== undefined && status.internalStatus === 'READY';
export const podUid = ({ pod }: Pass): string => pod?.metadata.uid ?? '';
