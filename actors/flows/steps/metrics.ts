/** Steps 7 and 8, D9, D10, D12: the container at its node agent, and the agent's figures in its status. Source: spec 07, 15, 16; I7, I9. */

import type { Config } from '../../../config.ts';
import { rfc3339 } from '../../../io/clock.ts';
import type { AgentRequest } from '../../../io/outside.ts';
import { parseContainerInfo } from '../../../io/weka-parsers/container-info.ts';
import { mergeDiff, sameJson } from '../../../messages/merge-patch.ts';
import { conditionOf, type Pod } from '../../../messages/resources.ts';
import { done, doneWith, failed, type Verdict } from '../../../messages/verdict.ts';
import type { ContainerMetrics, ContainerMode, WekaContainer } from '../../../messages/weka-container.ts';
import { hasContainerCapacity, isDrive } from '../../../messages/weka-modes.ts';
import { askAgent, type Script } from '../../calls.ts';
import type { Pass } from '../pass.ts';
import { agentText } from '../said.ts';
import { type Ask, ask } from '../step.ts';

const among =
  (...modes: readonly ContainerMode[]) =>
  ({ spec }: Pass): boolean =>
    modes.includes(spec.mode);
export const metricsEnabled = ({ settings }: Pass): boolean => settings.metricsContainersEnabled;
/** Frontends need their mounts counted: a later issue brings them. */
export const hasStats = among('compute', 'drive');
export const registers = among('compute', 'drive');
export const pollingRateMs = (settings: Config): number => settings.metricsContainersPollingRateMs;

/** Step 7. The figures go out when they moved, or before they get old (I9). */
export function setStatusMetrics(pass: Pass): Verdict | Ask {
  return pass.nodeName === undefined ? failed('container has no node') : ask('stats', readStats(pass));
}
function* readStats(pass: Pass): Script<Verdict> {
  const { uid, settings, nodeName, status } = pass;
  if (nodeName === undefined) return failed('container has no node');
  const request = post(
    '/getContainerInfo',
    { container_id: uid },
    settings.metricsContainersRequestTimeoutGetContainerInfoMs,
  );
  const answer = yield* askAgent(nodeName, request);
  if (answer.kind === 'status')
    return failed(`getContainerInfo failed: ${answer.body.trim()}, status: ${answer.status}`);
  if (answer.kind !== 'ok') return failed(agentText(answer));
  const info = parseContainerInfo(answer.body);
  if (info.kind === 'bad') return failed(`getContainerInfo: ${info.why}`);
  const stats = withDesired(pass, info.value);
  if (!worthWriting(status.stats, stats, pass)) return done;
  const counters = stats.drives?.counters;
  const printer = {
    processes: printed(stats.processes),
    ...(counters === undefined ? {} : { drives: printed(counters) }),
  };
  // As a patch that replaces the whole: what is no longer said, such as failures that are over, is removed.
  const patch = mergeDiff(status.stats ?? {}, { ...stats, lastUpdate: rfc3339(pass.wallMs) }) ?? {};
  return doneWith({ status: { stats: patch, printer } });
}
function withDesired({ spec, status }: Pass, metrics: ContainerMetrics): ContainerMetrics {
  const { drives, ...others } = metrics;
  const processes = { ...metrics.processes, desired: spec.numCores + 1 };
  if (!isDrive(spec.mode)) return { ...others, processes };
  const desired = hasContainerCapacity(spec) ? (status.allocations?.virtualDrives?.length ?? 0) : (spec.numDrives ?? 0);
  return { ...others, processes, drives: { ...drives, counters: { ...drives?.counters, desired } } };
}
const printed = ({ active = 0, created = 0, desired = 0 }: NonNullable<ContainerMetrics['processes']> = {}): string =>
  `${active}/${created}/${desired}`;

