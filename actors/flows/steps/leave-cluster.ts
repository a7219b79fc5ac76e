/**
 * D15, D16, D22: deactivate, take the drives out, take the host out, each through another member and each verified.
 * Source: spec 03, 4.5, 4.8, 4.9, 4.12; F3, F18, F35.
 */
import {
  type Command,
  deactivateContainer,
  getWekaContainer,
  listContainerDrivesViaMember,
  removeContainer,
  removeDrive,
} from '../../../io/commands.ts';
import { driveNotFound, hostNotFound } from '../../../io/weka-errors.ts';
import { type ClusterContainer, parseClusterContainer } from '../../../io/weka-parsers/cluster-container.ts';
import { parseContainerDrives } from '../../../io/weka-parsers/drives.ts';
import type { ClusterUid, ContainerUid } from '../../../messages/ids.ts';
import type { ExecOutcome } from '../../../messages/outcome.ts';
import { canExecIn, PODS_CONTAINER } from '../../../messages/resources.ts';
import { done, failed, type Verdict, wait, warningEachMinute } from '../../../messages/verdict.ts';
import { askCluster, exec, type PodTarget, type Script } from '../../calls.ts';
import type { Pass } from '../pass.ts';
import { execText, stderrOf } from '../said.ts';
import { type Ask, ask } from '../step.ts';

const LOOK_AGAIN_MS = 15_000;

/** The member that acts for this container, as an exec target. */
type Sibling = { readonly uid: ContainerUid; readonly name: string; readonly target: PodTarget };

/** Of its only owner reference. Source: spec 03, 4.5. */
function ownerCluster({ container, view }: Pass): ClusterUid | string[] {
  const owners = container.metadata.ownerReferences ?? [];
  const [owner] = owners;
  if (owner === undefined) return ['error getting cluster: no owner references found'];
  if (owners.length > 1) return ['error getting cluster: more than one owner reference found'];
  const uid = owner.uid as ClusterUid; // Checked by the look-up.
  return view.cluster(uid) === undefined ? ['error getting cluster: Cluster not found'] : uid;
}

function* chooseSibling(pass: Pass): Script<Sibling | Verdict> {
  const cluster = ownerCluster(pass);
  if (typeof cluster !== 'string') return failed(cluster[0] ?? '');
  const member = yield* askCluster({ kind: 'member', cluster, uid: pass.uid });
  if (member.kind === 'none') return failed(member.reason);
  const pod = pass.view.pod(member.namespace, member.name);
  if (!canExecIn(pod)) {
    yield* askCluster({ kind: 'memberFailed', cluster, uid: pass.uid, member: member.uid });
    return failed(`pod of the active container ${member.name} is not running`);
  }
  const node = pod.spec?.nodeName ?? '';
  const target = {
    namespace: member.namespace,
    pod: member.name,
    podUid: pod.metadata.uid,
    node,
    container: PODS_CONTAINER,
  };
  return { uid: member.uid, name: member.name, target };
}
const isVerdict = (chosen: Sibling | Verdict): chosen is Verdict => 'kind' in chosen;

/** Runs it in the sibling; one that cannot be reached is asked last for a while. */
function* through(pass: Pass, sibling: Sibling, command: Command): Script<ExecOutcome> {
  const outcome = yield* exec(sibling.target, command, 'removal');
  const cluster = ownerCluster(pass);
  if (outcome.kind !== 'ok' && outcome.kind !== 'exit' && typeof cluster === 'string') {
    yield* askCluster({ kind: 'memberFailed', cluster, uid: pass.uid, member: sibling.uid });
  }
  return outcome;
}

/** `gone`: the cluster does not know the host. `other`: the id is another container's by now: nothing is done to it (F3). */
type Host =
  | { readonly kind: 'gone' }
  | { readonly kind: 'known'; readonly container: ClusterContainer }
  | { readonly kind: 'failed'; readonly reason: string };

function* readHost(pass: Pass, sibling: Sibling, id: number): Script<Host> {
  const command = getWekaContainer(id);
  const outcome = yield* through(pass, sibling, command);
  if (outcome.kind !== 'ok') return { kind: 'failed', reason: `${execText(command, outcome)}, ${stderrOf(outcome)}` };
  const parsed = parseClusterContainer(outcome.stdout);
  if (parsed.kind === 'bad') return { kind: 'failed', reason: parsed.why };
  return parsed.value === undefined ? { kind: 'gone' } : { kind: 'known', container: parsed.value };
}
function foreign(pass: Pass, { container_name: containerName }: ClusterContainer, id: number): Verdict | undefined {
  if (containerName === '' || containerName === pass.spec.name) return undefined;
  const text = `host ${id} is ${containerName} in the cluster, not ${pass.spec.name}`;
  return wait(LOOK_AGAIN_MS, text, { events: [warningEachMinute('ClusterIdMismatch', text)] });
}

