/** P6: the pod is stopped by force, the data stays. Source: spec 02, 7; F8. */
import { done, doneWith, type Verdict, warningEachMinute } from '../../../messages/verdict.ts';
import type { Script } from '../../calls.ts';
import { markedForDeletion, type Pass, podAbsent } from '../pass.ts';
import { type Ask, ask } from '../step.ts';
import { stop } from './stop-pod.ts';

export const PAUSED = 'Paused';

export function handleStatePaused(pass: Pass): Verdict | Ask {
  if (pass.status.status !== PAUSED || !podAbsent(pass)) return ask('pod', pause(pass));
  // The cluster may still take the pause back, so the deletion waits; the event says for whom (03, 15 no. 15).
  if (!markedForDeletion(pass)) return done;
  const text = 'paused and deleted: it stays until spec.state is changed to active, deleting or destroying';
  return doneWith({ events: [warningEachMinute('PausedAndDeleted', text)] });
}
function* pause(pass: Pass): Script<Verdict> {
  const stopped = yield* stop(pass, 'forced');
  if (stopped.kind !== 'done') return stopped;
  return doneWith({ status: { status: PAUSED } });
}
