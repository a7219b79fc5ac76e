/**
 * What a signing of drives found, as its node's annotations and capacity. Nothing known is ever forgotten, lists keep their
 * order. Writes nothing. Source: spec 06, 5.4; A-2, F13.
 */
import { createHash } from 'node:crypto';
import { parseJson } from '../../io/weka-parsers/json.ts';
import { type ProxyDrive, parseSignResult, type SignResult, saysError } from '../../io/weka-parsers/results.ts';
import type { Node } from '../../messages/resources.ts';
import { proxyDrives } from './allocation/shared-drives.ts';
import { goJson } from './go-json.ts';
import { ANNOTATIONS, annotation, textsIn } from './node-annotations.ts';

/** For `status.capacity` and `status.allocatable` alike: counts, and GiB by drive type. Source: spec 01, 12.5. */
export type ExtendedResources = Readonly<Record<string, string>>;

type Failed = Extract<SignOutcome, { readonly kind: 'failed' }>;
interface Signed {
  readonly kind: 'signed';
  readonly annotations: Readonly<Record<string, string>>;
  readonly resources: ExtendedResources;
}
export type SignOutcome =
  | Signed
  /** The signing itself says that it failed. */
  | { readonly kind: 'errored'; readonly reason: string }
  /** Nothing can be made of the text: it is to be dropped and fetched again, never kept (F32). */
  | { readonly kind: 'undecodable'; readonly reason: string }
  /** The node's own annotations are in the way. */
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * `text` is the container's result. One with drives of the proxy is of a shared signing; any other one is of an
 * exclusive one, also if it found nothing.
 */
export function signOutcome(text: string, node: Node): SignOutcome {
  const parsed = parseSignResult(text);
  if (parsed.kind === 'bad') {
    if (saysError(text)) return { kind: 'errored', reason: parsed.why };
    return { kind: 'undecodable', reason: `error unmarshalling execution result: ${parsed.why}` };
  }
  const result = parsed.value;
  const outcome = result.proxyDrives.length > 0 ? shared(result.proxyDrives, node) : exclusive(result, node);
  if (outcome.kind === 'failed') return outcome;
  const hash = createHash('sha256')
    .update(node.status?.nodeInfo?.bootID ?? '')
    .digest('hex');
  return { ...outcome, annotations: { ...outcome.annotations, [ANNOTATIONS.signHash]: hash } };
}

function exclusive({ serials, rawDrives }: SignResult, node: Node): Signed | Failed {
  const before = textsIn(node, ANNOTATIONS.drives);
  const known = new Set([...(typeof before === 'string' ? [] : before), ...serials].filter((serial) => serial !== ''));
  const blockedBefore = textsIn(node, ANNOTATIONS.blockedDrives);
  if (typeof blockedBefore === 'string')
    return { kind: 'failed', reason: `error unmarshalling blocked drives: ${blockedBefore}` };
  const mounted = rawDrives.filter(({ isMounted, serial }) => isMounted && known.has(serial));
  const blocked = new Set([...blockedBefore, ...mounted.map(({ serial }) => serial)]);
  return {
    kind: 'signed',
    annotations: { [ANNOTATIONS.drives]: goJson([...known]), [ANNOTATIONS.blockedDrives]: goJson([...blocked]) },
    resources: { 'weka.io/drives': String([...known].filter((serial) => !blocked.has(serial)).length) },
  };
}

/** By serial: what was found replaces what was known of the same drive. */
function shared(found: readonly ProxyDrive[], node: Node): Signed {
  const before = parseJson(annotation(node, ANNOTATIONS.sharedDrives) ?? '[]', proxyDrives);
  const merged = new Map((before.kind === 'ok' ? before.value : []).map((drive) => [drive.serial, drive]));
  for (const drive of found) if (drive.serial !== '') merged.set(drive.serial, drive);
  const drives = [...merged.values()];
  return {
    kind: 'signed',
    annotations: { [ANNOTATIONS.sharedDrives]: goJson(drives) },
    resources: sharedCapacity(drives, node),
  };
}

/** GiB of the drives on neither block list; all that is not QLC counts as TLC. A list that cannot be read blocks nothing. */
function sharedCapacity(drives: readonly ProxyDrive[], node: Node): ExtendedResources {
  const blocked = new Set([ANNOTATIONS.blockedDrives, ANNOTATIONS.blockedUuids].flatMap((name) => listOf(node, name)));
  const free = drives.filter(({ serial, physical_uuid }) => !blocked.has(serial) && !blocked.has(physical_uuid));
  const sum = (list: readonly ProxyDrive[]): string =>
    String(list.reduce((total, { capacity_gib }) => total + capacity_gib, 0));
  return {
    'weka.io/shared-drives-capacity': sum(free.filter(({ type }) => type !== 'QLC')),
    'weka.io/shared-drives-capacity-qlc': sum(free.filter(({ type }) => type === 'QLC')),
  };
}
function listOf(node: Node, name: (typeof ANNOTATIONS)['blockedDrives' | 'blockedUuids']): readonly string[] {
  const list = textsIn(node, name);
  return typeof list === 'string' ? [] : list;
}
