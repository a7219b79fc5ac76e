/** A result that nothing can be made of: told, dropped and fetched again, never kept. Source: F32. */
import { CONDITIONS } from '../../../messages/condition.ts';
import { failed, type Verdict, warningEachMinute } from '../../../messages/verdict.ts';
import type { Pass } from '../pass.ts';

export function dropResult({ status }: Pass, reason: string): Verdict {
  const conditions = (status.conditions ?? []).filter(({ type }) => type !== CONDITIONS.resultsReceived);
  return failed(reason, {
    status: { result: null, conditions },
    events: [warningEachMinute('OperationResultError', reason)],
  });
}
