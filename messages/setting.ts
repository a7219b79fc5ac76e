/**
 * Kinds of environment variables: how each is read, what it says when the value is bad, its row in the manual. Reads no
 * environment. Empty values as the Go operator takes them. Source: spec 01, 18; spec 02, 2.5.
 */
import * as v from 'valibot';
import { goDurationMs } from './go-duration.ts';
import { shown } from './shape.ts';

type Schema<T> = v.GenericSchema<string | undefined, T>;

export interface Setting<T = unknown> {
  readonly env: string;
  readonly kind: 'text' | 'choice' | 'flag' | 'integer' | 'duration' | 'list' | 'address';
  /** Empty where the kind says it. */
  readonly unit: string;
  /** As one would write it; `required` where there is none. */
  readonly standard: string;
  /** Empty: none. */
  readonly bounds: string;
  readonly text: string;
  readonly source: string;
  readonly schema: Schema<T>;
}

interface Notes {
  readonly source: string;
  readonly unit?: string;
}

/** From the raw text to the value, or to what is wrong with it: the part of the message after the variable's name. */
type Reader<T> = (raw: string | undefined) => { readonly value: T } | { readonly wrong: string };

const schemaOf = <T>(env: string, read: Reader<T>): Schema<T> =>
  v.pipe(
    v.optional(v.string()),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const found = read(dataset.value);
      if ('value' in found) return found.value;
      addIssue({ message: `${env}: ${found.wrong}` });
      return NEVER;
    }),
  );

/** `emptyIs: 'standard'` makes an empty text count as unset; else it stays empty. */
export function text(
  env: string,
  standard: string,
  description: string,
  notes: Notes & { readonly emptyIs?: 'standard' },
): Setting<string> {
  const read: Reader<string> = (raw) => ({
    value: raw === undefined || (raw === '' && notes.emptyIs === 'standard') ? standard : raw,
  });
  return setting(env, 'text', description, notes, { standard: standard || 'empty', bounds: '', read });
}

/** Must be set; may be empty. */
export function requiredText(env: string, description: string, notes: Notes): Setting<string> {
  const read: Reader<string> = (raw) =>
    raw === undefined ? { wrong: 'is required, and may be empty' } : { value: raw };
  return setting(env, 'text', description, notes, { standard: 'required', bounds: '', read });
}

/** An empty value counts as unset. */
export function choice<Known extends string>(
  env: string,
  known: readonly Known[],
  standard: Known,
  description: string,
  notes: Notes,
): Setting<Known> {
  const bounds = known.join(', ');
  const read: Reader<Known> = (raw) => {
    const value = known.find((one) => one === (raw || standard));
    return value === undefined ? { wrong: `${shown(raw)} is not one of ${bounds} (default ${standard})` } : { value };
  };
  return setting(env, 'choice', description, notes, { standard, bounds, read });
}

const TRUE: readonly string[] = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const FALSE: readonly string[] = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

/** An empty value is bad. */
export function flag(env: string, standard: boolean, description: string, notes: Notes): Setting<boolean> {
  const read: Reader<boolean> = (raw) => {
    if (raw === undefined) return { value: standard };
    if (TRUE.includes(raw) || FALSE.includes(raw)) return { value: TRUE.includes(raw) };
    return { wrong: `${shown(raw)} is neither true nor false (default ${standard})` };
  };
  return setting(env, 'flag', description, notes, { standard: String(standard), bounds: 'true, false', read });
}

/** Bounds inclusive. An empty value counts as unset. */
export function integer(
  env: string,
  standard: number,
  description: string,
  notes: Notes & { readonly min?: number; readonly max?: number },
): Setting<number> {
  const { min = 0, max } = notes;
  const read: Reader<number> = (raw) => {
    if (raw === undefined || raw === '') return { value: standard };
    const value = Number(raw);
    const end = `(default ${standard})`;
    if (!/^[+-]?\d+$/.test(raw) || !Number.isSafeInteger(value)) {
      return { wrong: `${shown(raw)} is not a whole number such as ${standard} ${end}` };
    }
    if (value < min) return { wrong: `${shown(raw)} is below ${min} ${end}` };
    if (max !== undefined && value > max) return { wrong: `${shown(raw)} is above ${max} ${end}` };
    return { value };
  };
  return setting(env, 'integer', description, notes, { standard: String(standard), bounds: range(min, max), read });
}

/** Go durations, milliseconds in the end. Bounds inclusive. An empty value is bad. */
export function duration(
  env: string,
  standard: string,
  description: string,
  notes: Notes & { readonly min?: string; readonly max?: string },
): Setting<number> {
  const { min = '0s', max } = notes;
  const read: Reader<number> = (raw) => {
    const value = goDurationMs(raw ?? standard);
    const end = `(default ${standard})`;
    if (value === undefined) return { wrong: `${shown(raw)} is not a duration such as ${standard} ${end}` };
    if (value < (goDurationMs(min) ?? 0)) return { wrong: `${shown(raw)} is below ${min} ${end}` };
    if (value > (goDurationMs(max ?? '') ?? Infinity)) return { wrong: `${shown(raw)} is above ${max} ${end}` };
    return { value };
  };
  return setting(env, 'duration', description, notes, { standard, bounds: range(min, max), read });
}

/** Comma separated, trimmed, empty items dropped. */
export function list(env: string, description: string, notes: Notes): Setting<readonly string[]> {
  const read: Reader<readonly string[]> = (raw = '') => ({
    value: Object.freeze(
      raw
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    ),
  });
  return setting(env, 'list', description, notes, { standard: 'empty', bounds: '', read });
}

const ADDRESS = /^(\[[0-9a-fA-F:.%]+\]|[^\s:[\]]*):(\d{1,5})$/;
const PORT_MAX = 65_535;
const wrongAddress = (raw: string): string | undefined => {
  const port = ADDRESS.exec(raw)?.[2];
  return port !== undefined && Number(port) <= PORT_MAX ? undefined : `${shown(raw)} is not host:port or :port`;
};

/** `host:port` or `:port`; empty or `0`: do not listen (`''` in the end). `standard` undefined: must be set. */
export function address(env: string, standard: string | undefined, description: string, notes: Notes): Setting<string> {
  const read: Reader<string> = (raw = standard) => {
    if (raw === undefined) return { wrong: 'is required, and may be empty' };
    if (raw === '' || raw === '0') return { value: '' };
    const wrong = wrongAddress(raw);
    return wrong === undefined ? { value: raw } : { wrong: `${wrong}${standard ? ` (default ${standard})` : ''}` };
  };
  const shape = { standard: standard ?? 'required', bounds: 'host:port, :port, or empty for none', read };
  return setting(env, 'address', description, notes, shape);
}

const range = (min: number | string, max: number | string | undefined): string =>
  max === undefined ? `≥ ${min}` : `${min} to ${max}`;

function setting<T>(
  env: string,
  kind: Setting['kind'],
  description: string,
  { source, unit = '' }: Notes,
  { standard, bounds, read }: { readonly standard: string; readonly bounds: string; readonly read: Reader<T> },
): Setting<T> {
  return { env, kind, unit, standard, bounds, text: description, source, schema: schemaOf(env, read) };
}
