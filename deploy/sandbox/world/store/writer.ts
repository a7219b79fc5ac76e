/**
 * Creating and changing one object, by the rules that are the same for every type: who may be written, what a subresource
 * keeps, defaults, validation, generation, ownership of fields. Source: apiserver v0.36.3, pkg/registry/{rest,generic}.
 */
import { rfc3339 } from '../../../../io/clock.ts';
import type { Random } from '../../../../io/random.ts';
import { type KubeObject, NAMESPACES, type ObjectRef } from '../../../../messages/kube.ts';
import { type Core, type TypeTable, withRevision } from './core.ts';
import { invalid } from './field-errors.ts';
import { adopt, at, isObject, type Json, type JsonObject, type ManagedFields, type Stored } from './json.ts';
import { ownedByUpdate, type Writer } from './managed-fields.ts';
import { editableMetadata, immutableMarks, validateMetadata } from './metadata.ts';
import { keyOf } from './object-table.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  forbiddenRequest,
  invalidObject,
  MODIFIED,
  notFound,
  notServed,
  ok,
  type Refusal,
  type Result,
  setOnCreate,
  stillThere,
} from './refusals.ts';

export interface WriteOptions {
  readonly writer: Writer;
  readonly dryRun: boolean;
}
/** What a request makes of an object; managedFields only from an apply, which calculates its own. */
export interface Produced {
  readonly object: JsonObject;
  readonly managedFields?: readonly ManagedFields[];
  /** A PUT: the uid it carries is a precondition, and custom types want a resourceVersion. */
  readonly replaces?: boolean;
}

/** `object` carries its own name and namespace; with a generateName and no name it gets one. */
export function createObject(
  core: Core,
  typeTable: TypeTable,
  { object, managedFields }: Produced,
  { writer, dryRun }: WriteOptions,
): Result<KubeObject> {
  const { definition, table } = typeTable;
  const { type } = definition.served;
  const wrongKind = checkKind(object, typeTable);
  if (wrongKind !== undefined) return wrongKind;
  const editable = editableMetadata(object);
  if (editable.kind !== 'ok') return editable;
  if (at(object, 'metadata', 'resourceVersion')) return setOnCreate;
  const { name: given, generateName, namespace, ...rest } = editable.answer as Record<string, Json> & { name?: string };
  const prefix = typeof generateName === 'string' ? generateName : '';
  const name = given ?? (prefix === '' ? '' : generatedName(prefix, core.random));
  const place = type.namespaced ? namespaceFor(core, typeTable, name, namespace) : ok(undefined);
  if (place.kind !== 'ok') return place;
  const uid = uuid(core.random);
  const metadata = {
    name,
    ...(prefix === '' ? {} : { generateName: prefix }),
    ...(place.answer === undefined ? {} : { namespace: place.answer }),
    uid,
    resourceVersion: '',
    ...(definition.hasGeneration ? { generation: 1 } : {}),
    creationTimestamp: rfc3339(core.clock.wallMs()),
    ...rest,
  };
  const prepared = definition.prepare({ ...object, metadata: metadata as unknown as Json }, uid);
  const next = admitted(typeTable, withStatus(prepared, definition.initialStatus(prepared)), undefined);
  const errors = [...validateMetadata(next, undefined), ...definition.validate(next, undefined)];
  if (errors.length > 0) return invalidObject(type, name, errors);
  const present = table.get(keyOf(place.answer, name));
  if (present?.metadata.deletionTimestamp !== undefined) return stillThere(type, name);
  if (present !== undefined) return alreadyExists(type, name);
  const entries = managedFields ?? ownedByUpdate(undefined, asJson(next), definition.schema, writer);
  if (dryRun) return ok(withRevision(next, core.revision(), entries) as KubeObject);
  return ok(core.commit(typeTable, 'added', next, undefined, entries) as KubeObject);
}

