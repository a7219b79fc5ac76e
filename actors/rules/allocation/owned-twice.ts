/**
 * Finds what two containers of a node hold both: the ledger never gives it, a hand or an earlier controller may have. It
 * stays taken until both have gone. Source: spec 05, 16.1; F12.
 */
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { portsHeldBy, type Range } from './ports.ts';

/** One text for each drive and port range, with its two holders, in the order of the containers. */
export function ownedTwice(
  containers: readonly WekaContainer[],
  blockOf: (container: WekaContainer) => number,
): readonly string[] {
  return [...drivesTwice(containers), ...portsTwice(containers, blockOf)];
}

function drivesTwice(containers: readonly WekaContainer[]): readonly string[] {
  const holderOf = new Map<string, WekaContainer>();
  const found: string[] = [];
  for (const container of containers) {
    for (const serial of container.status?.allocations?.drives ?? []) {
      const other = holderOf.get(serial);
      if (other === undefined) holderOf.set(serial, container);
      else if (other !== container) found.push(`drive ${serial} by ${nameOf(other)} and ${nameOf(container)}`);
    }
  }
  return found;
}

function portsTwice(
  containers: readonly WekaContainer[],
  blockOf: (container: WekaContainer) => number,
): readonly string[] {
  const held: (Range & { readonly container: WekaContainer })[] = [];
  for (const container of containers)
    for (const { base, length } of portsHeldBy(container, blockOf(container))) held.push({ base, length, container });
  held.sort((a, b) => a.base - b.base);
  const found: string[] = [];
  let before: (Range & { readonly container: WekaContainer }) | undefined;
  for (const range of held) {
    const overlaps = before !== undefined && range.base < before.base + before.length;
    if (before !== undefined && overlaps && before.container !== range.container)
      found.push(`port ${range.base} by ${nameOf(before.container)} and ${nameOf(range.container)}`);
    if (before === undefined || range.base + range.length > before.base + before.length) before = range;
  }
  return found;
}
const nameOf = ({ metadata }: WekaContainer): string => `${metadata.namespace}/${metadata.name}`;
