/** The first allocation of a container: failure domain, drives, ports. Pure; the node's actor holds what it grants. Source: spec 05, 4.3 to 4.5. */
import type { FeatureFlags } from '../../../messages/image.ts';
import type { AllocateAnswer } from '../../../messages/node.ts';
import type { Node } from '../../../messages/resources.ts';
import { type EventNote, normal, warningEachMinute } from '../../../messages/verdict.ts';
import type { WekaCluster } from '../../../messages/weka-cluster.ts';
import type { Allocations, WekaContainer } from '../../../messages/weka-container.ts';
import { usesDriveSharing } from '../../../messages/weka-modes.ts';
import type { CapacitySettings } from './capacity-mode.ts';
import { missingDrives } from './drive-choice.ts';
import { failureDomain } from './failure-domain.ts';
import { ownedTwice } from './owned-twice.ts';
import { type ClusterRange, choosePorts, type PortSizes, portSizes } from './ports.ts';
import { invalidDriveSharing } from './sharing-config.ts';
import { portsText } from './shortage.ts';

export interface Request {
  /** Without allocations of its own. */
  readonly container: WekaContainer;
  readonly cluster: WekaCluster;
  readonly node: Node;
  /** All other containers bound to this node, of any namespace and cluster, and those that hold a grant not yet written. */
  readonly others: readonly WekaContainer[];
  readonly flags: FeatureFlags;
  /** Flags of another container's image; undefined while they are unknown: then the larger block is assumed. */
  readonly flagsOf: (other: WekaContainer) => FeatureFlags | undefined;
  readonly settings: CapacitySettings;
  /** A new UUID for each call: virtual drives get one each. */
  readonly newUuid: () => string;
}

/** After a shortage the same question is asked again so much later. Source: spec 05, 4.5. */
const SHORT_RETRY_MS = 30_000;
const FAILED_RETRY_MS = 10_000;

export function allocate(request: Request): AllocateAnswer {
  const answer = choose(request);
  return { ...answer, events: [...answer.events, ...tellOwnedTwice(request.others, request.flagsOf)] };
}
/** What is held twice is not given a third time, since it counts as taken: it is reported (F12). */
export function tellOwnedTwice(
  containers: readonly WekaContainer[],
  flagsOf: (other: WekaContainer) => FeatureFlags | undefined,
): readonly EventNote[] {
  const twice = ownedTwice(containers, (other) => blockOf(flagsOf(other)));
  return twice.length === 0 ? [] : [warningEachMinute('ResourceOwnedTwice', twice.join('; '))];
}

function choose({ container, cluster, node, others, flags, flagsOf, settings, newUuid }: Request): AllocateAnswer {
  const { spec } = container;
  const invalid = usesDriveSharing(spec) ? invalidDriveSharing(spec) : undefined;
  if (invalid !== undefined) return short('InvalidDriveSharingConfig', invalid);
  const choice = missingDrives({ container, node, holders: others, settings, newUuid });
  if (choice.kind === 'failed') return plain(`failed to allocate resources: ${choice.reason}`);
  if (choice.kind === 'short') return short(choice.event, choice.reason, choice.details);
  const range = rangeOf(cluster);
  if (range === undefined) return shortOfPorts(`no port range allocated for cluster ${cluster.metadata.name}`);
  const sizes = sizesOf(flags);
  const sizeOf = (other: WekaContainer): number => blockOf(flagsOf(other));
  const ports = choosePorts(spec.mode, range, others, sizes, sizeOf);
  if (ports.kind === 'short') return shortOfPorts(ports.cause, portsText(node, range, others, sizeOf));
  const domain = failureDomain(spec.failureDomain, node.metadata.labels ?? {});
  const { drives, virtualDrives } = choice.drives;
  const allocations: Allocations = {
    ...(drives === undefined ? {} : { drives }),
    ...(ports.wekaPort === undefined ? {} : { wekaPort: ports.wekaPort }),
    ...(ports.agentPort === undefined ? {} : { agentPort: ports.agentPort }),
    ...(domain === undefined ? {} : { failureDomain: domain }),
    ...(virtualDrives === undefined ? {} : { virtualDrives }),
  };
  return { kind: 'allocated', allocations, events: [normal('ResourcesAllocated', message(allocations, sizes))] };
}

const sizesOf = (flags: FeatureFlags): PortSizes => portSizes(flags.agent_validate_60_ports_per_container === true);
/** How many ports a container has whose flags are these. */
const blockOf = (flags: FeatureFlags | undefined): number => sizesOf(flags ?? {}).block;

/** The cluster's range and single ports; undefined while it has none. Source: spec 05, 4.4. */
function rangeOf({ status }: WekaCluster): ClusterRange | undefined {
  const ports = status?.ports;
  if (!ports?.basePort) return undefined;
  const single = [ports.lbPort, ports.lbAdminPort, ports.s3Port, ports.managementProxyPort];
  const reserved = single.filter((port): port is number => port !== undefined && port > 0);
  return { base: ports.basePort, length: ports.portRange ?? 0, reserved };
}

function message({ drives = [], virtualDrives = [], wekaPort, agentPort }: Allocations, { block }: PortSizes): string {
  const weka = wekaPort === undefined ? '' : `, weka ports ${wekaPort}-${wekaPort + block - 1}`;
  return `Allocated ${drives.length + virtualDrives.length} drives${weka}${agentPort === undefined ? '' : `, agent port ${agentPort}`}`;
}
const plain = (reason: string): AllocateAnswer => ({
  kind: 'refused',
  reason,
  plain: true,
  retryMs: FAILED_RETRY_MS,
  events: [],
});
/** `details` are the event's alone: the condition keeps the text of the reference. */
function short(event: string, reason: string, details = ''): AllocateAnswer {
  const events = [warningEachMinute(event, `${reason}${details}`)];
  return { kind: 'refused', reason, plain: false, retryMs: SHORT_RETRY_MS, events };
}
const shortOfPorts = (cause: string, details = ''): AllocateAnswer =>
  short('PortAllocationFailed', `failed to allocate port ranges: ${cause}`, details);
