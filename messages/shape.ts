/**
 * Shapes: the type of a JSON value as data, from which one reader is made. Keeps the value itself where it is fine,
 * copies only where something must change, never throws. Knows no kind of object.
 */
import type { Open, Quantity } from './core-types.ts';

/** Where a reader is, and what it found wrong. One per object read. */
export interface Walk {
  readonly path: (string | number)[];
  readonly problems: string[];
}

export interface Shape<T> {
  readonly kind: 'string' | 'integer' | 'boolean' | 'time' | 'quantity' | 'list' | 'map' | 'object';
  /** Of an object. */
  readonly fields?: ReadonlyMap<string, Field<unknown>>;
  /** Of a list or a map. */
  readonly item?: Shape<unknown>;
  /** Texts the schema allows or, if `open`, knows. */
  readonly known?: readonly string[];
  readonly open?: boolean;
  /** Gives the value itself, or what to take instead. A problem is noted in `walk`; the answer is then of no use. */
  readonly read: (value: unknown, walk: Walk) => T;
}

export interface Field<T, Presence extends string = string> {
  readonly shape: Shape<T>;
  /** `required`: absence is a problem; `filled`: the reader puts `fill` there; `default`: so does the API server. */
  readonly presence: Presence;
  readonly fill?: unknown;
}

/** One field for each property of T: optional ones as shapes, others as `must`, `filled` or `byDefault`. */
export type FieldsOf<T> = {
  readonly [Key in keyof T]-?: Record<never, never> extends Pick<T, Key>
    ? Shape<NonNullable<T[Key]>>
    : Field<T[Key], 'required' | 'filled' | 'default'>;
};

export const must = <T>(shape: Shape<T>): Field<T, 'required'> => ({ shape, presence: 'required' });
/** Absent means `fill`, also where the server has no default for it. */
export const filled = <T>(shape: Shape<T>, fill: T): Field<T, 'filled'> => ({ shape, presence: 'filled', fill });
/** The schema's default. */
export const byDefault = <T>(shape: Shape<T>, fill: T): Field<T, 'default'> => ({ shape, presence: 'default', fill });

const PROBLEMS_MAX = 20;
const SHOWN_MAX = 60;

function note(walk: Walk, text: string): void {
  if (walk.problems.length < PROBLEMS_MAX) walk.problems.push(`${walk.path.join('.')}: ${text}`);
}

/** A value as one short line of text. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return value === null ? 'null' : 'an object';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > SHOWN_MAX ? `${value.slice(0, SHOWN_MAX)}…` : value);
}

function leaf<T>(kind: Shape<T>['kind'], what: string, fits: (value: unknown) => boolean): Shape<T> {
  return {
    kind,
    read: (value, walk) => {
      if (!fits(value)) note(walk, `${shown(value)} is not ${what}`);
      return value as T; // Of no use to anyone once a problem is noted.
    },
  };
}

const isText = (value: unknown): value is string => typeof value === 'string';
export const text = leaf<string>('string', 'a text', isText);
/** A text with a branded type. */
export const branded = <Brand extends string>(): Shape<Brand> => text as Shape<Brand>; // The brand has no run-time trace.
export const integer = leaf<number>('integer', 'an integer', Number.isSafeInteger);
/** May be so large that its last digits are lost: people write the largest int64 to say "for ever". */
export const int64 = leaf<number>('integer', 'an integer', Number.isInteger);
export const flag = leaf<boolean>('boolean', 'true or false', (value) => typeof value === 'boolean');
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
export const time = leaf<string>('time', 'an RFC 3339 time', (value) => isText(value) && TIME.test(value));
export const quantity = leaf<Quantity>('quantity', 'a quantity', (value) => isText(value) || Number.isInteger(value));

