/** Steps 7, D9, X6: the agent's figures of a container in its status. Source: spec 07, 16; I7, I9. */
import { rfc3339 } from '../../../io/clock.ts';
import { parseContainerInfo } from '../../../io/weka-parsers/container-info.ts';
import { mergeDiff, sameJson } from '../../../messages/merge-patch.ts';
import { done, doneWith, failed, type Verdict } from '../../../messages/verdict.ts';
import type { ContainerMetrics } from '../../../messages/weka-container.ts';
import { hasContainerCapacity, hasFrontend, isDrive } from '../../../messages/weka-modes.ts';
import { askAgent, type Script } from '../../calls.ts';
import { agentNodeOf } from '../../rules/node-agent.ts';
import { agentPost } from '../../rules/registration.ts';
import type { Pass } from '../pass.ts';
import { agentText } from '../said.ts';
import { type Ask, ask, type Throttle } from '../step.ts';
import { countMounts } from './mounts.ts';
import { pollingRateMs, registered } from './register.ts';

const MODES: ReadonlySet<string> = new Set(['compute', 'client', 's3', 'nfs', 'drive']);

export const metricsEnabled = ({ settings }: Pass): boolean => settings.metricsContainersEnabled;
export const hasStats = ({ spec }: Pass): boolean => MODES.has(spec.mode);
export const onPolling: Throttle = {
  everyMs: pollingRateMs,
  preset: true,
  stamp: 'start',
};

/** The figures go out when they moved, or before they get old (I9). Anything that fails leaves the stored ones alone. */
export const setStatusMetrics = (pass: Pass): Ask => ask('stats', readStats(pass));

function* readStats(pass: Pass): Script<Verdict> {
  const { uid, settings, status, spec } = pass;
  const agent = agentNodeOf(pass);
  if (agent.kind === 'none') return failed(agent.why);
  const timeoutMs = settings.metricsContainersRequestTimeoutGetContainerInfoMs;
  const request = agentPost('/getContainerInfo', { container_id: uid }, timeoutMs);
  let answer = yield* askAgent(agent.node, request);
  if (answer.kind === 'status' && answer.status === 404) {
    // The agent has started anew, and forgotten.
    const told = yield* registered(pass);
    if (told.kind !== 'done') return told;
    answer = yield* askAgent(agent.node, request);
  }
  if (answer.kind === 'status') {
    return failed(`getContainerInfo failed: ${answer.body.trim()}, status: ${answer.status}`);
  }
  if (answer.kind !== 'ok') return failed(agentText(answer));
  const info = parseContainerInfo(answer.body);
  if (info.kind === 'bad') return failed(`getContainerInfo: ${info.why}`);
  const mounts = hasFrontend(spec.mode) ? yield* countMounts(pass) : undefined;
  if (mounts?.kind === 'unknown') return failed(mounts.why);
  const stats = withOurs(pass, info.value, mounts?.count);
  if (!worthWriting(status.stats, stats, pass)) return done;
  const counters = stats.drives?.counters;
  const printer = {
    processes: printed(stats.processes),
    ...(counters === undefined ? {} : { drives: printed(counters) }),
    ...(mounts === undefined ? {} : { activeMounts: String(mounts.count) }),
  };
  // As a patch that replaces the whole: what is no longer said, such as failures that are over, is removed.
  const patch = mergeDiff(status.stats ?? {}, { ...stats, lastUpdate: rfc3339(pass.wallMs) }) ?? {};
  return doneWith({ status: { stats: patch, printer } });
}

/** With the counts that are wanted, and the mounts; as the API does, without zeros. */
function withOurs({ spec, status }: Pass, metrics: ContainerMetrics, mounts = 0): ContainerMetrics {
  const { drives, ...others } = metrics;
  const common = {
    ...others,
    processes: { ...metrics.processes, desired: spec.numCores + 1 },
    ...(mounts === 0 ? {} : { activeMounts: mounts }),
  };
  if (!isDrive(spec.mode)) return common;
  const desired = hasContainerCapacity(spec) ? (status.allocations?.virtualDrives?.length ?? 0) : (spec.numDrives ?? 0);
  return { ...common, drives: { ...drives, counters: { ...drives?.counters, desired } } };
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
  if ((old.activeMounts ?? 0) !== (next.activeMounts ?? 0)) return true;
  return Math.abs(Number(old.cpuUtilization ?? 0) - Number(next.cpuUtilization ?? 0)) >= settings.statsCpuStep;
}
