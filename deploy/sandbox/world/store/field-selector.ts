/** Field selectors: `spec.nodeName=n1,status.phase!=Failed`. Which fields a type offers is the type's own matter. */
import { at, type Json, type Stored } from './json.ts';

/** From the name in a selector to the text it is compared with; `''` for an absent field. */
export type SelectableFields = Readonly<Record<string, (object: Stored) => string>>;
export type ParsedFieldSelector =
  | { readonly kind: 'ok'; readonly matches: (object: Stored) => boolean }
  | { readonly kind: 'invalid'; readonly message: string };

/** All types offer these two. */
export const metadataFields: SelectableFields = {
  'metadata.name': ({ metadata }) => metadata.name,
  'metadata.namespace': ({ metadata }) => metadata.namespace ?? '',
};

/** A field of that very path, with the text of its value; a false or absent boolean reads `false` where `otherwise` says so. */
export function selectable(path: string, otherwise = ''): SelectableFields {
  const keys = path.split('.');
  return { [path]: (object) => text(at(object, ...keys), otherwise) };
}
const text = (value: Json | undefined, otherwise: string): string =>
  value === undefined || value === null ? otherwise : String(value);

/** The empty text matches everything. */
export function parseFieldSelector(selector: string, fields: SelectableFields): ParsedFieldSelector {
  const terms: ((object: Stored) => boolean)[] = [];
  for (const term of selector.split(/(?<!\\),/)) {
    if (term.trim() === '') continue;
    const match = /^(?<name>[^=!]+?)(?<operator>==|!=|=)(?<value>.*)$/.exec(term.trim());
    const { name = '', operator, value = '' } = match?.groups ?? {};
    if (operator === undefined) {
      return { kind: 'invalid', message: `invalid selector: '${selector}'; can't understand '${term}'` };
    }
    const read = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (read === undefined) return { kind: 'invalid', message: `field label not supported: ${name}` };
    const wanted = value.replace(/\\([\\,=])/g, '$1');
    terms.push((object) => (read(object) === wanted) !== (operator === '!='));
  }
  return { kind: 'ok', matches: (object) => terms.every((term) => term(object)) };
}
