/**
 * Deleting one object: preconditions, grace periods, finalizers. What goes with it (dependents, a namespace's contents) is
 * left to garbage-collector.ts and namespace-lifecycle.ts. Source: apiserver v0.36.3, pkg/registry/rest/delete.go.
 */
import { rfc3339 } from '../../../../io/clock.ts';
import type { KubeObject, KubeRequest } from '../../../../messages/kube.ts';
import { type Core, type TypeTable, withRevision } from './core.ts';
import { adopt, type Json, type Stored } from './json.ts';
import { keyOf } from './object-table.ts';
import { forbiddenRequest, notFound, ok, preconditionFailed, type Refusal, type Result } from './refusals.ts';

export type DeleteRequest = Omit<Extract<KubeRequest, { readonly verb: 'delete' }>, 'verb'>;

export const FOREGROUND_FINALIZER = 'foregroundDeletion';
export const ORPHAN_FINALIZER = 'orphan';

/** Answers with the object as it is now, or was last. */
export function deleteObject(
  core: Core,
  typeTable: TypeTable,
  request: DeleteRequest,
  dryRun = false,
): Result<KubeObject> {
  const { definition, table } = typeTable;
  const { type } = definition.served;
  const { name } = request.ref;
  const current = table.get(keyOf(type.namespaced ? request.ref.namespace : undefined, name));
  if (current === undefined) return notFound(type, name);
  const failed = checkPreconditions(typeTable, current, request);
  if (failed !== undefined) return failed;
  const why = definition.deletionForbidden?.(current);
  if (why !== undefined) return forbiddenRequest(type, name, why);
  const next = marked(core, typeTable, current, request);
  if (next === current) return ok(current as KubeObject);
  const result = next ?? current;
  const entries = current.metadata.managedFields ?? [];
  if (dryRun) return ok(withRevision(result, Number(current.metadata.resourceVersion), entries) as KubeObject);
  return ok(
    core.commit(typeTable, next === undefined ? 'deleted' : 'modified', result, current, entries) as KubeObject,
  );
}

function checkPreconditions({ definition }: TypeTable, current: Stored, request: DeleteRequest): Refusal | undefined {
  const { uid, resourceVersion, name } = current.metadata;
  const failed = (what: string, wanted: string, actual: string, guess: string) =>
    preconditionFailed(
      definition.served.type,
      name,
      `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${actual}). ${guess}`,
    );
  if (request.uid !== undefined && request.uid !== uid) {
    return failed('UID', request.uid, uid, 'The object might have been deleted and then recreated');
  }
  if (request.resourceVersion !== undefined && request.resourceVersion !== resourceVersion) {
    return failed('ResourceVersion', request.resourceVersion, resourceVersion, 'The object might have been modified');
  }
  return undefined;
}

/** The object marked as being deleted; the very same when that changes nothing; undefined when it goes at once. */
function marked(core: Core, { definition }: TypeTable, current: Stored, request: DeleteRequest): Stored | undefined {
  const { metadata } = current;
  const finalizers = finalizersFor(metadata.finalizers ?? [], request.propagation);
  const held = finalizers.length > 0 || definition.holds?.(current) === true;
  const nowMs = core.clock.wallMs();
  if (metadata.deletionTimestamp === undefined) {
    const graceSeconds = definition.graceSeconds?.(current, request.gracePeriodSeconds) ?? 0;
    if (graceSeconds === 0 && !held) return undefined;
    const generation = metadata.generation === undefined ? undefined : metadata.generation + 1;
    const marks = { generation, deletionTimestamp: rfc3339(nowMs + graceSeconds * 1000) };
    const terminating = definition.terminating?.(current) ?? current;
    const grace = definition.holds === undefined ? { deletionGracePeriodSeconds: graceSeconds } : {};
    return withMetadata(current, terminating, { ...marks, ...grace }, finalizers);
  }
  const before = metadata.deletionGracePeriodSeconds ?? 0;
  const asked = graceAsked(request.gracePeriodSeconds, before);
  if (before > 0 && asked >= before) return withMetadata(current, current, {}, finalizers);
  if (asked === 0 && !held) return undefined;
  // A grace period can only be shortened. It counts from the moment of the first delete, but not into the past.
  const startMs = Date.parse(metadata.deletionTimestamp) - before * 1000;
  const deletionTimestamp =
    before === 0 ? metadata.deletionTimestamp : rfc3339(Math.max(startMs + asked * 1000, nowMs));
  return withMetadata(current, current, { deletionTimestamp, deletionGracePeriodSeconds: asked }, finalizers);
}

/** A negative period means one second; no shorter one than `before` is asked for by saying nothing. */
export const graceAsked = (requested: number | undefined, before: number): number =>
  requested === undefined ? before : requested < 0 ? 1 : Math.min(requested, before);

function withMetadata(
  current: Stored,
  body: Stored,
  marks: Partial<Record<keyof Stored['metadata'], unknown>>,
  finalizers: readonly string[],
): Stored {
  const kept = finalizers.length === 0 ? undefined : finalizers;
  const next = { ...body, metadata: { ...current.metadata, ...marks, finalizers: kept } };
  return adopt(current as unknown as Json, next) as unknown as Stored;
}

/** Foreground and Orphan are finalizers that the garbage collector works off; asking for another way replaces them. */
function finalizersFor(finalizers: readonly string[], propagation: DeleteRequest['propagation']): readonly string[] {
  if (propagation === undefined) return finalizers;
  const others = finalizers.filter((one) => one !== FOREGROUND_FINALIZER && one !== ORPHAN_FINALIZER);
  if (propagation === 'Foreground') return [...others, FOREGROUND_FINALIZER];
  return propagation === 'Orphan' ? [...others, ORPHAN_FINALIZER] : others;
}
