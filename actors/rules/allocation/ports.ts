/**
 * Ports of a container out of its cluster's range. Source: spec 05, 8; F14: a block has the size of its own image, blocks
 * and exclusions are merged, and the end of the range is respected.
 */
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { isAllocatable, isEnvoy, isTelemetry } from '../../../messages/weka-modes.ts';

/** First port and length. */
export interface Range {
  readonly base: number;
  readonly length: number;
}
/** Sizes that depend on the image's flag `agent_validate_60_ports_per_container`. Source: spec 05, 8.2. */
export interface PortSizes {
  readonly block: number;
  readonly singleOffset: number;
}
export const portSizes = (validates60: boolean): PortSizes =>
  validates60 ? { block: 60, singleOffset: 240 } : { block: 100, singleOffset: 300 };

export interface ClusterRange extends Range {
  /** LB, LB-admin, S3 and management proxy ports of the cluster that are set. */
  readonly reserved: readonly number[];
}
export type PortChoice =
  | { readonly kind: 'chosen'; readonly wekaPort: number | undefined; readonly agentPort: number | undefined }
  | { readonly kind: 'short'; readonly cause: string };

/** `sizeOf` gives the block size of another container, by the flags of its own image where they are known. */
export function choosePorts(
  mode: WekaContainer['spec']['mode'],
  cluster: ClusterRange,
  others: readonly WekaContainer[],
  sizes: PortSizes,
  sizeOf: (other: WekaContainer) => number,
): PortChoice {
  const taken = others.flatMap((other): Range[] => portsHeldBy(other, sizeOf(other)));
  for (const port of cluster.reserved) taken.push({ base: port, length: 1 });
  let wekaPort: number | undefined;
  if (isAllocatable(mode) && !isEnvoy(mode) && !isTelemetry(mode)) {
    wekaPort = freeRange(cluster, taken, sizes.block, 0);
    if (wekaPort === undefined)
      return { kind: 'short', cause: `failed to find free weka port range: ${none(sizes.block, 0)}` };
    taken.push({ base: wekaPort, length: sizes.block });
  }
  const agentPort = freeRange(cluster, taken, 1, sizes.singleOffset);
  if (agentPort === undefined)
    return { kind: 'short', cause: `failed to find free agent port: ${none(1, sizes.singleOffset)}` };
  return { kind: 'chosen', wekaPort, agentPort };
}
const none = (size: number, offset: number): string => `no free range found with size ${size} and offset ${offset}`;

export function portsHeldBy({ status }: WekaContainer, blockSize: number): Range[] {
  const { wekaPort = 0, agentPort = 0 } = status?.allocations ?? {};
  const held: Range[] = [];
  if (wekaPort > 0) held.push({ base: wekaPort, length: blockSize });
  if (agentPort > 0) held.push({ base: agentPort, length: 1 });
  return held;
}

/** The lowest port at or above `base + offset` from which `size` ports are free and inside the range. Source: spec 05, 8.5. */
export function freeRange(
  { base, length }: Range,
  taken: readonly Range[],
  size: number,
  offset: number,
): number | undefined {
  let from = base + offset;
  for (const { base: start, length: held } of taken.toSorted((a, b) => a.base - b.base)) {
    if (start - from >= size) break;
    from = Math.max(from, start + held);
  }
  return base + length - from >= size ? from : undefined;
}
