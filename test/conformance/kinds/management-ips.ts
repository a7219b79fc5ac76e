/** Golden files of management IPs. Source: spec 07, 8; spec 05, 13.1. */
import { printedIps } from '../../../actors/flows/steps/object.ts';
import { readManagementIps } from '../../../io/commands.ts';
import { parseManagementIps } from '../../../io/weka-parsers/management-ips.ts';
import { comparableKind, EXIT_1, plainError, runIn } from '../fake-pod.ts';

export const kind = comparableKind('management-ips', (golden) => {
  const text = runIn(golden, readManagementIps());
  if (text === undefined) return plainError(`Error reading management IPs: ${EXIT_1}, `);
  const ips = parseManagementIps(text);
  if (ips.kind === 'bad') return plainError(ips.why);
  return { managementIPs: ips.value, printerManagementIPs: printedIps(ips.value) };
});
