/** Requests on one object: get, replace, the four kinds of patch, delete. Source: kube-apiserver's REST semantics. */
import type { ObjectRequest } from '../../../io/outside.ts';
import type { Draft, JsonPatchOperation, KubeObject, ObjectRef } from '../../../messages/kube.ts';
import type { ApiStore, ForeignRequest, ServedType } from '../world/api.ts';
import { mediaOf } from './body.ts';
import { answerEviction } from './eviction.ts';
import { unknownFields, unknownFieldsOfPatch } from './field-validation.ts';
import {
  bodyOf,
  type Checked,
  flag,
  objectOf,
  textsOf,
  unsupportedMedia,
  type WriteOptions,
  wholeNumberOf,
  writeOptionsOf,
} from './parameters.ts';
import { type ApiRequest, json, type Reply, refuse } from './reply.ts';
import { type Form, formOf, renderObject } from './representation.ts';
import { groupVersionOf } from './routes.ts';
import {
  badRequest,
  failure,
  invalidField,
  methodNotAllowed,
  noSuchPath,
  notAcceptable,
  type Status,
  statusOf,
  success,
  unsupportedValue,
} from './status.ts';
import { validateFields, warned } from './writes.ts';

export interface OneObject {
  readonly served: ServedType;
  readonly ref: ObjectRef;
  readonly subresource?: string;
}
/** The same with the subresources that the store knows. */
interface Target {
  readonly served: ServedType;
  readonly ref: ObjectRef;
  readonly part: { readonly subresource?: 'status' };
}

export function answerObject(place: OneObject, request: ApiRequest, store: ApiStore, nowMs: number): Reply {
  const { served, ref, subresource } = place;
  if (subresource === 'log' && served.type.kind === 'Pod')
    return refuse(failure(501, 'NotImplemented', `logs of pods are not modelled (pod "${ref.name}")`));
  if (subresource === 'eviction' && served.type.kind === 'Pod') return answerEviction(ref, request, store, nowMs);
  if (subresource === 'exec' && served.type.kind === 'Pod') return refuse(badRequest('Upgrade request required'));
  if (subresource !== undefined && !(subresource === 'status' && served.hasStatus)) return refuse(noSuchPath());
  const target: Target = { served, ref, part: subresource === undefined ? {} : { subresource: 'status' } };
  const form = formOf(request.accept, request.query);
  if (form === undefined) return refuse(notAcceptable());
  switch (request.method) {
    case 'GET':
      return ask({ verb: 'get', ref }, target, store, form, nowMs);
    case 'PUT':
      return replace(target, request, store, form, nowMs);
    case 'PATCH':
      return patch(target, request, store, form, nowMs);
    case 'DELETE':
      return subresource === undefined ? remove(target, request, store) : refuse(methodNotAllowed());
    default:
      return refuse(methodNotAllowed());
  }
}

function ask(
  request: ObjectRequest | ForeignRequest,
  { served, ref }: Target,
  store: ApiStore,
  form: Form,
  nowMs: number,
  options?: WriteOptions,
): Reply {
  const outcome = store.request(request, options);
  if (outcome.kind !== 'ok') return refuse(statusOf(outcome, { type: ref.type, name: ref.name }));
  return json(renderObject(form, served, outcome.answer, nowMs));
}

function replace(target: Target, request: ApiRequest, store: ApiStore, form: Form, nowMs: number): Reply {
  const { served, ref, part } = target;
  const options = writeOptionsOf(request);
  if (!options.ok) return refuse(options.status);
  const body = bodyOf(request);
  if (!body.ok) return refuse(body.status);
  const object = objectOf(body.value, ref, () => '');
  if (!object.ok) return refuse(object.status);
  const unknown = validateFields(unknownFields(served, object.value), options.value.fieldValidation, badRequest);
  if (!unknown.ok) return refuse(unknown.status);
  // What a replace may leave out of metadata (uid, times) the store takes from the object it has.
  const whole = object.value as Draft as KubeObject;
  const reply = ask({ verb: 'replace', ref, ...part, object: whole }, target, store, form, nowMs, options.value);
  return warned(reply, unknown.value);
}

const MERGE = 'application/merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const APPLY = 'application/apply-patch+yaml';
const PATCH_TYPES = [JSON_PATCH, MERGE, STRATEGIC, APPLY];

function patch(target: Target, request: ApiRequest, store: ApiStore, form: Form, nowMs: number): Reply {
  const { ref } = target;
  const media = mediaOf(request.contentType);
  if (!PATCH_TYPES.includes(media)) return refuse(unsupportedMedia(PATCH_TYPES.join(', ')));
  const options = writeOptionsOf(request);
  if (!options.ok) return refuse(options.status);
  const body = bodyOf(request);
  if (!body.ok) return refuse(body.status);
  const wanted = patchRequest(media, target, body.value, request);
  if (!wanted.ok) return refuse(wanted.status);
  const { unknown, asked } = wanted.value;
  if (media === APPLY && unknown.length > 0) return refuse(undeclared(ref, unknown));
  const checked = validateFields(unknown, options.value.fieldValidation, (text) =>
    invalidPatch(request.body.toString('utf8'), text),
  );
  if (!checked.ok) return refuse(checked.status);
  const creates = media === APPLY && store.get(ref) === undefined;
  const reply = ask(asked, target, store, form, nowMs, options.value);
  return warned(
    creates && reply.kind === 'json' && reply.code === 200 ? { ...reply, code: 201 } : reply,
    checked.value,
  );
}

interface WantedPatch {
  readonly asked: ObjectRequest | ForeignRequest;
  /** Fields that the patch would set and the schema does not know. */
  readonly unknown: readonly string[];
}

