/** Golden results of signing. Amounts are compared as amounts, lists without their order. Source: spec 06, 5.4. */
import { signOutcome } from '../../../actors/rules/sign-result.ts';
import { comparableQuantity } from '../comparable-pod.ts';
import { comparable, plainError } from '../fake-pod.ts';
import { asRecorded, type Golden, type Kind } from '../kind.ts';
import { member, nodeOf } from '../read.ts';

export const kind: Kind = {
  name: 'sign-result',
  result: (golden) => comparable(outcomeOf(golden)),
  expected: (golden) => {
    const recorded = asRecorded(golden);
    return typeof recorded === 'symbol' ? recorded : recorded.map((result) => comparable(inAmounts(result)));
  },
};

function outcomeOf(golden: Golden): unknown {
  const outcome = signOutcome(member<string>(golden, 'executionResult'), nodeOf(golden));
  if (outcome.kind === 'undecodable') return { ...(plainError(outcome.reason) as object), resultDropped: true };
  if (outcome.kind !== 'signed') return plainError(outcome.reason);
  const { annotations, resources } = outcome;
  return inAmounts({
    allocatable: resources,
    annotations: Object.fromEntries(Object.entries(annotations).filter(([name]) => !LISTS.includes(name))),
    ...Object.fromEntries(
      Object.entries(annotations)
        .filter(([name]) => LISTS.includes(name))
        .map(([name, text]) => [`sorted ${name}`, sorted(text)]),
    ),
    status: 'Completed',
  });
}
const LISTS: readonly string[] = ['weka.io/weka-drives', 'weka.io/weka-shared-drives'];
/** By serial. */
const sorted = (text: string): unknown =>
  (JSON.parse(text) as readonly (string | { readonly serial: string })[]).toSorted((a, b) =>
    serialOf(a) < serialOf(b) ? -1 : 1,
  );
const serialOf = (drive: string | { readonly serial: string }): string =>
  typeof drive === 'string' ? drive : drive.serial;

function inAmounts(result: unknown): unknown {
  const { allocatable, ...rest } = result as { readonly allocatable?: Readonly<Record<string, string>> };
  if (allocatable === undefined) return result;
  const amounts = Object.entries(allocatable).map(([name, amount]) => [name, comparableQuantity(amount)]);
  return { ...rest, allocatable: Object.fromEntries(amounts) };
}
