/** What is wrong with a field of an object, and the API server's words for it. Source: apimachinery v0.36.3, field/errors.go. */

export type FieldErrorKind =
  | 'Required value'
  | 'Invalid value'
  | 'Unsupported value'
  | 'Duplicate value'
  | 'Forbidden'
  | 'Too long'
  | 'Too many'
  /** Reads `Invalid value`, but like Required it hides the CEL rules. */
  | 'Invalid type';

export interface FieldError {
  readonly kind: FieldErrorKind;
  /** Such as `spec.ports[0].name`. */
  readonly field: string;
  /** JSON of the offending value as shown; absent where none is shown. */
  readonly shown?: string;
  readonly detail: string;
}

export const required = (field: string, detail = ''): FieldError => ({ kind: 'Required value', field, detail });
export const forbidden = (field: string, detail: string): FieldError => ({ kind: 'Forbidden', field, detail });
export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  kind: 'Invalid value',
  field,
  shown: JSON.stringify(value),
  detail,
});
/** Objects and lists are not shown by CEL rules. */
export const invalidUnshown = (field: string, detail: string): FieldError => ({ kind: 'Invalid value', field, detail });
export const invalidType = (field: string, actual: string, expected: string): FieldError => ({
  kind: 'Invalid type',
  field,
  shown: JSON.stringify(actual),
  detail: `${field === '' ? '' : `${field} in body `}must be of type ${expected}: ${JSON.stringify(actual)}`,
});
export const unsupported = (field: string, value: unknown, supported: readonly unknown[]): FieldError => ({
  kind: 'Unsupported value',
  field,
  shown: JSON.stringify(value),
  detail: `supported values: ${supported.map((one) => JSON.stringify(typeof one === 'string' ? one : JSON.stringify(one))).join(', ')}`,
});
export const duplicate = (field: string, value: unknown): FieldError => ({
  kind: 'Duplicate value',
  field,
  shown: JSON.stringify(value),
  detail: '',
});
export const tooLong = (field: string, max: number): FieldError => ({
  kind: 'Too long',
  field,
  detail: `may not be more than ${max} ${max === 1 ? 'byte' : 'bytes'}`,
});
export const tooMany = (field: string, count: number, max: number): FieldError => ({
  kind: 'Too many',
  field,
  shown: String(count),
  detail: `must have at most ${max} ${max === 1 ? 'item' : 'items'}`,
});

/** All errors in one text: the single one as it is, several in brackets, each once. */
export function errorsText(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(errorText))];
  return texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`;
}

function errorText({ kind, field, shown, detail }: FieldError): string {
  const parts = [field === '' ? '<nil>' : field, kind === 'Invalid type' ? 'Invalid value' : kind];
  if (shown !== undefined) parts.push(shown);
  if (detail !== '') parts.push(detail);
  return parts.join(': ');
}
