/** Step 48 of a signing operation: what it found becomes its node's annotations and capacity. Source: spec 06, 5.4; F12, F13, F32. */
import { doneWith, failed, type Verdict, warningEachMinute } from '../../../messages/verdict.ts';
import type { Script } from '../../calls.ts';
import { type SignOutcome, signOutcome } from '../../rules/sign-result.ts';
import type { Pass } from '../pass.ts';
import { type Ask, ask } from '../step.ts';
import { dropResult } from './drop-result.ts';
import { writeNodeDrives } from './node-drives.ts';

export function applySignResult(pass: Pass): Verdict | Ask {
  const { node, status } = pass;
  if (node === undefined) return failed('node not found');
  const text = status.result ?? '';
  const outcome = signOutcome(text, node);
  return outcome.kind === 'signed' ? ask('operation', apply(pass, text, node.metadata.name)) : refused(pass, outcome);
}
function refused(pass: Pass, outcome: Exclude<SignOutcome, { kind: 'signed' }>): Verdict {
  switch (outcome.kind) {
    case 'undecodable':
      return dropResult(pass, outcome.reason);
    case 'errored':
      return failed(outcome.reason, {
        status: { status: 'Error' },
        events: [warningEachMinute('OperationResultError', outcome.reason)],
      });
    case 'failed':
      return failed(outcome.reason);
  }
}

function apply(pass: Pass, text: string, name: string): Script<Verdict> {
  return writeNodeDrives(name, (node) => {
    const outcome = signOutcome(text, node);
    if (outcome.kind !== 'signed') return { verdict: refused(pass, outcome) };
    return { drives: outcome, verdict: doneWith({ status: { status: 'Completed' } }) };
  });
}
