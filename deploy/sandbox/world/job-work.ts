/** What a Job of the controller does on its node: the clean-up Job empties its directory, others only take time. Source: spec 03, 7. */
import type { Cache } from './cache.ts';
import type { WorldContext } from './context.ts';
import type { Container } from './holders.ts';
import { inClaim } from './node-model.ts';
import type { PodSpec } from './objects.ts';
import type { NodeModel } from './pod-process.ts';

const CLEAN_UP = 'weka-cleanup-container-';
const VOLUME = 'weka-container-data';

export function workOfJob(
  ctx: WorldContext,
  containers: Cache<Container>,
  node: NodeModel,
  job: string,
  { volumes = [] }: PodSpec,
): void {
  if (!job.startsWith(CLEAN_UP)) return;
  const uid = job.slice(CLEAN_UP.length);
  const { hostPath, persistentVolumeClaim: claim } = volumes.find(({ name }) => name === VOLUME) ?? {};
  const path = hostPath?.path ?? (claim === undefined ? undefined : inClaim(claim.claimName, uid));
  if (path === undefined) return;
  const owner = [...containers.all()].find((each) => path.endsWith(`/containers/${each.metadata.uid}`));
  // The object outlives its directory, and goes: any other is somebody else's.
  if (owner?.metadata.uid !== uid || owner.metadata.deletionTimestamp === undefined) {
    ctx.oracle.report('foreign-directory-wiped', job, `${path} on ${node.name}`);
  }
  wipe(ctx, node, path);
  for (const [left] of node.directories) {
    if (!left.endsWith(`/containers/${uid}`)) continue;
    ctx.oracle.report('other-directory-wiped', job, `${path}, its data lie in ${left} on ${node.name}`);
  }
}

/** `find <path> -mindepth 1 -delete`: also what of others lies below. */
function wipe(ctx: WorldContext, node: NodeModel, path: string): void {
  for (const [each, directory] of node.directories) {
    if (each !== path && !each.startsWith(`${path}/`)) continue;
    for (const process of node.processes.values()) {
      if (process.directory !== directory) continue;
      ctx.oracle.report('directory-wiped-in-use', `${process.namespace}/${process.pod}`, `${each} on ${node.name}`);
    }
    directory.files.clear();
    directory.setUp = false;
    directory.joinIps = [];
    directory.membership = undefined;
    node.directories.delete(each);
  }
}
