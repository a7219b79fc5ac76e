/** How the modelled cluster controller takes a cluster away: pause for the grace period, destroy, let go. Source: spec 03, 2. */
import { CLUSTERS, CONTAINERS, refOf } from '../../../messages/kube.ts';
import { FINALIZER } from './cluster-objects.ts';
import type { Turn } from './cluster-turn.ts';
import type { Container } from './holders.ts';
import { write } from './write.ts';

/** s3 until none are left, then nfs, then all. */
const ORDER: readonly ((container: Container) => boolean)[] = [
  ({ spec }) => spec.mode === 's3',
  ({ spec }) => spec.mode === 'nfs',
  () => true,
];

export function destroyCluster(now: Turn): void {
  const { ctx, cluster, members, patchStatus } = now;
  const ref = refOf(CLUSTERS, cluster.metadata);
  if (members.length === 0) {
    const finalizers = (cluster.metadata.finalizers ?? []).filter((one) => one !== FINALIZER);
    write(ctx, 'weka-cluster-controller', { verb: 'mergePatch', ref, patch: { metadata: { finalizers } } });
    return;
  }
  const wave = ORDER.map((belongs) => members.filter(belongs)).find(({ length }) => length > 0) ?? [];
  const deletedAtMs = Date.parse(cluster.metadata.deletionTimestamp ?? '');
  if (ctx.clock.wallMs() < deletedAtMs + durationMs(cluster.spec?.gracefulDestroyDuration)) {
    if (cluster.status?.status !== 'GracePeriod') patchStatus({ status: 'GracePeriod' });
    for (const member of wave) setState(now, member, 'paused');
    return;
  }
  if (cluster.status?.status !== 'Destroying') patchStatus({ status: 'Destroying' });
  giveUp(now);
  for (const member of wave) {
    setState(now, member, 'destroying');
    if (member.metadata.deletionTimestamp === undefined) {
      write(ctx, 'weka-cluster-controller', {
        verb: 'delete',
        ref: refOf(CONTAINERS, member.metadata),
        uid: member.metadata.uid,
      });
    }
  }
}

/** From here on the data of the weka cluster may be erased. */
function giveUp({ clusters, members }: Turn): void {
  const uids = new Set(members.map(({ metadata }) => metadata.uid));
  for (const weka of clusters.all()) {
    for (const { containerUid } of weka.hosts.values()) if (uids.has(containerUid)) weka.doomed = true;
  }
}

function setState({ ctx }: Turn, member: Container, state: string): void {
  if (member.spec.state === state) return;
  write(ctx, 'weka-cluster-controller', {
    verb: 'mergePatch',
    ref: refOf(CONTAINERS, member.metadata),
    patch: { spec: { state } },
  });
}

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
/** A Go duration such as `24h0m0s`; absent: none. */
function durationMs(text: string | undefined): number {
  let sumMs = 0;
  for (const [, number, unit] of (text ?? '').matchAll(/([0-9.]+)(ms|h|m|s)/g)) {
    sumMs += Number(number) * (UNIT_MS[unit ?? ''] ?? 0);
  }
  return sumMs;
}
