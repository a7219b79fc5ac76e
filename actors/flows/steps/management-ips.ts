/** Steps 49, 50, 50v: the addresses the process found for itself. Source: spec 05, 13.1; spec 07, 8; F19. */
import { readManagementIps } from '../../../io/commands.ts';
import { parseManagementIps } from '../../../io/weka-parsers/management-ips.ts';
import { sameJson } from '../../../messages/merge-patch.ts';
import { conditionOf } from '../../../messages/resources.ts';
import { done, doneWith, failed, type Verdict } from '../../../messages/verdict.ts';
import { askUntil, type PodTarget, type Script } from '../../calls.ts';
import { managementIps } from '../../rules/members.ts';
import { ownPod, type Pass } from '../pass.ts';
import { execText, stderrOf } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { printedIps } from './object.ts';

export const noManagementIps = ({ container }: Pass): boolean => managementIps(container).length === 0;

/** Of row 50. Source: spec 07, 8. */
export const IPS_EVERY_MS = 3 * 60_000;
/** Row 50 has not come by since it was ready. After a restart of the controller most pods are old: they are not all read at once. */
export function podIsYoung({ pod, wallMs }: Pass): boolean {
  const ready = conditionOf(pod?.status?.conditions, 'Ready');
  return ready?.status === 'True' && wallMs - Date.parse(ready.lastTransitionTime ?? '') < IPS_EVERY_MS;
}

export function reconcileManagementIps(pass: Pass): Verdict | Ask {
  const target = ownPod(pass);
  return target === undefined ? failed('Pod is not found') : ask('member', read(pass, target));
}
function* read({ status }: Pass, target: PodTarget): Script<Verdict> {
  const command = readManagementIps();
  const outcome = yield* askUntil(
    target,
    command,
    status.managementIPs === undefined ? 6 : 1,
    ({ stdout }) => stdout.trim() !== '',
  );
  const prefix = 'waiting for management IPs: Error reading management IPs';
  if (outcome.kind !== 'ok') return failed(`${prefix}: ${execText(command, outcome)}, ${stderrOf(outcome)}`);
  const ips = parseManagementIps(outcome.stdout);
  if (ips.kind === 'bad') return failed(`${prefix}: ${ips.why}`);
  if (sameJson(status.managementIPs ?? [], ips.value)) return done;
  const printed = printedIps(ips.value);
  return doneWith({ status: { managementIPs: ips.value, printer: { managementIPs: printed ?? null } } });
}
