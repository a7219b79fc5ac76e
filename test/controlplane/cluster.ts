/** The cluster that a live suite works on: a control plane of its own, or the one KUBECONFIG names. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { controlPlaneBinary } from './binary.ts';
import { type ControlPlaneOptions, startControlPlane } from './control-plane.ts';

export interface LiveCluster {
  /** Path; of an administrator. */
  readonly kubeconfig: string;
  /** For files of the suite; removed at the end. */
  readonly folder: string;
  readonly close: () => Promise<void>;
}
export interface OwnCluster extends LiveCluster {
  readonly url: string;
  /** PEM of its API server's own. */
  readonly certificate: string;
  /** Path; of one of the users it was started with. */
  readonly kubeconfigOf: (user: string) => Promise<string>;
}

export async function liveCluster(): Promise<LiveCluster> {
  const kubeconfig = process.env.KUBECONFIG;
  if (kubeconfig === undefined) return ownCluster();
  const folder = await newFolder();
  return { kubeconfig, folder, close: () => remove(folder) };
}

/** Whatever KUBECONFIG says: for suites that choose users, or read the audit log. It is in `folder`. */
export async function ownCluster(options: Omit<ControlPlaneOptions, 'binary' | 'folder'> = {}): Promise<OwnCluster> {
  const binary = await controlPlaneBinary(() => {});
  if (binary.kind === 'missing') throw new Error(binary.why);
  const folder = await newFolder();
  const plane = await startControlPlane({ binary: binary.path, folder, ...options });
  return {
    url: plane.url,
    certificate: plane.certificate,
    kubeconfig: plane.kubeconfig,
    kubeconfigOf: plane.kubeconfigOf,
    folder,
    close: async () => {
      await plane.stop();
      await remove(folder);
    },
  };
}

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'controlplane-'));
const remove = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });
