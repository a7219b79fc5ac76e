/** What both command lines of the sandbox share: the options of a fleet and its order, their bounds, and how a line is read. */
import { type Command, CommanderError, InvalidArgumentError } from 'commander';

/** Node agents have an address of 127.0.0.0/16 each; beyond this a laptop serves no purpose. */
const NODES_MAX = 1_000;
/** Drives of a modelled node. */
const DRIVES_MAX = 8;

/** Undefined: as the demo has it. */
export interface SizeFlags {
  readonly nodes?: number;
  readonly drive: number;
  readonly compute: number;
  readonly clients?: number;
  /** Of each drive container. */
  readonly numDrives: number;
}
export const sizeOptions = (command: Command): Command =>
  command
    .option('--nodes <count>', 'nodes of the fleet (default: 12, mixed 32)', whole(1, NODES_MAX))
    .option('--drive <count>', 'drive containers', whole(1, NODES_MAX), 6)
    .option('--compute <count>', 'compute containers', whole(1, NODES_MAX), 6)
    .option('--clients <count>', 'client containers (default: 0, mixed 20)', whole(0, NODES_MAX))
    .option('--num-drives <count>', 'drives of a drive container', whole(1, DRIVES_MAX), 1);

export interface ModelFlags {
  readonly seed: string;
  /** How many times faster than real pods, drivers and weka the modelled ones are. */
  readonly speed: number;
}
export const modelOptions = (command: Command): Command =>
  command
    .option('--seed <text>', 'chance of the modelled fleet', 'demo')
    .option('--speed <factor>', 'how many times faster than real hardware the fleet is', factor, 10);

/** `text` is all there is to say; help is code 0, bad input code 2. */
export interface End {
  readonly kind: 'end';
  readonly code: 0 | 2;
  readonly text: string;
}
export const badInput = (problem: string): End => ({ kind: 'end', code: 2, text: `error: ${problem}\n` });

/** `argv` without program and script. `Flags` must be what the command declares. */
export function readFlags<Flags extends object>(
  command: Command,
  argv: readonly string[],
): { readonly kind: 'ok'; readonly flags: Flags } | End {
  let text = '';
  const write = (part: string): void => {
    text += part;
  };
  command.allowExcessArguments(false).exitOverride().configureOutput({ writeOut: write, writeErr: write });
  try {
    command.parse(argv, { from: 'user' });
  } catch (err) {
    if (!(err instanceof CommanderError)) throw err;
    return { kind: 'end', code: err.exitCode === 0 ? 0 : 2, text };
  }
  return { kind: 'ok', flags: command.opts<Flags>() };
}

export const whole =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`A whole number from ${min} to ${max} is needed.`);
    }
    return value;
  };

function factor(text: string): number {
  const value = Number(text);
  if (!/^\d+(?:\.\d+)?$/.test(text) || value < 0.1 || value > 100) {
    throw new InvalidArgumentError('A number from 0.1 to 100 is needed.');
  }
  return value;
}
