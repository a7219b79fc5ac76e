/** Golden additions of drives. Source: spec 05, 12.2. */
import { additionalDrives, needsDrives } from '../../../actors/rules/allocation/additional-drives.ts';
import { allocationKind, holdersOf, newUuid, shownEvents } from '../allocation-case.ts';
import type { Golden } from '../kind.ts';
import { containerOf, nodeOf } from '../read.ts';
import { settingsOf } from '../settings.ts';
import { shownResources } from './write-resources.ts';

export const kind = allocationKind('additional-drives', (golden) => {
  const container = containerOf(golden);
  if (!needsDrives(container, settingsOf(golden))) return { needed: false };
  return { needed: true, ...outcomeOf(golden) };
});

function outcomeOf(golden: Golden): object {
  const container = containerOf(golden);
  const answer = additionalDrives({
    container,
    node: nodeOf(golden),
    holders: holdersOf(golden),
    settings: settingsOf(golden),
    newUuid,
  });
  if (answer.kind === 'refused') {
    const { reason: text, cause, retryMs } = answer;
    const retrySeconds = retryMs === undefined ? 'on change' : retryMs / 1_000;
    return { error: { kind: 'error', retrySeconds, text, cause }, ...shownEvents(answer.events) };
  }
  const { allocations } = answer;
  const after = { ...container, status: { status: '', ...container.status, allocations } };
  return { allocations, ...shownResources(after, nodeOf(golden), settingsOf(golden)) };
}
