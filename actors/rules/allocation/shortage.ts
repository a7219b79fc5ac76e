/**
 * Why a node cannot give what was asked for, in words for an event: what it has, what is free, who owns the rest, what is
 * blocked. Follows the text of the reference, which stays as it is. Decides nothing. Source: spec 05, 4.5; README I6.
 */
import type { Node } from '../../../messages/resources.ts';
import type { DriveType, WekaContainer } from '../../../messages/weka-container.ts';
import { ANNOTATIONS, textsIn } from '../node-annotations.ts';
import { type ClusterRange, portsHeldBy, type Range } from './ports.ts';
import { allSharedDrives } from './shared-drives.ts';

/** More than so many are counted, not named. */
const NAMES_MAX = 8;
/** What begins the words that are not the reference's. */
export const onNode = ({ metadata }: Node): string => `. On node ${metadata.name}: `;

/** `4 drives, 1 free (S3), 2 owned (weka/a: S1; weka/b: S2), 1 blocked (S5)`. A blocked one that is owned counts as owned. */
export function exclusiveDrivesText(node: Node, holders: readonly WekaContainer[]): string {
  const all = new Set(listed(node, ANNOTATIONS.drives));
  const blocked = new Set(listed(node, ANNOTATIONS.blockedDrives));
  const owned = ownersOf(holders, ({ status }) =>
    (status?.allocations?.drives ?? []).filter((serial) => all.has(serial)),
  );
  const taken = new Set(owned.flatMap(({ items }) => items));
  const idle = [...all].filter((serial) => !taken.has(serial));
  const parts = [
    counted(
      'free',
      idle.filter((serial) => !blocked.has(serial)),
    ),
    `${taken.size} owned${byOwner(owned)}`,
    counted(
      'blocked',
      idle.filter((serial) => blocked.has(serial)),
    ),
  ];
  return `${onNode(node)}${all.size} drives, ${parts.join(', ')}`;
}

/** `2 TLC drives, P1 has 500 of 4000 GiB free, P2 is blocked; owned: 3500 GiB by weka/a`. */
export function sharedDrivesText(node: Node, holders: readonly WekaContainer[], types: readonly DriveType[]): string {
  const all = allSharedDrives(node, holders);
  if (all.kind === 'unreadable') return '';
  const drives = all.drives.filter(({ type }) => types.some((each) => each === type));
  const uuids = new Set(drives.map(({ physicalUuid }) => physicalUuid));
  const told = drives
    .slice(0, NAMES_MAX)
    .map(({ serial, blocked, freeGiB, capacityGiB }) =>
      blocked ? `${serial} is blocked` : `${serial} has ${freeGiB} of ${capacityGiB} GiB free`,
    );
  const more = drives.length > NAMES_MAX ? [`and ${drives.length - NAMES_MAX} more`] : [];
  const owned = ownersOf(holders, ({ status }) =>
    (status?.allocations?.virtualDrives ?? []).filter(({ physicalUUID }) => uuids.has(physicalUUID)),
  ).map(({ name, items }) => `${items.reduce((sum, { capacityGiB }) => sum + capacityGiB, 0)} GiB by ${name}`);
  const head = [`${drives.length} ${types.join(' and ')} drives`, ...told, ...more].join(', ');
  return `${onNode(node)}${head}${owned.length === 0 ? '' : `; owned: ${short(owned)}`}`;
}

/** `of ports 35000-35499 are owned 35000-35099, 35303 by weka/a; reserved 35300`. */
export function portsText(
  node: Node,
  range: ClusterRange,
  others: readonly WekaContainer[],
  sizeOf: (other: WekaContainer) => number,
): string {
  const [first, last] = [range.base, range.base + range.length - 1];
  const inside = ({ base, length }: Range): boolean => base <= last && base + length > first;
  const owned = ownersOf(others, (other) => portsHeldBy(other, sizeOf(other)).filter(inside)).map(
    ({ name, items }) => `${items.map(portText).join(', ')} by ${name}`,
  );
  const reserved = range.reserved.length === 0 ? '' : `; reserved ${range.reserved.join(', ')}`;
  return `${onNode(node)}of ports ${first}-${last} are owned ${owned.length === 0 ? 'none' : short(owned)}${reserved}`;
}
const portText = ({ base, length }: Range): string => (length === 1 ? `${base}` : `${base}-${base + length - 1}`);

const listed = (node: Node, name: (typeof ANNOTATIONS)[keyof typeof ANNOTATIONS]): readonly string[] => {
  const found = textsIn(node, name);
  return typeof found === 'string' ? [] : found;
};
interface Owner<T> {
  readonly name: string;
  readonly items: readonly T[];
}
function ownersOf<T>(
  holders: readonly WekaContainer[],
  itemsOf: (holder: WekaContainer) => readonly T[],
): readonly Owner<T>[] {
  return holders.flatMap((holder) => {
    const items = itemsOf(holder);
    return items.length === 0 ? [] : [{ name: `${holder.metadata.namespace}/${holder.metadata.name}`, items }];
  });
}
const byOwner = (owned: readonly Owner<string>[]): string =>
  owned.length === 0 ? '' : ` (${short(owned.map(({ name, items }) => `${name}: ${items.join(', ')}`))})`;
/** `1 blocked (S5)`, `40 free`. */
const counted = (what: string, names: readonly string[]): string =>
  `${names.length} ${what}${names.length === 0 || names.length > NAMES_MAX ? '' : ` (${names.join(', ')})`}`;
const short = (parts: readonly string[]): string =>
  [...parts.slice(0, NAMES_MAX), ...(parts.length > NAMES_MAX ? [`and ${parts.length - NAMES_MAX} more`] : [])].join(
    '; ',
  );
