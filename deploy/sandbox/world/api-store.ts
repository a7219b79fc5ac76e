/**
 * The modelled API server's store: the types of api.ts, implemented. Here a request finds its rules; the rules themselves
 * are in store/. Synchronous; nothing but the clock's timers (garbage collection, namespaces, bookmarks) runs by itself.
 * Source: spec 01, 3.1 and 11; Kubernetes v1.36.
 */
import { type Clock, rfc3339 } from '../../../io/clock.ts';
import type { ObjectRequest } from '../../../io/outside.ts';
import type { Random } from '../../../io/random.ts';
import { unreachable } from '../../../messages/exhaustive.ts';
import {
  EVENTS,
  type KubeObject,
  type KubeOutcome,
  NAMESPACES,
  type ObjectRef,
  type ResourceType,
  refOf,
  type WatchEvent,
  type WatchRequest,
} from '../../../messages/kube.ts';
import { mergePatch } from '../../../messages/merge-patch.ts';
import type { ApiStore, ForeignRequest, RequestOptions } from './api.ts';
import { builtinTypes, DEFINITIONS } from './store/builtin-types.ts';
import { type Core, createCore, type TypeTable } from './store/core.ts';
import { type CustomResourceDefinition, customType } from './store/custom-types.ts';
import { deleteObject } from './store/deletion.ts';
import { trackEvents } from './store/event-expiry.ts';
import { type Located, startGarbageCollector } from './store/garbage-collector.ts';
import { at, isObject, type Json, type JsonObject, type Stored } from './store/json.ts';
import { goType } from './store/metadata.ts';
import { startNamespaceLifecycle } from './store/namespace-lifecycle.ts';
import { keyOf } from './store/object-table.ts';
import { jsonPatched, strategicPatched } from './store/patches.ts';
import { listObjects, matcherOf } from './store/reads.ts';
import { badRequest, conflict, notFound, notServed, ok, type Result, unsupportedPatch } from './store/refusals.ts';
import { apply } from './store/server-side-apply.ts';
import { asJson, createObject, type Produced, updateObject, type WriteOptions } from './store/writer.ts';

export interface ApiStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Parsed CustomResourceDefinition objects (apiextensions.k8s.io/v1). The set is fixed. */
  readonly crds: readonly unknown[];
  /** How many changes of each type a watch can resume from, at least. */
  readonly watchWindow?: number;
}

const WATCH_WINDOW = 10_000;
const FIRST_NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];
/** The manager of what the server's own controllers write. */
const CONTROLLER_MANAGER = 'kube-controller-manager';
const NO_MATCHING_PATCH =
  'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml';

