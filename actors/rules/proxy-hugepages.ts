/** Hugepages that the proxy of a node's shared drives needs. Source: spec 04, 10.3; spec 06, 3.2. */
import type { Node } from '../../messages/resources.ts';

export type ProxyHugepages =
  /** MiB, without the offset that the proxy leaves to others. */
  { readonly kind: 'ok'; readonly baseMiB: number } | { readonly kind: 'failed'; readonly error: string };

const SHARED_DRIVES_ANNOTATION = 'weka.io/weka-shared-drives';

/** Blocked drives count too. */
export function proxyHugepages(node: Node): ProxyHugepages {
  const text = node.metadata.annotations?.[SHARED_DRIVES_ANNOTATION] ?? '';
  if (text === '') return { kind: 'failed', error: 'node has no shared drives annotation' };
  const capacities = capacitiesGiB(text);
  if (capacities === undefined) return { kind: 'failed', error: 'failed to parse shared drives annotation' };
  if (capacities.length === 0) return { kind: 'failed', error: 'no shared drives found in annotation' };
  // Not by spreading: an annotation may hold more numbers than a call takes arguments.
  const largestTiB = Math.ceil(capacities.reduce((one, other) => Math.max(one, other)) / 1024);
  return { kind: 'ok', baseMiB: 378 + 4 * capacities.length * largestTiB };
}

/** One per drive; undefined when the text is not a list of drives. */
function capacitiesGiB(text: string): readonly number[] | undefined {
  try {
    const drives: unknown = JSON.parse(text);
    if (!Array.isArray(drives)) return undefined;
    const found = drives.map((drive: unknown) => (drive as { capacity_gib?: unknown } | null)?.capacity_gib ?? 0);
    return found.every((capacity): capacity is number => Number.isFinite(capacity)) ? found : undefined;
  } catch {
    return undefined; // Not JSON.
  }
}
