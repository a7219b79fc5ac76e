/**
 * Step 63 and D13: into the S3 cluster of the owner, and out of it. The way out may take weka minutes: whether it is over
 * is read, and it is asked for again only when reading shows that the container is still in. Source: spec 07, 10; spec 03, 4.6; F18.
 */
import { joinS3Cluster, listS3Containers, removeFromS3Cluster } from '../../../io/commands.ts';
import { alreadyInS3, notInS3, s3NotConfigured } from '../../../io/weka-errors.ts';
import { parseS3Containers } from '../../../io/weka-parsers/s3.ts';
import { CLUSTER_S3_CREATED, isTrue } from '../../../messages/condition.ts';
import { mayLiveOn } from '../../../messages/outcome.ts';
import { type Change, done, doneWith, failed, type Verdict, WAIT_MS, wait } from '../../../messages/verdict.ts';
import { exec, type PodTarget, type Script } from '../../calls.ts';
import { ownerCluster } from '../owner-cluster.ts';
import { ownPod, type Pass } from '../pass.ts';
import { execText, stderrOf } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { chooseSibling, isVerdict, LOOK_AGAIN_MS, type Run, readOwnHost } from './sibling.ts';
import { stop } from './stop-pod.ts';

/** Step 63. */
export function joinS3(pass: Pass): Verdict | Ask {
  const owner = ownerCluster(pass);
  if (owner.kind === 'none') return failed(`error checking if S3 cluster is formed: ${owner.why}`);
  if (!isTrue(owner.cluster.status?.conditions, CLUSTER_S3_CREATED)) {
    return wait(WAIT_MS, 'S3 cluster is not formed yet, waiting for it to be formed');
  }
  const target = ownPod(pass);
  const id = pass.status.containerID;
  if (target === undefined || id === undefined) return failed('container is not part of a cluster');
  return ask('s3', join(target, id));
}
function* join(target: PodTarget, id: number): Script<Verdict> {
  const command = joinS3Cluster(id);
  const outcome = yield* exec(target, command);
  if (outcome.kind === 'ok' || alreadyInS3(stderrOf(outcome))) return done;
  return failed(`${execText(command, outcome)}, ${stderrOf(outcome)}`);
}

/** Remembered in the status: weka was asked and its end is not known. Until reading tells, it is not asked again (F18). */
export const S3_LEAVE_ASKED = 'S3LeaveAsked';
/** More than twice the limit of the command: a container that is still in then was not heard, or was refused. */
const LEAVE_MS_MAX = 5 * 60_000;
const forget = ({ status }: Pass): Change =>
  status.timestamps?.[S3_LEAVE_ASKED] === undefined ? {} : { status: { timestamps: { [S3_LEAVE_ASKED]: null } } };

/** D13. */
export function leaveS3(pass: Pass): Verdict | Ask {
  const id = pass.status.containerID;
  return id === undefined ? done : ask('s3', leave(pass, id));
}
function* leave(pass: Pass, id: number): Script<Verdict> {
  const stopped = yield* stop(pass, 'graceful');
  if (stopped.kind !== 'done') return stopped;
  const sibling = yield* chooseSibling(pass);
  if (isVerdict(sibling)) return sibling;
  const host = yield* readOwnHost(pass, sibling.run, id);
  if (host.kind === 'refused') return host.verdict;
  const under = yield* underWay(pass, sibling.run, id);
  return under ?? (yield* askToLeave(pass, sibling.run, id));
}

/** What is left of an earlier try; undefined: none, or it had no effect. */
function* underWay(pass: Pass, run: Run, id: number): Script<Verdict | undefined> {
  const askedMs = Date.parse(pass.status.timestamps?.[S3_LEAVE_ASKED] ?? '');
  if (Number.isNaN(askedMs)) return undefined;
  const membership = yield* readMembership(run, id);
  if (membership.kind === 'out') return doneWith(forget(pass));
  if (membership.kind === 'unknown')
    return wait(LOOK_AGAIN_MS, `not known if the S3 cluster is left: ${membership.why}`);
  return pass.wallMs - askedMs < LEAVE_MS_MAX ? leaving(id) : undefined;
}
const leaving = (id: number, change: Change = {}): Verdict =>
  wait(LOOK_AGAIN_MS, `container ${id} is leaving the S3 cluster`, change);

function* askToLeave(pass: Pass, run: Run, id: number): Script<Verdict> {
  const command = removeFromS3Cluster(id);
  const outcome = yield* run(command);
  const stderr = stderrOf(outcome);
  const asked = { status: { timestamps: { [S3_LEAVE_ASKED]: new Date(pass.wallMs).toISOString() } } };
  if (outcome.kind === 'ok') {
    // Its word counts, unless the list of members says that it is not so yet.
    const membership = yield* readMembership(run, id);
    return membership.kind === 'in' ? leaving(id, asked) : doneWith(forget(pass));
  }
  if (notInS3(stderr, id) || s3NotConfigured(stderr)) return doneWith(forget(pass));
  return failed(`${execText(command, outcome)}, ${stderr}`, mayLiveOn(outcome) ? asked : forget(pass));
}

type Membership = { readonly kind: 'in' | 'out' } | { readonly kind: 'unknown'; readonly why: string };
function* readMembership(run: Run, id: number): Script<Membership> {
  const command = listS3Containers();
  const outcome = yield* run(command);
  if (s3NotConfigured(stderrOf(outcome))) return { kind: 'out' };
  if (outcome.kind !== 'ok') return { kind: 'unknown', why: `${execText(command, outcome)}, ${stderrOf(outcome)}` };
  const members = parseS3Containers(outcome.stdout);
  if (members.kind === 'bad') return { kind: 'unknown', why: members.why };
  return { kind: members.value.includes(id) ? 'in' : 'out' };
}
