/** Step 48 of a signing operation: what it found becomes its node's annotations and capacity. Source: spec 06, 5.4; F12, F13, F32. */
import { CONDITIONS } from '../../../messages/condition.ts';
import { NODES, refOf } from '../../../messages/kube.ts';
import type { Node } from '../../../messages/resources.ts';
import { doneWith, failed, type Verdict, WAIT_MS, wait, warningEachMinute } from '../../../messages/verdict.ts';
import { kube, type Script } from '../../calls.ts';
import { type SignOutcome, signOutcome } from '../../rules/sign-result.ts';
import { hasCondition, type Pass } from '../pass.ts';
import { type Ask, ask } from '../step.ts';
import { dropResult } from './drop-result.ts';
import { writeNodeDrives } from './node-drives.ts';

export const signsDrives = ({ spec }: Pass): boolean =>
  spec.mode === 'adhoc-op' && spec.instructions?.type === 'sign-drives';

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

/**
 * One that leaves with a result nobody acted on: its drives are signed, and its node must say so (F32; spec 06, 8.2 no. 14).
 * Undefined: nothing is owed, or nothing can be made of it. Only a write that may succeed later holds the container.
 */
export function* settleSignResult(pass: Pass): Script<Verdict | undefined> {
  const { node, nodeName, status, view } = pass;
  const text = status.result;
  if (!signsDrives(pass) || text === undefined || hasCondition(pass, CONDITIONS.resultsProcessed)) return undefined;
  if (node === undefined) {
    return nodeName === undefined || view.synced() ? undefined : wait(WAIT_MS, 'nodes are not known yet');
  }
  if (signOutcome(text, node).kind !== 'signed') return undefined;
  const written = yield* apply(pass, text, node.metadata.name);
  if (written.kind === 'done') return undefined;
  // Gone since it was looked at: nothing is left that could say it.
  const live = yield* kube<Node>({ verb: 'get', ref: refOf(NODES, { name: node.metadata.name }) }, 'removal');
  return live.kind === 'notFound' ? undefined : written;
}

function apply(pass: Pass, text: string, name: string): Script<Verdict> {
  return writeNodeDrives(name, (node) => {
    const outcome = signOutcome(text, node);
    if (outcome.kind !== 'signed') return { verdict: refused(pass, outcome) };
    return { drives: outcome, verdict: doneWith({ status: { status: 'Completed' } }) };
  });
}
