/**
 * The pace of removals where a cluster's members are served by several shards: beside the slot of the cluster's actor, which
 * knows of its own process alone, one Lease per cluster and role says when a host was last removed. It spaces removals out and
 * guards nothing else: that is why two clocks may be compared here. Source: spec 03, 4.12; design.md 8.
 */
import { rfc3339Micro } from '../../../io/clock.ts';
import type { ClusterUid } from '../../../messages/ids.ts';
import { type KubeOutcome, LEASES, type ObjectRef, refOf } from '../../../messages/kube.ts';
import type { Lease } from '../../../messages/resources.ts';
import { isProtocol } from '../../../messages/weka-modes.ts';
import { kube, type Script } from '../../calls.ts';
import { REMOVAL_EVERY_MS } from '../../cluster.ts';
import type { Pass } from '../pass.ts';
import { kubeText } from '../said.ts';

/** Undefined: its turn. Otherwise why not yet. One that has it keeps it until the minute is over, also beyond a restart. */
export function* takeRemovalTurn(pass: Pass, cluster: ClusterUid): Script<string | undefined> {
  if (!isPaced(pass)) return undefined;
  const ref = leaseOf(pass, cluster);
  const found = yield* kube<Lease>({ verb: 'get', ref }, 'removal');
  if (found.kind !== 'ok' && found.kind !== 'notFound') return kubeText(found);
  const lease = found.kind === 'ok' ? found.answer : undefined;
  if (lease?.spec?.holderIdentity === pass.uid) return undefined;
  if (lease !== undefined && !isOver(pass, lease)) return `the Lease ${ref.name} is another one's`;
  const written = yield* write(pass, ref, lease, pass.uid);
  // Without an answer it may be ours: the next look tells.
  return written.kind === 'ok' ? undefined : kubeText(written);
}
/** Nothing was removed: the next one need not wait. What goes wrong costs a minute. */
export function* giveRemovalTurnBack(pass: Pass, cluster: ClusterUid): Script<void> {
  if (!isPaced(pass)) return;
  const ref = leaseOf(pass, cluster);
  const found = yield* kube<Lease>({ verb: 'get', ref }, 'removal');
  if (found.kind === 'ok' && found.answer.spec?.holderIdentity === pass.uid) yield* write(pass, ref, found.answer, '');
}

const isPaced = ({ settings, spec }: Pass): boolean =>
  settings.controllerRing !== '' && settings.removalThrottlingEnabled && !isProtocol(spec.mode);
const leaseOf = ({ settings, spec }: Pass, cluster: ClusterUid): ObjectRef =>
  refOf(LEASES, { namespace: settings.operatorNamespace, name: `weka-removal-${cluster}-${spec.mode}` });
/** A time that cannot be read, or of a clock that is far off, holds nobody up. */
function isOver({ wallMs }: Pass, { spec }: Lease): boolean {
  if (!spec?.holderIdentity) return true;
  const agoMs = Math.abs(wallMs - Date.parse(spec.renewTime ?? ''));
  return !(agoMs <= REMOVAL_EVERY_MS);
}
function* write(pass: Pass, ref: ObjectRef, lease: Lease | undefined, holder: string): Script<KubeOutcome> {
  const renewTime = rfc3339Micro(pass.wallMs);
  const spec = { holderIdentity: holder, leaseDurationSeconds: REMOVAL_EVERY_MS / 1_000, renewTime };
  const type = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' } as const;
  if (lease !== undefined) {
    const object: Lease = { ...lease, ...type, spec };
    return yield* kube({ verb: 'replace', ref, object }, 'removal');
  }
  const { namespace, name } = ref;
  const object = { ...type, metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, spec };
  return yield* kube({ verb: 'create', type: LEASES, object }, 'removal');
}
