/** The modelled fleet behind HTTP on loopback: world, API server, node agents, kubeconfigs, write count. Starts no controller. */
import { randomBytes } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { load } from 'js-yaml';
import type { Clock } from '../../../io/clock.ts';
import { selfSignedCertificate } from '../api/certificate.ts';
import { writeKubeconfig } from '../api/kubeconfig.ts';
import { createApiServer } from '../api/server.ts';
import { seededStreams } from '../seeded.ts';
import { REALISTIC, scaled } from '../world/latency.ts';
import { createWorld, type World } from '../world/world.ts';
import { freeNetwork, startAgents } from './agents.ts';
import type { DemoOptions } from './options.ts';
import { planOf } from './orders.ts';
import { countWrites, type WriteCount } from './write-count.ts';

export interface DemoFleet {
  readonly world: World;
  /** Of the controller. */
  readonly writes: WriteCount;
  readonly url: string;
  /** Path of the file for people; another user than the controller's. */
  readonly kubeconfig: string;
  readonly controllerKubeconfig: string;
  readonly close: () => Promise<void>;
}

/** Where the demo orders what it shows. */
export const NAMESPACE = 'weka';
const HOST = '127.0.0.1';
const CONTROLLER_USER = 'system:serviceaccount:weka-operator-system:weka-operator-controller-manager';
const CRDS = resolve(import.meta.dirname, '../../chart/crds');

/** Rejects with an error whose message a person can act on, where an address cannot be had. */
export async function startFleet(options: DemoOptions, folder: string, clock: Clock): Promise<DemoFleet> {
  const crds = globSync('*.yaml', { cwd: CRDS })
    .sort()
    .map((name) => load(readFileSync(join(CRDS, name), 'utf8')));
  const world = createWorld({
    clock,
    random: seededStreams(options.seed),
    crds,
    nodes: options.nodes,
    latency: scaled(REALISTIC, 1 / options.speed),
    shape: { ...planOf(options, NAMESPACE).shape, agentNetwork: await freeNetwork() },
  });
  const writes = countWrites(world.store);
  const [admin, controller] = [newToken(), newToken()];
  const tls = selfSignedCertificate([HOST, 'localhost'], clock.wallMs());
  const agents = await startAgents(world);
  try {
    const server = await createApiServer({
      store: world.store,
      storeFor: (user) => (user === CONTROLLER_USER ? writes.store : world.store),
      exec: world.exec,
      tokens: new Map([
        [admin, 'admin'],
        [controller, CONTROLLER_USER],
      ]),
      clock,
      host: HOST,
      port: options.port,
      tls,
    });
    const kubeconfig = join(folder, 'kubeconfig');
    const controllerKubeconfig = join(folder, 'controller.kubeconfig');
    await writeKubeconfig(kubeconfig, server.url, admin, tls.cert);
    await writeKubeconfig(controllerKubeconfig, server.url, controller, tls.cert);
    const close = async (): Promise<void> => {
      await Promise.all([server.close(), agents.close()]);
    };
    return { world, writes, url: server.url, kubeconfig, controllerKubeconfig, close };
  } catch (err) {
    await agents.close();
    throw new Error(`the modelled API server can't listen on ${HOST}:${options.port}: ${textOf(err)}`, { cause: err });
  }
}

const newToken = (): string => randomBytes(24).toString('base64url');
const textOf = (err: unknown): string => (err instanceof Error ? err.message : String(err));
