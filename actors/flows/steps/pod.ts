/** Steps that make the container's pod and keep its labels, annotations and tolerations up to date. Source: spec 02, 6.12, 6.13, 6.18; spec 04. */
import type { NodeName } from '../../../messages/ids.ts';
import { CONTAINERS, controllerOf, type JsonPatchOperation, PODS } from '../../../messages/kube.ts';
import type { NodeInfo } from '../../../messages/node-info.ts';
import type { Pod } from '../../../messages/resources.ts';
import { done, failed, finished, type Verdict, WAIT_MS, wait, warningEachMinute } from '../../../messages/verdict.ts';
import { isDiscovery } from '../../../messages/weka-modes.ts';
import { askNode, kube, type Script } from '../../calls.ts';
import { joinedCluster } from '../../rules/joined-cluster.ts';
import { joinAddresses } from '../../rules/members.ts';
import { NO_NODE_INFO, representativeNode } from '../../rules/node-info.ts';
import { buildPod } from '../../rules/pod-spec/build-pod.ts';
import { type LivePod, suitsNode } from '../../rules/pod-spec/built-for.ts';
import { metadataChange, tolerationsChange } from '../../rules/pod-update.ts';
import { nodeUnschedulable, type Pass, podRef } from '../pass.ts';
import { kubeFailed } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { imageToRun } from './upgrade-conditions.ts';

/**
 * Steps 31 and D6. A pod of that name that is not ours is waited for: it may still hold what ours needs (F4). That of an earlier
 * container goes by itself, which is no error; one that leaves (D6) does not wait for it.
 */
export function ensurePod(pass: Pass): Verdict | Ask {
  const { nodeName, foreignPod, spec, view, settings } = pass;
  if (nodeUnschedulable(pass)) return wait(10_000, `node ${nodeName} is unschedulable, cannot create pod`);
  if (foreignPod !== undefined) {
    const owner = controllerOf(foreignPod.metadata);
    const whose = owner === undefined ? 'nobody' : `${owner.kind} ${owner.name} (${owner.uid})`;
    const text = `pod ${foreignPod.metadata.name} exists and belongs to ${whose}`;
    const events = [warningEachMinute('PodNameConflict', text)];
    const leftOver = owner?.kind === CONTAINERS.kind && owner.name === foreignPod.metadata.name;
    return leftOver && spec.state === 'active' ? { ...finished, events } : failed(text, { events });
  }
  if (isDiscovery(spec.mode)) return ask('pod', createPod(pass, NO_NODE_INFO));
  const node = nodeName ?? representativeNode(spec, view.nodes(), settings)?.metadata.name;
  return node === undefined ? failed('no matching nodes found') : ask('pod', discoverAndCreate(pass, node as NodeName)); // A node's own name.
}

function* discoverAndCreate(pass: Pass, node: NodeName): Script<Verdict> {
  const found = yield* infoOf(pass, node);
  return found.kind === 'info' ? yield* createPod(pass, found.info) : found;
}
function* infoOf({ uid }: Pass, node: NodeName): Script<{ readonly kind: 'info'; readonly info: NodeInfo } | Verdict> {
  const answer = yield* askNode(node, { kind: 'discover', uid });
  switch (answer.kind) {
    case 'known':
      return { kind: 'info', info: answer.info };
    case 'pending':
      return wait(
        WAIT_MS,
        `error reconciling object during phase DiscoverNode: error reconciling object during phase PollResults: wait-error:${answer.reason}`,
      );
    case 'failed':
      return failed(`error reconciling object during phase DiscoverNode: ${answer.reason}`);
  }
}

/** Nothing was given to it and nothing is known of its process: a new pod takes nothing away. */
export const neverUsed = ({ status }: Pass): boolean =>
  status.allocations === undefined && status.containerID === undefined && status.internalStatus === undefined;
/** It was made while its node was open. */
export const mayBeBuiltForAnother = ({ spec, nodeName }: Pass): boolean =>
  !spec.nodeAffinity && nodeName !== undefined && !isDiscovery(spec.mode);
