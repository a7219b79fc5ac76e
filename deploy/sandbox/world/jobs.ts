/**
 * Jobs: they succeed after a while, and the clean-up Job really empties its directory. No pods are made for them.
 * Source: spec 03, 7; spec 07, 21.1 (Jobs that succeed).
 */
import { rfc3339 } from '../../../io/clock.ts';
import { JOBS, refOf } from '../../../messages/kube.ts';
import type { Cache } from './cache.ts';
import type { WorldContext } from './context.ts';
import type { Container } from './holders.ts';
import { draw } from './latency.ts';
import type { Job } from './objects.ts';
import type { NodeModel } from './pod-process.ts';
import { write } from './write.ts';

const RETRY_MS = 5_000;
const CLEAN_UP = 'weka-cleanup-container-';

export function startJobs(
  ctx: WorldContext,
  jobs: Cache<Job>,
  nodes: ReadonlyMap<string, NodeModel>,
  containers: Cache<Container>,
): void {
  const random = ctx.random('jobs');
  const current = (job: Job): Job | undefined => {
    const found = jobs.get(`${job.metadata.namespace ?? ''}/${job.metadata.name}`);
    return found?.metadata.uid === job.metadata.uid ? found : undefined;
  };

  jobs.listen((after, before) => {
    if (after !== undefined && before === undefined && after.status?.succeeded === undefined) {
      ctx.clock.after(draw(ctx.latency.job, random), () => run(after));
    }
  });

  /** One pinned to a node that is not up waits, as its pod would. */
  function run(job: Job): void {
    if (current(job) === undefined) return;
    const spec = job.spec?.template?.spec;
    const nodeName = spec?.nodeName ?? spec?.nodeSelector?.['kubernetes.io/hostname'];
    const node = nodes.get(nodeName ?? '');
    if (nodeName !== undefined && node?.power !== 'on') {
      ctx.clock.after(RETRY_MS, () => run(job));
      return;
    }
    if (node !== undefined && job.metadata.name.startsWith(CLEAN_UP)) {
      const path = spec?.volumes?.find(({ name }) => name === 'weka-container-data')?.hostPath?.path;
      if (path !== undefined) wipe(node, path, job);
    }
    const now = rfc3339(ctx.clock.wallMs());
    const conditions = [{ type: 'Complete', status: 'True', lastTransitionTime: now }];
    const status = { succeeded: 1, startTime: job.metadata.creationTimestamp, completionTime: now, conditions };
    const ref = refOf(JOBS, job.metadata);
    write(ctx, 'kube-controller-manager', { verb: 'mergePatch', ref, subresource: 'status', patch: { status } });
    const ttlS = job.spec?.ttlSecondsAfterFinished;
    if (ttlS !== undefined) ctx.clock.after(1_000 * ttlS, () => collect(job));
  }

  function collect(job: Job): void {
    if (current(job) === undefined) return;
    const ref = refOf(JOBS, job.metadata);
    write(ctx, 'kube-controller-manager', { verb: 'delete', ref, uid: job.metadata.uid, propagation: 'Background' });
  }

  function wipe(node: NodeModel, path: string, { metadata }: Job): void {
    const uid = metadata.name.slice(CLEAN_UP.length);
    const owner = [...containers.all()].find((each) => path.endsWith(`/containers/${each.metadata.uid}`));
    // The object outlives its directory, and goes: any other is somebody else's.
    if (owner?.metadata.uid !== uid || owner.metadata.deletionTimestamp === undefined) {
      ctx.oracle.report('foreign-directory-wiped', metadata.name, `${path} on ${node.name}`);
    }
    const directory = node.directories.get(path);
    if (directory === undefined) return;
    for (const process of node.processes.values()) {
      if (process.directory !== directory) continue;
      ctx.oracle.report('directory-wiped-in-use', `${process.namespace}/${process.pod}`, `${path} on ${node.name}`);
    }
    directory.files.clear();
    directory.setUp = false;
    directory.joinIps = [];
    directory.membership = undefined;
    node.directories.delete(path);
  }
}
