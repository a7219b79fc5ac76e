/** Step 51, D7: what the container's own agent says of it becomes its status. Source: spec 07, 7; spec 06, 4.6, 4.7. */
import { checkDriversLoaded, localPs } from '../../../io/commands.ts';
import { parseLocalPs } from '../../../io/weka-parsers/local-ps.ts';
import { CONDITIONS } from '../../../messages/condition.ts';
import { conditionOf, nodeReady } from '../../../messages/resources.ts';
import { doneWith, failed, type Verdict, WAIT_MS, wait, warningEachMinute } from '../../../messages/verdict.ts';
import { requiresDrivers, shouldJoinCluster } from '../../../messages/weka-modes.ts';
import { askUntil, exec, type PodTarget, type Script } from '../../calls.ts';
import { localStatusVerdict } from '../../rules/local-status.ts';
import { hasCondition, ownPod, type Pass } from '../pass.ts';
import { SETTLED_MS } from '../run.ts';
import { execText, stderrOf } from '../said.ts';
import { type Ask, ask, type Throttle } from '../step.ts';
import { driverNeed, loadDrivers } from './drivers.ts';
import { hasDrivesToAdd } from './drives.ts';
import { repair } from './write-resources.ts';

/** Ready for so long, its pod is taken to stay so. */
const STABLE_MS = 10 * 60_000;
const readyOf = (conditions: Parameters<typeof conditionOf>[0]) => conditionOf(conditions, 'Ready');
/** It serves, and has for a while. What the API says, not what is remembered: so it is also after a restart of the controller. */
function settled({ status, pod, wallMs }: Pass): boolean {
  const ready = readyOf(pod?.status?.conditions);
  const serves = status.status === 'Running' && status.internalStatus === 'READY' && ready?.status === 'True';
  return serves && wallMs - Date.parse(ready.lastTransitionTime ?? '') >= STABLE_MS;
}
/**
 * V10: one that has settled is looked at less often, but at once when its pod, its node or its spec changes. The default is
 * the reference's: in each pass.
 */
export const onceSettled: Throttle = {
  everyMs: ({ localStatusMaxIntervalMs }, pass) =>
    // The pass after that comes SETTLED_MS later.
    settled(pass) ? localStatusMaxIntervalMs - SETTLED_MS : 0,
  preset: false,
  stamp: 'success',
  key: ({ pod, node, container }) =>
    [
      pod?.metadata.uid,
      pod?.metadata.resourceVersion,
      readyOf(node?.status?.conditions)?.lastTransitionTime,
      container.metadata.generation,
    ].join(' '),
};

export function reconcileLocalStatus(pass: Pass): Verdict | Ask {
  const { node, nodeName } = pass;
  if (node !== undefined && !nodeReady(node)) {
    return doneWith({ events: [warningEachMinute('NodeNotReady', `node ${nodeName} is not ready`)] });
  }
  const target = ownPod(pass);
  if (target === undefined) return failed('Pod is not found');
  return ask('member', pass.spec.state === 'active' ? readLocalStatus(pass, target) : internalOnly(pass, target));
}
/** D7: one that leaves says so; of what its process says only the internal status counts (I2). */
function* internalOnly(pass: Pass, target: PodTarget): Script<Verdict> {
  const verdict = yield* readLocalStatus(pass, target);
  const { status: _, ...kept } = verdict.status ?? {};
  return { ...verdict, status: kept };
}

function* readLocalStatus(pass: Pass, target: PodTarget): Script<Verdict> {
  const command = localPs();
  const outcome = yield* askUntil(target, command, triesOf(pass), ({ stdout }) => listsSomething(stdout));
  const listed = outcome.kind === 'ok' ? parseLocalPs(outcome.stdout) : undefined;
  if (listed?.kind === 'ok') {
    const verdict = localStatusVerdict(pass.container, listed.value, hasDrivesToAdd(pass));
    const ready = listed.value.some(({ internalStatus }) => internalStatus === 'READY');
    return ready || !shouldJoinCluster(pass.spec.mode) ? verdict : { ...verdict, lookAgainMs: JOINING_MS };
  }
  const error =
    outcome.kind === 'ok'
      ? listed?.kind === 'bad'
        ? listed.why
        : ''
      : `${execText(command, outcome)}, ${stderrOf(outcome)}`;
  return requiresDrivers(pass.spec.mode) ? yield* whyNoAnswer(pass, target, error) : wait(WAIT_MS, error);
}

/** On its way into its cluster: worth a look more often than one that is settled. */
const JOINING_MS = 5_000;
/** While it starts, its agent needs a moment; the reference calls it unhealthy meanwhile. One that was seen is judged at once. */
const triesOf = ({ status }: Pass): number => (status.internalStatus ? 1 : 7);
function listsSomething(stdout: string): boolean {
  const listed = parseLocalPs(stdout);
  return listed.kind === 'ok' && listed.value.length > 0;
}

/** The agent waits for drivers before it starts: its process says so in a file. */
function* whyNoAnswer(pass: Pass, target: PodTarget, error: string): Script<Verdict> {
  const command = checkDriversLoaded();
  const outcome = yield* exec(target, command);
  if (outcome.kind === 'ok') {
    if (outcome.stdout.trim() === '') return wait(WAIT_MS, error);
    const load = yield* loadDrivers(pass, { ...driverNeed(pass), image: pass.spec.image }, true);
    const { events = [] } = load;
    const news = { status: { status: 'WaitForDrivers' }, events };
    return load.kind === 'wait' || load.kind === 'failed'
      ? wait(WAIT_MS, `drivers are not loaded: <nil>; ${load.reason}`, news)
      : wait(WAIT_MS, 'weka local ps failed: <nil>', news);
  }
  if (hasCondition(pass, CONDITIONS.resourcesWritten)) {
    const repaired = yield* repair(pass, target);
    if (repaired.kind === 'wait' || repaired.kind === 'failed') return repaired;
  }
  return failed(`error checking drivers loaded: ${execText(command, outcome)}, ${stderrOf(outcome)}`);
}
