/** Object metadata: which of it a client may set, and what is wrong with it. Source: apimachinery v0.36.3, pkg/api/validation. */
import { type FieldError, forbidden, invalid, required, tooLong } from './field-errors.ts';
import { at, isList, isObject, type JsonObject, type Stored } from './json.ts';
import { badRequest, ok, type Result } from './refusals.ts';

const TEXT_FIELDS = ['name', 'generateName', 'namespace'];
const MAP_FIELDS = ['labels', 'annotations'];

/** What a client may set, empty parts left out; a part of the wrong type cannot be decoded (400). */
export function editableMetadata(object: JsonObject): Result<JsonObject> {
  const metadata = object.metadata ?? {};
  const wrong = (field: string, value: unknown = metadata, type = 'v1.ObjectMeta') => {
    const version = JSON.stringify(String(object.apiVersion).split('/').at(-1));
    const kind = String(object.kind);
    const cause = `json: cannot unmarshal ${goType(value)} into Go struct field ObjectMeta${field} of type ${type}`;
    return badRequest(`${kind} in version ${version} cannot be handled as a ${kind}: ${cause}`);
  };
  if (!isObject(metadata)) return wrong('');
  const out: Record<string, JsonObject[string]> = {};
  for (const field of TEXT_FIELDS) {
    const value = metadata[field];
    if (value === undefined || value === null || value === '') continue;
    if (typeof value !== 'string') return wrong(`.${field}`, value, 'string');
    out[field] = value;
  }
  for (const field of MAP_FIELDS) {
    const value = metadata[field];
    if (value === undefined || value === null) continue;
    if (!isObject(value)) return wrong(`.${field}`, value, 'map[string]string');
    const noText = Object.values(value).find((one) => !isTextOrAbsent(one));
    if (noText !== undefined) return wrong(`.${field}`, noText, 'string');
    const entries = Object.entries(value).filter(([, text]) => text !== undefined);
    if (entries.length > 0) out[field] = Object.fromEntries(entries.map(([key, text]) => [key, text ?? '']));
  }
  const { finalizers, ownerReferences } = metadata;
  if (finalizers !== undefined && finalizers !== null) {
    if (!isList(finalizers) || !finalizers.every((one) => typeof one === 'string'))
      return wrong('.finalizers', finalizers, '[]string');
    if (finalizers.length > 0) out.finalizers = [...new Set(finalizers)];
  }
  if (ownerReferences !== undefined && ownerReferences !== null) {
    if (!isList(ownerReferences) || !ownerReferences.every(isObject)) {
      return wrong('.ownerReferences', ownerReferences, '[]v1.OwnerReference');
    }
    if (ownerReferences.length > 0) out.ownerReferences = ownerReferences;
  }
  return ok(out);
}
/** A JSON value's type in the words of Go's decoder. */
export const goType = (value: unknown): string =>
  isList(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
const isTextOrAbsent = (value: unknown): boolean => value === undefined || value === null || typeof value === 'string';

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const NAME_PART = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const NAME_TEXT =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const NAME_LENGTH_MAX = 253;
const LABEL_LENGTH_MAX = 63;
const ANNOTATIONS_BYTES_MAX = 262_144;

/** Errors of the metadata; `old` is undefined on create. Parts that did not change are not looked at again. */
export function validateMetadata(next: Stored, old: Stored | undefined): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { name, labels, annotations, finalizers, ownerReferences } = next.metadata;
  if (old === undefined) errors.push(...validateName(name));
  if (labels !== old?.metadata.labels) {
    for (const [key, value] of Object.entries(labels ?? {})) {
      errors.push(...validateKey(key, 'metadata.labels'), ...validateLabelValue(value));
    }
  }
  if (annotations !== old?.metadata.annotations) {
    let size = 0;
    for (const [key, value] of Object.entries(annotations ?? {})) {
      errors.push(...validateKey(key.toLowerCase(), 'metadata.annotations'));
      size += Buffer.byteLength(key) + Buffer.byteLength(value);
    }
    if (size > ANNOTATIONS_BYTES_MAX) errors.push(tooLong('metadata.annotations', ANNOTATIONS_BYTES_MAX));
  }
  if (finalizers !== old?.metadata.finalizers) errors.push(...validateFinalizers(finalizers ?? [], old));
  if (ownerReferences !== old?.metadata.ownerReferences) errors.push(...validateOwners(next));
  return errors;
}

