/** What the cases of the folder `allocations` have in common: their world, and texts in comparable form. Source: its README. */

import type { KubeObject } from '../../messages/kube.ts';
import type { AllocateAnswer } from '../../messages/node.ts';
import type { EventNote } from '../../messages/verdict.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { type FakeView, fakeView } from '../support/fake-view.ts';
import { asRecorded, type Golden, type Kind } from './kind.ts';
import { containerOf, member, nodeOf } from './read.ts';

/** The other containers as the program would read them. */
export const othersOf = (golden: Golden): readonly WekaContainer[] =>
  ((golden.containers ?? []) as readonly unknown[]).map((container) => containerOf({ ...golden, container }));

/** All objects of the case. */
export const worldOf = (golden: Golden): FakeView =>
  fakeView(
    nodeOf(golden),
    ...(golden.cluster ? [member<KubeObject>(golden, 'cluster')] : []),
    ...othersOf(golden),
    containerOf(golden),
  );

/** All containers of the node under test, itself among them. */
export const holdersOf = (golden: Golden): readonly WekaContainer[] =>
  [...othersOf(golden), containerOf(golden)].filter(
    ({ spec, status }) => (spec.nodeAffinity || status?.nodeAffinity) === nodeOf(golden).metadata.name,
  );

/** New virtual drives are shown so. */
export const newUuid = (): string => '*';

export const shownEvents = (events: readonly EventNote[]): object =>
  events.length === 0 ? {} : { events: events.map(({ type, reason, message }) => ({ type, reason, message })) };

const CAUSES: Readonly<Record<string, string>> = { PortAllocationFailed: 'PortAllocation' };
/** The typed failure that an event of this reason stands for. */
const causeOf = (events: readonly EventNote[]): object => {
  const reason = events.find((event) => event.type === 'Warning' && event.reason !== 'ResourceOwnedTwice')?.reason;
  return reason === undefined ? {} : { cause: CAUSES[reason] ?? reason };
};

export function shownAnswer(answer: AllocateAnswer): object {
  if (answer.kind === 'allocated') return { allocations: answer.allocations, ...shownEvents(answer.events) };
  const { plain, retryMs, reason, events } = answer;
  const error = { kind: plain ? 'error' : 'wait', retrySeconds: retryMs / 1_000, text: reason, ...causeOf(events) };
  return { error, ...shownEvents(events) };
}

/** What the events say beside the reference's text of a shortage comes last. */
const CUTS = [
  /(failed to unmarshal [a-z-]+: ).*$/s,
  /(invalid CIDR: ).*$/s,
  /()\. On node \S+: .*$/s,
  /(); its \d+ NICs are owned: .*$/s,
];
/** Without a parser's own message; capacities largest first. */
function comparableText(text: string): string {
  const cut = CUTS.reduce((shorter, pattern) => shorter.replace(pattern, '$1'), text);
  return cut.replace(/(?<=available: \[)[-\d ]+(?=\])/, (list) =>
    list
      .split(' ')
      .sort((a, b) => Number(b) - Number(a))
      .join(' '),
  );
}
export const comparable = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (key, member: unknown) =>
    (key === 'text' || key === 'message') && typeof member === 'string' ? comparableText(member) : member,
  );

/** A kind of this folder. */
export const allocationKind = (name: string, result: (golden: Golden) => unknown): Kind => ({
  name,
  result: (golden) => comparable(result(golden)),
  expected: (golden) => {
    const recorded = asRecorded(golden);
    return typeof recorded === 'symbol' ? recorded : recorded.map(comparable);
  },
});
