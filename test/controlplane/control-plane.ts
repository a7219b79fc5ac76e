/**
 * etcd, API server, scheduler and controller manager of a real Kubernetes, as four processes on free ports of loopback. Owns
 * their folder, tokens and end. Facts behind the flags: each was tried; see the reasons beside them.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { writeKubeconfig } from '../../deploy/sandbox/api/kubeconfig.ts';
import { systemClock } from '../../io/clock.ts';
import { auditFlags } from './audit.ts';
import { type Component, startComponent } from './component.ts';

export interface ControlPlane {
  readonly url: string;
  /** PEM of the API server's own certificate. */
  readonly certificate: string;
  /** The administrator's. */
  readonly token: string;
  /** Path of a kubeconfig of a user in `system:masters`. */
  readonly kubeconfig: string;
  /** Writes a kubeconfig for one of the `users` it was started with. */
  readonly kubeconfigOf: (user: string) => Promise<string>;
  /** In order: the API server hangs when etcd goes before it. Resolves when all four are gone. */
  readonly stop: () => Promise<void>;
}
export interface ControlPlaneOptions {
  readonly binary: string;
  /** Empty, and the caller's to remove. Logs of the four processes stay in it. */
  readonly folder: string;
  /** Beside the administrator: `user` → groups. Without a group they have no right. */
  readonly users?: Readonly<Record<string, readonly string[]>>;
  /** How long etcd keeps history; absent: the API server's own 5 min. */
  readonly compactionSeconds?: number;
  /** Users whose requests `readAudit` tells; service accounts too. */
  readonly audited?: readonly string[];
  /** Plugins beside the standard ones. */
  readonly admission?: readonly string[];
}

const ADMIN = 'admin';
const READY_MS_MAX = 120_000;
const LOOK_AGAIN_MS = 250;
/** What the tests rely on, and no more: nothing that would evict pods of nodes whose heartbeats a test does not send. */
const CONTROLLERS = [
  'garbage-collector-controller',
  'namespace-controller',
  'job-controller',
  'pod-garbage-collector-controller',
  'taint-eviction-controller',
  'node-lifecycle-controller',
];

export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { binary, folder, users = {}, compactionSeconds, audited = [], admission = [] } = options;
  const [etcdPort, apiPort] = await freePorts();
  const etcd = `http://127.0.0.1:${etcdPort}`;
  const url = `https://127.0.0.1:${apiPort}`;
  const tokens = new Map([ADMIN, ...Object.keys(users)].map((user) => [user, randomBytes(24).toString('hex')]));
  writeTokens(join(folder, 'tokens.csv'), tokens, users);
  const key = join(folder, 'sa.key');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(key, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });

  const running: Component[] = [];
  const start = (name: string, flags: readonly string[]): void => {
    running.push(startComponent(binary, name, flags, join(folder, `${name}.log`)));
  };
  /** Last started, first stopped. */
  const stop = async (): Promise<void> => {
    for (const each of running.splice(0).reverse()) await each.stop();
  };
  try {
    start('etcd', [`--data-dir=${join(folder, 'etcd')}`, `--listen=${etcd}`]);
    start('kube-apiserver', [
      `--etcd-servers=${etcd}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${apiPort}`,
      `--cert-dir=${folder}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${key}`,
      `--service-account-signing-key-file=${key}`,
      `--token-auth-file=${join(folder, 'tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--allow-privileged=true', // Weka pods are.
      '--service-cluster-ip-range=10.0.0.0/24',
      '--disable-admission-plugins=ServiceAccount', // Nobody makes the accounts of the pods' namespaces.
      ...(compactionSeconds === undefined ? [] : [`--etcd-compaction-interval=${compactionSeconds}s`]),
      ...(audited.length === 0 ? [] : auditFlags(folder, audited)),
      ...(admission.length === 0 ? [] : [`--enable-admission-plugins=${admission.join(',')}`]),
    ]);
    const admin = tokens.get(ADMIN) ?? '';
    await until(`${url}/readyz`, () => answers(url, admin), running);
    const certificate = readFileSync(join(folder, 'apiserver.crt'), 'utf8');
    const kubeconfig = join(folder, 'kubeconfig');
    await writeKubeconfig(kubeconfig, url, admin, certificate);
    const client = [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0'];
    const fast = ['--kube-api-qps=1000', '--kube-api-burst=1000'];
    start('kube-scheduler', [...client, ...fast]);
    start('kube-controller-manager', [
      ...client,
      ...fast,
      `--controllers=${CONTROLLERS.join(',')}`,
      '--node-monitor-grace-period=24h', // Modelled nodes send no heartbeats.
    ]);
    return {
      url,
      certificate,
      token: admin,
      kubeconfig,
      kubeconfigOf: async (user) => {
        const token = tokens.get(user);
        if (token === undefined) throw new Error(`no user ${user}; there are ${[...tokens.keys()].join(', ')}`);
        const path = join(folder, `kubeconfig-${user.replaceAll(/[^a-z0-9-]/g, '-')}`);
        await writeKubeconfig(path, url, token, certificate);
        return path;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** `token,user,uid,"group,group"`. */
function writeTokens(
  path: string,
  tokens: ReadonlyMap<string, string>,
  users: Readonly<Record<string, readonly string[]>>,
): void {
  const lines = [...tokens].map(([user, token]) => {
    const groups = user === ADMIN ? ['system:masters'] : (users[user] ?? []);
    return `${token},${user},${user},"${groups.join(',')}"`;
  });
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 });
}

/** Both at once, so that they differ. Another process may take one before it is used. */
async function freePorts(): Promise<readonly [number, number]> {
  const servers = [createServer(), createServer()] as const;
  const port = (server: (typeof servers)[number]): Promise<number> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)); // Not a pipe.
    });
  const ports = [await port(servers[0]), await port(servers[1])] as const;
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}

async function until(what: string, holds: () => Promise<boolean>, running: readonly Component[]): Promise<void> {
  const fromMs = systemClock.monotonicMs();
  while (!(await holds())) {
    const dead = running.find(({ end }) => end() !== undefined);
    if (dead !== undefined) throw new Error(`${dead.name} ended with ${dead.end()}:\n${lastLines(dead.logPath)}`);
    if (systemClock.monotonicMs() - fromMs > READY_MS_MAX) throw new Error(`${what}: not ready in ${READY_MS_MAX} ms`);
    await new Promise<void>((resolve) => systemClock.after(LOOK_AGAIN_MS, resolve));
  }
}
const lastLines = (path: string): string => readFileSync(path, 'utf8').split('\n').slice(-15).join('\n');

/** Its certificate is its own and not known yet: nothing but "ready" is taken from this answer. */
function answers(url: string, token: string): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { headers: { authorization: `Bearer ${token}` }, rejectUnauthorized: false, timeout: 2_000 };
    const asked = request(`${url}/readyz`, options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.once('error', () => resolve(false));
    asked.once('timeout', () => asked.destroy(new Error('timeout')));
    asked.end();
  });
}
