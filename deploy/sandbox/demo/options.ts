/** The command line of `npm start`: options, bounds, help. Reads no environment and never ends the process. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';

export type DemoKind = 'small' | 'mixed';
export interface DemoOptions {
  /** `mixed`: every kind of container; every second node shares its drives, with a cluster of their own. */
  readonly demo: DemoKind;
  readonly nodes: number;
  readonly drive: number;
  readonly compute: number;
  readonly clients: number;
  /** Of each drive container. */
  readonly numDrives: number;
  readonly timeoutMs: number;
  readonly exitWhenRunning: boolean;
  /** Another image for everything, once all are Running. */
  readonly upgrade: boolean;
  readonly andDelete: boolean;
  /** Of the API server; 0: any free one. */
  readonly port: number;
  /** Leaves the folder with log and kubeconfig behind. */
  readonly keep: boolean;
  readonly seed: string;
  /** How many times faster than real pods, drivers and weka the modelled ones are. */
  readonly speed: number;
}

/** What a demo is ordered by. */
export type OrderOptions = Pick<DemoOptions, 'demo' | 'nodes' | 'drive' | 'compute' | 'clients' | 'numDrives'>;

/** `end`: `text` is all there is to say; help is code 0, bad input code 2. */
export type ReadOptions =
  | { readonly kind: 'ok'; readonly options: DemoOptions }
  | { readonly kind: 'end'; readonly code: 0 | 2; readonly text: string };

/** Node agents have an address of 127.0.0.0/16 each; beyond this a laptop serves no purpose. */
export const NODES_MAX = 1_000;
/** Drives of a modelled node. */
export const DRIVES_MAX = 8;

interface Flags {
  readonly demo: DemoKind;
  readonly nodes?: number;
  readonly drive: number;
  readonly compute: number;
  readonly clients?: number;
  readonly numDrives: number;
  readonly timeout: number;
  readonly exitWhenRunning?: true;
  readonly upgrade?: true;
  readonly andDelete?: true;
  readonly port: number;
  readonly keep?: true;
  readonly seed: string;
  readonly speed: number;
}

/** Where the command line names none. */
export const SIZE: Readonly<Record<DemoKind, Pick<DemoOptions, 'nodes' | 'clients'>>> = {
  small: { nodes: 12, clients: 0 },
  mixed: { nodes: 32, clients: 20 },
};

/** `argv` without program and script. */
export function readOptions(argv: readonly string[]): ReadOptions {
  let text = '';
  const write = (part: string): void => {
    text += part;
  };
  const command = new Command('npm start --')
    .description(
      'Starts a modelled fleet, the controller against it, and what the demo orders. Needs nothing but Node.',
    )
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: write })
    .addOption(new Option('--demo <name>', 'what is shown').choices(['small', 'mixed']).default('small'))
    .option('--nodes <count>', 'nodes of the fleet (default: 12, mixed 32)', whole(1, NODES_MAX))
    .option('--drive <count>', 'drive containers', whole(1, NODES_MAX), 6)
    .option('--compute <count>', 'compute containers', whole(1, NODES_MAX), 6)
    .option('--clients <count>', 'client containers (default: 0, mixed 20)', whole(0, NODES_MAX))
    .option('--num-drives <count>', 'drives of a drive container', whole(1, DRIVES_MAX), 1)
    .option('--timeout <seconds>', 'how long until all are Running, or all are gone', whole(1, 86_400), 120)
    .option('--exit-when-running', 'end with 0 once all are Running and nothing was done wrong, else with 1')
    .option('--upgrade', 'then give everything another image: first drivers, then clusters, then clients')
    .option('--and-delete', 'then delete clients and clusters, and wait until nothing of them is left')
    .option('--port <number>', 'port of the API server, 0 for any free one', whole(0, 65_535), 0)
    .option('--keep', 'leave the folder with kubeconfig and log behind')
    .option('--seed <text>', 'chance of the modelled fleet', 'demo')
    .option('--speed <factor>', 'how many times faster than real hardware the fleet is', factor, 10);
  try {
    command.parse(argv, { from: 'user' });
  } catch (err) {
    if (!(err instanceof CommanderError)) throw err;
    return { kind: 'end', code: err.exitCode === 0 ? 0 : 2, text };
  }
  const {
    timeout,
    exitWhenRunning = false,
    upgrade = false,
    andDelete = false,
    keep = false,
    ...rest
  } = command.opts<Flags>();
  const switches = { exitWhenRunning, upgrade, andDelete, keep };
  const options = { ...SIZE[rest.demo], ...rest, timeoutMs: timeout * 1_000, ...switches };
  const problem = problemOf(options);
  return problem === undefined ? { kind: 'ok', options } : { kind: 'end', code: 2, text: `error: ${problem}\n` };
}

/** Where the clusters of the demo may run: of `mixed` not on the nodes of its clients, which tolerate no S3 or NFS beside them. */
export const backendNodes = ({ demo, nodes, clients }: OrderOptions): number =>
  demo === 'mixed' ? nodes - clients : nodes;

/** A node takes one container of each role: more would never run. */
export function problemOf(options: OrderOptions): string | undefined {
  const { demo, nodes, clients } = options;
  if (clients > nodes) return `--clients ${clients} is more than --nodes ${nodes}: a node takes one client container`;
  const places = backendNodes(options);
  const which =
    demo === 'mixed' ? `the ${places} nodes that --nodes leaves beside those of clients` : `--nodes ${nodes}`;
  for (const role of ['drive', 'compute'] as const) {
    if (options[role] > places)
      return `--${role} ${options[role]} is more than ${which}: a node takes one ${role} container`;
  }
  return undefined;
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

export function factor(text: string): number {
  const value = Number(text);
  if (!/^\d+(?:\.\d+)?$/.test(text) || value < 0.1 || value > 100) {
    throw new InvalidArgumentError('A number from 0.1 to 100 is needed.');
  }
  return value;
}
