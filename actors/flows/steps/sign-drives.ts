/** Step 48 of a signing operation: what it found becomes its node's annotations and capacity. Source: spec 06, 5.4; F12, F13, F32. */
import type { KubeOutcome } from '../../../messages/kube.ts';
import { NODES, refOf } from '../../../messages/kube.ts';
import type { Node } from '../../../messages/resources.ts';
import { doneWith, failed, type Verdict, warningEachMinute } from '../../../messages/verdict.ts';
import { kube, type Script } from '../../calls.ts';
import { type SignOutcome, signOutcome } from '../../rules/sign-result.ts';
import type { Pass } from '../pass.ts';
import { kubeFailed } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { dropResult } from './drop-result.ts';

/** Kubelets write their node all the time: a conflict is tried again at once, so often. */
const TRIES = 3;

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

/** Under the resourceVersion of what was read: whatever else is written there meanwhile is not lost. */
function* apply(pass: Pass, text: string, name: string): Script<Verdict> {
  const ref = refOf(NODES, { name });
  let last: KubeOutcome = { kind: 'conflict', message: '' };
  for (let left = TRIES; left > 0 && last.kind === 'conflict'; left -= 1) {
    const read = yield* kube<Node>({ verb: 'get', ref });
    if (read.kind !== 'ok') return kubeFailed('failed to get node', read);
    const outcome = signOutcome(text, read.answer);
    if (outcome.kind !== 'signed') return refused(pass, outcome);
    const { resources, annotations } = outcome;
    last = yield* kube<Node>({
      verb: 'mergePatch',
      ref,
      subresource: 'status',
      patch: { metadata: lock(read.answer), status: { capacity: resources, allocatable: resources } },
    });
    if (last.kind !== 'ok') continue;
    last = yield* kube({
      verb: 'mergePatch',
      ref,
      patch: { metadata: { ...lock(last.answer), annotations } },
    });
  }
  return last.kind === 'ok' ? doneWith({ status: { status: 'Completed' } }) : kubeFailed('failed to update node', last);
}
const lock = ({ metadata }: { readonly metadata: { readonly uid: string; readonly resourceVersion?: string } }) => ({
  uid: metadata.uid,
  resourceVersion: metadata.resourceVersion,
});
