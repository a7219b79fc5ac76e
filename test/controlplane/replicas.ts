/** Controllers as processes of their own, as a Deployment would start them, with addresses on loopback and the rights of an account. */
import { copyFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type ControllerProcess, startController } from '../../deploy/sandbox/demo/controller-process.ts';
import { systemClock } from '../../io/clock.ts';
import { say } from './chart-run.ts';

export const START_MS_MAX = 60_000;
const LOOK_AGAIN_MS = 250;

export interface Replica {
  readonly process: ControllerProcess;
  /** Of its probes. */
  readonly address: string;
  readonly log: string;
}
export interface ReplicaOptions {
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
  /** Of the chart. */
  readonly env: Readonly<Record<string, string>>;
  readonly kubectl: string;
  /** Of an administrator; a copy for the account is made of it. */
  readonly kubeconfig: string;
  readonly account: string;
  readonly folder: string;
}

export function startReplica(options: ReplicaOptions): Replica {
  const { name, namespace, address, env, kubectl, kubeconfig, account, folder } = options;
  const done = (...argv: readonly string[]): string => {
    const { code, out, err } = say(kubectl, argv);
    if (code !== 0) throw new Error(err);
    return out;
  };
  const own = join(folder, `${name}.kubeconfig`);
  copyFileSync(kubeconfig, own);
  const token = done(`--kubeconfig=${kubeconfig}`, 'create', 'token', account, '-n', namespace).trim();
  done('config', `--kubeconfig=${own}`, 'set-credentials', 'account', `--token=${token}`);
  done('config', `--kubeconfig=${own}`, 'set-context', '--current', '--user=account');
  const log = join(folder, `${name}.log`);
  const pod = { POD_NAMESPACE: namespace, POD_NAME: name, POD_UID: name, KUBECONFIG: own };
  return { process: startController({ ...env, ...pod }, log, systemClock), address, log };
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
export const hasSaid = ({ log }: Replica, text: string): boolean => readFileSync(log, 'utf8').includes(text);
export const untilReady = (replica: Replica): Promise<void> =>
  until(replica, async () => (await readiness(replica)) === 'ready');
export const untilSaid = (replica: Replica, text: string): Promise<void> =>
  until(replica, async () => hasSaid(replica, text));

/** Throws with the log of a replica that ends, or for which it does not come true. */
async function until({ process, log }: Replica, holds: () => Promise<boolean>): Promise<void> {
  let ended: string | undefined;
  void process.ended.then((how) => {
    ended = how;
  });
  const fromMs = systemClock.monotonicMs();
  while (!(await holds())) {
    if (ended !== undefined || systemClock.monotonicMs() - fromMs > START_MS_MAX)
      throw new Error(`${ended ?? 'not in time'}:\n${readFileSync(log, 'utf8')}`);
    await new Promise<void>((resolve) => systemClock.after(LOOK_AGAIN_MS, resolve));
  }
}
