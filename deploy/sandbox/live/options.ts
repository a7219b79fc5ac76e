/** The command line of `npm run sandbox`: options, bounds, help. Reads no environment and never ends the process. */
import { isIPv4 } from 'node:net';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type DemoKind, DRIVES_MAX, factor, NODES_MAX, problemOf, SIZE, whole } from '../demo/options.ts';

export interface LiveOptions {
  /** Path. */
  readonly kubeconfig: string;
  readonly nodes: number;
  /** `none`: nodes only. */
  readonly demo: DemoKind | 'none';
  readonly drive: number;
  readonly compute: number;
  readonly clients: number;
  /** Of each drive container. */
  readonly numDrives: number;
  readonly kubeletIp: string;
  /** Objects stay in the cluster. */
  readonly keep: boolean;
  readonly besideRealNodes: boolean;
  readonly seed: string;
  readonly speed: number;
}

/** `end`: `text` is all there is to say; help is code 0, bad input code 2. */
export type ReadLiveOptions =
  | { readonly kind: 'ok'; readonly options: LiveOptions }
  | { readonly kind: 'end'; readonly code: 0 | 2; readonly text: string };

type Flags = Omit<LiveOptions, 'keep' | 'besideRealNodes'> & {
  readonly keep?: true;
  readonly iKnowThisIsATestCluster?: true;
};

/** Has no value after it. */
export const PERMISSION = '--i-know-this-is-a-test-cluster';

/** `argv` without program and script. */
export function readLiveOptions(argv: readonly string[]): ReadLiveOptions {
  let text = '';
  const write = (part: string): void => {
    text += part;
  };
  const command = new Command('npm run sandbox --')
    .description(
      'Puts modelled nodes into a Kubernetes cluster for tests: its API server, scheduler and controllers are real, kubelets, ' +
        'Weka and node agents are models. Runs until a signal, then removes what it made. The controller is started apart.',
    )
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: write })
    .requiredOption('--kubeconfig <file>', 'of an administrator of the cluster')
    .option('--nodes <count>', 'nodes of the fleet (default: 12, mixed 32)', whole(1, NODES_MAX))
    .addOption(new Option('--demo <name>', 'what is ordered').choices(['none', 'small', 'mixed']).default('none'))
    .option('--drive <count>', 'drive containers', whole(1, NODES_MAX), 6)
    .option('--compute <count>', 'compute containers', whole(1, NODES_MAX), 6)
    .option('--clients <count>', 'client containers (default: 0, mixed 20)', whole(0, NODES_MAX))
    .option('--num-drives <count>', 'drives of a drive container', whole(1, DRIVES_MAX), 1)
    .option(
      '--kubelet-ip <address>',
      'where the API server reaches this machine, to run commands in pods',
      ip,
      '127.0.0.1',
    )
    .option('--keep', 'leave nodes and objects in the cluster')
    .option(PERMISSION, 'go on although the cluster has nodes that are not modelled')
    .option('--seed <text>', 'chance of the modelled fleet', 'demo')
    .option('--speed <factor>', 'how many times faster than real hardware the fleet is', factor, 10);
  try {
    command.parse(argv, { from: 'user' });
  } catch (err) {
    if (!(err instanceof CommanderError)) throw err;
    return { kind: 'end', code: err.exitCode === 0 ? 0 : 2, text };
  }
  const { keep = false, iKnowThisIsATestCluster: besideRealNodes = false, ...rest } = command.opts<Flags>();
  const demo = demoOf(rest);
  const options = { ...SIZE[demo], ...rest, keep, besideRealNodes };
  const problem = rest.demo === 'none' ? undefined : problemOf({ ...options, demo });
  return problem === undefined ? { kind: 'ok', options } : { kind: 'end', code: 2, text: `error: ${problem}\n` };
}

/** Nodes without an order are as for the small one. */
export const demoOf = ({ demo }: Pick<LiveOptions, 'demo'>): DemoKind => (demo === 'none' ? 'small' : demo);

function ip(text: string): string {
  if (!isIPv4(text)) throw new InvalidArgumentError('An IPv4 address is needed.');
  return text;
}
