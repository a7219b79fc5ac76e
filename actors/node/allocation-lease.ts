/**
 * The Lease under which drives and ports of a node are chosen: it keeps out whoever else chooses there, another shard or the
 * existing operator. Held for a batch, until all that was granted is written. Source: spec 05, 4.2; spec 01, 15.3; I8.
 */
import { createHash } from 'node:crypto';
import { rfc3339Micro } from '../../io/clock.ts';
import type { ContainerUid, NodeName } from '../../messages/ids.ts';
import { LEASES, refOf } from '../../messages/kube.ts';
import type { LeaseAnswer } from '../../messages/node.ts';
import type { Lease, LeaseSpec } from '../../messages/resources.ts';
import { compareVersions } from '../../messages/watch.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { catchUp, kube, type Script, sleep } from '../calls.ts';
import { kubeText } from '../flows/said.ts';
import { needsDrives } from '../rules/allocation/additional-drives.ts';
import { holding } from '../rules/allocation/grants.ts';
import { kept, noWork, type Plan, RETRY_MS_MIN, type Site, type Subject, type Work } from './work.ts';

/**
 * Left by whoever gives it back: `<resourceVersion of the newest container of the node>@<renewTime>`. Who takes it next waits
 * until its own watch has come so far. With another renewTime beside it somebody has held it since who leaves no such word.
 */
const WRITTEN = 'weka.io/containers-version';
/** A holder that has not renewed for so long, as seen from here, is taken to be gone. */
const LEASE_MS = 15_000;
/** Nothing is chosen any more so long after it was taken or renewed: 5 s before anybody else may. */
const HOLD_MS = 10_000;
/** A lease that is held is renewed at this pace while there are choices under it that are not written. */
const RENEW_MS = 5_000;
const LOOK_AGAIN_MS = 3_000;
const NAME_MAX = 253;

export interface AllocationLease extends Work {
  /** Who waits for it, in order of arrival. */
  readonly choosing: ReadonlySet<ContainerUid>;
  /** Until when choices may be made under it; undefined: it is not held. Monotonic. */
  readonly untilMs: number | undefined;
  /** Whether it is being taken or renewed, else given back, while there is work on it. */
  readonly takes: boolean;
}
const NOBODY: ReadonlySet<ContainerUid> = new Set();

export const mayChoose = ({ untilMs }: AllocationLease, { lease }: Site, nowMs: number): boolean =>
  lease === undefined || (untilMs !== undefined && untilMs > nowMs);

export function awaitLease(
  part: AllocationLease,
  uid: ContainerUid,
  site: Site,
): readonly [AllocationLease, LeaseAnswer] {
  const reason = `the lease ${allocationLeaseName(site.name)} is waited for`;
  const next = { ...part, choosing: new Set([...part.choosing, uid]) };
  return [next, { kind: 'pending', delayMs: RETRY_MS_MIN, reason }];
}

/** Taken or renewed: whoever waits asks again, and has its choice in this very lease. */
export const taken = (part: AllocationLease, nowMs: number): Plan<AllocationLease> => ({
  part: { ...part, choosing: NOBODY, untilMs: nowMs + HOLD_MS },
  wakes: [...part.choosing],
  next: undefined,
  againMs: RENEW_MS,
});

/** Taken for those who wait, renewed while a choice is not written, given back when all are. */
export const allocationLease: Subject<AllocationLease> = {
  initial: { ...noWork, choosing: NOBODY, untilMs: undefined, takes: false },
  plan: (part, site, nowMs, granted) => {
    if (site.lease === undefined) return { part, wakes: [], next: undefined };
    /** It asked for the lease and has not got what it asked for. */
    const stillChooses = (uid: ContainerUid): boolean => {
      const container = site.view.container(uid);
      if (container?.status?.allocations === undefined) return true;
      return needsDrives(holding(container, granted.get(uid)), site.settings);
    };
    const choosing = kept(part.choosing, stillChooses);
    const nothing = { part: { ...part, choosing }, wakes: [], next: undefined };
    // What is under way may be giving it back: its end must not be taken for a lease that is held.
    if (part.phase !== 'idle') return nothing;
    const { untilMs } = part;
    const [unwritten] = granted.keys();
    const [first = unwritten] = choosing;
    if (first === undefined) {
      if (untilMs === undefined) return nothing;
      const given = { ...part, choosing, takes: false, untilMs: undefined };
      return { ...nothing, part: given, next: { script: giveLeaseBack(holderOf(site, site.lease)) } };
    }
    const due = untilMs === undefined ? choosing.size > 0 : untilMs - nowMs <= HOLD_MS - RENEW_MS;
    if (!due) return nothing;
    const script = takeLease(holderOf(site, site.lease, first));
    return { ...nothing, part: { ...part, choosing, takes: true }, next: { script } };
  },
  waiting: ({ choosing }) => [...choosing],
  pruned: (part, here) => {
    const choosing = kept(part.choosing, here);
    return choosing === part.choosing ? part : { ...part, choosing };
  },
};
function holderOf(
  { name, view, settings }: Site,
  { instance, wallMs }: NonNullable<Site['lease']>,
  uid?: ContainerUid,
): Holder {
  const { namespace = '', name: called = '' } = (uid === undefined ? undefined : view.container(uid)?.metadata) ?? {};
  return {
    node: name,
    namespace: settings.operatorNamespace,
    identity: `${namespace}/${called}@${instance}`,
    wallMs,
    newest: () => newestOf(view.containersOnNode(name)),
  };
}
/** Undefined also where versions cannot be compared. */
function newestOf(containers: readonly WekaContainer[]): string | undefined {
  const versions = containers.map(({ metadata }) => metadata.resourceVersion);
  return versions.find((one) => versions.every((other) => (compareVersions(one, other) ?? -1) >= 0));
}

