/** The three patches that are computed without a schema. Merge patch itself is the project's own (messages/merge-patch.ts). */
import fastJsonPatch from 'fast-json-patch';
import type { JsonPatchOperation } from '../../../../messages/kube.ts';
import { isList, isObject, type Json, type JsonObject, put } from './json.ts';
import { badRequest, ok, patchFailed, type Result, unsupportedPatch } from './refusals.ts';
import { fieldSchema, type Schema } from './schema.ts';

/** RFC 6902, whole or not at all. The answer shares nothing with `object`. */
export function jsonPatched(object: JsonObject, patch: readonly JsonPatchOperation[]): Result<JsonObject> {
  try {
    const operations = structuredClone(patch) as Parameters<typeof fastJsonPatch.applyPatch>[1];
    const { newDocument } = fastJsonPatch.applyPatch<unknown>(object, operations, true, false);
    return isObject(newDocument) ? ok(newDocument) : badRequest('the patched document is not an object');
  } catch {
    return patchFailed;
  }
}

/**
 * A strategic merge patch of maps. A list is replaced whole where the type's schema says that it is atomic (as kubectl does
 * with taints); any other list, and every `$` directive, is refused: merging by key is not modelled.
 */
export function strategicPatched(object: JsonObject, patch: unknown, schema: Schema | undefined): Result<JsonObject> {
  if (!isObject(patch)) return badRequest('the patch is not an object');
  const refused = firstUnmergeable(patch, schema, '');
  if (refused !== undefined) {
    return unsupportedPatch(`strategic merge patch: ${refused} is not supported here: use a merge patch or apply`);
  }
  return ok(mergeMaps(object, patch));
}

function firstUnmergeable(patch: JsonObject, schema: Schema | undefined, path: string): string | undefined {
  for (const [key, value] of Object.entries(patch)) {
    const here = path === '' ? key : `${path}.${key}`;
    if (key.startsWith('$')) return `the directive ${here}`;
    const child = fieldSchema(schema, key);
    if (isList(value) && child?.['x-kubernetes-list-type'] !== 'atomic') return `the list ${here}`;
    const deeper = isObject(value) ? firstUnmergeable(value, child, here) : undefined;
    if (deeper !== undefined) return deeper;
  }
  return undefined;
}

function mergeMaps(target: JsonObject, patch: JsonObject): JsonObject {
  const out: Record<string, Json> = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    const before = Object.hasOwn(out, key) ? out[key] : undefined;
    if (value === null) delete out[key];
    else put(out, key, isObject(value) ? mergeMaps(isObject(before) ? before : {}, value) : value);
  }
  return out;
}
