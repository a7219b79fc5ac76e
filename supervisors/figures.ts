/** The controller's figures for /metrics, read at scrape time from where they live. No numbers of its own. */
import {
  actorFamilies,
  eventFamilies,
  type PoolFigures,
  poolFamilies,
  watcherFamilies,
} from '../io/metric-families.ts';
import type { Family } from '../io/metrics.ts';
import type { PoolCounts } from '../io/pool.ts';
import { STATUSES, type WekaContainer } from '../messages/weka-container.ts';
import type { Controller } from './controller.ts';

/** `nowMs` is the monotonic clock. */
export function controllerFamilies(
  { system, fleet, pools, events, stores }: Controller,
  nowMs: () => number,
): readonly Family[] {
  const byStatus = (): readonly { labels: { mode: string; status: string }; value: number }[] => {
    const served = stores.containers.list().filter(({ ownership }) => ownership === undefined);
    const groups = Map.groupBy(served, keyOf);
    return [...groups].map(([key, members]) => {
      const [mode = '', status = ''] = key.split('/');
      return { labels: { mode, status }, value: members.length };
    });
  };
  return [
    ...actorFamilies(
      () => system.counts,
      () => fleet.counts().quarantined,
    ),
    ...poolFamilies(() => [
      figuresOf('kube', pools.kube.counts()),
      figuresOf('exec', pools.exec.counts()),
      figuresOf('node-agent', pools.agents.counts()),
    ]),
    ...watcherFamilies(stores.watchers, nowMs),
    ...eventFamilies(events.counts),
    {
      name: 'containers_contested',
      help: 'Containers that another controller reconciles too; nothing is done to them.',
      type: 'gauge',
      read: () => [{ labels: {}, value: stores.secondWriters.count() }],
    },
    {
      name: 'containers',
      help: 'Containers that this process serves, by mode and status.',
      type: 'gauge',
      read: byStatus,
    },
  ];
}
const figuresOf = (pool: string, { running, waiting, dropped }: PoolCounts): PoolFigures => ({
  pool,
  running,
  waiting: Object.values(waiting).reduce((sum, count) => sum + count, 0),
  dropped,
});

/** A status that weka made up is one label value at most: unknown ones share it. */
const keyOf = ({ spec, status }: WekaContainer): string =>
  `${spec.mode}/${KNOWN.has(status?.status ?? '') ? status?.status : 'other'}`;
const KNOWN: ReadonlySet<string> = new Set(STATUSES);
