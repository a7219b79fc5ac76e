/**
 * A small stand-in for the sharder of a ControllerRing, by its public protocol: finds the shards by their Leases, labels
 * containers with the shard that is to serve them, drains those that are to move, takes those of dead shards away. What the
 * real one does by a webhook at once is done here a round later. Source: kubernetes-controller-sharding, docs/design.md.
 */
import { createHash } from 'node:crypto';
import { type Clock, rfc3339Micro } from '../../io/clock.ts';
import type { KubeApi } from '../../io/outside.ts';
import { CONTAINERS, type KubeObject, LEASES, type ObjectMeta, refOf } from '../../messages/kube.ts';
import type { Lease } from '../../messages/resources.ts';
import { drainLabel, RING_LABEL, shardLabel } from '../../messages/shard.ts';

export interface SharderOptions {
  readonly api: Pick<KubeApi, 'request' | 'list'>;
  readonly ring: string;
  /** Of the shards' Leases. */
  readonly namespace: string;
  readonly clock: Clock;
}
export interface Sharder {
  /** From now on this shard, which lives, is to serve nothing: what it has moves away, drained. */
  readonly retire: (shard: string) => void;
  /** It may be given containers again. */
  readonly readmit: (shard: string) => void;
  /** `namespace/name` → the shards that it was given to, in order. */
  readonly given: () => ReadonlyMap<string, readonly string[]>;
  readonly stop: () => void;
}

const ROUND_MS = 1_000;
const HOLDER = 'shardlease-controller';

export function startSharder({ api, ring, namespace, clock }: SharderOptions): Sharder {
  const [shardKey, drainKey] = [shardLabel(ring), drainLabel(ring)];
  const retired = new Set<string>();
  const given = new Map<string, string[]>();
  let available: readonly string[] = [];
  let stopped = false;
  let cancel = (): void => {};

  async function round(): Promise<void> {
    const leases = await api.list({ verb: 'list', type: LEASES, namespace, labelSelector: `${RING_LABEL}=${ring}` });
    if (leases.kind !== 'ok') return;
    const states = new Map<string, 'ready' | 'expired' | 'dead'>();
    for (const lease of leases.answer.items as readonly Lease[]) states.set(lease.metadata.name, await stateOf(lease));
    available = [...states].flatMap(([name, state]) => (state === 'ready' && !retired.has(name) ? [name] : []));
    const containers = await api.list({ verb: 'list', type: CONTAINERS });
    if (containers.kind !== 'ok') return;
    for (const container of containers.answer.items) await place(container, states);
  }
  /** One whose Lease can be taken has lost it for good; one that only stands still may still be at work. */
  async function stateOf(lease: Lease): Promise<'ready' | 'expired' | 'dead'> {
    const { holderIdentity, renewTime, leaseDurationSeconds = 15 } = lease.spec ?? {};
    if (holderIdentity !== lease.metadata.name) return 'dead';
    const stoodMs = clock.wallMs() - Date.parse(renewTime ?? '');
    if (stoodMs < leaseDurationSeconds * 1_000) return 'ready';
    if (stoodMs < 2 * leaseDurationSeconds * 1_000) return 'expired';
    const spec = { ...lease.spec, holderIdentity: HOLDER, renewTime: rfc3339Micro(clock.wallMs()) };
    const object = { ...lease, apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', spec };
    const taken = await api.request({ verb: 'replace', ref: refOf(LEASES, lease.metadata), object });
    return taken.kind === 'ok' ? 'dead' : 'expired';
  }
  async function place({ metadata }: KubeObject, states: ReadonlyMap<string, string>): Promise<void> {
    const { [shardKey]: held, [drainKey]: draining } = metadata.labels ?? {};
    const wanted = chosen(available, keyOf(metadata));
    const lives = held !== undefined && (states.get(held) === 'ready' || states.get(held) === 'expired');
    if (lives ? held === wanted || wanted === undefined || draining !== undefined : wanted === held) return;
    const labels = lives ? { [drainKey]: 'true' } : { [shardKey]: wanted ?? null, [drainKey]: null };
    const { resourceVersion } = metadata;
    const patch = { metadata: { resourceVersion, labels } };
    const outcome = await api.request({ verb: 'mergePatch', ref: refOf(CONTAINERS, metadata), patch });
    if (outcome.kind !== 'ok' || lives || wanted === undefined) return;
    const key = keyOf(metadata);
    given.set(key, [...(given.get(key) ?? []), wanted]);
  }
  const again = (): void => {
    cancel = clock.after(ROUND_MS, () => {
      void round().finally(() => {
        if (!stopped) again();
      });
    });
  };
  again();
  return {
    retire: (shard) => void retired.add(shard),
    readmit: (shard) => void retired.delete(shard),
    given: () => given,
    stop: () => {
      stopped = true;
      cancel();
    },
  };
}

const keyOf = ({ namespace, name }: ObjectMeta): string => `${namespace}/${name}`;
/** Of each key its own order of shards: one that comes or goes moves only what is its own. */
function chosen(shards: readonly string[], key: string): string | undefined {
  const weight = (shard: string): string => createHash('sha256').update(`${shard}/${key}`).digest('hex');
  return shards.toSorted((a, b) => (weight(a) < weight(b) ? -1 : 1))[0];
}
