/** Golden answers of `weka local ps`, as they become the status. Source: spec 07, 7. */
import { hasDrivesToAdd } from '../../../actors/flows/steps/drives.ts';
import { localStatusVerdict } from '../../../actors/rules/local-status.ts';
import { checkDriversLoaded, localPs } from '../../../io/commands.ts';
import { parseLocalPs } from '../../../io/weka-parsers/local-ps.ts';
import { nodeReady } from '../../../messages/resources.ts';
import { failed, type Verdict, WAIT_MS, wait, warningEachMinute } from '../../../messages/verdict.ts';
import { requiresDrivers } from '../../../messages/weka-modes.ts';
import { comparableKind, EXIT_1, plainError, runIn, waitError } from '../fake-pod.ts';
import type { Golden } from '../kind.ts';
import { containerOf, nodeOf } from '../read.ts';

export const kind = comparableKind('local-status', (golden) => {
  const { status } = containerOf(golden);
  const verdict = verdictOf(golden);
  const written = (verdict.status ?? {}) as { readonly status?: string; readonly internalStatus?: string };
  const events = (verdict.events ?? []).map(({ type, reason, message }) => ({ type, reason, message }));
  return {
    status: written.status ?? status?.status ?? '',
    internalStatus: written.internalStatus ?? status?.internalStatus ?? '',
    ...(events.length > 0 ? { events } : {}),
    ...errorOf(verdict),
  };
});

function verdictOf(golden: Golden): Verdict {
  const container = containerOf(golden);
  if (golden.node !== undefined && !nodeReady(nodeOf(golden))) {
    const text = `node ${nodeOf(golden).metadata.name} is not ready`;
    return { kind: 'done', events: [warningEachMinute('NodeNotReady', text)] };
  }
  const stdout = runIn(golden, localPs());
  const listed = stdout === undefined ? undefined : parseLocalPs(stdout);
  if (listed?.kind === 'ok') {
    // Of a pass only these two are looked at.
    const { spec, status = { status: '' } } = container;
    const toAdd = hasDrivesToAdd({ spec, status } as Parameters<typeof hasDrivesToAdd>[0]);
    return localStatusVerdict(container, listed.value, toAdd);
  }
  const error = listed?.why ?? `failed to run command ${localPs().argv.join(' ')}: ${EXIT_1} - `;
  if (!requiresDrivers(container.spec.mode)) return wait(WAIT_MS, error);
  const missing = runIn(golden, checkDriversLoaded());
  if (missing === undefined) return failed(`error checking drivers loaded: ${EXIT_1}, `);
  if (missing.trim() === '') return wait(WAIT_MS, error);
  throw new Error('a forced load of drivers is more than this kind plays');
}

function errorOf(verdict: Verdict): object {
  switch (verdict.kind) {
    case 'wait':
      return waitError(verdict.delayMs / 1_000, verdict.reason) as object;
    case 'failed':
      return plainError(verdict.reason) as object;
    default:
      return {};
  }
}
