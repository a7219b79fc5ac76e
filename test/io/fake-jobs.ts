/** Jobs that end when the test says so, for tests of the pools: a fake ExecApi that keeps the books of what runs. */
import type { ExecApi, ExecRequest } from '../../io/outside.ts';
import type { ExecOutcome } from '../../messages/outcome.ts';

export type ExecEnd = Exclude<ExecOutcome, { kind: 'dropped' }>;
export const OK: ExecEnd = { kind: 'ok', stdout: '', stderr: '' };

export interface Running {
  readonly request: ExecRequest;
  /** Undefined while it runs. */
  readonly signal: AbortSignal | undefined;
  readonly end: (outcome: ExecEnd) => void;
}
export interface FakeExec extends ExecApi {
  /** In the order in which they started. */
  readonly running: readonly Running[];
  readonly startedCount: () => number;
}

/** A command runs until the test ends it; an abort ends it at once. */
export function fakeExec(): FakeExec {
  const running: Running[] = [];
  let started = 0;
  return {
    running,
    startedCount: () => started,
    run: (request, signal) =>
      new Promise((resolve) => {
        started += 1;
        const entry: Running = {
          request,
          signal,
          end: (outcome) => {
            running.splice(running.indexOf(entry), 1);
            resolve(outcome);
          },
        };
        running.push(entry);
        signal?.addEventListener('abort', () => entry.end({ kind: 'transport', cause: 'aborted' }), { once: true });
      }),
  };
}

/** Lets every promise that is ready run. */
export const flush = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