/**
 * Row 36v: once bound, before its first use. The live pod is read: what it mounts is kept in no
 * store.
 */
export function rebuildForItsNode(pass: Pass): Verdict | Ask {
  const { nodeName, pod } = pass;
  if (nodeName === undefined || pod === undefined) return done;
  return ask('pod', compareAndRebuild(pass, nodeName, pod));
}
function* compareAndRebuild(pass: Pass, node: NodeName, pod: Pod): Script<Verdict> {
  const found = yield* infoOf(pass, node);
  if (found.kind !== 'info') return found;
  const { container, settings } = pass;
  const built = buildPod(container, found.info, { settings, joinIps: [] });
  // What cannot be built is not worth the pod that there is.
  if (built.kind === 'failed') return done;
  const live = yield* kube<LivePod>({ verb: 'get', ref: podRef(pass) });
  if (live.kind !== 'ok') return kubeFailed('failed to get pod', live);
  if (live.answer.metadata.uid !== pod.metadata.uid || suitsNode(live.answer, built.pod.spec, node)) return done;
  const again = wait(WAIT_MS, `pod was built for another kind of node than ${node}, it is made anew`);
  // Its successor must find the binding, also if this process ends now.
  if (pass.view.container(pass.uid)?.status?.nodeAffinity !== node) return again;
  const outcome = yield* kube({ verb: 'delete', ref: podRef(pass), uid: pod.metadata.uid });
  return outcome.kind === 'ok' || outcome.kind === 'notFound' ? again : kubeFailed('failed to delete pod', outcome);
}

function* createPod(pass: Pass, info: NodeInfo): Script<Verdict> {
  const { container, settings, spec, view, chance } = pass;
  const [owner] = container.metadata.ownerReferences ?? [];
  const joins = (spec.joinIpPorts?.length ?? 0) > 0;
  if (joins && owner === undefined) return failed('no owner reference found');
  const cluster = joins ? joinedCluster(container, view) : undefined;
  const joinIps = cluster === undefined ? [] : joinAddresses(view.containersOfOwner(cluster.metadata.uid), chance);
  const image = yield* imageToRun(pass);
  const built = buildPod(container, info, { settings, joinIps, image });
  if (built.kind === 'failed') return failed(`Failed to create pod spec: ${built.error}`);
  const outcome = yield* kube<Pod>({ verb: 'create', type: PODS, object: built.pod });
  return outcome.kind === 'ok' ? done : kubeFailed('Failed to create pod', outcome);
}

/** Step 17. */
export function updatePodMetadata(pass: Pass): Verdict | Ask {
  const { pod, container, settings } = pass;
  const change = pod === undefined ? undefined : metadataChange(container, pod, settings);
  if (pod === undefined || change === undefined) return done;
  return ask(
    'pod',
    changePod(pass, pod, 'failed to update pod labels', [
      { op: 'add', path: '/metadata/labels', value: change.labels },
      { op: 'add', path: '/metadata/annotations', value: change.annotations },
    ]),
  );
}
/** Step 18. */
export function updatePodTolerations(pass: Pass): Verdict | Ask {
  const { pod, container } = pass;
  const tolerations = pod === undefined ? undefined : tolerationsChange(container, pod);
  if (pod === undefined || tolerations === undefined) return done;
  return ask(
    'pod',
    changePod(pass, pod, 'failed to update pod tolerations', [
      { op: 'add', path: '/spec/tolerations', value: tolerations },
    ]),
  );
}
/** Under the pod's resourceVersion: what it was computed from is still so. */
function* changePod(pass: Pass, pod: Pod, what: string, changes: readonly JsonPatchOperation[]): Script<Verdict> {
  const lock = { op: 'test', path: '/metadata/resourceVersion', value: pod.metadata.resourceVersion } as const;
  const outcome = yield* kube({ verb: 'jsonPatch', ref: podRef(pass), patch: [lock, ...changes] });
  return outcome.kind === 'ok' ? done : kubeFailed(what, outcome);
}
