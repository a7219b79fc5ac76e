/** The first allocation of a container: failure domain, drives, ports. Pure; the node's actor holds what it grants. Source: spec 05, 4.3 to 4.5. */
import type { FeatureFlags } from '../../../messages/image.ts';
import type { AllocateAnswer } from '../../../messages/node.ts';
import type { Node } from '../../../messages/resources.ts';
import { normal, warning } from '../../../messages/verdict.ts';
import type { WekaCluster } from '../../../messages/weka-cluster.ts';
import type { Allocations, WekaContainer } from '../../../messages/weka-container.ts';
import { isDrive, usesDriveSharing } from '../../../messages/weka-modes.ts';
import { chooseDrives } from './exclusive-drives.ts';
import { failureDomain } from './failure-domain.ts';
import { type ClusterRange, choosePorts, type PortSizes, portSizes } from './ports.ts';

export interface Request {
  readonly container: WekaContainer;
  readonly cluster: WekaCluster;
  readonly node: Node;
  /** All containers bound to this node, of any namespace and cluster, and those that hold a grant not yet written. */
  readonly others: readonly WekaContainer[];
  readonly flags: FeatureFlags;
  /** Flags of another container's image; undefined while they are unknown: then the larger block is assumed. */
  readonly flagsOf: (other: WekaContainer) => FeatureFlags | undefined;
}

/** After a shortage the same question is asked again so much later. Source: spec 05, 4.5. */
const SHORT_RETRY_MS = 30_000;
const FAILED_RETRY_MS = 10_000;

export function allocate(request: Request): AllocateAnswer {
  const { container, cluster, node, others } = request;
  const { spec } = container;
  if (usesDriveSharing(spec))
    return plain('failed to allocate resources: drive sharing is not supported by this version');
  const numDrives = isDrive(spec.mode) ? (spec.numDrives ?? 0) : 0;
  let drives: readonly string[] = [];
  if (numDrives > 0) {
    const choice = chooseDrives(node, others, numDrives);
    if (choice.kind === 'unreadable') return plain(`failed to allocate resources: ${choice.reason}`);
    if (choice.kind === 'short') return short('InsufficientDrives', choice.reason);
    drives = choice.serials;
  }
  const range = rangeOf(cluster);
  if (range === undefined) return shortOfPorts(`no port range allocated for cluster ${cluster.metadata.name}`);
  const sizes = sizesOf(request.flags);
  const ports = choosePorts(spec.mode, range, others, sizes, (other) => {
    const flags = request.flagsOf(other);
    return flags === undefined ? portSizes(false).block : sizesOf(flags).block;
  });
  if (ports.kind === 'short') return shortOfPorts(ports.cause);
  const domain = failureDomain(spec.failureDomain, node.metadata.labels ?? {});
  const allocations: Allocations = {
    ...(drives.length > 0 ? { drives } : {}),
    ...(ports.wekaPort === undefined ? {} : { wekaPort: ports.wekaPort }),
    ...(ports.agentPort === undefined ? {} : { agentPort: ports.agentPort }),
    ...(domain === undefined ? {} : { failureDomain: domain }),
  };
  return { kind: 'allocated', allocations, events: [normal('ResourcesAllocated', message(allocations, sizes))] };
}

const sizesOf = (flags: FeatureFlags): PortSizes => portSizes(flags.agent_validate_60_ports_per_container === true);

/** The cluster's range and single ports; undefined while it has none. Source: spec 05, 4.4. */
function rangeOf({ status }: WekaCluster): ClusterRange | undefined {
  const ports = status?.ports;
  if (!ports?.basePort) return undefined;
  const single = [ports.lbPort, ports.lbAdminPort, ports.s3Port, ports.managementProxyPort];
  const reserved = single.filter((port): port is number => port !== undefined && port > 0);
  return { base: ports.basePort, length: ports.portRange ?? 0, reserved };
}

function message({ drives = [], wekaPort, agentPort }: Allocations, { block }: PortSizes): string {
  const weka = wekaPort === undefined ? '' : `, weka ports ${wekaPort}-${wekaPort + block - 1}`;
  return `Allocated ${drives.length} drives${weka}${agentPort === undefined ? '' : `, agent port ${agentPort}`}`;
}
const plain = (reason: string): AllocateAnswer => ({
  kind: 'refused',
  reason,
  plain: true,
  retryMs: FAILED_RETRY_MS,
  events: [],
});
function short(event: string, reason: string): AllocateAnswer {
  return { kind: 'refused', reason, plain: false, retryMs: SHORT_RETRY_MS, events: [warning(event, reason)] };
}
const shortOfPorts = (cause: string): AllocateAnswer =>
  short('PortAllocationFailed', `failed to allocate port ranges: ${cause}`);
