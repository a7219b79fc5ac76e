/** The commands by which a cluster is formed and brought to life, in order. Pure. Source: spec 07, 3.5 and 21.4. */
import { PODS, refOf } from '../../../messages/kube.ts';
import { endpointsOf, isTrue, type Turn } from './cluster-turn.ts';
import type { ExecEnd } from './exec.ts';
import type { Container } from './holders.ts';
import type { Pod } from './objects.ts';

export interface Command {
  /** Name of the pod in the cluster's namespace. */
  readonly pod: string;
  readonly argv: readonly string[];
  readonly timeoutMs: number;
  /** Its output is wanted: it ends the sequence. */
  readonly answer: boolean;
}

/** Runs them one after the other; `done` hears of the end, or of the answer wanted. */
export type Run = (commands: readonly Command[], done: (ended: 'done' | ExecEnd) => void) => void;

const TIMEOUT_MS = 300_000;
const STATUS_TIMEOUT_MS = 30_000;
const START_IO_TIMEOUT_MS = 600_000;
const FILESYSTEM_BYTES = 1_000_000_000_000;
const CREDENTIALS = '/var/run/secrets/weka-operator/operator-user';

/** In the pod of that name. */
export const inPod =
  (pod: string) =>
  (argv: string | readonly string[], timeoutMs = TIMEOUT_MS): Command => ({
    pod,
    argv: typeof argv === 'string' ? argv.split(' ') : argv,
    timeoutMs,
    answer: false,
  });
const shell = (text: string): readonly string[] => ['bash', '-ce', text];

/** Drives first, each role by name: the first one runs the commands, host ids follow the order. */
function ready(members: readonly Container[]): readonly Container[] {
  const usable = members.filter((member) => member.status?.status === 'Running' && endpointsOf(member).length > 0);
  return [...usable].sort(
    (a, b) => rank(a) - rank(b) || (a.metadata.name < b.metadata.name ? -1 : a.metadata.name > b.metadata.name ? 1 : 0),
  );
}
const rank = ({ spec }: Container): number => (spec.mode === 'drive' ? 0 : 1);

export function formation(now: Turn): readonly Command[] {
  const { cluster, members } = now;
  const list = ready(members);
  // It may have been formed by a command whose answer was lost: then one of those that are in knows.
  const run = inPod(member(now) || (list[0]?.metadata.name ?? ''));
  const ips = list.map(({ status }) => status?.managementIPs?.[0] ?? '');
  const endpoints = list.map((member) => endpointsOf(member)[0] ?? '');
  const create =
    `weka status || weka cluster create ${ips.join(' ')} --host-ips ${endpoints.join(',')}` +
    ` --join-secret=\`cat ${CREDENTIALS}/join-secret\` --admin-password \`cat ${CREDENTIALS}/password\` `;
  return [
    run(shell(create)),
    run(`weka cluster update --cluster-name ${cluster.metadata.name}`),
    run('weka cluster hot-spare 0'),
    run('weka cluster update --parity-drives 2'),
    run('weka cluster update --data-drives 3'),
    run(
      shell(
        'weka debug override list | grep authenticate_client_join || weka debug override add --key authenticate_client_join || weka debug override add --key authenticate_client_join --force',
      ),
    ),
  ];
}

/** In a member that is surely in and whose pod is up: a container whose node is gone may still be called Running. */
export const member = ({ ctx, members }: Turn): string =>
  ready(members).find(({ metadata, status }) => {
    const pod = ctx.store.get<Pod>(refOf(PODS, metadata));
    return status?.containerID !== undefined && isTrue(pod, 'Ready');
  })?.metadata.name ?? '';

export const statusCommand = (now: Turn): Command => ({
  ...inPod(member(now))('wekaauthcli status --json', STATUS_TIMEOUT_MS),
  answer: true,
});

export function ioSteps(now: Turn): readonly Command[] {
  const run = inPod(member(now));
  const filesystem = (name: string) =>
    run(
      `wekaauthcli fs create ${name} default ${FILESYSTEM_BYTES} --thin-provision-max-ssd ${FILESYSTEM_BYTES} --thin-provision-min-ssd ${FILESYSTEM_BYTES}`,
    );
  return [
    run(shell('wekaauthcli cluster start-io'), START_IO_TIMEOUT_MS),
    run(shell('wekaauthcli user add weka-operator clusteradmin sandbox')),
    run('wekaauthcli cluster join-token generate --access-token-timeout 5200w --json'),
    run('weka fs group create default'),
    filesystem('.config_fs'),
    filesystem('default'),
  ];
}
