/**
 * Another member of the Weka cluster that runs a command for one that leaves it, and what the cluster says of that one.
 * Source: spec 03, 4.5; spec 07, 2; F3, F35.
 */
import { type Command, getWekaContainer } from '../../../io/commands.ts';
import { type ClusterContainer, parseClusterContainer } from '../../../io/weka-parsers/cluster-container.ts';
import type { ClusterUid, ContainerUid } from '../../../messages/ids.ts';
import type { ExecOutcome } from '../../../messages/outcome.ts';
import { canExecIn, PODS_CONTAINER } from '../../../messages/resources.ts';
import { failed, type Verdict, wait, warningEachMinute } from '../../../messages/verdict.ts';
import { askCluster, exec, type PodTarget, type Script } from '../../calls.ts';
import { ownerCluster } from '../owner-cluster.ts';
import type { Pass } from '../pass.ts';
import { execText, stderrOf } from '../said.ts';

/** Between two looks at something that the cluster does in its own time. */
export const LOOK_AGAIN_MS = 15_000;

/** Runs a command in one certain pod, ahead of what is less urgent. */
export type Run = (command: Command) => Script<ExecOutcome>;
export interface Sibling {
  readonly name: string;
  /** By which its cluster knows it. */
  readonly hostName: string;
  readonly clusterID: string | undefined;
  readonly run: Run;
}

/** Or why nobody acts for this container. */
export function* chooseSibling(pass: Pass): Script<Sibling | Verdict> {
  const owner = ownerCluster(pass);
  if (owner.kind === 'none') return failed(`error getting cluster: ${owner.why}`);
  const cluster = owner.uid;
  const member = yield* askCluster({ kind: 'member', cluster, uid: pass.uid });
  if (member.kind === 'none') return failed(member.reason);
  const pod = pass.view.pod(member.namespace, member.name);
  if (!canExecIn(pod)) {
    yield* askCluster({ kind: 'memberFailed', cluster, uid: pass.uid, member: member.uid });
    return failed(`pod of the active container ${member.name} is not running`);
  }
  const target = {
    namespace: member.namespace,
    pod: member.name,
    podUid: pod.metadata.uid,
    node: pod.spec?.nodeName ?? '',
    container: PODS_CONTAINER,
  };
  const { spec, status } = pass.view.container(member.uid) ?? {};
  return {
    name: member.name,
    hostName: spec?.name ?? '',
    clusterID: status?.clusterID,
    run: (command) => through(pass, cluster, member.uid, target, command),
  };
}
export const isVerdict = (chosen: Sibling | Verdict): chosen is Verdict => 'kind' in chosen;

/** One that cannot be reached is asked last for a while. */
function* through(
  pass: Pass,
  cluster: ClusterUid,
  member: ContainerUid,
  target: PodTarget,
  command: Command,
): Script<ExecOutcome> {
  const outcome = yield* exec(target, command, 'removal');
  if (outcome.kind !== 'ok' && outcome.kind !== 'exit') {
    yield* askCluster({ kind: 'memberFailed', cluster, uid: pass.uid, member });
  }
  return outcome;
}

/** `gone`: the cluster does not know the host. */
export type Host =
  | { readonly kind: 'gone' }
  | { readonly kind: 'known'; readonly container: ClusterContainer }
  | { readonly kind: 'failed'; readonly reason: string };

export function* readHost(run: Run, id: number): Script<Host> {
  const command = getWekaContainer(id);
  const outcome = yield* run(command);
  if (outcome.kind !== 'ok') return { kind: 'failed', reason: `${execText(command, outcome)}, ${stderrOf(outcome)}` };
  const parsed = parseClusterContainer(outcome.stdout);
  if (parsed.kind === 'bad') return { kind: 'failed', reason: parsed.why };
  const container = parsed.value;
  if (container === undefined) return { kind: 'gone' };
  const { host_id: hostId, container_name: name } = container;
  // Nothing is taken out of a cluster on an answer that does not say whom it is about.
  if (name === '' || (hostId !== '' && hostId !== `HostId<${id}>`))
    return { kind: 'failed', reason: `the answer about host ${id} is about ${hostId || 'no host'} ${name}` };
  return { kind: 'known', container };
}

/** What may be done to the host of this id. `refused`: nothing, it is not known or another container's by now (F3). */
export type OwnHost = Exclude<Host, { kind: 'failed' }> | { readonly kind: 'refused'; readonly verdict: Verdict };

export function* readOwnHost({ spec }: Pass, run: Run, id: number): Script<OwnHost> {
  const host = yield* readHost(run, id);
  if (host.kind === 'failed') return { kind: 'refused', verdict: failed(host.reason) };
  if (host.kind === 'gone' || host.container.container_name === spec.name) return host;
  const text = `host ${id} is ${host.container.container_name} in the cluster, not ${spec.name}`;
  return { kind: 'refused', verdict: mismatched(text) };
}
export const mismatched = (text: string): Verdict =>
  wait(LOOK_AGAIN_MS, text, { events: [warningEachMinute('ClusterIdMismatch', text)] });
