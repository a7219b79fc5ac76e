/** Controllers as processes of their own, as a Deployment would start them, with addresses on loopback and a kubeconfig each. */
import { copyFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type ControllerProcess, startController } from '../../deploy/sandbox/demo/controller-process.ts';
import { systemClock } from '../../io/clock.ts';
import { say } from './chart-run.ts';
import { until } from './waiting.ts';

export const START_MS_MAX = 60_000;

export interface Replica {
  readonly name: string;
  readonly process: ControllerProcess;
  /** Of its probes. */
  readonly address: string;
  /** Path. */
  readonly log: string;
  /** How it ended; undefined while it runs. */
  readonly end: () => string | undefined;
}
export interface ReplicaOptions {
  /** Of the pod. */
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
  readonly env: Readonly<Record<string, string>>;
  /** Path. */
  readonly kubeconfig: string;
  /** For its log. */
  readonly folder: string;
}

export function startReplica({ name, namespace, address, env, kubeconfig, folder }: ReplicaOptions): Replica {
  const log = join(folder, `${name}.log`);
  const own = {
    POD_NAMESPACE: namespace,
    POD_NAME: name,
    POD_UID: name,
    KUBECONFIG: kubeconfig,
    HEALTH_PROBE_BIND_ADDRESS: address,
  };
  const process = startController({ ...env, ...own }, log, systemClock);
  let ended: string | undefined;
  void process.ended.then((how) => {
    ended = how;
  });
  return { name, process, address, log, end: () => ended };
}

export interface Account {
  readonly name: string;
  readonly namespace: string;
}
/** Path of a kubeconfig for the account. `kubeconfig` is an administrator's. */
export function accountKubeconfig(kubectl: string, kubeconfig: string, account: Account, folder: string): string {
  const done = (...argv: readonly string[]): string => {
    const { code, out, err } = say(kubectl, argv);
    if (code !== 0) throw new Error(err);
    return out;
  };
  const own = join(folder, `${account.name}.kubeconfig`);
  copyFileSync(kubeconfig, own);
  const token = done(`--kubeconfig=${kubeconfig}`, 'create', 'token', account.name, '-n', account.namespace).trim();
  done('config', `--kubeconfig=${own}`, 'set-credentials', 'account', `--token=${token}`);
  done('config', `--kubeconfig=${own}`, 'set-context', '--current', '--user=account');
  return own;
}

/** `127.0.0.1:port`, free just now. */
export function freeAddress(): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') return reject(new Error('no port'));
      server.close(() => resolve(`127.0.0.1:${address.port}`));
    });
  });
}

/** `ready`, or why not. */
export const readiness = ({ address }: Replica): Promise<string> =>
  fetch(`http://${address}/readyz`).then(
    async (answer) => (answer.ok ? 'ready' : await answer.text()),
    (error: unknown) => String(error),
  );
export const hasSaid = ({ log }: Replica, text: string | RegExp): boolean => {
  const all = readFileSync(log, 'utf8');
  return typeof text === 'string' ? all.includes(text) : text.test(all);
};
export const untilReady = (replica: Replica): Promise<number> =>
  untilOf(replica, async () => (await readiness(replica)) === 'ready');
export const untilSaid = (replica: Replica, text: string | RegExp): Promise<number> =>
  untilOf(replica, () => hasSaid(replica, text));

/** Rejects with the log of a replica that ends, or for which it does not come true. */
function untilOf(replica: Replica, holds: () => boolean | Promise<boolean>): Promise<number> {
  const wholeLog = (): string => `${replica.end() ?? ''}\n${readFileSync(replica.log, 'utf8')}`;
  const holdsOrEnded = async (): Promise<boolean> => {
    if (replica.end() !== undefined) throw new Error(wholeLog());
    return holds();
  };
  return until(holdsOrEnded, START_MS_MAX, wholeLog);
}
