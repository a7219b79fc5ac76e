/**
 * Stopping the container's pod, gracefully or by force: delete, instruction, local stop; only the disappearance of the pod
 * object counts. An instruction is repeated only after a failure or as insurance. Source: spec 03, 5; F1, F8, F9, I4.
 */
import { allowForceStop, allowStop, localStop, stopInstruction } from '../../../io/commands.ts';
import type { NodeName } from '../../../messages/ids.ts';
import { controllerOf, PODS, refOf } from '../../../messages/kube.ts';
import { nodeReady, type Pod } from '../../../messages/resources.ts';
import { done, type Verdict, WAIT_MS, wait } from '../../../messages/verdict.ts';
import { hasAgent, requiresDrivers } from '../../../messages/weka-modes.ts';
import { exec, kube, type PodTarget, type Script } from '../../calls.ts';
import { knownInfo } from '../../node/discovery.ts';
import { driversReady } from '../../rules/drivers.ts';
import { usableAgent } from '../../rules/node-agent.ts';
import { namespaceOf, type Pass, podRef, usesCriO } from '../pass.ts';
import { execText, kubeFailed, stderrOf } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { driverNeed, loadDrivers } from './drivers.ts';

/** A pod that was told ends by itself, and its end starts a pass: until then it is told again only so often. Source: spec 03, 15 no. 1. */
const INSURANCE_MS = 30_000;

export type Force = 'graceful' | 'forced';

/** Done once a live read says that the pod is gone. */
export const stopPod =
  (force: (pass: Pass) => Force) =>
  (pass: Pass): Ask =>
    ask('pod', stop(pass, force(pass)));

export function* stop(pass: Pass, force: Force): Script<Verdict> {
  const present = yield* kube<Pod>({ verb: 'get', ref: podRef(pass) }, 'removal');
  if (present.kind === 'notFound') return done;
  if (present.kind !== 'ok') return kubeFailed('failed to read the pod', present);
  const pod = present.answer;
  // Somebody else's pod of that name holds nothing of ours, and is not ours to stop (F4).
  if (controllerOf(pod.metadata)?.uid !== pass.uid) return done;
  if (pod.metadata.deletionTimestamp === undefined) {
    const { uid } = pod.metadata;
    const deleted = yield* kube({ verb: 'delete', ref: refOf(PODS, pod.metadata), uid }, 'removal');
    if (deleted.kind !== 'ok' && deleted.kind !== 'notFound') return kubeFailed('failed to delete the pod', deleted);
  }
  const told = yield* instruct(pass, pod, force);
  return wait(told ? INSURANCE_MS : WAIT_MS, 'Pod deleted, reconciling for retry');
}

/** Best effort through each channel there is. True: at least one took it. */
function* instruct(pass: Pass, pod: Pod, force: Force): Script<boolean> {
  const { node } = pass;
  const { told } = yield* permit(pass, pod, force, !usesCriO(pass) && (node === undefined || nodeReady(node)));
  const reachable = nodeReady(node) && !usesCriO(pass) && hasAgent(pass.spec.mode);
  if (reachable) yield* exec(targetOf(pass, pod), localStop(force === 'forced'), 'removal');
  if (lacksDrivers(pass, pod)) yield* loadDrivers(pass, driverNeed(pass), false);
  return told;
}
/**
 * A process that was let go gracefully while it waited for its drivers ends only after it has got them; a permission to stop
 * by force that comes later does not help it (spec 04, 12.4). What stops at once needs none.
 */
const PATIENCE_MS = 60_000;
function lacksDrivers(pass: Pass, { metadata }: Pod): boolean {
  const { node, settings, spec, wallMs } = pass;
  if (node === undefined || !nodeReady(node) || !requiresDrivers(spec.mode)) return false;
  // The time by which it must be gone, less the time it was given.
  const sinceMs = Date.parse(metadata.deletionTimestamp ?? '') - (metadata.deletionGracePeriodSeconds ?? 0) * 1_000;
  if (!(wallMs - sinceMs > PATIENCE_MS)) return false;
  return !driversReady(node, driverNeed(pass), settings.backendDriversNeedBootId);
}

/**
 * Lets the process stop, through its node's agent and its own pod. `told`: at least one took it. `error`: why its own pod
 * did not; empty also where there is no process that could hear it. `execs`: a command may be run in the pod, which cri-o
 * allows in none that terminates.
 */
export function* permit(
  pass: Pass,
  pod: Pod,
  force: Force,
  execs: boolean,
): Script<{ readonly told: boolean; readonly error: string }> {
  const { node } = pass;
  const nodeName = node?.metadata.name ?? (pod.status?.phase === 'Running' ? pod.spec?.nodeName : undefined);
  const told = nodeName !== undefined && (yield* throughAgent(pass, pod, nodeName as NodeName, force)); // A node's own name.
  if (!execs) return { told, error: 'the node agent did not take the instruction to stop' };
  const command = force === 'forced' ? allowForceStop() : allowStop();
  const flagged = yield* exec(targetOf(pass, pod), command, 'removal');
  if (flagged.kind === 'ok') return { told: true, error: '' };
  if (flagged.kind === 'podGone') return { told, error: '' };
  return { told, error: `${execText(command, flagged)}, ${stderrOf(flagged)}` };
}
const targetOf = (pass: Pass, pod: Pod): PodTarget => ({
  namespace: namespaceOf(pass),
  pod: pod.metadata.name,
  podUid: pod.metadata.uid,
  node: pod.spec?.nodeName ?? '',
  container: 'weka-container',
});

/** The instruction file, for pods that cannot be reached by exec. Its path names pod and boot: it fits no other. */
function* throughAgent(pass: Pass, pod: Pod, node: NodeName, force: Force): Script<boolean> {
  const loaded = pass.view.node(node);
  const agent = usableAgent(pass.view.agentPods(node), node, pass.settings);
  if (loaded === undefined || agent.kind !== 'ok') return false;
  const info = knownInfo(loaded, pass.view, pass.settings);
  const boot = loaded.status?.nodeInfo?.bootID ?? '';
  // Without a record of this boot the file's place is not certain; leaving never waits for it (F39).
  if (info.kind !== 'known' || boot === '') return false;
  const command = stopInstruction({
    containerUid: pass.uid,
    podUid: pod.metadata.uid,
    bootId: boot,
    forced: force === 'forced',
  });
  if (command.kind === 'invalid') return false;
  const written = yield* exec({ ...agent.target, node }, command.command, 'removal');
  return written.kind === 'ok';
}

/** D21, X13: gracefully, but for one that never joined and whose process was never seen: it would wait for ever (F8). */
export const gracefulUnlessNeverSeen = ({ status }: Pass): Force =>
  status.containerID === undefined && !status.internalStatus ? 'forced' : 'graceful';
