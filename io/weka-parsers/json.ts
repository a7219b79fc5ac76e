/**
 * Reads the JSON that commands print, as the reference does: unknown members ignored, missing and null ones empty, names
 * matched in any case, a wrong type or anything behind the value a failure. Never throws. Source: spec 07, 0.
 */

export type Parsed<T> = { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'bad'; readonly why: string };

/** Reads one value; `at` is its path, for the error. Throws `Unreadable`, which `parseJson` catches. */
export type Read<T> = (value: unknown, at: string) => T;

class Unreadable extends Error {}

/**
 * Characters. The longest sane answer, some hundred drives, has a tenth of it; JSON.parse needs up to 0.8 s for so much
 * if it is nested as deep as it is long (measured 2026-11).
 */
export const TEXT_MAX = 1024 * 1024;
/** Of one list. A weka cluster has some thousand containers and drives. */
const ITEMS_MAX = 100_000;

/** The whole text is one JSON value, white space aside. `why` is one line without a prefix. */
export function parseJson<T>(text: string, read: Read<T>): Parsed<T> {
  if (text.length > TEXT_MAX) return bad(`longer than ${TEXT_MAX} characters`);
  try {
    return { kind: 'ok', value: read(JSON.parse(text), '') };
  } catch (err) {
    // A parser quotes what it stumbled over: bounded, since it ends up in events.
    if (err instanceof Error) return bad(err.message.slice(0, 200));
    return bad('unreadable');
  }
}
/** As `parseJson`, with the words that the reference puts before the parser's own. Source: spec 07, 1.2. */
export function parseCliJson<T>(text: string, read: Read<T>): Parsed<T> {
  const parsed = parseJson(text, read);
  return parsed.kind === 'ok' ? parsed : bad(`failed to unmarshal json: ${parsed.why}`);
}
/**
 * The first value of the text, whatever comes behind it: how the reference reads some answers of node agents. For objects
 * and lists only.
 */
export function parseFirstJson<T>(text: string, read: Read<T>): Parsed<T> {
  return parseJson(text.length > TEXT_MAX ? text : text.slice(0, endOfFirst(text)), read);
}
/** Index behind the bracket that closes the first one; the whole length where there is none. */
function endOfFirst(text: string): number {
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const letter = text[index];
    if (quoted) {
      if (letter === '\\') index += 1;
      else if (letter === '"') quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === '{' || letter === '[') depth += 1;
    else if (letter === '}' || letter === ']') {
      depth -= 1;
      if (depth <= 0) return index + 1;
    }
  }
  return text.length;
}
export const bad = (why: string): { readonly kind: 'bad'; readonly why: string } => ({ kind: 'bad', why });

/** For readers of their own: this value is of no use. */
export function unreadable(at: string, value: unknown, wanted: string): never {
  throw new Unreadable(`${at === '' ? 'the answer' : at} is ${shown(value)}, not ${wanted}`);
}

export const text: Read<string> = (value, at) => {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : unreadable(at, value, 'a text');
};
export const flag: Read<boolean> = (value, at) => {
  if (value === undefined || value === null) return false;
  return typeof value === 'boolean' ? value : unreadable(at, value, 'true or false');
};
export const integer: Read<number> = (value, at) => {
  if (value === undefined || value === null) return 0;
  return Number.isSafeInteger(value) ? (value as number) : unreadable(at, value, 'an integer');
};
/** Not one of the above but tells absent (or null) from empty. */
export const optional =
  <T>(read: Read<T>): Read<T | undefined> =>
  (value, at) =>
    value === undefined || value === null ? undefined : read(value, at);

export const list =
  <T>(read: Read<T>): Read<readonly T[]> =>
  (value, at) => {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) return unreadable(at, value, 'a list');
    if (value.length > ITEMS_MAX) throw new Unreadable(`${at} has more than ${ITEMS_MAX} items`);
    return value.map((item, index) => read(item, `${at}[${index}]`));
  };

/** An object by the names of its members on the wire. An absent one and null have no members. */
export const object =
  <T>(members: { readonly [Key in keyof T]-?: Read<T[Key]> }): Read<T> =>
  (value, at) => {
    const absent = value === undefined || value === null;
    if (!absent && (typeof value !== 'object' || Array.isArray(value))) unreadable(at, value, 'an object');
    const found = new Map<string, unknown>();
    // In document order: of two names that differ in case only the later counts; a null counts for nothing.
    for (const [name, member] of Object.entries(value ?? {})) {
      if (member !== null) found.set(name.toLowerCase(), member);
    }
    const result: Partial<T> = {};
    for (const name of Object.keys(members) as (keyof T & string)[]) {
      const member = members[name](found.get(name.toLowerCase()), at === '' ? name : `${at}.${name}`);
      if (member !== undefined) result[name] = member;
    }
    return result as T; // Every member was read; those without a value are optional in T.
  };

function shown(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? `the text ${JSON.stringify(value.slice(0, 40))}` : String(value);
}
