/** Step 54: a container left out when its cluster was formed is made to join, once. Source: spec 07, 6.3; F18, I5. */
import { applyResources, restartLocal, setJoinIps } from '../../../io/commands.ts';
import { CONDITIONS, conditionOf } from '../../../messages/condition.ts';
import type { ExecOutcome } from '../../../messages/outcome.ts';
import { done, doneWith, failed, type Verdict } from '../../../messages/verdict.ts';
import { hasJoinIps } from '../../../messages/weka-modes.ts';
import { exec, kube, type PodTarget, type Script } from '../../calls.ts';
import { joinedCluster } from '../../rules/joined-cluster.ts';
import { joinAddresses } from '../../rules/members.ts';
import { containerRef, hasCondition, ownPod, type Pass } from '../pass.ts';
import { withCondition } from '../run.ts';
import { execText, kubeFailed, stderrOf } from '../said.ts';
import { type Ask, ask } from '../step.ts';

/** So long after the forming a container may still be about to be taken in. */
const FORMED_MS = 60_000;

export const inStem = ({ spec, status }: Pass): boolean =>
  status.containerID === undefined && !hasJoinIps(spec) && status.internalStatus === 'STEM';

export function setJoinIpsIfStuckInStem(pass: Pass): Verdict | Ask {
  const { container, view, wallMs, chance } = pass;
  const [owner] = container.metadata.ownerReferences ?? [];
  if (owner === undefined) return failed('no owner references found');
  const cluster = joinedCluster(container, view);
  const created = conditionOf(cluster?.status?.conditions, 'ClusterCreated');
  if (created?.status !== 'True') return failed('error getting cluster creation time: cluster creation time not found');
  if (wallMs - Date.parse(created.lastTransitionTime) <= FORMED_MS) return done;
  const addresses = joinAddresses(view.containersOfOwner(cluster?.metadata.uid ?? ''), chance);
  const target = ownPod(pass);
  if (addresses.length === 0 || target === undefined) return done;
  return ask('member', rescue(pass, target, addresses));
}

const notRestarted = (outcome: ExecOutcome): boolean =>
  outcome.kind === 'exit' ||
  outcome.kind === 'dropped' ||
  outcome.kind === 'podGone' ||
  outcome.kind === 'forbidden' ||
  (outcome.kind === 'transport' && outcome.notStarted === true);

/** The restart is the one act that must not be repeated: whether it was done is remembered in a condition first. */
function* rescue(pass: Pass, target: PodTarget, addresses: readonly string[]): Script<Verdict> {
  const restarted = hasCondition(pass, CONDITIONS.stemRescue);
  if (!restarted) {
    for (const [what, command] of [
      ['weka local resources', setJoinIps(addresses)],
      ['weka local resources apply', applyResources()],
    ] as const) {
      const outcome = yield* exec(target, command);
      if (outcome.kind !== 'ok')
        return failed(`error executing ${what}: ${execText(command, outcome)}, ${stderrOf(outcome)}`);
    }
  }
  const { resourceVersion } = pass.container.metadata;
  const patch = { metadata: { resourceVersion }, spec: { joinIpPorts: addresses } };
  const restart = restartLocal();
  const outcome = restarted ? undefined : yield* exec(target, restart);
  const condition = {
    type: CONDITIONS.stemRescue,
    status: 'True',
    reason: 'Restarted',
    message: 'Restarted with join addresses',
  } as const;
  const { conditions = [] } = withCondition(pass.status, condition, pass.wallMs);
  const status = { conditions };
  // Of anything but a proof that it did not restart: it may have (F18).
  if (outcome !== undefined && outcome.kind !== 'ok' && notRestarted(outcome)) {
    return failed(`error executing weka local restart: ${execText(restart, outcome)}, ${stderrOf(outcome)}`);
  }
  const written = yield* kube({ verb: 'mergePatch', ref: containerRef(pass), patch });
  if (written.kind === 'ok') return doneWith({ status });
  const verdict = kubeFailed('error updating container', written);
  return { ...verdict, status };
}
