/** D5, X5: the status says that it leaves, and the object is deleted where nobody did that yet. Source: spec 03, 4.2. */
import { done, type Verdict, WAIT_MS, wait } from '../../../messages/verdict.ts';
import { kube, type Script } from '../../calls.ts';
import { containerRef, markedForDeletion, type Pass } from '../pass.ts';
import { kubeFailed } from '../said.ts';
import { type Ask, ask } from '../step.ts';

export const markLeaving =
  (text: 'Deleting' | 'Destroying') =>
  (pass: Pass): Verdict | Ask => {
    const status = { status: text };
    if (markedForDeletion(pass)) return pass.status.status === text ? done : { kind: 'done', status };
    return ask('object', deleteSelf(pass, text));
  };

function* deleteSelf(pass: Pass, text: string): Script<Verdict> {
  // Under the version this was decided on: a state that was taken back meanwhile is not overruled (F5).
  const { resourceVersion } = pass.container.metadata;
  const request = { verb: 'delete', ref: containerRef(pass), uid: pass.uid, resourceVersion } as const;
  const outcome = yield* kube(request, 'removal');
  if (outcome.kind !== 'ok') return kubeFailed('failed to delete container', outcome);
  return wait(WAIT_MS, 'Container is being deleting, refetching', { status: { status: text } });
}
