/** The command line of `npm start`: options, bounds, help. Reads no environment and never ends the process. */
import { Command, Option } from 'commander';
import {
  badInput,
  type End,
  type ModelFlags,
  modelOptions,
  readFlags,
  type SizeFlags,
  sizeOptions,
  whole,
} from '../fleet-options.ts';

export type DemoKind = 'small' | 'mixed';
export interface DemoOptions extends Required<SizeFlags>, ModelFlags {
  /** `mixed`: every kind of container; every second node shares its drives, with a cluster of their own. */
  readonly demo: DemoKind;
  readonly timeoutMs: number;
  readonly exitWhenRunning: boolean;
  /** Another image for everything, once all are Running. */
  readonly upgrade: boolean;
  readonly andDelete: boolean;
  /** Of the API server; 0: any free one. */
  readonly port: number;
  /** Leaves the folder with log and kubeconfig behind. */
  readonly keep: boolean;
}

/** What a demo is ordered by. */
export type OrderOptions = Pick<DemoOptions, 'demo' | keyof SizeFlags>;

export type ReadOptions = { readonly kind: 'ok'; readonly options: DemoOptions } | End;

interface Flags extends SizeFlags, ModelFlags {
  readonly demo: DemoKind;
  readonly timeout: number;
  readonly exitWhenRunning?: true;
  readonly upgrade?: true;
  readonly andDelete?: true;
  readonly port: number;
  readonly keep?: true;
}

/** Where the command line names none. */
export const SIZE: Readonly<Record<DemoKind, Pick<DemoOptions, 'nodes' | 'clients'>>> = {
  small: { nodes: 12, clients: 0 },
  mixed: { nodes: 32, clients: 20 },
};

/** `argv` without program and script. */
export function readOptions(argv: readonly string[]): ReadOptions {
  const command = new Command('npm start --')
    .description(
      'Starts a modelled fleet, the controller against it, and what the demo orders. Needs nothing but Node.',
    )
    .addOption(new Option('--demo <name>', 'what is shown').choices(['small', 'mixed']).default('small'));
  sizeOptions(command)
    .option('--timeout <seconds>', 'how long until all are Running, or all are gone', whole(1, 86_400), 120)
    .option('--exit-when-running', 'end with 0 once all are Running and nothing was done wrong, else with 1')
    .option('--upgrade', 'then give everything another image: first drivers, then clusters, then clients')
    .option('--and-delete', 'then delete clients and clusters, and wait until nothing of them is left')
    .option('--port <number>', 'port of the API server, 0 for any free one', whole(0, 65_535), 0)
    .option('--keep', 'leave the folder with kubeconfig and log behind');
  const read = readFlags<Flags>(modelOptions(command), argv);
  if (read.kind === 'end') return read;
  const { timeout, exitWhenRunning = false, upgrade = false, andDelete = false, keep = false, ...rest } = read.flags;
  const switches = { exitWhenRunning, upgrade, andDelete, keep };
  const options = { ...SIZE[rest.demo], ...rest, timeoutMs: timeout * 1_000, ...switches };
  const problem = problemOf(options);
  return problem === undefined ? { kind: 'ok', options } : badInput(problem);
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
