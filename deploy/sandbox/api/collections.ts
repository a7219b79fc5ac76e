/** Requests on a whole collection: list, watch, create, delete many. Source: kube-apiserver's REST semantics. */
import type { ListRequest } from '../../../io/outside.ts';
import type { ApiStore, ServedType } from '../world/api.ts';
import { unknownFields } from './field-validation.ts';
import { bodyOf, flag, objectOf, textsOf, wholeNumberOf, writeOptionsOf } from './parameters.ts';
import { type ApiRequest, json, type Reply, refuse } from './reply.ts';
import { type Form, formOf, renderList, renderObject } from './representation.ts';
import { badRequest, failure, invalidField, methodNotAllowed, notAcceptable, statusOf, success } from './status.ts';
import { validateFields, warned } from './writes.ts';

export interface Collection {
  readonly served: ServedType;
  /** Absent: all namespaces, or a cluster-scoped type. */
  readonly namespace?: string;
}

/** A watch without `timeoutSeconds`: kube-apiserver takes a random time from 30 to 60 minutes. */
const WATCH_TIMEOUT_MS = 30 * 60_000;

export function answerCollection(place: Collection, request: ApiRequest, store: ApiStore, nowMs: number): Reply {
  const form = formOf(request.accept, request.query);
  if (form === undefined) return refuse(notAcceptable());
  switch (request.method) {
    case 'GET':
      return flag(request.query, 'watch') ? watch(place, request, form) : list(place, request, store, form, nowMs);
    case 'POST':
      return create(place, request, store, form, nowMs);
    case 'DELETE':
      return deleteMany(place, request, store);
    default:
      return refuse(methodNotAllowed());
  }
}

const placeOf = ({ served: { type }, namespace }: Collection) =>
  namespace === undefined ? { type } : { type, namespace };

function list(place: Collection, { query }: ApiRequest, store: ApiStore, form: Form, nowMs: number): Reply {
  const limit = wholeNumberOf(query, 'limit');
  if (!limit.ok) return refuse(limit.status);
  const texts = textsOf(query, 'continue', 'labelSelector', 'fieldSelector', 'resourceVersion');
  const request: ListRequest = {
    verb: 'list',
    ...placeOf(place),
    ...texts,
    ...(limit.value ? { limit: limit.value } : {}),
  };
  const match = query.get('resourceVersionMatch') ?? '';
  if (match !== '' && texts.resourceVersion === undefined) {
    const message = 'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided';
    return refuse(invalidField('resourceVersionMatch', message));
  }
  const outcome = store.list(match === 'Exact' ? { ...request, exactly: true } : request);
  if (outcome.kind === 'ok') return json(renderList(form, place.served, outcome.answer, nowMs));
  return refuse(statusOf(outcome, { type: place.served.type }));
}

function watch(place: Collection, { query }: ApiRequest, form: Form): Reply {
  const seconds = wholeNumberOf(query, 'timeoutSeconds');
  if (!seconds.ok) return refuse(seconds.status);
  const initial = flag(query, 'sendInitialEvents');
  if (initial && query.get('resourceVersionMatch') !== 'NotOlderThan') {
    const message = 'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
    return refuse(invalidField('resourceVersionMatch', message));
  }
  const resourceVersion = query.get('resourceVersion') ?? '';
  // Without a version to start from, a watch begins with the present state.
  const presentFirst = initial || (['', '0'].includes(resourceVersion) && !query.has('sendInitialEvents'));
  if (!/^\d*$/.test(resourceVersion)) {
    const cause = `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`;
    return refuse(failure(500, '', `resourceVersion: Invalid value: ${JSON.stringify(resourceVersion)}: ${cause}`));
  }
  const bookmarks = flag(query, 'allowWatchBookmarks');
  const timeoutMs = seconds.value ? seconds.value * 1000 : WATCH_TIMEOUT_MS;
  const request = {
    ...placeOf(place),
    ...textsOf(query, 'labelSelector', 'fieldSelector'),
    resourceVersion,
    ...(presentFirst ? { sendInitialEvents: true } : {}),
  };
  const plan = { served: place.served, form, request, bookmarks, initialEnd: initial && bookmarks, timeoutMs };
  return { kind: 'watch', plan };
}

function create(place: Collection, request: ApiRequest, store: ApiStore, form: Form, nowMs: number): Reply {
  const { served, namespace } = place;
  const { type } = served;
  if (type.namespaced && namespace === undefined) return refuse(methodNotAllowed());
  const options = writeOptionsOf(request);
  if (!options.ok) return refuse(options.status);
  const body = bodyOf(request);
  if (!body.ok) return refuse(body.status);
  const object = objectOf(body.value, placeOf(place), () => nameSuffix(store));
  if (!object.ok) return refuse(object.status);
  const unknown = validateFields(unknownFields(served, object.value), options.value.fieldValidation, (text) =>
    badRequest(`${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${text}`),
  );
  if (!unknown.ok) return refuse(unknown.status);
  const outcome = store.request({ verb: 'create', type, object: object.value }, options.value);
  if (outcome.kind !== 'ok') return refuse(statusOf(outcome, { type, name: object.value.metadata.name }));
  return warned(json(renderObject(form, served, outcome.answer, nowMs), 201), unknown.value);
}

/** Five characters that differ after every write, as Kubernetes' generated names have five; no vowels. */
function nameSuffix(store: ApiStore): string {
  const letters = 'bcdfghjklmnpqrstvwxz2456789';
  let rest = Number(store.resourceVersion());
  return Array.from({ length: 5 }, () => {
    const letter = letters[rest % letters.length] ?? '';
    rest = Math.trunc(rest / letters.length);
    return letter;
  }).join('');
}

function deleteMany(place: Collection, request: ApiRequest, store: ApiStore): Reply {
  const { query } = request;
  const { type } = place.served;
  if (query.has('fieldSelector')) return refuse(badRequest('deletecollection with a field selector is not modelled'));
  const options = writeOptionsOf(request);
  if (!options.ok) return refuse(options.status);
  const outcome = store.request(
    { verb: 'deleteCollection', ...placeOf(place), ...textsOf(query, 'labelSelector') },
    options.value,
  );
  if (outcome.kind !== 'ok') return refuse(statusOf(outcome, { type }));
  return json(success(type.group === '' ? { kind: type.plural } : { group: type.group, kind: type.plural }));
}
