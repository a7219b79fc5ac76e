/** Golden drive listings of one container (id 7). Null is an empty list, which nobody tells apart. Source: spec 07, 4 (J5). */
import { listContainerDrives } from '../../../io/commands.ts';
import { parseContainerDrives } from '../../../io/weka-parsers/drives.ts';
import { comparableKind, fromJson } from '../fake-pod.ts';
import type { Kind } from '../kind.ts';

const listing = comparableKind('container-drives', (golden) =>
  fromJson(golden, listContainerDrives(7), parseContainerDrives, (drives) => ({ drives })),
);

export const kind: Kind = {
  ...listing,
  expected: (golden) => {
    const recorded = listing.expected(golden);
    return typeof recorded === 'symbol' ? recorded : recorded.map(withList);
  },
};
const withList = (result: unknown): unknown =>
  (result as { readonly drives?: unknown }).drives === null ? { drives: [] } : result;
