/**
 * D15, D16, D22: deactivate, take the drives out, take the host out, each through another member and each verified.
 * Source: spec 03, 4.8, 4.9, 4.12; F3, F18, F35.
 */
import {
  deactivateContainer,
  listContainerDrivesViaMember,
  removeContainer,
  removeDrive,
} from '../../../io/commands.ts';
import { driveNotFound, hostNotFound } from '../../../io/weka-errors.ts';
import { parseContainerDrives } from '../../../io/weka-parsers/drives.ts';
import { mayLiveOn } from '../../../messages/outcome.ts';
import { done, failed, type Verdict, wait } from '../../../messages/verdict.ts';
import { askCluster, type Script } from '../../calls.ts';
import { ownerCluster } from '../owner-cluster.ts';
import type { Pass } from '../pass.ts';
import { execText, stderrOf } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { guidMismatch } from './identity.ts';
import { giveRemovalTurnBack, takeRemovalTurn } from './removal-lease.ts';
import { chooseSibling, isVerdict, LOOK_AGAIN_MS, mismatched, readHost, readOwnHost } from './sibling.ts';
import { stop } from './stop-pod.ts';

/** An id of another cluster than the owner's names some other host there. */
const withId =
  (script: (pass: Pass, id: number) => Script<Verdict>) =>
  (pass: Pass): Verdict | Ask => {
    const { containerID: id, clusterID } = pass.status;
    if (id === undefined) return failed('container ID is not set');
    const mismatch = clusterID ? guidMismatch(pass, clusterID) : undefined;
    return mismatch === undefined ? ask('member', script(pass, id)) : mismatched(mismatch);
  };

/** D15, modes without a protocol. */
export const deactivate = withId(deactivateHost);

/** D15p. What serves a protocol moves no data: its process ends first, and is not made again (D6). */
export const deactivateStopped = withId(function* (pass, id) {
  const stopped = yield* stop(pass, 'graceful');
  return stopped.kind === 'done' ? yield* deactivateHost(pass, id) : stopped;
});

function* deactivateHost(pass: Pass, id: number): Script<Verdict> {
  const sibling = yield* chooseSibling(pass);
  if (isVerdict(sibling)) return sibling;
  const host = yield* readOwnHost(pass, sibling.run, id);
  if (host.kind === 'refused') return host.verdict;
  if (host.kind === 'gone') return done;
  if (host.container.status === 'INACTIVE') return done;
  if (host.container.status === 'DEACTIVATING') return wait(LOOK_AGAIN_MS, 'container is deactivating');
  const command = deactivateContainer(id);
  const outcome = yield* sibling.run(command);
  if (outcome.kind !== 'ok') {
    if (hostNotFound(stderrOf(outcome), id)) return done;
    const why = `Failed to deactivate container ${id}: ${stderrOf(outcome)}: ${execText(command, outcome)}`;
    return failed(`failed to deactivate container via ${sibling.name}: ${why}`);
  }
  return wait(LOOK_AGAIN_MS, 'container deactivation started');
}

/** D16: all are tried; one that is gone already is fine. */
export const removeDrives = withId(function* (pass, id) {
  const sibling = yield* chooseSibling(pass);
  if (isVerdict(sibling)) return sibling;
  const host = yield* readOwnHost(pass, sibling.run, id);
  if (host.kind === 'refused') return host.verdict;
  const list = listContainerDrivesViaMember(id);
  const listed = yield* sibling.run(list);
  if (listed.kind !== 'ok') return failed(`${execText(list, listed)}, ${stderrOf(listed)}`);
  const drives = parseContainerDrives(listed.stdout);
  if (drives.kind === 'bad') return failed(drives.why);
  const errors: string[] = [];
  for (const { uuid } of drives.value) {
    const remove = removeDrive(uuid);
    if (remove.kind === 'invalid') {
      errors.push(remove.why);
      continue;
    }
    const { command } = remove;
    const outcome = yield* sibling.run(command);
    if (outcome.kind === 'ok' || driveNotFound(stderrOf(outcome), uuid)) continue;
    errors.push(`${uuid}: ${stderrOf(outcome)}: ${execText(command, outcome)}`);
  }
  return errors.length === 0 ? done : failed(`failed to remove drives for container ${id}: [${errors.join(' ')}]`);
});

/** D22: one per role and minute, verified. Protocol containers are not paced (actors/cluster.ts). */
export const removeHost = withId(function* (pass, id) {
  const owner = ownerCluster(pass);
  if (owner.kind === 'none') return failed(`error getting cluster: ${owner.why}`);
  const { uid, spec } = pass;
  const slot = yield* askCluster({ kind: 'removalSlot', cluster: owner.uid, uid, mode: spec.mode });
  if (slot.kind === 'throttled') return wait(LOOK_AGAIN_MS, 'throttling removal of containers from weka');
  const notYet = yield* takeRemovalTurn(pass, owner.uid);
  if (notYet !== undefined) {
    yield* askCluster({ kind: 'removalFailed', cluster: owner.uid, uid, mode: spec.mode });
    return wait(LOOK_AGAIN_MS, `throttling removal of containers from weka: ${notYet}`);
  }
  const { verdict, removes } = yield* removeAndVerify(pass, id);
  // One that weka may be at work on keeps its slot: else the next one would go at the same time.
  if (!removes) {
    yield* askCluster({ kind: 'removalFailed', cluster: owner.uid, uid, mode: spec.mode });
    yield* giveRemovalTurnBack(pass, owner.uid);
  }
  return verdict;
});

/** `removes`: the host is out, or may be on its way. */
interface Removal {
  readonly verdict: Verdict;
  readonly removes: boolean;
}
function* removeAndVerify(pass: Pass, id: number): Script<Removal> {
  const kept = (verdict: Verdict): Removal => ({ verdict, removes: false });
  const sibling = yield* chooseSibling(pass);
  if (isVerdict(sibling)) return kept(sibling);
  const before = yield* readOwnHost(pass, sibling.run, id);
  if (before.kind === 'gone') return { verdict: done, removes: true };
  if (before.kind === 'refused') return kept(before.verdict);
  const command = removeContainer(id);
  const outcome = yield* sibling.run(command);
  if (outcome.kind !== 'ok' && !hostNotFound(stderrOf(outcome), id)) {
    const why = `Failed to remove container ${id}: ${stderrOf(outcome)}: ${execText(command, outcome)}`;
    return { verdict: failed(`Failed to remove container: ${why}`), removes: mayLiveOn(outcome) };
  }
  const after = yield* readHost(sibling.run, id);
  if (after.kind === 'gone') return { verdict: done, removes: true };
  const why =
    after.kind === 'known'
      ? `container ${id} still exists in cluster`
      : `Failed to verify container ${id} removal: ${after.reason}`;
  return { verdict: wait(LOOK_AGAIN_MS, why), removes: true };
}
