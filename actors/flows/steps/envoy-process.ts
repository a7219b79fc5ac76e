/** Step 52: an envoy whose process is gone while its container says Error is made anew, one a minute. Source: spec 02, 6.30; V4. */
import { checkEnvoyProcess } from '../../../io/commands.ts';
import { goDuration } from '../../../messages/go-duration.ts';
import type { ClusterUid } from '../../../messages/ids.ts';
import { controllerOf } from '../../../messages/kube.ts';
import { PODS_CONTAINER } from '../../../messages/resources.ts';
import { done, finished, type Verdict, wait, warning } from '../../../messages/verdict.ts';
import { isEnvoy } from '../../../messages/weka-modes.ts';
import { askCluster, exec, type Script } from '../../calls.ts';
import { ownPod, type Pass } from '../pass.ts';
import { execText } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { changeState } from './object.ts';

/** A process that has only begun may not be seen yet. */
const UP_MS_MIN = 180_000;
const LOOK_AGAIN_MS = 15_000;
/** Envoys join no cluster: in the reference they share one slot for all of them. */
const ALL_ENVOYS = 'envoys-of-no-cluster';

/** Says Error by its own local status, and has been up for a while. */
export const mayLackProcess = (pass: Pass): boolean =>
  isEnvoy(pass.spec.mode) && pass.status.status === 'Error' && (upForMs(pass) ?? 0) >= UP_MS_MIN;

function upForMs({ pod, wallMs }: Pass): number | undefined {
  if (pod?.status?.phase !== 'Running') return undefined;
  const container = pod.status.containerStatuses?.find(({ name }) => name === PODS_CONTAINER);
  const since = container?.state?.running?.startedAt;
  return since === undefined ? undefined : wallMs - Date.parse(since);
}

export const deleteEnvoyIfProcessNotExists = (pass: Pass): Ask => ask('pod', probe(pass));
function* probe(pass: Pass): Script<Verdict> {
  const { settings, uid, status, container } = pass;
  const target = ownPod(pass);
  if (target === undefined) return done;
  const command = checkEnvoyProcess(settings.envoyProbeExcludesSelf);
  const outcome = yield* exec(target, command, 'periodic');
  if (outcome.kind !== 'ok') return wait(LOOK_AGAIN_MS, execText(command, outcome));
  if (outcome.stdout.trim() !== '') return done;
  if (settings.recreateUnhealthyEnvoyThrottlingEnabled) {
    const owner = settings.envoyProbeExcludesSelf ? controllerOf(container.metadata)?.uid : status.clusterID;
    const cluster = (owner || ALL_ENVOYS) as ClusterUid; // Only a key: nothing of the cluster is looked up.
    const slot = yield* askCluster({ kind: 'envoySlot', cluster, uid });
    if (slot.kind === 'throttled')
      return wait(LOOK_AGAIN_MS, 'throttling envoy container deletion (one per minute per cluster)');
  }
  const up = goDuration(Math.round((upForMs(pass) ?? 0) / 1_000) * 1_000);
  const text = `Envoy process not found while container is in Error state (pod running for ${up}), deleting container for recreation`;
  const changed = yield* changeState(pass, 'deleting', text);
  if (changed.kind === 'failed') return changed;
  // The decision to leave ends the pass, although what fails here does not (F5).
  return { ...finished, events: [warning('EnvoyProcessNotFound', text)] };
}