const withId =
  (script: (pass: Pass, id: number) => Script<Verdict>) =>
  (pass: Pass): Verdict | Ask => {
    const id = pass.status.containerID;
    return id === undefined ? failed('container ID is not set') : ask('member', script(pass, id));
  };

/** D15, modes without a protocol. */
export const deactivate = withId(function* (pass, id) {
  const sibling = yield* chooseSibling(pass);
  if (isVerdict(sibling)) return sibling;
  const host = yield* readHost(pass, sibling, id);
  if (host.kind === 'failed') return failed(host.reason);
  if (host.kind === 'gone') return done;
  const other = foreign(pass, host.container, id);
  if (other !== undefined) return other;
  if (host.container.status === 'INACTIVE') return done;
  if (host.container.status === 'DEACTIVATING') return wait(LOOK_AGAIN_MS, 'container is deactivating');
  const command = deactivateContainer(id);
  const outcome = yield* through(pass, sibling, command);
  if (outcome.kind !== 'ok') {
    if (hostNotFound(stderrOf(outcome), id)) return done;
    const why = `Failed to deactivate container ${id}: ${stderrOf(outcome)}: ${execText(command, outcome)}`;
    return failed(`failed to deactivate container via ${sibling.name}: ${why}`);
  }
  return wait(LOOK_AGAIN_MS, 'container deactivation started');
});

/** D16: all are tried; one that is gone already is fine. */
export const removeDrives = withId(function* (pass, id) {
  const sibling = yield* chooseSibling(pass);
  if (isVerdict(sibling)) return sibling;
  const list = listContainerDrivesViaMember(id);
  const listed = yield* through(pass, sibling, list);
  if (listed.kind !== 'ok') return failed(`${execText(list, listed)}, ${stderrOf(listed)}`);
  const drives = parseContainerDrives(listed.stdout);
  if (drives.kind === 'bad') return failed(drives.why);
  const errors: string[] = [];
  for (const { uuid } of drives.value) {
    const command = removeDrive(uuid);
    const outcome = yield* through(pass, sibling, command);
    if (outcome.kind === 'ok' || driveNotFound(stderrOf(outcome), uuid)) continue;
    errors.push(`${uuid}: ${stderrOf(outcome)}: ${execText(command, outcome)}`);
  }
  return errors.length === 0 ? done : failed(`failed to remove drives for container ${id}: [${errors.join(' ')}]`);
});

/** D22: one per role and minute, verified. */
export const removeHost = withId(function* (pass, id) {
  const cluster = ownerCluster(pass);
  if (typeof cluster !== 'string') return failed(cluster[0] ?? '');
  const { uid, spec } = pass;
  const slot = yield* askCluster({ kind: 'removalSlot', cluster, uid, mode: spec.mode });
  if (slot.kind === 'throttled') return wait(LOOK_AGAIN_MS, 'throttling removal of containers from weka');
  const verdict = yield* removeAndVerify(pass, id);
  if (verdict.kind !== 'done') yield* askCluster({ kind: 'removalFailed', cluster, uid, mode: spec.mode });
  return verdict;
});
function* removeAndVerify(pass: Pass, id: number): Script<Verdict> {
  const sibling = yield* chooseSibling(pass);
  if (isVerdict(sibling)) return sibling;
  const before = yield* readHost(pass, sibling, id);
  if (before.kind === 'gone') return done;
  const other = before.kind === 'known' ? foreign(pass, before.container, id) : undefined;
  if (other !== undefined) return other;
  if (before.kind === 'failed') return failed(before.reason);
  const command = removeContainer(id);
  const outcome = yield* through(pass, sibling, command);
  if (outcome.kind !== 'ok' && !hostNotFound(stderrOf(outcome), id)) {
    const why = `Failed to remove container ${id}: ${stderrOf(outcome)}: ${execText(command, outcome)}`;
    return failed(`Failed to remove container: ${why}`);
  }
  const after = yield* readHost(pass, sibling, id);
  if (after.kind === 'gone') return done;
  return wait(
    LOOK_AGAIN_MS,
    after.kind === 'known'
      ? `container ${id} still exists in cluster`
      : `Failed to verify container ${id} removal: ${after.reason}`,
  );
}
