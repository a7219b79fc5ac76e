/**
 * The drives of a node that are signed for its proxy, and what is free on each. Both block lists apply, whatever other
 * annotations there are (F13). Source: spec 05, 7.1, 7.2.
 */
import { integer, list, object, parseJson, type Read, text } from '../../../io/weka-parsers/json.ts';
import type { ProxyDrive } from '../../../io/weka-parsers/results.ts';
import type { Node } from '../../../messages/resources.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { ANNOTATIONS, annotation, textsIn } from '../node-annotations.ts';

export interface SharedDrive {
  readonly physicalUuid: string;
  readonly serial: string;
  /** `TLC`, `QLC`, or anything else: then nobody gets a part of it. */
  readonly type: string;
  /** GiB that no virtual drive has. Below zero where more was given than there is. */
  readonly freeGiB: number;
}
export interface SignedDrive extends SharedDrive {
  readonly capacityGiB: number;
  readonly blocked: boolean;
}
type Known<T> =
  | { readonly kind: 'known'; readonly drives: readonly T[] }
  | { readonly kind: 'unreadable'; readonly reason: string };
export type SharedDrives = Known<SharedDrive>;

/** The content of `weka.io/weka-shared-drives`. */
export const proxyDrives: Read<readonly ProxyDrive[]> = list(
  object<ProxyDrive>({ physical_uuid: text, serial: text, capacity_gib: integer, type: text }),
);

/** Those that are not blocked, in the order of the annotation. `holders` are all containers of the node. */
export function sharedDrives(node: Node, holders: readonly WekaContainer[]): SharedDrives {
  const all = allSharedDrives(node, holders);
  return all.kind === 'unreadable' ? all : { kind: 'known', drives: all.drives.filter(({ blocked }) => !blocked) };
}
/** Of entries with one physical UUID the last that is not blocked counts. */
export function allSharedDrives(node: Node, holders: readonly WekaContainer[]): Known<SignedDrive> {
  const parsed = parseJson(annotation(node, ANNOTATIONS.sharedDrives) ?? '[]', proxyDrives);
  if (parsed.kind === 'bad') return unreadable('shared-drives', parsed.why);
  const uuids = textsIn(node, ANNOTATIONS.blockedUuids);
  if (typeof uuids === 'string') return unreadable('blocked-shared-drives', uuids);
  const serials = textsIn(node, ANNOTATIONS.blockedDrives);
  if (typeof serials === 'string') return unreadable('blocked-drives', serials);
  const isBlocked = ({ physical_uuid, serial }: ProxyDrive): boolean =>
    uuids.includes(physical_uuid) || serials.includes(serial);
  const given = givenGiB(holders);
  const byUuid = new Map<string, ProxyDrive>();
  for (const drive of parsed.value)
    if (!isBlocked(drive) || !byUuid.has(drive.physical_uuid)) byUuid.set(drive.physical_uuid, drive);
  const drives = [...byUuid.values()].map((drive) => {
    const { physical_uuid: physicalUuid, serial, type, capacity_gib: capacityGiB } = drive;
    const freeGiB = capacityGiB - (given.get(physicalUuid) ?? 0);
    return { physicalUuid, serial, type, freeGiB, capacityGiB, blocked: isBlocked(drive) };
  });
  return { kind: 'known', drives };
}

/** By physical UUID. */
function givenGiB(holders: readonly WekaContainer[]): ReadonlyMap<string, number> {
  const given = new Map<string, number>();
  for (const { physicalUUID, capacityGiB } of holders.flatMap(({ status }) => status?.allocations?.virtualDrives ?? []))
    given.set(physicalUUID, (given.get(physicalUUID) ?? 0) + capacityGiB);
  return given;
}

const unreadable = (name: string, why: string): Extract<SharedDrives, { readonly kind: 'unreadable' }> => ({
  kind: 'unreadable',
  reason: `failed to get node info: failed to unmarshal ${name}: ${why}`,
});
