/**
 * D5, X5: the status says that it leaves, and the object is deleted where nobody did that yet. Nothing of a client is
 * touched while its mounts cannot be counted. Source: spec 03, 4.2; F6.
 */
import { done, failed, type Verdict, WAIT_MS, wait } from '../../../messages/verdict.ts';
import { isClient } from '../../../messages/weka-modes.ts';
import { kube, type Script } from '../../calls.ts';
import { containerRef, markedForDeletion, type Pass } from '../pass.ts';
import { kubeFailed } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { countsMounts, mountsOf } from './drain.ts';

type Leaving = 'Deleting' | 'Destroying';

export const markLeaving =
  (text: Leaving) =>
  (pass: Pass): Verdict | Ask => {
    if (isClient(pass.spec.mode)) return ask('mounts', markClient(pass, text));
    return markedForDeletion(pass) ? marked(pass, text) : ask('object', deleteSelf(pass, text));
  };
const marked = ({ status }: Pass, text: string): Verdict =>
  status.status === text ? done : { kind: 'done', status: { status: text } };

function* markClient(pass: Pass, text: Leaving): Script<Verdict> {
  const held = yield* mountsOf(pass);
  if (held.kind === 'unknown' && countsMounts(pass)) return failed(`mounts are not known: ${held.why}`);
  const to = held.kind === 'counted' && held.count > 0 ? 'Draining' : text;
  return markedForDeletion(pass) ? marked(pass, to) : yield* deleteSelf(pass, to);
}

function* deleteSelf(pass: Pass, text: string): Script<Verdict> {
  // Under the version this was decided on: a state that was taken back meanwhile is not overruled (F5).
  const { resourceVersion } = pass.container.metadata;
  const request = { verb: 'delete', ref: containerRef(pass), uid: pass.uid, resourceVersion } as const;
  const outcome = yield* kube(request, 'removal');
  if (outcome.kind !== 'ok') return kubeFailed('failed to delete container', outcome);
  return wait(WAIT_MS, 'Container is being deleting, refetching', { status: { status: text } });
}