/** One too long for a name ends with a hash of what was cut off. */
export function allocationLeaseName(node: NodeName): string {
  const name = `weka-allocator-${node}`;
  if (name.length <= NAME_MAX) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 12);
  return `${name.slice(0, NAME_MAX - hash.length - 1)}-${hash}`;
}
interface Holder {
  readonly node: NodeName;
  /** The operator's: one lock for containers of all namespaces. */
  readonly namespace: string;
  /** `<namespace>/<name>@<instance>` of the first container of the batch. */
  readonly identity: string;
  readonly wallMs: () => number;
  /** Of the newest container of this node that is known; undefined: none is. */
  readonly newest: () => string | undefined;
}
const refTo = ({ node, namespace }: Holder) => refOf(LEASES, { namespace, name: allocationLeaseName(node) });

/** Takes or renews it, and waits for as long as somebody else does. Undefined: held now. Otherwise why it could not be asked for. */
function* takeLease(holder: Holder): Script<string | undefined> {
  const { identity } = holder;
  let seenVersion = '';
  let stoodMs = 0;
  for (;;) {
    const found = yield* kube<Lease>({ verb: 'get', ref: refTo(holder) });
    if (found.kind !== 'ok' && found.kind !== 'notFound') return kubeText(found);
    const lease = found.kind === 'ok' ? found.answer : undefined;
    const by = lease?.spec?.holderIdentity ?? '';
    const kept = sameProcess(by, identity);
    stoodMs = lease?.metadata.resourceVersion === seenVersion ? stoodMs + LOOK_AGAIN_MS : 0;
    seenVersion = lease?.metadata.resourceVersion ?? '';
    if (by === '' || kept || stoodMs >= Math.max(LEASE_MS, (lease?.spec?.leaseDurationSeconds ?? 0) * 1_000)) {
      const takenMs = holder.wallMs();
      const written = yield* write(holder, lease);
      if (written.kind === 'ok') {
        if (lease === undefined || kept) return undefined;
        yield* catchUp(by === '' ? writtenBefore(lease) : undefined);
        // What took long has used up the time for choices: it is renewed first.
        if (holder.wallMs() - takenMs <= LOOK_AGAIN_MS) return undefined;
        continue;
      }
      // Another one was faster: it is looked at again. All else is an error, also where it may have been done.
      if (written.kind !== 'conflict' && written.kind !== 'alreadyExists') return kubeText(written);
    }
    yield* sleep(LOOK_AGAIN_MS);
  }
}
/** Of the same process: one whose renewal was lost holds it still. */
const sameProcess = (a: string, b: string): boolean =>
  a.split('@')[1] !== undefined && a.split('@')[1] === b.split('@')[1];

function writtenBefore({ metadata, spec }: Lease): string | undefined {
  const [version, renewTime] = metadata.annotations?.[WRITTEN]?.split('@') ?? [];
  return renewTime !== undefined && renewTime === spec?.renewTime ? version : undefined;
}

function write(holder: Holder, lease: Lease | undefined) {
  const { identity, namespace, node, wallMs } = holder;
  const now = rfc3339Micro(wallMs());
  const again = lease?.spec?.holderIdentity === identity;
  const spec: LeaseSpec = {
    holderIdentity: identity,
    leaseDurationSeconds: LEASE_MS / 1_000,
    acquireTime: again ? (lease?.spec?.acquireTime ?? now) : now,
    renewTime: now,
    leaseTransitions: (lease?.spec?.leaseTransitions ?? 0) + (lease === undefined || again ? 0 : 1),
  };
  const apiVersion = 'coordination.k8s.io/v1';
  if (lease !== undefined) {
    const object = { ...lease, apiVersion, kind: 'Lease', spec };
    return kube<Lease>({ verb: 'replace', ref: refTo(holder), object });
  }
  const object = { apiVersion, kind: 'Lease', metadata: { namespace, name: allocationLeaseName(node) }, spec };
  return kube<Lease>({ verb: 'create', type: LEASES, object });
}

/** Empties it, where it is this process's. What goes wrong costs others a wait of 15 s. */
function* giveLeaseBack(holder: Holder): Script<string | undefined> {
  const found = yield* kube<Lease>({ verb: 'get', ref: refTo(holder) });
  if (found.kind !== 'ok' || !sameProcess(found.answer.spec?.holderIdentity ?? '', holder.identity)) return undefined;
  const renewTime = rfc3339Micro(holder.wallMs());
  const spec = { ...found.answer.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime };
  const { [WRITTEN]: _before, ...others } = found.answer.metadata.annotations ?? {};
  const newest = holder.newest();
  const annotations = newest === undefined ? others : { ...others, [WRITTEN]: `${newest}@${renewTime}` };
  const emptied: Lease = { ...found.answer, metadata: { ...found.answer.metadata, annotations }, spec };
  yield* kube({ verb: 'replace', ref: refTo(holder), object: emptied });
  return undefined;
}
