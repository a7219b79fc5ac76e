/** metav1.Status objects: how every failure of the modelled API server looks on the wire. Pure; sends nothing. */
import { unreachable } from '../../../messages/exhaustive.ts';
import type { KubeOutcome, ResourceType } from '../../../messages/kube.ts';

export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly retryAfterSeconds?: number;
  readonly causes?: readonly StatusCause[];
}
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Record<never, never>;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code: number;
}

/** What a failure is about: fills `details`, from which kubectl builds its own sentences. */
export interface Subject {
  readonly type: ResourceType;
  readonly name?: string;
}

/** A failure with its HTTP code; `reason` is one of metav1.StatusReason. */
export const failure = (code: number, reason: string, message: string, details?: StatusDetails): Status => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  reason,
  ...(details === undefined ? {} : { details }),
  code,
});

export const success = (details: StatusDetails): Status => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details,
  code: 200,
});

export const badRequest = (message: string): Status => failure(400, 'BadRequest', message);
/** Kubernetes' answer to a path or resource that it does not serve. */
export const noSuchPath = (): Status =>
  failure(404, 'NotFound', 'the server could not find the requested resource', {});
export const methodNotAllowed = (): Status =>
  failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
export const notAcceptable = (): Status =>
  failure(406, 'NotAcceptable', 'only the following media types are accepted: application/json');

/** 422 for one bad parameter or option. `message` begins with the text of its reason, as `Required value: …`. */
export const invalidField = (field: string, message: string): Status =>
  failure(422, 'Invalid', `${field}: ${message}`, { causes: [{ reason: reasonFor(message), message, field }] });

/** The same where only certain values are taken. */
export function unsupportedValue(field: string, value: unknown, supported: readonly string[]): Status {
  const names = supported.map((name) => JSON.stringify(name)).join(', ');
  return invalidField(field, `Unsupported value: ${JSON.stringify(value)}: supported values: ${names}`);
}

/** The Status of a failed outcome; undefined for `transport`: there the connection is to be dropped without an answer. */
export function statusOf(outcome: Exclude<KubeOutcome<never>, { kind: 'ok' }>, subject: Subject): Status | undefined {
  const details: StatusDetails = {
    ...(subject.name === undefined ? {} : { name: subject.name }),
    ...(subject.type.group === '' ? {} : { group: subject.type.group }),
    kind: subject.type.plural,
  };
  switch (outcome.kind) {
    case 'notFound':
      return failure(404, 'NotFound', outcome.message, details);
    case 'alreadyExists':
      return failure(409, 'AlreadyExists', outcome.message, details);
    case 'conflict': {
      const causes = applyCausesOf(outcome.message);
      return failure(409, 'Conflict', outcome.message, causes.length === 0 ? details : { causes });
    }
    case 'gone':
      return failure(410, 'Expired', outcome.message);
    case 'throttled': {
      const retryAfterSeconds = Math.max(1, Math.ceil(outcome.retryAfterMs / 1000));
      const text = 'the server has received too many requests and has asked us to try again later';
      return failure(429, 'TooManyRequests', text, { ...details, retryAfterSeconds });
    }
    case 'refused':
      if (outcome.status !== 422) return failure(outcome.status, outcome.reason, outcome.message, details);
      return failure(422, 'Invalid', outcome.message, {
        ...details,
        kind: subject.type.kind,
        causes: causesOf(outcome.message),
      });
    case 'transport':
      return undefined;
    default:
      return unreachable(outcome);
  }
}

/** The fields that others own, inside the text of a refused apply; none for other conflicts. */
function applyCausesOf(text: string): readonly StatusCause[] {
  const causes: StatusCause[] = [];
  if (!text.startsWith('Apply failed with ')) return causes;
  let message = '';
  for (const [, manager, inline, listed] of text.matchAll(/conflicts? with (".*?)(?:: (\..*)|:)$|^- (.*)$/gm)) {
    if (manager !== undefined) message = `conflict with ${manager}`;
    const field = inline ?? listed;
    if (field !== undefined) causes.push({ reason: 'FieldManagerConflict', message, field });
  }
  return causes;
}

const FIELD_TEXTS: readonly (readonly [text: string, reason: string])[] = [
  ['Required value', 'FieldValueRequired'],
  ['Invalid value', 'FieldValueInvalid'],
  ['Unsupported value', 'FieldValueNotSupported'],
  ['Duplicate value', 'FieldValueDuplicate'],
  ['Forbidden', 'FieldValueForbidden'],
  ['Not found', 'FieldValueNotFound'],
  ['Too long', 'FieldValueTooLong'],
  ['Too many', 'FieldValueTooMany'],
];
const FIELD_ERROR = new RegExp(`^([^\\s:]+): ((?:${FIELD_TEXTS.map(([text]) => text).join('|')}).*)$`, 's');
const BETWEEN_ERRORS = new RegExp(`, (?=[^\\s:,]+: (?:${FIELD_TEXTS.map(([text]) => text).join('|')}))`);

/**
 * The causes inside the text of an invalid object (`Kind "name" is invalid: field: text` or `…: [first, second]`).
 * kubectl prints only causes, never the message, once the details name an object.
 */
export function causesOf(message: string): readonly StatusCause[] {
  const text = message.replace(/^.*? is invalid: /s, '');
  const errors = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1).split(BETWEEN_ERRORS) : [text];
  return errors.map((error) => {
    const [, field, rest] = FIELD_ERROR.exec(error) ?? [];
    if (field === undefined || rest === undefined) return { reason: 'FieldValueInvalid', message: error, field: '' };
    return { reason: reasonFor(rest), message: rest, field: field === '<nil>' ? '' : field };
  });
}

const reasonFor = (message: string): string =>
  FIELD_TEXTS.find(([start]) => message.startsWith(start))?.[1] ?? 'FieldValueInvalid';
