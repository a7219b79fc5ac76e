/**
 * The one list of points in which this program is meant to differ from the reference. Each entry takes its difference back:
 * with all differences of a case undone the two results must be equal. Source: spec/README, section 5.
 */
import { allocationDifferences } from './deliberate/allocation.ts';
import { managementIpsDifferences } from './deliberate/management-ips.ts';
import { nodeInfoDifferences } from './deliberate/node-info.ts';
import { podDifferences } from './deliberate/pod.ts';
import type { Golden } from './kind.ts';

export interface DeliberateDifference {
  /** As in the table of section 5 and in the key `deliberateDifference` of a case. */
  readonly id: string;
  /** The kind of case it is declared for. */
  readonly kind: string;
  /** What we do instead, in one sentence. */
  readonly what: string;
  /** Our outcome as it would be without the difference. Must change it: a difference that does not occur fails the case. */
  readonly undo: (ours: unknown, golden: Golden) => unknown;
}

export const DELIBERATE: readonly DeliberateDifference[] = [
  ...podDifferences,
  ...nodeInfoDifferences,
  ...managementIpsDifferences,
  ...allocationDifferences,
];
