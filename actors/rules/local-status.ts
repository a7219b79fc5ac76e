/** What a pod's own list of local containers means for the status of its WekaContainer. Pure. Source: spec 07, 7 no. 4 and 5. */
import type { LocalContainer } from '../../io/weka-parsers/local-ps.ts';
import { done, doneWith, failed, type Verdict, wait, warningEachMinute } from '../../messages/verdict.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { isDistMode, isEnvoy, isTelemetry } from '../../messages/weka-modes.ts';

const MISSING_MS = 15_000;
/** A local answer never replaces these. */
const KEPT: ReadonlySet<string> = new Set(['Completed', 'Deleting', 'Destroying']);

/** `drivesToAdd`: fewer drives are in the cluster than were allocated. */
export function localStatusVerdict(
  { spec, status }: WekaContainer,
  listed: readonly LocalContainer[],
  drivesToAdd: boolean,
): Verdict {
  const own = listed.find(({ name }) => name === spec.name);
  if (own === undefined && !listed.some(({ name }) => name === fixedName(spec.mode))) {
    const reason = listed.length === 0 ? 'weka local ps response is empty' : 'weka container not found';
    // From any value, also Completed and Deleting.
    return wait(MISSING_MS, reason, status?.status === 'Unhealthy' ? {} : { status: { status: 'Unhealthy' } });
  }
  // As the reference: an envoy that is listed under its fixed name is taken to be the first one listed.
  const local = own ?? listed[0];
  if (local === undefined) return failed('weka container not found');
  const { runStatus, internalStatus, lastFailure, lastFailureTime } = local;
  const unready = internalStatus !== 'READY' && lastFailure !== '' && !isDistMode(spec.mode);
  const text = `Container is not ready, status: ${internalStatus}, last failure: ${lastFailure} (${lastFailureTime})`;
  const events = unready ? { events: [warningEachMinute('WekaLocalStatus', text)] } : {};

  const { status: before = '', internalStatus: internalBefore = '' } = status ?? {};
  if (runStatus === 'Running' && before === 'DrivesAdding' && drivesToAdd) {
    return internalBefore === internalStatus
      ? doneWith(events)
      : failed(`internal status changed: ${internalBefore} -> ${internalStatus}`, events);
  }
  const after = KEPT.has(before) ? before : runStatus;
  if (after === before && internalStatus === internalBefore) return unready ? doneWith(events) : done;
  return doneWith({ status: { status: after, internalStatus }, ...events });
}

/** These two modes are listed under the name of what they run. */
function fixedName(mode: WekaContainer['spec']['mode']): string | undefined {
  if (isEnvoy(mode)) return 'envoy';
  return isTelemetry(mode) ? 'telemetry' : undefined;
}
