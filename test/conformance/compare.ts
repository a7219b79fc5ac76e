/** Judges one golden case: equal, deliberately different in exactly the declared point, or failed with the reasons. No I/O. */
import { DELIBERATE, type DeliberateDifference } from './deliberate.ts';
import { jsonDiff } from './json-diff.ts';
import { CRASHED, errorKindOf, type Golden, type Kind } from './kind.ts';

/** Empty when the case passes; else one line each, `path: was → is` (was = the reference, is = ours). */
export function judge(golden: Golden, kind: Kind | undefined): readonly string[] {
  const name = golden.kind ?? 'pod';
  if (kind === undefined) return [`kind ${name} is not built yet`];
  try {
    return compare(golden, kind);
  } catch (err) {
    return [`threw ${err instanceof Error ? (err.stack ?? err.message) : String(err)}`];
  }
}

function compare(golden: Golden, kind: Kind): readonly string[] {
  const ours = plain(kind.result(golden));
  const ids = (golden.deliberateDifference ?? '').split(',').filter((id) => id !== '');
  const expected = kind.expected(golden);
  if (expected === CRASHED) {
    if (ids.length === 0) return ['the reference crashed here, but the case names no deliberate difference'];
    if (errorKindOf(ours) !== undefined) return jsonDiff('a result, where the reference crashed', ours);
  }
  const undone = undoAll(ids, kind.name, ours, golden);
  if (undone.problems.length > 0) return undone.problems;
  if (expected === CRASHED) return [];
  const diffs = expected.map((outcome) => jsonDiff(plain(outcome), undone.outcome));
  return diffs.some((lines) => lines.length === 0) ? [] : (diffs[0] ?? ['the case has no result']);
}

/** Takes the declared differences back one by one. One that is not declared, or did not occur, is a problem. */
function undoAll(ids: readonly string[], kind: string, ours: unknown, golden: Golden) {
  let outcome = ours;
  const problems: string[] = [];
  for (const id of ids) {
    const declared: DeliberateDifference | undefined = DELIBERATE.find(
      (difference) => difference.id === id && difference.kind === kind,
    );
    if (declared === undefined) {
      problems.push(`difference ${id} is not declared for kind ${kind}`);
      continue;
    }
    const before = outcome;
    outcome = plain(declared.undo(structuredClone(before), golden));
    if (jsonDiff(before, outcome).length === 0) problems.push(`difference ${id} did not occur: ${declared.what}`);
  }
  return { outcome, problems };
}

/** The value as it would be on the wire: no undefined, no key without a value. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
