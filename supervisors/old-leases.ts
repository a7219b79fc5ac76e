/**
 * V6: Leases by which allocators locked nodes that are gone; behind its setting. One is deleted when its node has been gone, and nobody has renewed it, for a whole round; both read live.
 * Source: spec 01, 22 no. 24; spec 05, 16.1; spec 08, 8.5.
 */
import type { Config } from '../config.ts';
import type { Clock } from '../io/clock.ts';
import type { Log } from '../io/log.ts';
import type { KubeApi } from '../io/outside.ts';
import type { Submit } from '../io/submit.ts';
import { type KubeObject, LEASES, NODES, refOf } from '../messages/kube.ts';
import type { Stores } from './stores.ts';

export interface LeaseCollector {
  readonly stores: Pick<Stores, 'nodes'>;
  readonly kube: Pick<KubeApi, 'list'>;
  readonly submit: Submit;
  readonly settings: Pick<Config, 'collectLeftovers' | 'operatorNamespace'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** A holder renews within seconds. */
export const ROUND_MS = 10 * 60_000;
const PREFIX = 'weka-allocator-';
const PAGE = 500;

/** First after one round, then after each. Returns what ends it. */
export function startLeaseCollector({ stores, kube, submit, settings, clock, log }: LeaseCollector): () => void {
  if (!settings.collectLeftovers) return () => {};
  /** Of Leases whose node was gone a round ago: uid → resourceVersion then. */
  let suspects: ReadonlyMap<string, string> = new Map();
  let cancel = (): void => {};
  const next = (): void => {
    cancel = clock.after(ROUND_MS, () => {
      readFrom(undefined, []);
      next();
    });
  };
  const nodeOf = ({ metadata }: KubeObject): string => metadata.name.slice(PREFIX.length);
  /** Page by page. A round that cannot be read to its end changes nothing. */
  function readFrom(page: string | undefined, before: readonly KubeObject[]): void {
    const { operatorNamespace: namespace } = settings;
    const request = {
      verb: 'list',
      type: LEASES,
      namespace,
      limit: PAGE,
      ...(page ? { continue: page } : {}),
    } as const;
    void kube.list(request).then((outcome) => {
      if (outcome.kind !== 'ok') {
        log.warn({ outcome: outcome.kind }, 'leases of nodes not listed');
        return;
      }
      const { items, continue: more } = outcome.answer;
      const leases = [...before, ...items.filter(({ metadata }) => metadata.name.startsWith(PREFIX))];
      if (more) readFrom(more, leases);
      else judge(leases.filter((lease) => stores.nodes.uidOf(undefined, nodeOf(lease)) === undefined));
    });
  }
  function judge(leases: readonly KubeObject[]): void {
    for (const lease of leases)
      if (suspects.get(lease.metadata.uid) === lease.metadata.resourceVersion) removeIfGone(lease);
    suspects = new Map(leases.map(({ metadata }) => [metadata.uid, metadata.resourceVersion]));
  }
  function removeIfGone(lease: KubeObject): void {
    const { metadata } = lease;
    submit({ verb: 'get', ref: refOf(NODES, { name: nodeOf(lease) }) }, 'periodic', (node) => {
      if (node.kind !== 'notFound') return;
      const { uid, resourceVersion } = metadata;
      submit({ verb: 'delete', ref: refOf(LEASES, metadata), uid, resourceVersion }, 'periodic', (outcome) => {
        const gone = outcome.kind === 'ok' || outcome.kind === 'notFound' || outcome.kind === 'conflict';
        if (!gone)
          log.warn({ lease: metadata.name, outcome: outcome.kind }, 'lease of a node that is gone not deleted');
      });
    });
  }
  next();
  return () => cancel();
}
