/** What the demo says at its end: API writes against their limits, why a container is not Running, what to try. Pure texts. */
import type { Condition } from '../../../messages/condition.ts';
import type { KubeObject } from '../../../messages/kube.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import type { Pod } from '../world/objects.ts';
import { stateOf } from './settled.ts';
import { type Counted, isStatus, STATS, type Tally } from './write-count.ts';

/** API writes from creation to Running: of a container, of them to its status; and of a helper in its whole life. */
export const LIMITS = { container: 10, status: 5, helper: 8 } as const;
/** A container that shares drives has one step more: its virtual drives on the proxy, durable before they are used. */
export const SHARING_LIMITS = { container: 11, status: 6, helper: 8 } as const;
export type Limits = { readonly [Name in keyof typeof LIMITS]: number };

export interface WritesReport {
  readonly lines: readonly string[];
  readonly withinLimits: boolean;
}

const sum = (tally: Tally, counts: (kind: string) => boolean = () => true): number =>
  [...tally].reduce((total, [kind, count]) => (counts(kind) ? total + count : total), 0);
const merged = (tallies: readonly Tally[]): Map<string, number> => {
  const all = new Map<string, number>();
  for (const [kind, count] of tallies.flatMap((tally) => [...tally])) all.set(kind, (all.get(kind) ?? 0) + count);
  return all;
};

/** `restMs`: how long the containers have been watched since all were Running. */
export function writesReport(
  containers: readonly Counted[],
  shared: Tally,
  refusedCount: number,
  restMs: number,
  limits: Limits = LIMITS,
): WritesReport {
  const own = containers.filter(({ helper }) => !helper);
  const helpers = containers.filter(({ helper }) => helper);
  const formed = own.map((one) => ({ ...one, tally: one.writes.forming as Tally }));
  const helped = helpers.map((one) => ({ ...one, tally: merged(Object.values(one.writes)) as Tally }));
  const checks = [
    check('a container', limits.container, formed, () => true),
    check('  of them status', limits.status, formed, isStatus),
    check('a helper', limits.helper, helped, () => true),
  ];
  const columns = [merged(formed.map(({ tally }) => tally)), merged(helped.map(({ tally }) => tally)), shared];
  return {
    lines: [
      'API writes of the controller, from creation to Running',
      ...table(columns),
      ...(refusedCount > 0 ? [`  ${refusedCount} of them refused (conflicts and the like)`] : []),
      ...checks.flatMap(({ lines }) => lines),
      atRest(
        own.map(({ writes }) => writes.rest),
        restMs,
      ),
    ],
    withinLimits: checks.every(({ kept }) => kept),
  };
}

const NAME_WIDTH = 38;
const COUNT_WIDTH = 11;

function table(columns: readonly Tally[]): readonly string[] {
  const row = (name: string, cells: readonly (string | number)[]): string =>
    `  ${name.padEnd(NAME_WIDTH)}${cells.map((cell) => String(cell).padStart(COUNT_WIDTH)).join('')}`;
  const kinds = [...new Set(columns.flatMap((column) => [...column.keys()]))].sort();
  return [
    row('', ['containers', 'helpers', 'shared']),
    ...kinds.map((kind) =>
      row(
        kind,
        columns.map((column) => column.get(kind) ?? 0),
      ),
    ),
    row(
      'total',
      columns.map((column) => sum(column)),
    ),
  ];
}

interface Counting {
  readonly name: string;
  readonly mode: string;
  readonly tally: Tally;
}

function check(
  what: string,
  limit: number,
  counting: readonly Counting[],
  counts: (kind: string) => boolean,
): { readonly lines: readonly string[]; readonly kept: boolean } {
  const totals = counting.map(({ tally }) => sum(tally, counts));
  const most = Math.max(0, ...totals);
  const average = totals.length === 0 ? 0 : totals.reduce((total, count) => total + count, 0) / totals.length;
  const head = `  ${what}`.padEnd(NAME_WIDTH);
  const text = `${head}${average.toFixed(1)} on average, ${most} at most (limit ${limit}), of ${totals.length}`;
  if (most <= limit) return { lines: [text], kept: true };
  const over = counting.filter((_, index) => (totals[index] ?? 0) > limit);
  const worst = over.find(({ tally }) => sum(tally, counts) === most);
  const detail = worst === undefined ? '' : `${worst.mode} ${worst.name}: ${tallyText(worst.tally)}`;
  return { lines: [`${text}: LIMIT EXCEEDED by ${over.length}`, `    ${detail}`], kept: false };
}

const tallyText = (tally: Tally): string =>
  [...tally]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ');

function atRest(tallies: readonly Tally[], restMs: number): string {
  const all = merged(tallies);
  const stats = all.get(STATS) ?? 0;
  all.delete(STATS);
  const others = sum(all);
  const detail = others === 0 ? '' : `: ${tallyText(all)}`;
  return `  ${'after Running'.padEnd(NAME_WIDTH - 2)}${others} and ${stats} of stats, in ${(restMs / 1_000).toFixed(0)} s${detail}`;
}

/** One line on a container that is not where it should be: its state, its pod, its unmet conditions, its last warning. */
export function reasonsText(container: WekaContainer, pods: readonly Pod[], events: readonly KubeObject[]): string {
  const { namespace = '', name, uid, deletionTimestamp } = container.metadata;
  const pod = pods.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  const reasons = [
    ...(deletionTimestamp === undefined ? [] : ['it is being deleted']),
    podText(pod),
    ...unmet(container.status?.conditions ?? []),
    ...lastWarning(events as readonly Warning[], uid), // Events are of this shape.
  ];
  return `${namespace}/${name} (${container.spec.mode}) is ${stateOf(container)}: ${reasons.join('; ')}`;
}

function podText(pod: Pod | undefined): string {
  if (pod === undefined) return 'it has no pod';
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const why = scheduled?.status === 'False' ? ` (${scheduled.message ?? scheduled.reason ?? ''})` : '';
  return `its pod is ${pod.status?.phase ?? 'new'}${why} on ${pod.spec.nodeName ?? 'no node'}`;
}

const unmet = (conditions: readonly Condition[]): readonly string[] =>
  conditions
    .filter(({ status }) => status === 'False')
    .map(({ type, reason, message }) => `${type} is false: ${message || reason}`);

interface Warning extends KubeObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string;
  readonly involvedObject?: { readonly uid?: string };
}

function lastWarning(events: readonly Warning[], uid: string): readonly string[] {
  const warnings = events.filter(({ type, involvedObject }) => type === 'Warning' && involvedObject?.uid === uid);
  const last = warnings.sort((a, b) => ((a.lastTimestamp ?? '') < (b.lastTimestamp ?? '') ? -1 : 1)).at(-1);
  return last === undefined ? [] : [`last warning ${last.reason ?? ''}: ${last.message ?? ''}`];
}

/** Commands to try, with the kubeconfig that leads to the modelled fleet. */
export function whatToTry(kubeconfig: string, logPath: string, metricsUrl: string): readonly string[] {
  const kubectl = `kubectl --kubeconfig ${kubeconfig} -n weka`;
  return [
    'What to try next',
    `  ${kubectl} get wekacontainers`,
    `  ${kubectl} get pods -o wide`,
    `  ${kubectl} get events --sort-by=.lastTimestamp`,
    `  ${kubectl} delete wekacontainer NAME    # its data moves first, then the cluster controller makes another`,
    `  ${kubectl} delete wekacluster demo`,
    `  curl ${metricsUrl}`,
    `  tail -f ${logPath}`,
    'Ctrl-C ends it all and leaves nothing behind.',
  ];
}
