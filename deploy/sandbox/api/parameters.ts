/** Query parameters and the body's metadata, read and checked before the store is asked. Pure. */
import type { Draft, ResourceType } from '../../../messages/kube.ts';
import type { RequestOptions } from '../world/api.ts';
import { type Decoded, decodeBody } from './body.ts';
import type { ApiRequest } from './reply.ts';
import { groupVersionOf } from './routes.ts';
import { badRequest, failure, type Status, unsupportedValue } from './status.ts';

/** A value, or why the request is refused. */
export type Checked<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly status: Status };
const fine = <Value>(value: Value): Checked<Value> => ({ ok: true, value });
const bad = (status: Status): Checked<never> => ({ ok: false, status });

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface WriteOptions extends RequestOptions {
  readonly fieldManager: string;
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
}

/** `dryRunInBody`: what DeleteOptions say. Without a field manager the user agent's name up to `/` is taken. */
export function writeOptionsOf(
  { query, userAgent }: ApiRequest,
  dryRunInBody: readonly unknown[] = [],
): Checked<WriteOptions> {
  const dryRun: readonly unknown[] = [...query.getAll('dryRun'), ...dryRunInBody];
  const odd = dryRun.find((value) => value !== 'All');
  if (odd !== undefined) return bad(unsupportedValue('dryRun', odd, ['All']));
  const fieldValidation = query.get('fieldValidation') || 'Warn';
  if (fieldValidation !== 'Ignore' && fieldValidation !== 'Warn' && fieldValidation !== 'Strict')
    return bad(unsupportedValue('fieldValidation', fieldValidation, ['Ignore', 'Strict', 'Warn']));
  const fieldManager = query.get('fieldManager') || userAgent?.split('/', 1)[0] || 'unknown';
  return fine({ fieldManager, dryRun: dryRun.length > 0, fieldValidation });
}

/** A boolean parameter: absent and `false` are false, a bare name is true. */
export const flag = (query: URLSearchParams, name: string): boolean =>
  ['', '1', 'true'].includes(query.get(name) ?? 'false');

/** The named text parameters that are present and not empty. */
export function textsOf<Name extends string>(
  query: URLSearchParams,
  ...names: readonly Name[]
): { readonly [Key in Name]?: string } {
  const found = names.flatMap((name) => {
    const value = query.get(name);
    return value === null || value === '' ? [] : [[name, value] as const];
  });
  return Object.fromEntries(found) as { readonly [Key in Name]?: string };
}

/** A whole number from 0 on; undefined where absent. */
export function wholeNumberOf(query: URLSearchParams, name: string): Checked<number | undefined> {
  const text = query.get(name);
  if (text === null || text === '') return fine(undefined);
  if (/^\d{1,15}$/.test(text)) return fine(Number(text));
  return bad(badRequest(`invalid value for parameter ${name}: ${JSON.stringify(text)}`));
}

/** The body as any JSON value; `accepted` names the media types for the 415. */
export function bodyOf(request: ApiRequest, accepted = 'application/json, application/yaml'): Checked<unknown> {
  const decoded: Decoded = decodeBody(request.body, request.contentType);
  if (decoded.kind === 'unsupported') return bad(unsupportedMedia(accepted));
  if (decoded.kind === 'malformed') return bad(badRequest(`error decoding the body: ${decoded.message}`));
  return fine(decoded.value);
}

export const unsupportedMedia = (accepted: string): Status =>
  failure(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  );

interface Place {
  readonly type: ResourceType;
  readonly namespace?: string;
  /** From the path; absent for a create. */
  readonly name?: string;
}

type Loose = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The object of a body, with version, kind, name and namespace of the path filled in where absent, refused where they differ.
 * `suffix` completes a generateName.
 */
export function objectOf(value: unknown, place: Place, suffix: () => string): Checked<Draft> {
  if (!isRecord(value)) return bad(badRequest('the body is not an object'));
  const { type } = place;
  const groupVersion = groupVersionOf(type);
  const { apiVersion = groupVersion, kind = type.kind } = value;
  if (apiVersion !== groupVersion)
    return bad(
      badRequest(
        `the API version in the data (${apiVersion}) does not match the expected API version (${groupVersion})`,
      ),
    );
  if (kind !== type.kind)
    return bad(badRequest(`the kind in the data (${kind}) does not match the expected kind (${type.kind})`));
  const metadata = value.metadata ?? {};
  if (!isRecord(metadata)) return bad(badRequest('metadata is not an object'));
  const namespace = metadata.namespace || place.namespace;
  if (namespace !== place.namespace)
    return bad(badRequest('the namespace of the provided object does not match the namespace sent on the request'));
  if (metadata.name !== undefined && typeof metadata.name !== 'string')
    return bad(badRequest(`metadata.name is not a string: ${JSON.stringify(metadata.name)}`));
  const prefix = metadata.generateName;
  const name = metadata.name || place.name || (typeof prefix === 'string' && prefix !== '' ? prefix + suffix() : '');
  if (name === '') return bad(invalidName(type, 'Required value: name or generateName is required'));
  if (place.name !== undefined && name !== place.name)
    return bad(badRequest(`the name of the object (${name}) does not match the name on the URL (${place.name})`));
  const placed = namespace === undefined ? { ...metadata, name } : { ...metadata, name, namespace };
  return fine({ ...value, apiVersion, kind, metadata: placed } as Draft);
}

const invalidName = ({ group, kind }: ResourceType, message: string): Status =>
  failure(422, 'Invalid', `${kind}${group === '' ? '' : `.${group}`} "" is invalid: metadata.name: ${message}`, {
    ...(group === '' ? {} : { group }),
    kind,
    causes: [{ reason: 'FieldValueRequired', message, field: 'metadata.name' }],
  });
