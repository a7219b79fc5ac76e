/**
 * Evicted pods keep their name for ever: they are deleted, so that whoever they belong to makes new ones. Looks at pods alone,
 * not at their containers, but for those that another controller reconciles too. Source: spec 08, 6.6; spec 02, 2.7.
 */
import type { Config } from '../config.ts';
import type { Clock } from '../io/clock.ts';
import type { Log } from '../io/log.ts';
import type { Submit } from '../io/submit.ts';
import { PODS, refOf } from '../messages/kube.ts';
import type { Pod } from '../messages/resources.ts';
import type { Stores } from './stores.ts';

export interface PodCleaner {
  /** Pods that the operator has made, by their label. */
  readonly stores: Pick<Stores, 'pods'>;
  /** Neither another shard's container, nor one that another controller reconciles too: theirs are left to them. */
  readonly isOurs: (pod: Pod) => boolean;
  readonly submit: Submit;
  readonly settings: Pick<Config, 'evictedPodCleanupEnabled' | 'evictedPodCleanupIntervalMs'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** First after one interval, then after each. Returns what ends it. */
export function startPodCleaner({ stores, isOurs, submit, settings, clock, log }: PodCleaner): () => void {
  if (!settings.evictedPodCleanupEnabled) return () => {};
  let cancel = (): void => {};
  const next = (): void => {
    cancel = clock.after(settings.evictedPodCleanupIntervalMs, () => {
      for (const pod of stores.pods.list()) if (isEvicted(pod) && isOurs(pod)) remove(pod);
      next();
    });
  };
  const remove = ({ metadata }: Pod): void => {
    const { name, namespace, uid } = metadata;
    const request = { verb: 'delete', ref: refOf(PODS, metadata), uid, propagation: 'Background' } as const;
    submit(request, 'periodic', (outcome) => {
      const gone = outcome.kind === 'ok' || outcome.kind === 'notFound';
      if (!gone) log.warn({ pod: `${namespace}/${name}`, outcome: outcome.kind }, 'evicted pod not deleted');
    });
  };
  next();
  return () => cancel();
}
const isEvicted = ({ status, metadata }: Pod): boolean =>
  status?.phase === 'Failed' && status.reason === 'Evicted' && metadata.deletionTimestamp === undefined;
