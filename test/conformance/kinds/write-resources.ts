/** Golden texts of `resources.json`. Source: spec 05, 9.1. */
import { expectedResources } from '../../../actors/rules/allocation/expected-resources.ts';
import { resourcesText } from '../../../actors/rules/allocation/resources-json.ts';
import { allocationKind } from '../allocation-case.ts';
import { plainError } from '../fake-pod.ts';
import { containerOf, nodeOf } from '../read.ts';
import { settingsOf } from '../settings.ts';

export const kind = allocationKind('write-resources', (golden) =>
  shownResources(containerOf(golden), nodeOf(golden), settingsOf(golden)),
);

export function shownResources(...of: Parameters<typeof expectedResources>): object {
  const expected = expectedResources(...of);
  return expected.kind === 'known'
    ? { resourcesJson: resourcesText(expected.resources) }
    : (plainError(`failed to get expected allocations: ${expected.reason}`) as object);
}