/** One of these texts and no other. */
export function oneOf<Known extends string>(known: readonly Known[]): Shape<Known> {
  const members: ReadonlySet<unknown> = new Set(known);
  return { ...leaf<Known>('string', `one of ${known.join(', ')}`, (value) => members.has(value)), known };
}
/** Any text; these are the ones the schema allows. `emptyIs`: what `""` stands for. */
export function open<Known extends string>(known: readonly Known[], emptyIs?: Known): Shape<Open<Known>> {
  return {
    kind: 'string',
    known,
    open: true,
    read: (value, walk) => (value === '' && emptyIs !== undefined ? emptyIs : text.read(value, walk)),
  };
}
/** One of these texts; any other counts as `otherwise`. */
export function known<Known extends string>(known: readonly Known[], otherwise: Known): Shape<Known> {
  const members: ReadonlySet<unknown> = new Set(known);
  return {
    kind: 'string',
    known,
    open: true,
    read: (value, walk) => {
      const found = text.read(value, walk);
      return members.has(found) ? (found as Known) : otherwise;
    },
  };
}

/** A null among the items is a problem, as for the API server. */
export function list<T>(item: Shape<T>): Shape<readonly T[]> {
  return {
    kind: 'list',
    item,
    read: (value, walk) => {
      if (!Array.isArray(value)) {
        note(walk, `${shown(value)} is not a list`);
        return [];
      }
      let copy: T[] | undefined;
      for (let index = 0; index < value.length; index += 1) {
        walk.path.push(index);
        const read = item.read(value[index], walk);
        walk.path.pop();
        if (read !== value[index]) {
          copy ??= [...value];
          copy[index] = read;
        }
      }
      return copy ?? value;
    },
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Keys chosen by users. A null counts as absent. */
export function map<T>(item: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return {
    kind: 'map',
    item,
    read: (value, walk) => {
      if (!isObject(value)) {
        note(walk, `${shown(value)} is not an object`);
        return {};
      }
      let nulls = false;
      for (const key of Object.keys(value)) {
        const found = value[key];
        if (found === null) {
          nulls = true;
          continue;
        }
        walk.path.push(key.slice(0, SHOWN_MAX));
        item.read(found, walk);
        walk.path.pop();
      }
      const kept = nulls ? Object.fromEntries(Object.entries(value).filter(([, found]) => found !== null)) : value;
      return kept as Record<string, T>; // Each value was read; a wrong one is a noted problem.
    },
  };
}

/** Fields not named are kept unread. A null counts as absent. */
export function object<T>(fieldsOf: FieldsOf<T>): Shape<T> {
  const entries = Object.entries(fieldsOf) as [string, Shape<unknown> | Field<unknown>][];
  const fields = new Map(
    entries.map(([name, entry]): [string, Field<unknown>] => [
      name,
      'shape' in entry ? entry : { shape: entry, presence: 'optional' },
    ]),
  );
  const expected = [...fields].filter(([, field]) => field.presence !== 'optional');
  return {
    kind: 'object',
    fields,
    read: (value, walk) => {
      if (!isObject(value)) {
        note(walk, `${shown(value)} is not an object`);
        return value as T; // A problem is noted.
      }
      let copy: Record<string, unknown> | undefined;
      for (const name of Object.keys(value)) {
        const field = fields.get(name);
        if (field === undefined) continue;
        const found = value[name];
        if (found === null || found === undefined) {
          copy ??= { ...value };
          delete copy[name];
          continue;
        }
        walk.path.push(name);
        const read = field.shape.read(found, walk);
        walk.path.pop();
        if (read !== found) {
          copy ??= { ...value };
          copy[name] = read;
        }
      }
      for (const [name, field] of expected) {
        // Own properties only: `constructor` and its like are not fields that someone set.
        if (Object.hasOwn(copy ?? value, name)) continue;
        if (field.presence === 'required') {
          walk.path.push(name);
          note(walk, 'is missing');
          walk.path.pop();
        } else {
          copy ??= { ...value };
          copy[name] = field.fill;
        }
      }
      return (copy ?? value) as T; // Every named field was read; a wrong one is a noted problem.
    },
  };
}
