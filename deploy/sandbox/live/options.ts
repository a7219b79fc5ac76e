/** The command line of `npm run sandbox`: options, bounds, help. Reads no environment and never ends the process. */
import { isIPv4 } from 'node:net';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type DemoKind, problemOf, SIZE } from '../demo/options.ts';
import {
  badInput,
  type End,
  type ModelFlags,
  modelOptions,
  readFlags,
  type SizeFlags,
  sizeOptions,
} from '../fleet-options.ts';

export interface LiveOptions extends Required<SizeFlags>, ModelFlags {
  /** Path. */
  readonly kubeconfig: string;
  /** `none`: nodes only. */
  readonly demo: DemoKind | 'none';
  readonly kubeletIp: string;
  /** Objects stay in the cluster. */
  readonly keep: boolean;
  readonly besideRealNodes: boolean;
}

export type ReadLiveOptions = { readonly kind: 'ok'; readonly options: LiveOptions } | End;

interface Flags extends SizeFlags, ModelFlags {
  readonly kubeconfig: string;
  readonly demo: LiveOptions['demo'];
  readonly kubeletIp: string;
  readonly keep?: true;
  readonly iKnowThisIsATestCluster?: true;
}

/** Has no value after it. */
export const PERMISSION = '--i-know-this-is-a-test-cluster';

/** `argv` without program and script. */
export function readLiveOptions(argv: readonly string[]): ReadLiveOptions {
  const command = new Command('npm run sandbox --')
    .description(
      'Puts modelled nodes into a Kubernetes cluster for tests: its API server, scheduler and controllers are real, kubelets, ' +
        'Weka and node agents are models. Runs until a signal, then removes what it made. The controller is started apart.',
    )
    .requiredOption('--kubeconfig <file>', 'of an administrator of the cluster')
    .addOption(new Option('--demo <name>', 'what is ordered').choices(['none', 'small', 'mixed']).default('none'));
  sizeOptions(command)
    .option(
      '--kubelet-ip <address>',
      'where the API server reaches this machine, to run commands in pods',
      ip,
      '127.0.0.1',
    )
    .option('--keep', 'leave nodes and objects in the cluster')
    .option(PERMISSION, 'go on although the cluster has nodes that are not modelled');
  const read = readFlags<Flags>(modelOptions(command), argv);
  if (read.kind === 'end') return read;
  const { keep = false, iKnowThisIsATestCluster: besideRealNodes = false, ...rest } = read.flags;
  const demo = demoOf(rest);
  const options = { ...SIZE[demo], ...rest, keep, besideRealNodes };
  const problem = rest.demo === 'none' ? undefined : problemOf({ ...options, demo });
  return problem === undefined ? { kind: 'ok', options } : badInput(problem);
}

/** Nodes without an order are as for the small one. */
export const demoOf = ({ demo }: Pick<LiveOptions, 'demo'>): DemoKind => (demo === 'none' ? 'small' : demo);

function ip(text: string): string {
  if (!isIPv4(text)) throw new InvalidArgumentError('An IPv4 address is needed.');
  return text;
}