/** The namespace must be there, and must not be on its way out. */
function namespaceFor(
  core: Core,
  { definition }: TypeTable,
  name: string,
  namespace: Json | undefined,
): Result<string> {
  if (typeof namespace !== 'string') return badRequest('an empty namespace may not be set during creation');
  const found = core.find(NAMESPACES)?.table.get(keyOf(undefined, namespace));
  if (found === undefined) return notFound(NAMESPACES, namespace);
  if (found.metadata.deletionTimestamp === undefined) return ok(namespace);
  const cause = `unable to create new content in namespace ${namespace} because it is being terminated`;
  return forbiddenRequest(definition.served.type, name, cause);
}

/** Changes an object that is there; `produce` makes the whole new object of the present one, and is called once. */
export function updateObject(
  core: Core,
  typeTable: TypeTable,
  ref: ObjectRef,
  produce: (current: Stored) => Result<Produced>,
  { writer, dryRun }: WriteOptions,
): Result<KubeObject> {
  const { definition, table } = typeTable;
  const { type, hasStatus } = definition.served;
  if (writer.subresource === 'status' && !hasStatus) return notServed;
  const current = table.get(keyOf(type.namespaced ? ref.namespace : undefined, ref.name));
  if (current === undefined) return notFound(type, ref.name);
  const produced = produce(current);
  if (produced.kind !== 'ok') return produced;
  const { object, managedFields, replaces = false } = produced.answer;
  const refused = checkKind(object, typeTable) ?? checkIdentity(object, current, replaces, typeTable);
  if (refused !== undefined) return refused;
  const editable = editableMetadata(object);
  if (editable.kind !== 'ok') return editable;
  const marked = immutableMarks(object, current);
  if (marked.length > 0) return invalidObject(type, ref.name, marked);
  const next = admitted(typeTable, composed(typeTable, current, object, editable.answer, writer), current);
  const entries = managedFields ?? ownedByUpdate(current, asJson(next), definition.schema, writer);
  if (next === current && sameOwners(entries, current.metadata.managedFields ?? [])) return ok(current as KubeObject);
  const errors = [...validateMetadata(next, current), ...definition.validate(next, current)];
  if (errors.length > 0) return invalidObject(type, ref.name, errors);
  const raised = withGeneration(typeTable, next, current);
  if (dryRun) return ok(withRevision(raised, Number(current.metadata.resourceVersion), entries) as KubeObject);
  return ok(
    core.commit(typeTable, mayGo(raised, typeTable) ? 'deleted' : 'modified', raised, current, entries) as KubeObject,
  );
}

