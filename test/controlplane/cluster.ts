/** The cluster that a live suite works on: a control plane of its own, or the one KUBECONFIG names. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { controlPlaneBinary } from './binary.ts';
import { startControlPlane } from './control-plane.ts';

export interface LiveCluster {
  /** Path; of an administrator. */
  readonly kubeconfig: string;
  /** For files of the suite; removed at the end. */
  readonly folder: string;
  readonly close: () => Promise<void>;
}

export async function liveCluster(): Promise<LiveCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'controlplane-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const given = process.env.KUBECONFIG;
  if (given !== undefined) return { kubeconfig: given, folder, close: remove };
  const binary = await controlPlaneBinary(() => {});
  if (binary.kind === 'missing') throw new Error(binary.why);
  const plane = await startControlPlane({ binary: binary.path, folder });
  return {
    kubeconfig: plane.kubeconfig,
    folder,
    close: async () => {
      await plane.stop();
      await remove();
    },
  };
}
