/** The names under which parts that count for themselves appear in /metrics. No numbers of its own; read at scrape time. */
import type { EventCounts } from './events.ts';
import type { Family, Sample } from './metrics.ts';
import type { WatcherCounts } from './watcher.ts';

/** What the kernel counts since the start. */
export interface ActorCounts {
  readonly told: number;
  readonly turns: number;
  readonly coalesced: number;
  readonly deadLetters: number;
  readonly crashes: number;
  readonly restarts: number;
}

export const actorFamilies = (read: () => ActorCounts, quarantinedCount: () => number): readonly Family[] => {
  const counter = (name: string, help: string, of: (counts: ActorCounts) => number): Family => ({
    name,
    help,
    type: 'counter',
    read: () => [{ labels: {}, value: of(read()) }],
  });
  return [
    counter('messages_told_total', 'Messages told to actors.', ({ told }) => told),
    counter('turns_total', 'Messages handled by actors.', ({ turns }) => turns),
    counter(
      'messages_coalesced_total',
      'Messages that another waiting one made needless.',
      ({ coalesced }) => coalesced,
    ),
    counter('dead_letters_total', 'Messages to actors that had stopped.', ({ deadLetters }) => deadLetters),
    counter('actor_crashes_total', 'Exceptions in actors.', ({ crashes }) => crashes),
    counter('actor_restarts_total', 'Restarts after a crash.', ({ restarts }) => restarts),
    gauge('containers_quarantined', 'Containers whose actor keeps crashing.', () => [
      { labels: {}, value: quarantinedCount() },
    ]),
  ];
};

/** One pool's present size and its refusals since the start, by reason. */
export interface PoolFigures {
  readonly pool: string;
  readonly running: number;
  readonly waiting: number;
  readonly dropped: Readonly<Record<string, number>>;
}
export const poolFamilies = (read: () => readonly PoolFigures[]): readonly Family[] => [
  gauge('pool_running', 'Jobs that run.', () =>
    read().map(({ pool, running }) => ({ labels: { pool }, value: running })),
  ),
  gauge('pool_waiting', 'Jobs that wait for a slot.', () =>
    read().map(({ pool, waiting }) => ({ labels: { pool }, value: waiting })),
  ),
  {
    name: 'pool_dropped_total',
    help: 'Jobs given back unstarted.',
    type: 'counter',
    read: () =>
      read().flatMap(({ pool, dropped }) =>
        Object.entries(dropped).map(([why, value]) => ({ labels: { pool, why }, value })),
      ),
  },
];

/** `watchers` by what they watch; `nowMs` is the monotonic clock. */
export const watcherFamilies = (
  watchers: () => Readonly<Record<string, WatcherCounts>>,
  nowMs: () => number,
): readonly Family[] => {
  const each = (of: (counts: WatcherCounts) => number | undefined): readonly Sample[] =>
    Object.entries(watchers()).flatMap(([kind, counts]) => {
      const value = of(counts);
      return value === undefined ? [] : [{ labels: { kind }, value }];
    });
  const counter = (name: string, help: string, of: (counts: WatcherCounts) => number): Family => ({
    name,
    help,
    type: 'counter',
    read: () => each(of),
  });
  return [
    counter('watch_listings_total', 'Full listings begun.', ({ listings }) => listings),
    counter('watch_resumes_total', 'Watches resumed without a listing.', ({ resumes }) => resumes),
    counter('watch_silences_total', 'Watches given up for silence.', ({ silences }) => silences),
    counter('watch_failures_total', 'Lists and watches that failed.', ({ failures }) => failures),
    counter('watch_malformed_total', 'Objects that could not be read.', ({ malformed }) => malformed),
    gauge('watch_quiet_seconds', 'Time since the last event, page or bookmark.', () =>
      each(({ lastHeardMs }) => (lastHeardMs === undefined ? undefined : (nowMs() - lastHeardMs) / 1000)),
    ),
  ];
};

export const eventFamilies = (read: () => EventCounts): readonly Family[] => [
  {
    name: 'events_total',
    help: 'Events by what became of them.',
    type: 'counter',
    read: () => Object.entries(read()).map(([result, value]) => ({ labels: { result }, value })),
  },
];

export const logFamilies = (dropped: () => number): readonly Family[] => [
  {
    name: 'log_lines_dropped_total',
    help: 'Log lines lost because their reader was too slow.',
    type: 'counter',
    read: () => [{ labels: {}, value: dropped() }],
  },
];

const gauge = (name: string, help: string, read: () => Iterable<Sample>): Family => ({
  name,
  help,
  type: 'gauge',
  read,
});