/** A deleted object goes with its last finalizer, a pod only once its grace period is 0. */
const mayGo = (object: Stored, { definition }: TypeTable): boolean =>
  object.metadata.deletionTimestamp !== undefined &&
  (object.metadata.finalizers ?? []).length === 0 &&
  (object.metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
  definition.holds?.(object) !== true;

function checkKind(object: JsonObject, { definition }: TypeTable): Refusal | undefined {
  const { group, version, kind } = definition.served.type;
  const apiVersion = group === '' ? version : `${group}/${version}`;
  if (!isObject(object)) return badRequest('the body of the request is not an object');
  if (object.apiVersion !== apiVersion) {
    return badRequest(
      `the API version in the data (${String(object.apiVersion)}) does not match the expected API version (${apiVersion})`,
    );
  }
  if (object.kind === kind) return undefined;
  const found = String(object.kind);
  if (definition.custom) {
    const name = String(at(object, 'metadata', 'name') ?? '');
    return invalidObject({ ...definition.served.type, kind: found }, name, [invalid('kind', found, `must be ${kind}`)]);
  }
  return badRequest(
    `${found} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: no kind ${JSON.stringify(found)} is registered for version ${JSON.stringify(apiVersion)}`,
  );
}

function checkIdentity(
  object: JsonObject,
  current: Stored,
  replaces: boolean,
  { definition }: TypeTable,
): Refusal | undefined {
  const { type } = definition.served;
  const { name, namespace, uid, resourceVersion } = current.metadata;
  const sent = isObject(object.metadata) ? object.metadata : {};
  if (sent.name !== name) {
    return badRequest(
      `the name of the object (${String(sent.name ?? '')}) does not match the name on the URL (${name})`,
    );
  }
  if (namespace !== undefined && sent.namespace && sent.namespace !== namespace) {
    return badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (sent.uid && sent.uid !== uid) {
    if (!replaces) return invalidObject(type, name, [invalid('metadata.uid', sent.uid, 'field is immutable')]);
    const group = definition.custom ? `${type.group}/` : '';
    const key = `/registry/${group}${type.plural}${namespace === undefined ? '' : `/${namespace}`}/${name}`;
    const cause = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${String(sent.uid)}, UID in object meta: ${uid}`;
    return conflict(type, name, cause);
  }
  if (!sent.resourceVersion) {
    if (!replaces || !definition.custom) return undefined;
    return invalidObject({ ...type, kind: type.plural }, name, [
      invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
    ]);
  }
  return sent.resourceVersion === resourceVersion ? undefined : conflict(type, name, MODIFIED);
}

/** The new object of what the request may set and what it may not. */
function composed(
  { definition }: TypeTable,
  current: Stored,
  object: JsonObject,
  editable: JsonObject,
  { subresource }: Writer,
): JsonObject {
  const was = asJson(current);
  const { name, namespace, uid, resourceVersion, generation, creationTimestamp, generateName } = current.metadata;
  const { deletionTimestamp, deletionGracePeriodSeconds, managedFields } = current.metadata;
  const { name: _name, namespace: _namespace, generateName: _prefix, ...rest } = editable;
  const system = { name, generateName, namespace, uid, resourceVersion, generation, creationTimestamp };
  const metadata = {
    ...system,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    ...rest,
    managedFields,
  } as unknown as Json;
  if (subresource === 'status') {
    const base = definition.custom ? was : { ...was, metadata };
    return withStatus(base, object.status);
  }
  return definition.served.hasStatus ? withStatus({ ...object, metadata }, was.status) : { ...object, metadata };
}
function withStatus(object: JsonObject, status: Json | undefined): JsonObject {
  const { status: _former, ...rest } = object;
  return status === undefined ? rest : { ...rest, status };
}

/** Pruned, defaulted, frozen; shares with `current` what is equal, and is `current` when all is. */
function admitted({ definition }: TypeTable, object: JsonObject, current: Stored | undefined): Stored {
  const { apiVersion = null, kind = null, metadata = null, ...body } = object;
  const whole = { apiVersion, kind, metadata, ...definition.admit(body) };
  return adopt(current as unknown as Json | undefined, whole) as unknown as Stored;
}

/** The generation counts changes of everything but metadata and, where it is a subresource, status. */
function withGeneration({ definition }: TypeTable, next: Stored, current: Stored): Stored {
  if (!definition.hasGeneration) return next;
  const uncounted = definition.served.hasStatus ? ['metadata', 'status'] : ['metadata'];
  const [before, after] = [asJson(current), asJson(next)];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const key of uncounted) keys.delete(key);
  if ([...keys].every((key) => before[key] === after[key])) return next;
  const generation = (current.metadata.generation ?? 0) + 1;
  return Object.freeze({ ...next, metadata: Object.freeze({ ...next.metadata, generation }) });
}

/** Times aside: an apply that changes nothing keeps the time of the former one. */
function sameOwners(entries: readonly ManagedFields[], former: readonly ManagedFields[]): boolean {
  if (entries === former) return true;
  const text = (all: readonly ManagedFields[]) =>
    all
      .map(({ time: _time, ...rest }) => JSON.stringify(rest))
      .sort()
      .join();
  return text(entries) === text(former);
}

export const asJson = (object: Stored): JsonObject => object as unknown as JsonObject;

const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
/** A name keeps below 63 characters with its five random ones. Source: apiserver pkg/storage/names/generate.go. */
const PREFIX_LENGTH_MAX = 58;
function generatedName(prefix: string, random: Random): string {
  const letter = () => NAME_ALPHABET[Math.floor(random() * NAME_ALPHABET.length)] ?? 'b';
  return `${prefix.slice(0, PREFIX_LENGTH_MAX)}${Array.from({ length: 5 }, letter).join('')}`;
}

/** A UUID of version 4. */
function uuid(random: Random): string {
  const bytes = Array.from({ length: 16 }, () => Math.floor(random() * 256));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
