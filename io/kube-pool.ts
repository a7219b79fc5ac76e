/**
 * Single requests to the API server, bounded and in order of urgency; writes at a rate. Owns the pauses that the server asks
 * for; lists and watches are the watchers' own. A write under way is never broken off: whether it was done would be unknown.
 */
import type { KubeObject, KubeOutcome } from '../messages/kube.ts';
import type { Clock } from './clock.ts';
import { gate } from './gate.ts';
import type { KubeApi, ObjectRequest } from './outside.ts';
import { createPool, type PoolCounts } from './pool.ts';
import { rateGate } from './rate.ts';
import type { Submit } from './submit.ts';

export interface KubePool {
  /** As `Submit`. A cancelled read that runs is broken off and ends as `transport`. */
  readonly submit: Submit;
  /** Accepts no more; resolves when all that was accepted has ended. */
  readonly drain: () => Promise<void>;
  /** Accepts no more, gives back what waits; writes under way end. */
  readonly stop: () => void;
  readonly counts: () => PoolCounts;
}
export interface KubePoolOptions {
  readonly api: Pick<KubeApi, 'request'>;
  readonly settings: {
    readonly kubeReadConcurrency: number;
    readonly kubeWriteConcurrency: number;
    /** A second, in the long run. 0: no limit. */
    readonly kubeWriteQps: number;
    readonly kubeWriteBurst: number;
  };
  readonly clock: Clock;
  /** Requests of one class that may wait. Default `KUBE_QUEUE_MAX`. */
  readonly queueMax?: number;
}

/** A fleet of 50,000 containers, each with a status and an event to write. */
export const KUBE_QUEUE_MAX = 100_000;

export function kubePool({ api, settings, clock, queueMax = KUBE_QUEUE_MAX }: KubePoolOptions): KubePool {
  const lane = (placesMax: number, perSecond: number, burst: number) => {
    const rate = rateGate({ clock, perSecond, burst });
    // The rate first: it is what is usually waited for, and there the more urgent one still overtakes.
    return { rate, path: [rate, gate(placesMax)] };
  };
  const reads = lane(settings.kubeReadConcurrency, 0, 1);
  const writes = lane(settings.kubeWriteConcurrency, settings.kubeWriteQps, settings.kubeWriteBurst);
  const pool = createPool<KubeOutcome<KubeObject>>({
    clock,
    queueMax,
    broken: (err) => ({ kind: 'transport', cause: `bug: ${String(err)}` }),
  });
  return {
    submit: (request: ObjectRequest, workClass, done) => {
      const reading = request.verb === 'get';
      const { path, rate } = reading ? reads : writes;
      const ticket = pool.submit(
        {
          path: () => path,
          workClass,
          abortable: reading,
          run: (signal) => api.request(request, signal),
          ended: (outcome) => {
            if (outcome.kind === 'throttled') rate.pause(outcome.retryAfterMs);
          },
        },
        done,
      );
      return () => void ticket.cancel();
    },
    drain: pool.drain,
    stop: pool.stop,
    counts: pool.counts,
  };
}
