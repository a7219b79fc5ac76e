/** What a watcher tells its store about the objects of one type. Pure: types, and the projection of one object. */
import { metadataShape } from './container-shape.ts';
import type { KubeObject, ObjectMeta } from './kube.ts';

/**
 * One object as it came in. `malformed`: our projection could not read it (a bug of ours, or a field of another type than
 * the schema says); what identifies it is kept, so that it is neither taken for gone nor acted upon.
 */
export type Seen<T extends KubeObject = KubeObject> =
  | { readonly kind: 'object'; readonly object: T }
  | { readonly kind: 'malformed'; readonly meta: ObjectMeta; readonly problem: string };

/**
 * From: the watcher. `init … initDone` frames a full listing, which replaces all that is known, in whole, at `initDone`;
 * a second `init` before that starts it over. `apply` and `delete` in between concern the listing under way.
 */
export type WatcherEvent<T extends KubeObject = KubeObject> =
  | { readonly kind: 'init' }
  | { readonly kind: 'initApply'; readonly seen: Seen<T> }
  | { readonly kind: 'initDone'; readonly resourceVersion: string }
  | { readonly kind: 'apply'; readonly seen: Seen<T> }
  /** `meta` is the object's last state; its resourceVersion is that of the deletion. */
  | { readonly kind: 'delete'; readonly meta: ObjectMeta };

/** Drops what the program never reads. Throws on an object that it cannot read. Never changes its argument. */
export type Project<T extends KubeObject> = (object: KubeObject) => T;

export function see<T extends KubeObject>(raw: KubeObject, project: Project<T>): Seen<T> {
  try {
    return { kind: 'object', object: project(raw) };
  } catch (err) {
    return { kind: 'malformed', meta: readableMeta(raw), problem: err instanceof Error ? err.message : String(err) };
  }
}
/** Its metadata where they fit, else what identifies it: a reader of the rest must not meet what it cannot read. */
function readableMeta({ metadata }: KubeObject): ObjectMeta {
  const walk = { path: [], problems: [] };
  const read = metadataShape.read(metadata, walk);
  if (walk.problems.length === 0) return read;
  const { name, namespace, uid, resourceVersion } = metadata;
  const place = typeof namespace === 'string' ? { namespace } : {};
  return { name, ...place, uid, resourceVersion, creationTimestamp: '' };
}

export const metaOf = (seen: Seen): ObjectMeta => (seen.kind === 'object' ? seen.object.metadata : seen.meta);

/** The least projection: without managedFields, the largest part of most objects. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _dropped, ...metadata } = object.metadata as ObjectMeta & { managedFields?: unknown };
  return { ...object, metadata };
}

/**
 * Negative when `a` is older than `b`, 0 when equal, undefined when they cannot be compared (not decimal numbers).
 * Kubernetes promises the comparison since 1.35 (KEP 5504) and has always kept it for one type of object.
 */
export function compareVersions(a: string, b: string): number | undefined {
  if (a === b) return 0;
  if (!DECIMAL.test(a) || !DECIMAL.test(b)) return undefined;
  return a.length === b.length ? (a < b ? -1 : 1) : a.length - b.length;
}
const DECIMAL = /^(?:0|[1-9][0-9]*)$/;
