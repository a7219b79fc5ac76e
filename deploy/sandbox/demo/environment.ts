/** The environment of the demo's controller: what the chart would set, with addresses on loopback. */

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { SIGN_DRIVES_IMAGE } from '../world/operation-kinds.ts';
import { DEPLOYMENT_NAME, MAINTENANCE_ACCOUNT, OPERATOR_IMAGE } from '../world/world.ts';

export interface ControllerAddresses {
  readonly metrics: string;
  readonly health: string;
  readonly debug: string;
}

/** Three free addresses `127.0.0.1:port`, told here so that they can be printed. Another process may take one meanwhile. */
export async function freeAddresses(): Promise<ControllerAddresses> {
  const servers = [createServer(), createServer(), createServer()] as const;
  const [metrics, health, debug] = await Promise.all([listen(servers[0]), listen(servers[1]), listen(servers[2])]);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return { metrics, health, debug };
}

const listen = (server: ReturnType<typeof createServer>): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`)); // Not a pipe.
  });

export const controllerEnvironment = (
  kubeconfig: string,
  operatorNamespace: string,
  { metrics, health, debug }: ControllerAddresses,
): Readonly<Record<string, string>> => ({
  VERSION: 'sandbox',
  KUBECONFIG: kubeconfig,
  POD_NAMESPACE: operatorNamespace,
  POD_NAME: 'sandbox-controller',
  OPERATOR_DEPLOYMENT_NAME: DEPLOYMENT_NAME,
  OPERATOR_IMAGE,
  OPERATOR_METRICS_BIND_ADDRESS: metrics,
  HEALTH_PROBE_BIND_ADDRESS: health,
  DEBUG_BIND_ADDRESS: debug,
  WEKA_OPERATOR_MAINTENANCE_SA_NAME: MAINTENANCE_ACCOUNT,
  WEKA_OCP_PULL_SECRET: 'weka-ocp-pull-secret',
  SIGN_DRIVES_IMAGE,
  DRAIN_TIMEOUT: '5s',
  CSI_INSTALLATION_ENABLED: 'true',
});