/** What a delete sets nobody may change. Left out it stays as it is. */
export function immutableMarks(object: JsonObject, current: Stored): readonly FieldError[] {
  return MARKS.flatMap((mark) => {
    const value = at(object, 'metadata', mark);
    if (value === undefined || value === null || value === current.metadata[mark]) return [];
    return [invalid(`metadata.${mark}`, value, 'field is immutable')];
  });
}
const MARKS = ['deletionTimestamp', 'deletionGracePeriodSeconds'] as const;

function validateName(name: string): FieldError[] {
  if (name === '') return [required('metadata.name', 'name or generateName is required')];
  if (name.length > NAME_LENGTH_MAX) {
    return [invalid('metadata.name', name, `must be no more than ${NAME_LENGTH_MAX} characters`)];
  }
  return SUBDOMAIN.test(name) ? [] : [invalid('metadata.name', name, SUBDOMAIN_TEXT)];
}

function validateKey(key: string, field: string): FieldError[] {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  if (slash === 0) return [invalid(field, key, 'prefix part must be non-empty')];
  if (slash > 0 && !SUBDOMAIN.test(key.slice(0, slash))) return [invalid(field, key, `prefix part ${SUBDOMAIN_TEXT}`)];
  if (name === '') return [invalid(field, key, 'name part must be non-empty')];
  if (name.length > LABEL_LENGTH_MAX) {
    return [invalid(field, key, `name part must be no more than ${LABEL_LENGTH_MAX} bytes`)];
  }
  return NAME_PART.test(name) ? [] : [invalid(field, key, NAME_TEXT)];
}

function validateLabelValue(value: string): FieldError[] {
  const field = 'metadata.labels';
  if (value.length > LABEL_LENGTH_MAX) {
    return [invalid(field, value, `must be no more than ${LABEL_LENGTH_MAX} bytes`)];
  }
  return value === '' || NAME_PART.test(value) ? [] : [invalid(field, value, VALUE_TEXT)];
}

function validateFinalizers(finalizers: readonly string[], old: Stored | undefined): FieldError[] {
  const field = 'metadata.finalizers';
  if (old?.metadata.deletionTimestamp === undefined) return finalizers.flatMap((one) => validateKey(one, field));
  const added = finalizers.filter((one) => !(old.metadata.finalizers ?? []).includes(one)).sort();
  if (added.length === 0) return [];
  const list = `[]string{${added.map((one) => JSON.stringify(one)).join(', ')}}`;
  return [
    forbidden(field, `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`),
  ];
}

function validateOwners(object: Stored): FieldError[] {
  const errors: FieldError[] = [];
  const owners = object.metadata.ownerReferences ?? [];
  for (const owner of owners) {
    for (const field of ['apiVersion', 'kind', 'name', 'uid']) {
      const value = at(owner, field);
      if (typeof value === 'string' && value !== '') continue;
      errors.push(invalid(`metadata.ownerReferences.${field}`, value ?? '', 'must not be empty'));
    }
  }
  const controllers = owners.filter(({ controller }) => controller === true);
  if (controllers.length > 1) {
    const [first, second] = controllers;
    const text = `Only one reference can have Controller set to true. Found "true" in references for ${first?.kind}/${first?.name} and ${second?.kind}/${second?.name}`;
    errors.push(invalid('metadata.ownerReferences', owners, text));
  }
  return errors;
}
