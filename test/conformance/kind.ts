/** What a golden case is and what a kind of case has to offer. No behaviour; the runner is run.ts, one kind a file in kinds/. */

/** One JSON file of a golden folder. `kind` names the rule; what else a file holds is known to its kind only. */
export interface Golden {
  readonly name: string;
  readonly about: string;
  readonly kind?: string;
  /** Environment variables of the controller that differ from the defaults. */
  readonly config: Readonly<Record<string, string>>;
  /** Ids of the deliberate differences, comma separated. */
  readonly deliberateDifference?: string;
  readonly result?: unknown;
  /** Further results the reference may have, where it chooses at random. */
  readonly otherOutcomes?: readonly unknown[];
  readonly [key: string]: unknown;
}

/** Stands for a golden result where the reference crashed: ours must be one without an error, and there is nothing to compare. */
export const CRASHED = Symbol('the reference crashed');

export interface Kind {
  /** The text of the `kind` key; `pod` for files without one. */
  readonly name: string;
  /** What the rules of this program make of the case, as plain JSON in the form of `expected`. A throw fails the case. */
  readonly result: (golden: Golden) => unknown;
  /** What the reference made of it: every outcome it may have, in comparable form, or CRASHED. */
  readonly expected: (golden: Golden) => readonly unknown[] | typeof CRASHED;
}

/** The plain form of `expected`: the result of the file and its other outcomes. */
export const asRecorded = (golden: Golden): readonly unknown[] | typeof CRASHED =>
  errorKindOf(golden.result) === 'panic' ? CRASHED : [golden.result, ...(golden.otherOutcomes ?? [])];

/** `error.kind` of a result, or undefined when it is none. */
export function errorKindOf(result: unknown): unknown {
  const error = typeof result === 'object' && result !== null ? (result as { error?: unknown }).error : undefined;
  return typeof error === 'object' && error !== null ? (error as { kind?: unknown }).kind : error;
}
