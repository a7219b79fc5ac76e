/**
 * D17, X9: a container that became a member at the last moment is not left behind in its cluster. Its own process is asked;
 * once that is gone, the cluster. Source: spec 03, 4.10, 14 no. 2 and 3; F1, F2.
 */
import { listWekaContainers } from '../../../io/commands.ts';
import { parseClusterContainers } from '../../../io/weka-parsers/cluster-container.ts';
import { parseHostId } from '../../../io/weka-parsers/host-id.ts';
import { type Change, doneWith, failed, restartAt, skipped, type Verdict } from '../../../messages/verdict.ts';
import { isBackend, isDrive } from '../../../messages/weka-modes.ts';
import type { PodTarget, Script } from '../../calls.ts';
import { ownPod, type Pass } from '../pass.ts';
import { execText, stderrOf } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { guidMismatch, readMembership } from './identity.ts';
import { NOT_MEMBER, podHolds, provenOut } from './resign-drives.ts';
import { chooseSibling, isVerdict } from './sibling.ts';
import { hasVirtualDrives } from './virtual-drives.ts';

/** `restartStep`: where the flow goes on once an id is known; absent where membership changes nothing (destroying). */
export const probeLateJoin =
  (restartStep?: string) =>
  (pass: Pass): Verdict | Ask => {
    const target = ownPod(pass);
    if (target !== undefined) return ask('member', probe(pass, target, restartStep));
    return restartStep !== undefined && waitsForMembership(pass)
      ? ask('member', askOthers(pass, restartStep))
      : failed('Pod is not found');
  };

function* probe(pass: Pass, target: PodTarget, restartStep: string | undefined): Script<Verdict> {
  const found = yield* readMembership(pass, target);
  if (found.kind === 'unknown') return failed(found.text);
  if (found.kind === 'notMember') return found.definite ? noMember(pass, found.text) : failed(found.text);
  const mismatch = guidMismatch(pass, found.guid);
  if (mismatch !== undefined) return failed(mismatch);
  const change = { status: { containerID: found.hostId, clusterID: found.guid } };
  return restartStep === undefined || !isBackend(pass.spec.mode) ? doneWith(change) : joined(restartStep, change);
}
const noMember = ({ wallMs }: Pass, text: string): Verdict =>
  skipped(text, { status: { timestamps: { [NOT_MEMBER]: new Date(wallMs).toISOString() } } });
const joined = (restartStep: string, change: Change): Verdict =>
  restartAt(restartStep, 'the container has joined its cluster', change);

/** Its drives are not erased before it is known that no cluster has them. */
const waitsForMembership = (pass: Pass): boolean =>
  isDrive(pass.spec.mode) &&
  ((pass.status.allocations?.drives?.length ?? 0) > 0 || hasVirtualDrives(pass)) &&
  !provenOut(pass);

/** Whose process is gone joins no more: what its cluster says now is final. */
function* askOthers(pass: Pass, restartStep: string): Script<Verdict> {
  const held = yield* podHolds(pass, 'the pod still exists, its process may join its cluster');
  if (held !== undefined) return held;
  const sibling = yield* chooseSibling(pass);
  if (isVerdict(sibling)) return sibling;
  const { clusterID } = sibling;
  const mismatch = clusterID ? guidMismatch(pass, clusterID) : undefined;
  if (mismatch !== undefined) return failed(mismatch);
  const command = listWekaContainers();
  const outcome = yield* sibling.run(command);
  if (outcome.kind !== 'ok') return failed(`${execText(command, outcome)}, ${stderrOf(outcome)}`);
  const hosts = parseClusterContainers(outcome.stdout);
  if (hosts.kind === 'bad') return failed(hosts.why);
  const named = (name: string) => hosts.value.filter((host) => host.container_name === name);
  // A list without the one that gave it, or with nameless hosts, does not prove that another is not there.
  if (named('').length > 0 || named(sibling.hostName).length !== 1)
    return failed(`the list of hosts by ${sibling.name} is not complete`);
  const [own, ...others] = named(pass.spec.name);
  if (own === undefined) return noMember(pass, 'its cluster does not know the container');
  const id = parseHostId(own.host_id);
  if (id.kind === 'bad' || others.length > 0) return failed(`the host id of ${pass.spec.name} is not certain`);
  return joined(restartStep, { status: { containerID: id.value, ...(clusterID ? { clusterID } : {}) } });
}
