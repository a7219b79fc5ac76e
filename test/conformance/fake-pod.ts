/** The pod of a golden case: what running a command in it prints, and errors in comparable form. Source: the golden folder's README. */
import type { Command } from '../../io/commands.ts';
import type { Parsed } from '../../io/weka-parsers/json.ts';
import type { Golden } from './kind.ts';
import { asRecorded, type Kind } from './kind.ts';

/** Standard output, or undefined: exit code 1. `files` maps a file that is read, or a whole command line. */
export function runIn(golden: Golden, { argv }: Command): string | undefined {
  const files = (golden.files ?? {}) as Readonly<Record<string, string>>;
  const [program, flag, text] = argv;
  const line = program === 'bash' && flag === '-ce' ? (text ?? '') : argv.join(' ');
  return files[line] ?? (line.startsWith('cat ') ? files[line.slice('cat '.length)] : undefined);
}

export const EXIT_1 = 'command terminated with exit code 1';
export const plainError = (text: string): unknown => ({ error: { kind: 'error', retrySeconds: 10, text } });
export const waitError = (retrySeconds: number, text: string): unknown => ({
  error: { kind: 'wait', retrySeconds, text },
});

/** A command whose output is JSON: its failure in the words of spec 07, 1.2. */
export function fromJson<T>(
  golden: Golden,
  command: Command,
  parse: (stdout: string) => Parsed<T>,
  result: (value: T) => unknown,
): unknown {
  const stdout = runIn(golden, command);
  if (stdout === undefined) return plainError(`failed to run command ${command.argv.join(' ')}: ${EXIT_1} - `);
  const parsed = parse(stdout);
  return parsed.kind === 'ok' ? result(parsed.value) : plainError(parsed.why);
}

const UNMARSHAL = 'failed to unmarshal json';
/** An error's text without a parser's own message, which is the language's and not compared. Results pass unchanged. */
export function comparable(result: unknown): unknown {
  const { error } = (result ?? {}) as { readonly error?: { readonly text?: unknown } };
  const text = error?.text;
  if (typeof text !== 'string') return result;
  const at = text.indexOf(UNMARSHAL);
  const end = at >= 0 ? at + UNMARSHAL.length : text.lastIndexOf(':');
  return { ...(result as object), error: { ...error, text: end < 0 ? text : text.slice(0, end) } };
}

/** A kind whose errors are compared without a parser's own message. */
export const comparableKind = (name: string, result: (golden: Golden) => unknown): Kind => ({
  name,
  result: (golden) => comparable(result(golden)),
  expected: (golden) => {
    const recorded = asRecorded(golden);
    return typeof recorded === 'symbol' ? recorded : recorded.map(comparable);
  },
});
