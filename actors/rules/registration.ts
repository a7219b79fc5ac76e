/**
 * What a node agent is told of a container, and when it must be told again. Pure: objects in, request out.
 * Source: spec 07, 14 (R1) and 15; I7, V7.
 */
import type { Config } from '../../config.ts';
import { rfc3339 } from '../../io/clock.ts';
import type { AgentRequest } from '../../io/outside.ts';
import type { FeatureFlags } from '../../messages/image.ts';
import { conditionOf, type Pod } from '../../messages/resources.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { isEnvoy } from '../../messages/weka-modes.ts';

export interface Registered {
  readonly container: WekaContainer;
  readonly pod: Pod | undefined;
  /** Of its image; only a client's are told. */
  readonly flags?: FeatureFlags;
}

/** What makes a node agent know a container. It replaces what the agent knew of it. */
export function registration({ container, pod, flags }: Registered, wallMs: number, settings: Config): AgentRequest {
  const { metadata, spec } = container;
  const body = {
    container_name: metadata.name,
    container_id: metadata.uid,
    weka_container_name: spec.name,
    labels: metadata.labels ?? null,
    mode: spec.mode,
    scrape_targets: scrapeTargets(container),
    ...podState(pod, wallMs),
    ...(flags === undefined ? {} : { feature_flags: allFlags(flags, settings) }),
  };
  return agentPost('/register', body, settings.metricsContainersRequestTimeoutRegisterMs);
}

export const agentPost = (path: string, body: unknown, timeoutMs: number): AgentRequest => ({
  method: 'POST',
  path,
  body: JSON.stringify(body),
  timeoutMs,
});

/** Another text: what the agent was told is out of date. Without the moment that stands for an unknown start. */
export function registrationKey({ container, pod }: Registered): string {
  const { pod_status, pod_status_start_time } = podState(pod, 0);
  const { labels } = container.metadata;
  return JSON.stringify([pod?.metadata.uid, pod_status, pod_status_start_time, labels, container.spec.name]);
}

/** Source: spec 07, 15.1. */
function scrapeTargets({ spec }: WekaContainer): readonly object[] {
  const admin = isEnvoy(spec.mode) ? spec.exposedPorts?.find(({ name }) => name === 'envoy-admin') : undefined;
  if (admin === undefined) return [];
  return [{ port: admin.containerPort, path: '/stats/prometheus', app_name: 'weka_s3_envoy' }];
}

/** All eight, by the names that the agent knows (J8). */
function allFlags(flags: FeatureFlags, { clientMountsPerContainer }: Config): Required<Omit<FeatureFlags, PluralFlag>> {
  return {
    traces_override_partial_support: flags.traces_override_partial_support === true,
    traces_override_in_slash_traces: flags.traces_override_in_slash_traces === true,
    supports_binding_to_not_all_interfaces: flags.supports_binding_to_not_all_interfaces === true,
    agent_validate_60_ports_per_container: flags.agent_validate_60_ports_per_container === true,
    // V7: the runtime writes the plural, which the reference never sees.
    allow_per_container_driver_interface:
      flags.allow_per_container_driver_interface === true ||
      (clientMountsPerContainer && flags.allow_per_container_driver_interfaces === true),
    weka_get_copy_local_driver_files: flags.weka_get_copy_local_driver_files === true,
    driver_supports_auto_drain: flags.driver_supports_auto_drain === true,
    ssd_proxy_iommu_support: flags.ssd_proxy_iommu_support === true,
  };
}
type PluralFlag = 'allow_per_container_driver_interfaces';

interface PodState {
  readonly pod_status: string;
  readonly pod_status_start_time: string;
}
/** Where a condition has no time, the pod's own. Source: spec 07, 15.1. */
function podState(pod: Pod | undefined, wallMs: number): PodState {
  if (pod === undefined) return { pod_status: 'Unknown', pod_status_start_time: rfc3339(wallMs) };
  const { deletionTimestamp, creationTimestamp } = pod.metadata;
  if (deletionTimestamp !== undefined) {
    const graceMs = (pod.spec?.terminationGracePeriodSeconds ?? 0) * 1_000;
    return { pod_status: 'Terminating', pod_status_start_time: rfc3339(Date.parse(deletionTimestamp) - graceMs) };
  }
  const phase = pod.status?.phase ?? 'Pending';
  const since = (type: string, status: string): string | undefined => {
    const condition = conditionOf(pod.status?.conditions, type);
    return condition?.status === status ? condition.lastTransitionTime : undefined;
  };
  const start: Readonly<Record<string, string | undefined>> = {
    Pending: since('PodScheduled', 'True'),
    Running: since('Ready', 'True') ?? since('ContainersReady', 'True') ?? since('Initialized', 'True'),
    Succeeded: since('Ready', 'False'),
    Failed: since('Ready', 'False'),
  };
  return { pod_status: phase, pod_status_start_time: start[phase] ?? creationTimestamp };
}
