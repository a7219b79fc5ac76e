/** Steps 49 and 50: the addresses the process found for itself. Source: spec 05, 13.1; spec 07, 8; F19. */
import { readManagementIps } from '../../../io/commands.ts';
import { parseManagementIps } from '../../../io/weka-parsers/management-ips.ts';
import { sameJson } from '../../../messages/merge-patch.ts';
import { done, doneWith, failed, type Verdict } from '../../../messages/verdict.ts';
import { askUntil, type PodTarget, type Script } from '../../calls.ts';
import { managementIps } from '../../rules/members.ts';
import { ownPod, type Pass } from '../pass.ts';
import { execText, stderrOf } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { printedIps } from './object.ts';

export const noManagementIps = ({ container }: Pass): boolean => managementIps(container).length === 0;

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
