/**
 * Cloud NICs of a node: who needs some, who gets which, whose are free again. One annotation says who has them. Writes
 * nothing. Source: spec 05, 10.2, 10.3; F26.
 */
import type { Config } from '../../../config.ts';
import { list, object, parseJson, text } from '../../../io/weka-parsers/json.ts';
import type { EnsuredNic } from '../../../io/weka-parsers/results.ts';
import type { Node } from '../../../messages/resources.ts';
import { type EventNote, warningEachMinute } from '../../../messages/verdict.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { isBackend, isClient } from '../../../messages/weka-modes.ts';
import { goJson } from '../go-json.ts';
import { ANNOTATIONS, annotation } from '../node-annotations.ts';
import { nicsRequested, providerOf } from '../node-info.ts';

export type NicSettings = Pick<Config, 'okeEnableNicsAllocation'>;

/** MAC addresses by `<namespace>/<name>` of the container. */
export type NicOwners = ReadonlyMap<string, readonly string[]>;
type Read<T> = { readonly kind: 'known'; readonly value: T } | { readonly kind: 'failed'; readonly reason: string };

export type NicAllocation =
  /** `annotation` is the new text of `weka.io/allocations`; undefined: it stays. `events` tell of too few. */
  | { readonly kind: 'allocated'; readonly annotation: string | undefined; readonly events: readonly EventNote[] }
  | { readonly kind: 'failed'; readonly reason: string };

/** Whether containers of this spec get NICs on this node at all. Selectors find devices of their own. */
export function ownsNics({ spec }: WekaContainer, node: Node, settings: NicSettings): boolean {
  const { ethDevice = '', ethDevices = [], deviceSubnets = [], selectors = [], udpMode } = spec.network ?? {};
  const devicesGiven = ethDevice !== '' || [ethDevices, deviceSubnets, selectors].some((given) => given.length > 0);
  return (
    (isBackend(spec.mode) || isClient(spec.mode)) && !devicesGiven && udpMode !== true && cloudNics(node, settings)
  );
}

/** Whether the node hands out NICs. */
export const cloudNics = (node: Node, settings: NicSettings): boolean =>
  nicsRequested({ provider: providerOf(node) }, settings.okeEnableNicsAllocation);

/** An annotation that cannot be read counts as too few, so that the allocation says why. */
export function needsNics(container: WekaContainer, node: Node, settings: NicSettings): boolean {
  if (container.metadata.deletionTimestamp !== undefined || !ownsNics(container, node, settings)) return false;
  const owners = nicOwners(node);
  return owners.kind === 'failed' || (owners.value.get(keyOf(container)) ?? []).length < container.spec.numCores;
}

/**
 * The first free NICs in the node's order, as many as are missing or as there are. Entries of containers that are gone
 * are dropped only where that helps. `isGone` must know all containers: it answers false until then.
 */
export function allocateNics(container: WekaContainer, node: Node, isGone: (key: string) => boolean): NicAllocation {
  const all = nicsOf(node);
  if (all === undefined)
    return failed(`node ${node.metadata.name} does not have weka-nics annotation, but dpdk is enabled`);
  if (all.kind === 'failed') return all;
  const owners = nicOwners(node);
  if (owners.kind === 'failed') return owners;
  const first = given(container, all.value, owners.value);
  const kept = new Map([...owners.value].filter(([key]) => key === keyOf(container) || !isGone(key)));
  const { owners: after, missing } = first.missing === 0 ? first : given(container, all.value, kept);
  const { numCores } = container.spec;
  const shortage = `node ${node.metadata.name} has ${numCores - missing} of ${numCores} NICs for this container${ownersOfAll(all.value, after)}`;
  return {
    kind: 'allocated',
    annotation: changed(owners.value, after),
    events: missing === 0 ? [] : [warningEachMinute('InsufficientNICs', shortage)],
  };
}

/** The annotation without the container's entry, at its end; undefined where it has none or nothing can be read. */
export function releaseNics(node: Node, key: string): string | undefined {
  const owners = nicOwners(node);
  if (owners.kind === 'failed' || !owners.value.has(key)) return undefined;
  return ownersText(new Map([...owners.value].filter(([owner]) => owner !== key)));
}

export const holdsNics = (container: WekaContainer, node: Node): boolean =>
  releaseNics(node, keyOf(container)) !== undefined;
export const keyOf = ({ metadata }: WekaContainer): string => `${metadata.namespace}/${metadata.name}`;

/** Undefined: the node's NICs were never listed. */
export function nicsOf(node: Node): Read<readonly EnsuredNic[]> | undefined {
  const stored = annotation(node, ANNOTATIONS.nics);
  if (stored === undefined) return undefined;
  const parsed = parseJson(
    stored,
    list(object<EnsuredNic>({ mac_address: text, primary_ip: text, subnet_cidr_block: text })),
  );
  return parsed.kind === 'ok'
    ? { kind: 'known', value: parsed.value }
    : failed(`failed to unmarshal weka-nics: ${parsed.why}`);
}

/** Absent: nobody has any. */
export function nicOwners(node: Node): Read<NicOwners> {
  const entry = object({ nics: list(text) });
  const parsed = parseJson(annotation(node, ANNOTATIONS.nicAllocations) ?? '{}', (value) => {
    if (value === null) return new Map<string, readonly string[]>();
    if (typeof value !== 'object' || Array.isArray(value)) throw new Error('not an object');
    return new Map(Object.entries(value as object).map(([key, held]) => [key, entry(held, key).nics]));
  });
  return parsed.kind === 'ok'
    ? { kind: 'known', value: parsed.value }
    : failed(`failed to unmarshal weka-allocations: ${parsed.why}`);
}

/** `; its 3 NICs are owned: 2 by weka/a, 1 by weka/b`. */
function ownersOfAll(all: readonly EnsuredNic[], owners: NicOwners): string {
  const macs = new Set(all.map(({ mac_address }) => mac_address));
  const held = [...owners]
    .map(([key, nics]) => [key, nics.filter((mac) => macs.has(mac)).length] as const)
    .filter(([, count]) => count > 0)
    .map(([key, count]) => `${count} by ${key}`);
  return `; its ${macs.size} NICs are owned: ${held.length === 0 ? 'none' : held.join(', ')}`;
}

/** Also one that got nothing has an entry. */
function given(
  container: WekaContainer,
  all: readonly EnsuredNic[],
  owners: NicOwners,
): { readonly owners: NicOwners; readonly missing: number } {
  const own = owners.get(keyOf(container)) ?? [];
  const wanted = Math.max(0, container.spec.numCores - own.length);
  const taken = new Set([...owners.values()].flat());
  const macs = new Set(all.map(({ mac_address }) => mac_address));
  const found = [...macs].filter((mac) => !taken.has(mac)).slice(0, wanted);
  return { owners: new Map(owners).set(keyOf(container), [...own, ...found]), missing: wanted - found.length };
}

function changed(before: NicOwners, after: NicOwners): string | undefined {
  const textAfter = ownersText(after);
  return ownersText(before) === textAfter ? undefined : textAfter;
}
/** Sorted by key, as Go writes a map. */
const ownersText = (owners: NicOwners): string =>
  goJson(
    Object.fromEntries(
      [...owners].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, nics]) => [key, nics.length > 0 ? { nics } : {}]),
    ),
  );

const failed = (reason: string): { readonly kind: 'failed'; readonly reason: string } => ({ kind: 'failed', reason });