/** Throws when a definition cannot be served. */
export function createApiStore({ clock, random, crds, watchWindow = WATCH_WINDOW }: ApiStoreOptions): ApiStore {
  const definitions = crds as readonly CustomResourceDefinition[];
  const names = new Set(definitions.map(({ metadata }) => metadata.name));
  const types = [...builtinTypes(names), ...definitions.map(customType)];
  const core = createCore(clock, random, types, watchWindow);
  startControllers(core);
  const expireEvents = trackEvents(core);
  for (const name of FIRST_NAMESPACES) {
    createFirst(core, NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  for (const definition of definitions) {
    createFirst(core, DEFINITIONS, establishedDefinition(definition, rfc3339(clock.wallMs())));
  }

  const tableOf = (type: ResourceType): TypeTable => {
    const found = core.find(type);
    if (found === undefined) throw new Error(`type ${type.group}/${type.version} ${type.plural} is not served`);
    return found;
  };
  return {
    request: (request, options = {}) => {
      if (request.verb === 'create' && request.type.plural === EVENTS.plural) expireEvents();
      return handle(core, request, options);
    },
    list: (request) => {
      const typeTable = core.find(request.type);
      return typeTable === undefined ? notServed : listObjects(core, typeTable, request);
    },
    watch: (request, take) => openWatch(core, request, take),
    types: () => types.map(({ served }) => served),
    resourceVersion: () => String(core.revision()),
    forgetHistory: () => {
      for (const { table } of core.tables) table.forget(core.revision());
    },
    get: <T extends KubeObject>({ type, namespace, name }: ObjectRef) =>
      tableOf(type).table.get(keyOf(type.namespaced ? namespace : undefined, name)) as T | undefined,
    all: <T extends KubeObject>(type: ResourceType, namespace?: string) =>
      tableOf(type).table.list(namespace) as readonly KubeObject[] as readonly T[],
  };
}

function createFirst(core: Core, type: ResourceType, object: JsonObject): void {
  const typeTable = core.find(type);
  const options = optionsOf(core, { fieldManager: 'kube-apiserver' }, undefined);
  const result = typeTable === undefined ? notServed : createObject(core, typeTable, { object }, options);
  if (result.kind !== 'ok') throw new Error(`${type.kind} cannot be created: ${JSON.stringify(result)}`);
}

function establishedDefinition(definition: CustomResourceDefinition, now: string): JsonObject {
  const { names, versions } = definition.spec;
  const condition = (type: string, reason: string, message: string) => ({
    type,
    status: 'True',
    lastTransitionTime: now,
    reason,
    message,
  });
  return {
    ...(definition as unknown as JsonObject),
    status: {
      acceptedNames: names as unknown as Json,
      conditions: [
        condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
        condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
      ],
      storedVersions: versions.filter(({ storage }) => storage).map(({ name }) => name),
    },
  };
}

const optionsOf = (core: Core, options: RequestOptions, subresource: 'status' | undefined): WriteOptions => ({
  writer: { manager: options.fieldManager ?? 'unknown', subresource, time: rfc3339(core.clock.wallMs()) },
  dryRun: options.dryRun === true,
});

function handle(core: Core, request: ObjectRequest | ForeignRequest, given: RequestOptions): KubeOutcome<KubeObject> {
  const type = 'ref' in request ? request.ref.type : request.type;
  const typeTable = core.find(type);
  if (typeTable === undefined) return notServed;
  const options = optionsOf(core, given, 'subresource' in request ? request.subresource : undefined);
  const update = (produce: (current: Stored) => Result<Produced>) =>
    'ref' in request ? updateObject(core, typeTable, request.ref, produce, options) : notServed;
  switch (request.verb) {
    case 'get': {
      const { namespace, name } = request.ref;
      const found = typeTable.table.get(
        keyOf(typeTable.definition.served.type.namespaced ? namespace : undefined, name),
      );
      return found === undefined ? notFound(type, name) : ok(found as KubeObject);
    }
    case 'create':
      return createObject(core, typeTable, { object: request.object as unknown as JsonObject }, options);
    case 'replace':
      return update(() => ok({ object: request.object as unknown as JsonObject, replaces: true }));
    case 'mergePatch':
      return update((current) => {
        const object = mergePatch(current, request.patch);
        if (isObject(object)) return ok({ object });
        const cause = `json: cannot unmarshal ${goType(request.patch)} into Go value of type map[string]interface {}`;
        return badRequest(`error decoding patch: ${cause}`);
      });
    case 'jsonPatch':
      return update((current) => produced(jsonPatched(asJson(current), request.patch)));
    case 'strategicPatch': {
      const { custom, schema } = typeTable.definition;
      if (custom) return unsupportedPatch(NO_MATCHING_PATCH);
      return update((current) => produced(strategicPatched(asJson(current), request.patch, schema)));
    }
    case 'apply':
      return applyObject(core, typeTable, request, given);
    case 'delete':
      return deleteObject(core, typeTable, request, options.dryRun);
    case 'deleteCollection':
      return deleteAll(core, typeTable, request, options.dryRun);
    default:
      return unreachable(request);
  }
}
const produced = (result: Result<JsonObject>): Result<Produced> =>
  result.kind === 'ok' ? ok({ object: result.answer }) : result;

function applyObject(
  core: Core,
  typeTable: TypeTable,
  request: Extract<ForeignRequest, { verb: 'apply' }>,
  given: RequestOptions,
): Result<KubeObject> {
  const { ref, subresource, force, fieldManager } = request;
  const { definition, table } = typeTable;
  const { type, hasStatus } = definition.served;
  const options = optionsOf(core, { ...given, fieldManager }, subresource);
  const { object } = request;
  const sent = object as unknown as JsonObject;
  if (at(sent, 'metadata', 'managedFields') !== undefined) return badRequest('metadata.managedFields must be nil');
  const config = settable(sent, hasStatus, subresource, ref);
  const current = table.get(keyOf(type.namespaced ? ref.namespace : undefined, ref.name));
  if (current === undefined && subresource === undefined) {
    const uid = at(sent, 'metadata', 'uid');
    if (uid !== undefined) {
      const cause = `uid mismatch: the provided object specified uid ${String(uid)}, and no existing object was found`;
      return conflict(type, ref.name, cause);
    }
    const applied = apply({}, [], config, definition.schema, options.writer, force);
    if (applied.kind === 'conflict') return applied;
    return createObject(core, typeTable, { object: config, managedFields: applied.managedFields }, options);
  }
  return updateObject(
    core,
    typeTable,
    ref,
    (live) => {
      const entries = live.metadata.managedFields ?? [];
      const applied = apply(asJson(live), entries, config, definition.schema, options.writer, force);
      return applied.kind === 'ok' ? ok(applied) : applied;
    },
    options,
  );
}

/** The part of an applied object that its resource may set, under the name that the request gives. */
function settable(
  object: JsonObject,
  hasStatus: boolean,
  subresource: 'status' | undefined,
  { name, namespace }: ObjectRef,
): JsonObject {
  const { apiVersion = '', kind = '', metadata, status, ...body } = object;
  const identity = { name, ...(namespace === undefined ? {} : { namespace }) };
  const head = { apiVersion, kind };
  if (subresource === 'status') {
    const { resourceVersion } = isObject(metadata) ? metadata : {};
    const lock = resourceVersion === undefined ? {} : { resourceVersion };
    return { ...head, metadata: { ...identity, ...lock }, ...(status === undefined ? {} : { status }) };
  }
  const whole = { ...head, metadata: { ...(isObject(metadata) ? metadata : {}), ...identity }, ...body };
  return hasStatus || status === undefined ? whole : { ...whole, status };
}

function deleteAll(
  core: Core,
  typeTable: TypeTable,
  request: Extract<ForeignRequest, { verb: 'deleteCollection' }>,
  dryRun: boolean,
): Result<KubeObject> {
  const matches = matcherOf(typeTable, request);
  if (matches.kind !== 'ok') return matches;
  const { served } = typeTable.definition;
  for (const object of typeTable.table.list(served.type.namespaced ? request.namespace : undefined)) {
    if (matches.answer(object)) deleteObject(core, typeTable, { ref: refOf(served.type, object.metadata) }, dryRun);
  }
  const status = { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Success' };
  return ok(status as unknown as KubeObject);
}

function openWatch(core: Core, request: WatchRequest, take: (event: WatchEvent) => void): () => void {
  const typeTable = core.find(request.type);
  const refuse = (code: number, message: string) => {
    take({ kind: 'error', code, message });
    return () => undefined;
  };
  if (typeTable === undefined) return refuse(404, 'the server could not find the requested resource');
  const matches = matcherOf(typeTable, request);
  if (matches.kind !== 'ok') return refuse(400, matches.kind === 'refused' ? matches.message : '');
  const { resourceVersion, sendInitialEvents = false } = request;
  if (!/^\d*$/.test(resourceVersion)) return refuse(400, `Invalid value: ${JSON.stringify(resourceVersion)}`);
  const whole = sendInitialEvents || resourceVersion === '' || resourceVersion === '0';
  const fromRevision = whole ? undefined : Number(resourceVersion);
  return core.hub.open(
    typeTable.table,
    { matches: matches.answer, fromRevision, initialBookmark: sendInitialEvents },
    take,
  );
}

/** Garbage collection and the end of namespaces, which on a real cluster the controller manager does. */
function startControllers(core: Core): void {
  const options = optionsOf(core, { fieldManager: CONTROLLER_MANAGER }, undefined);
  const adjust = ({ type, object }: Located, change: (current: Stored) => JsonObject): void => {
    const typeTable = core.find(type);
    if (typeTable === undefined) return;
    const writer = { ...options.writer, time: rfc3339(core.clock.wallMs()) };
    const produce = (current: Stored) => ok({ object: change(current) });
    updateObject(core, typeTable, refOf(type, object.metadata), produce, { ...options, writer });
  };
  const remove = ({ type, object }: Located): void => {
    const typeTable = core.find(type);
    const ref = refOf(type, object.metadata);
    if (typeTable !== undefined)
      deleteObject(core, typeTable, { ref, uid: object.metadata.uid, propagation: 'Background' });
  };
  startGarbageCollector(core, {
    remove,
    adjust: (located, finalizers, ownerReferences) =>
      adjust(located, (current) => {
        const metadata = { ...current.metadata, finalizers, ownerReferences } as unknown as Json;
        return { ...asJson(current), metadata };
      }),
  });
  startNamespaceLifecycle(core, {
    remove,
    finish: (name) => {
      const object = core.find(NAMESPACES)?.table.get(keyOf(undefined, name));
      if (object === undefined) return;
      adjust({ type: NAMESPACES, object }, (current) => ({ ...asJson(current), spec: { finalizers: [] } }));
    },
  });
}
