/**
 * Jobs where no Job controller runs: they do their work and succeed after a while. No pods are made for them.
 * Source: spec 03, 7; spec 07, 21.1 (Jobs that succeed).
 */
import { rfc3339 } from '../../../io/clock.ts';
import { JOBS, refOf } from '../../../messages/kube.ts';
import type { Cache } from './cache.ts';
import type { WorldContext } from './context.ts';
import type { Container } from './holders.ts';
import { workOfJob } from './job-work.ts';
import { draw } from './latency.ts';
import type { Job } from './objects.ts';
import type { NodeModel } from './pod-process.ts';
import { write } from './write.ts';

const RETRY_MS = 5_000;

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
    if (node !== undefined && spec !== undefined) workOfJob(ctx, containers, node, job.metadata.name, spec);
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
}