/** A poll is made by the first pass after its time has come: passes at rest are up to 33 s apart, and take a while. */
const NEXT_PASS_MS = 40_000;
/** Counts at any change, CPU by a step, anything before it gets too old for those who rely on it. */
function worthWriting(old: ContainerMetrics | undefined, next: ContainerMetrics, { settings, wallMs }: Pass): boolean {
  if (old === undefined || settings.statsMaxAgeMs === 0 || settings.statsCpuStep === 0) return true;
  const ageMs = wallMs - Date.parse(old.lastUpdate ?? '');
  // A poll later it would be too old.
  if (!(ageMs + settings.metricsContainersPollingRateMs + NEXT_PASS_MS < settings.statsMaxAgeMs)) return true;
  if (printed(old.processes) !== printed(next.processes)) return true;
  if (printed(old.drives?.counters) !== printed(next.drives?.counters)) return true;
  if (!sameJson(old.drives?.failures ?? [], next.drives?.failures ?? [])) return true;
  return Math.abs(Number(old.cpuUtilization ?? 0) - Number(next.cpuUtilization ?? 0)) >= settings.statsCpuStep;
}
/** Step 8. A change of the pod's state registers at once, else once per polling interval (07, 15.1). */
export function register(pass: Pass): Verdict | Ask {
  return pass.nodeName === undefined ? done : ask('stats', registerAt(pass));
}
function* registerAt(pass: Pass): Script<Verdict> {
  const { container, settings, nodeName, pod, wallMs } = pass;
  if (nodeName === undefined) return done;
  const answer = yield* askAgent(nodeName, registration(container, pod, wallMs, settings));
  if (answer.kind === 'ok') return done;
  return failed(`Error sending register request: ${agentText(answer)}`);
}

/** What makes a node agent know a container. */
export function registration(
  { metadata, spec }: WekaContainer,
  pod: Pod | undefined,
  wallMs: number,
  settings: Config,
): AgentRequest {
  const body = {
    container_name: metadata.name,
    container_id: metadata.uid,
    weka_container_name: spec.name,
    labels: metadata.labels ?? null,
    mode: spec.mode,
    scrape_targets: [],
    ...podState(pod, wallMs),
  };
  return post('/register', body, settings.metricsContainersRequestTimeoutRegisterMs);
}

/** D12. An agent that is not there has nothing to forget. */
export function deregister(pass: Pass): Verdict | Ask {
  return pass.nodeName === undefined ? done : ask('stats', deregisterAt(pass));
}
function* deregisterAt({ nodeName, uid, settings }: Pass): Script<Verdict> {
  if (nodeName === undefined) return done;
  const request = post('/deregister', { container_id: uid }, settings.metricsContainersRequestTimeoutRegisterMs);
  const answer = yield* askAgent(nodeName, request);
  return answer.kind === 'unusable' && !answer.absent ? failed(agentText(answer)) : done;
}

/** What the agent is told of the pod: a change of it registers at once. */
export const podStatusOf = ({ pod, wallMs }: Pass): string => podState(pod, wallMs).pod_status;

const post = (path: string, body: unknown, timeoutMs: number) =>
  ({ method: 'POST', path, body: JSON.stringify(body), timeoutMs }) as const;

function podState(
  pod: Pod | undefined,
  wallMs: number,
): { readonly pod_status: string; readonly pod_status_start_time: string } {
  if (pod === undefined) return { pod_status: 'Unknown', pod_status_start_time: rfc3339(wallMs) };
  const { deletionTimestamp, creationTimestamp } = pod.metadata;
  if (deletionTimestamp !== undefined) {
    const grace = (pod.spec?.terminationGracePeriodSeconds ?? 0) * 1_000;
    return { pod_status: 'Terminating', pod_status_start_time: rfc3339(Date.parse(deletionTimestamp) - grace) };
  }
  const phase = pod.status?.phase ?? 'Pending';
  const since = (type: string, status: string): string | undefined => {
    const condition = conditionOf(pod.status?.conditions, type);
    return condition?.status === status ? condition.lastTransitionTime : undefined;
  };
  const start: Record<string, string | undefined> = {
    Pending: since('PodScheduled', 'True'),
    Running: since('Ready', 'True') ?? since('ContainersReady', 'True') ?? since('Initialized', 'True'),
    Succeeded: since('Ready', 'False'),
    Failed: since('Ready', 'False'),
  };
  return { pod_status: phase, pod_status_start_time: start[phase] ?? creationTimestamp };
}
