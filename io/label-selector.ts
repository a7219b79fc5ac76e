/**
 * Label selectors as the API server reads them: equality and set terms. Pure; no I/O.
 * Source: apimachinery pkg/labels/selector.go; compared with it on random texts (`<` and `>` are not supported).
 */

export type Labels = Readonly<Record<string, string>>;
export type LabelMatcher = (labels: Labels | undefined) => boolean;
export type ParsedSelector =
  | { readonly kind: 'ok'; readonly matches: LabelMatcher }
  | { readonly kind: 'invalid'; readonly message: string };

const KEY = '(?:[a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?';
const VALUE = '(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?';
const TERM = new RegExp(
  `^(?:(?<not>!)\\s*(?<nkey>${KEY})|(?<key>${KEY})(?:\\s*(?<eq>==|=|!=)\\s*(?<val>${VALUE})|\\s+(?<set>in|notin)\\s*\\((?<vals>[^()]*)\\))?)\\s*(?:,\\s*(?=\\S)|$)`,
);
const WHOLE_VALUE = new RegExp(`^${VALUE}$`);
const none: Labels = {};

/** Reads a selector such as `weka.io/mode in (drive, compute),!paused`. The empty text matches everything. */
export function parseLabelSelector(text: string): ParsedSelector {
  const terms: LabelMatcher[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const match = TERM.exec(rest);
    const term = match?.groups === undefined ? undefined : readTerm(match.groups);
    if (match === null || term === undefined) {
      return { kind: 'invalid', message: `unable to parse requirement: found '${rest}'` };
    }
    terms.push(term);
    rest = rest.slice(match[0].length);
  }
  return { kind: 'ok', matches: (labels) => terms.every((term) => term(labels)) };
}

function readTerm(groups: Readonly<Record<string, string | undefined>>): LabelMatcher | undefined {
  const { not, nkey, key = '', eq, val, set, vals } = groups;
  if (not !== undefined && nkey !== undefined) return (labels = none) => !Object.hasOwn(labels, nkey);
  if (set === undefined) {
    if (eq === undefined) return (labels = none) => Object.hasOwn(labels, key);
    return eq === '!=' ? (labels) => labelValue(labels, key) !== val : (labels) => labelValue(labels, key) === val;
  }
  const wanted = (vals ?? '').split(',').map((value) => value.trim());
  if (!wanted.every((value) => WHOLE_VALUE.test(value))) return undefined;
  const values = new Set<string | undefined>(wanted);
  // An object without the key matches notin, never in.
  return set === 'in'
    ? (labels) => values.has(labelValue(labels, key))
    : (labels) => !values.has(labelValue(labels, key));
}

const labelValue = (labels: Labels = none, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined;
