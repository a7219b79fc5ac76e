/** Golden drives given up. Source: spec 05, 12.3. */
import { deallocate } from '../../../actors/rules/allocation/deallocate.ts';
import { asRecorded, type Kind } from '../kind.ts';
import { containerOf } from '../read.ts';

export const kind: Kind = {
  name: 'deallocate',
  result: (golden) => {
    const allocations = containerOf(golden).status?.allocations ?? {};
    const after = deallocate(allocations, {
      serials: (golden.blockedSerials ?? []) as readonly string[],
      physicalUuids: (golden.blockedPhysicalUuids ?? []) as readonly string[],
    });
    return { allocations: after ?? allocations, written: after !== undefined };
  },
  expected: asRecorded,
};
