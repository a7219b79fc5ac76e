/**
 * A leave that waits says for what: condition and event `DeletionBlocked`, with the stage, its cause, when it is tried again
 * and what a person may set to pass it over. `lastTransitionTime` says since when. Source: spec/README I10.
 */
import { CONDITIONS, conditionOf } from '../../messages/condition.ts';
import { type EventNote, warning } from '../../messages/verdict.ts';
import type { WekaContainerStatus } from '../../messages/weka-container.ts';
import { type Halt, type Walk, withCondition } from './run.ts';

/** Most stages take some seconds, a deactivation some minutes; what lasts longer than this is worth a look. */
export const BLOCKED_AFTER_MS = 60_000;

/** By row: what releases it. It is a decision of a person, since each of them gives something up. Source: spec 03, 3 to 7. */
export const OVERRIDES: Readonly<Record<string, string>> = {
  handleStateDeleting: 'skipActiveMountsCheck',
  handleStateDestroying: 'skipActiveMountsCheck',
  waitForMountsOrDrain: 'skipActiveMountsCheck, or forceDrain',
  RemoveFromS3Cluster: 'skipDeactivate',
  RemoveFromNfs: 'skipDeactivate',
  DeactivateWekaContainer: 'skipDeactivate',
  DeactivateProtocolContainer: 'skipDeactivate',
  RemoveDeactivatedContainersDrives: 'skipDeactivate',
  RemoveDeactivatedContainers: 'skipDeactivate',
  ensureProxyContainer: 'skipVirtualDrivesRemoval',
  RemoveVirtualDrives: 'skipVirtualDrivesRemoval',
  ResignDrives: 'skipDrivesForceResign',
  HandleDeletion: 'skipCleanupPersistentDir',
};

export interface Told {
  readonly status: WekaContainerStatus | undefined;
  readonly events: readonly EventNote[];
}
/** Of a pass of a leaving flow that has come to its end: the same status where there is nothing to say. */
export function deletionBlocked(
  { status, memory }: Walk,
  halt: Extract<Halt, { kind: 'end' }>,
  nowMs: number,
  wallMs: number,
): Told {
  const type = CONDITIONS.deletionBlocked;
  const before = conditionOf(status?.conditions, type);
  const { stoppedAt, why, delayMs } = halt;
  const sinceMs = stoppedAt === undefined ? undefined : memory.failingSinceMs[stoppedAt];
  if (stoppedAt === undefined || sinceMs === undefined || nowMs - sinceMs < BLOCKED_AFTER_MS) {
    // Another stage than the one that was told: that one is over.
    if (before?.status !== 'True' || before.reason === stoppedAt) return { status, events: [] };
    const over = { type, status: 'False', reason: 'Proceeds', message: `${before.reason} is over` } as const;
    return { status: withCondition(status, over, wallMs), events: [] };
  }
  const override = OVERRIDES[stoppedAt];
  const release = override === undefined ? '' : `; override: spec.overrides.${override}`;
  const message = `${why}; next try in ${Math.ceil(delayMs / 1_000)} s${release}`;
  const known = before?.status === 'True' && cause(before.message) === cause(message);
  return {
    status: withCondition(status, { type, status: 'True', reason: stoppedAt, message }, wallMs),
    events: known ? [] : [warning('DeletionBlocked', message)],
  };
}
/** Numbers move while a cause stays: mounts, seconds. */
const cause = (message: string): string => message.replaceAll(/\d+/g, '#');
