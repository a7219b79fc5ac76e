/** How the store refuses, in the API server's words. Source: apimachinery v0.36.3, pkg/api/errors/errors.go. */
import type { KubeOutcome, ResourceType } from '../../../../messages/kube.ts';
import { errorsText, type FieldError } from './field-errors.ts';

/** An outcome without an answer: it fits every request. */
export type Refusal = Exclude<KubeOutcome<never>, { readonly kind: 'ok' }>;
export type Result<Answer> = { readonly kind: 'ok'; readonly answer: Answer } | Refusal;

export const ok = <Answer>(answer: Answer): { readonly kind: 'ok'; readonly answer: Answer } => ({
  kind: 'ok',
  answer,
});

export const resourceText = ({ plural, group }: ResourceType): string => (group === '' ? plural : `${plural}.${group}`);
export const kindText = ({ kind, group }: ResourceType): string => (group === '' ? kind : `${kind}.${group}`);

export const notServed: Refusal = {
  kind: 'notFound',
  message: 'the server could not find the requested resource',
};
export const notFound = (type: ResourceType, name: string): Refusal => ({
  kind: 'notFound',
  message: `${resourceText(type)} ${JSON.stringify(name)} not found`,
});
export const alreadyExists = (type: ResourceType, name: string): Refusal => ({
  kind: 'alreadyExists',
  message: `${resourceText(type)} ${JSON.stringify(name)} already exists`,
});
/** A create under the name of an object that is on its way out. */
export const stillThere = (type: ResourceType, name: string): Refusal => ({
  kind: 'alreadyExists',
  message: `object is being deleted: ${resourceText(type)} ${JSON.stringify(name)} already exists`,
});
export const conflict = (type: ResourceType, name: string, cause: string): Refusal => ({
  kind: 'conflict',
  message: `Operation cannot be fulfilled on ${resourceText(type)} ${JSON.stringify(name)}: ${cause}`,
});
export const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

/** A delete's precondition names the kind where all others name the resource. */
export const preconditionFailed = (type: ResourceType, name: string, cause: string): Refusal => ({
  kind: 'conflict',
  message: `Operation cannot be fulfilled on ${kindText(type)} ${JSON.stringify(name)}: ${cause}`,
});
export const invalidObject = (type: ResourceType, name: string, errors: readonly FieldError[]): Refusal => ({
  kind: 'refused',
  status: 422,
  reason: 'Invalid',
  message: `${kindText(type)} ${JSON.stringify(name)} is invalid: ${errorsText(errors)}`,
});
export const badRequest = (message: string): Refusal => ({
  kind: 'refused',
  status: 400,
  reason: 'BadRequest',
  message,
});
/** The server has no better code for it than 500. */
export const setOnCreate: Refusal = {
  kind: 'refused',
  status: 500,
  reason: '',
  message: 'resourceVersion should not be set on objects to be created',
};
export const forbiddenRequest = (type: ResourceType, name: string, cause: string): Refusal => ({
  kind: 'refused',
  status: 403,
  reason: 'Forbidden',
  message: `${resourceText(type)} ${JSON.stringify(name)} is forbidden: ${cause}`,
});
export const methodNotAllowed: Refusal = {
  kind: 'refused',
  status: 405,
  reason: 'MethodNotAllowed',
  message: 'the server does not allow this method on the requested resource',
};
export const unsupportedPatch = (message: string): Refusal => ({
  kind: 'refused',
  status: 415,
  reason: 'UnsupportedMediaType',
  message,
});
/** A JSON patch whose test failed or whose path is absent: the server says no more than this. */
export const patchFailed: Refusal = {
  kind: 'refused',
  status: 422,
  reason: 'Invalid',
  message: 'the server rejected our request due to an error in our request',
};
export const tooLarge = (wanted: number, newest: number): Refusal => ({
  kind: 'refused',
  status: 504,
  reason: 'Timeout',
  message: `Timeout: Too large resource version: ${wanted}, current: ${newest}`,
});
export const gone = (message: string): Refusal => ({ kind: 'gone', message });
