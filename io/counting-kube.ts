/** A KubeApi that tells of every request how it ended and what it was for. Owns no numbers: metrics.ts and `tally` do. Changes nothing. */
import type { WatchRequest } from '../messages/kube.ts';
import type { Clock } from './clock.ts';
import type { KubeApi, ListRequest, ObjectRequest } from './outside.ts';

/** One request that has ended. `outcome` is the kind of the KubeOutcome or WatchEnd; `subresource` is empty for none. */
export interface ApiSample {
  readonly verb: ObjectRequest['verb'] | 'list' | 'watch';
  readonly kind: string;
  readonly subresource: string;
  readonly purpose: string;
  readonly outcome: string;
  readonly tookMs: number;
}
export type CountedRequest = ObjectRequest | ListRequest | (WatchRequest & { readonly verb: 'watch' });

/** `purposeOf` says for whom a request is made (few different texts: they become labels of a metric). */
export function countingKube(
  api: KubeApi,
  clock: Pick<Clock, 'monotonicMs'>,
  purposeOf: (request: CountedRequest) => string,
  take: (sample: ApiSample) => void,
): KubeApi {
  const count = (request: CountedRequest, startedMs: number, outcome: string) => {
    const type = 'ref' in request ? request.ref.type : request.type;
    const subresource = ('subresource' in request ? request.subresource : undefined) ?? '';
    const tookMs = clock.monotonicMs() - startedMs;
    take({ verb: request.verb, kind: type.kind, subresource, purpose: purposeOf(request), outcome, tookMs });
  };
  return {
    request: async (request, signal) => {
      const startedMs = clock.monotonicMs();
      const outcome = await api.request(request, signal);
      count(request, startedMs, outcome.kind);
      return outcome;
    },
    list: async (request, signal) => {
      const startedMs = clock.monotonicMs();
      const outcome = await api.list(request, signal);
      count(request, startedMs, outcome.kind);
      return outcome;
    },
    watch: async (request, takeEvent, signal, opened) => {
      const startedMs = clock.monotonicMs();
      const end = await api.watch(request, takeEvent, signal, opened);
      count({ ...request, verb: 'watch' }, startedMs, end.kind);
      return end;
    },
  };
}

/** How many requests of one sort have ended. */
export interface TallyRow extends Omit<ApiSample, 'tookMs'> {
  readonly count: number;
}
export interface Tally {
  readonly take: (sample: ApiSample) => void;
  /** In the order of first appearance. */
  readonly rows: () => readonly TallyRow[];
  /** Requests that `matches`; all of them when it is left out. */
  readonly total: (matches?: (row: TallyRow) => boolean) => number;
}

/** Counts in memory, for the demo, tests and benchmarks: what prom-client counts can only be read as text. */
export function tally(): Tally {
  const rows = new Map<string, TallyRow>();
  return {
    take: ({ tookMs: _unused, ...sample }) => {
      const key = Object.values(sample).join('\n');
      rows.set(key, { ...sample, count: (rows.get(key)?.count ?? 0) + 1 });
    },
    rows: () => [...rows.values()],
    total: (matches = () => true) =>
      rows
        .values()
        .filter(matches)
        .reduce((sum, row) => sum + row.count, 0),
  };
}

const READS: ReadonlySet<string> = new Set(['get', 'list', 'watch']);
/** True for requests that change something when they succeed. */
export const isWrite = ({ verb }: { readonly verb: string }): boolean => !READS.has(verb);
