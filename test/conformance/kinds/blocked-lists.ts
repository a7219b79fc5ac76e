/** Golden block lists of a node. Source: spec 06, 2.6. */
import { blockedPhysicalUuids, blockedSerials } from '../../../actors/rules/blocked-lists.ts';
import { asRecorded, type Kind } from '../kind.ts';
import { nodeOf } from '../read.ts';

export const kind: Kind = {
  name: 'blocked-lists',
  result: (golden) => {
    const serials = blockedSerials(nodeOf(golden));
    const uuids = blockedPhysicalUuids(nodeOf(golden));
    return {
      ...(serials.kind === 'known' ? { serials: serials.ids } : { serialsError: shortened(serials.reason) }),
      ...(uuids.kind === 'known' ? { physicalUuids: uuids.ids } : { physicalUuidsError: shortened(uuids.reason) }),
    };
  },
  expected: (golden) => {
    const recorded = asRecorded(golden);
    return typeof recorded === 'symbol' ? recorded : recorded.map(withoutParser);
  },
};
const withoutParser = (result: unknown): unknown =>
  Object.fromEntries(
    Object.entries(result as object).map(([key, value]) => [key, typeof value === 'string' ? shortened(value) : value]),
  );
/** Up to the first colon: what comes behind it is the parser's own. */
const shortened = (text: string): string => text.slice(0, text.indexOf(':'));
