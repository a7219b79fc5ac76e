/** How a command ends, and how its argv is recognised. Nothing runs here. Source: spec 07, 3 and 21.2. */
import type { Process } from '../pod-process.ts';

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
/** The answer is known only after a while; the command has begun. */
export interface Later {
  readonly afterMs: number;
  readonly finish: () => Answer | Later;
}
export const ok = (stdout = ''): Answer => ({ code: 0, stdout, stderr: '' });
export const json = (value: unknown): Answer => ok(`${JSON.stringify(value)}\n`);
export const fail = (stderr: string, code = 1): Answer => ({ code, stdout: '', stderr: `${stderr}\n` });

/** Variable parts of an argv, in order; undefined: another command. */
export type Match = (argv: readonly string[]) => readonly string[] | undefined;

/** One row of the contract. `name` as in spec 07 §3, without `Exec.`. */
export interface Command {
  readonly name: string;
  readonly takes: 'file' | 'command' | 'localPs';
  readonly match: Match;
  readonly run: (process: Process, parts: readonly string[]) => Answer | Later;
}

/**
 * Words with single spaces; `<x>` stands for one word, any. A leading `weka` also stands for `wekaauthcli` and the
 * other way round: both are the same wrapper in a pod.
 */
export function words(pattern: string): Match {
  const expected = pattern.split(' ');
  return (argv) => {
    if (argv.length !== expected.length) return undefined;
    const parts: string[] = [];
    for (const [index, word] of expected.entries()) {
      const actual = argv[index] ?? '';
      if (word.startsWith('<')) parts.push(actual);
      else if (word !== actual && !(index === 0 && synonyms(word, actual))) return undefined;
    }
    return parts;
  };
}
const WRAPPER: ReadonlySet<string> = new Set(['weka', 'wekaauthcli']);
const synonyms = (one: string, other: string): boolean => WRAPPER.has(one) && WRAPPER.has(other);

/** `bash -ce "<text>"`, byte for byte. */
export const shell = (text: string): Match => shellLike(new RegExp(`^${escaped(text)}$`));
/** The same with the groups of the expression as variable parts. */
export const shellLike =
  (expression: RegExp): Match =>
  (argv) => {
    const [program, flag, text, ...rest] = argv;
    if (program !== 'bash' || flag !== '-ce' || text === undefined || rest.length > 0) return undefined;
    const found = expression.exec(text);
    return found === null ? undefined : found.slice(1).map((group) => group ?? '');
  };
/** Any of several. */
export const either =
  (...matches: readonly Match[]): Match =>
  (argv) => {
    for (const match of matches) {
      const parts = match(argv);
      if (parts !== undefined) return parts;
    }
    return undefined;
  };

export const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