function patchRequest(
  media: string,
  { served, ref, part }: Target,
  value: unknown,
  request: ApiRequest,
): Checked<WantedPatch> {
  if (media === JSON_PATCH) {
    if (!isJsonPatch(value))
      return { ok: false, status: badRequest('the body is not a list of JSON patch operations') };
    const asked = { verb: 'jsonPatch', ref, ...part, patch: value } as const;
    return { ok: true, value: { asked, unknown: unknownFieldsOfPatch(served, value) } };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { ok: false, status: badRequest('the body of the patch is not an object') };
  if (media === APPLY) {
    if (!Object.hasOwn((value as { metadata?: object }).metadata ?? {}, 'name')) {
      const why = `the name of the object (${ref.name} based on URL) was undeterminable: name must be provided`;
      return { ok: false, status: badRequest(why) };
    }
    const object = objectOf(value, ref, () => '');
    if (!object.ok) return object;
    const fieldManager = request.query.get('fieldManager');
    if (!fieldManager)
      return { ok: false, status: invalidField('fieldManager', 'Required value: is required for apply patch') };
    const force = flag(request.query, 'force');
    const asked = { verb: 'apply', ref, ...part, object: object.value, fieldManager, force } as const;
    return { ok: true, value: { asked, unknown: unknownFields(served, value) } };
  }
  const verb = media === MERGE ? 'mergePatch' : 'strategicPatch';
  return { ok: true, value: { asked: { verb, ref, ...part, patch: value }, unknown: unknownFields(served, value) } };
}

const isJsonPatch = (value: unknown): value is readonly JsonPatchOperation[] =>
  Array.isArray(value) &&
  value.every((each) => typeof each === 'object' && each !== null && 'op' in each && typeof each.path === 'string');

function invalidPatch(body: string, text: string): Status {
  const message = `Invalid value: ${JSON.stringify(body)}: ${text}`;
  const causes = [{ reason: 'FieldValueInvalid', message, field: 'patch' }];
  return failure(422, 'Invalid', ` "" is invalid: patch: ${message}`, { causes });
}

/** What an apply of unknown fields gets, whatever the field validation: 500, without a reason. */
function undeclared({ type, namespace = '', name }: ObjectRef, unknown: readonly string[]): Status {
  const texts = unknown.map((path) => `.${path}: field not declared in schema`);
  const list = texts.length === 1 ? texts.join() : ['errors:', ...texts.map((text) => `  ${text}`)].join('\n');
  const what = `${namespace}/${name}; ${groupVersionOf(type)}, Kind=${type.kind}`;
  return failure(500, '', `failed to create typed patch object (${what}): ${list}`);
}

interface DeleteOptions {
  readonly gracePeriodSeconds?: unknown;
  readonly propagationPolicy?: unknown;
  readonly orphanDependents?: unknown;
  readonly dryRun?: unknown;
  readonly preconditions?: { readonly uid?: unknown; readonly resourceVersion?: unknown };
}
/** Deleted ones are answered as they were last. Source: `ReturnDeletedObject` in kubernetes v1.36 pkg/registry. */
const ANSWERED_WHOLE: readonly string[] = ['Pod', 'ServiceAccount'];
const PROPAGATIONS = ['Background', 'Foreground', 'Orphan'] as const;

function remove(target: Target, request: ApiRequest, store: ApiStore): Reply {
  const { ref } = target;
  const body = bodyOf(request);
  if (!body.ok) return refuse(body.status);
  const wanted = (typeof body.value === 'object' && body.value !== null ? body.value : {}) as DeleteOptions;
  const options = writeOptionsOf(request, Array.isArray(wanted.dryRun) ? wanted.dryRun : []);
  if (!options.ok) return refuse(options.status);
  const asked = deleteRequest(ref, wanted, request.query);
  if (!asked.ok) return refuse(asked.status);
  const outcome = store.request(asked.value, options.value);
  if (outcome.kind !== 'ok') return refuse(statusOf(outcome, { type: ref.type, name: ref.name }));
  // Gone at once: a Status, but for a few types; still there (finalizers, grace): the object.
  const stays = store.get(ref)?.metadata.uid === outcome.answer.metadata.uid;
  if (stays || ANSWERED_WHOLE.includes(ref.type.kind)) return json(outcome.answer);
  const { group, plural: kind } = ref.type;
  const { uid } = outcome.answer.metadata;
  return json(success({ name: ref.name, ...(group === '' ? {} : { group }), kind, uid }));
}

function deleteRequest(ref: ObjectRef, wanted: DeleteOptions, query: URLSearchParams): Checked<ObjectRequest> {
  const seconds = wholeNumberOf(query, 'gracePeriodSeconds');
  if (!seconds.ok) return seconds;
  const grace = seconds.value ?? wanted.gracePeriodSeconds;
  const orphan = wanted.orphanDependents === true ? 'Orphan' : undefined;
  const policy = textsOf(query, 'propagationPolicy').propagationPolicy ?? wanted.propagationPolicy ?? orphan;
  const propagation = PROPAGATIONS.find((each) => each === policy);
  if (policy !== undefined && propagation === undefined)
    return { ok: false, status: unsupportedValue('propagationPolicy', policy, PROPAGATIONS) };
  const { uid, resourceVersion } = wanted.preconditions ?? {};
  return {
    ok: true,
    value: {
      verb: 'delete',
      ref,
      ...(typeof uid === 'string' ? { uid } : {}),
      ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
      ...(typeof grace === 'number' ? { gracePeriodSeconds: grace } : {}),
      ...(propagation === undefined ? {} : { propagation }),
    },
  };
}
