/** D26, X17: the last pod gone, the directory empty, then the finalizer. Source: spec 03, 4.15. */
import type { Verdict } from '../../../messages/verdict.ts';
import type { Script } from '../../calls.ts';
import type { Pass } from '../pass.ts';
import { type Ask, ask } from '../step.ts';
import { cleanPersistentDir } from './clean-up.ts';
import { dropFinalizer } from './object.ts';
import { stop } from './stop-pod.ts';

export const finalize = (pass: Pass): Ask => ask('object', finish(pass));

function* finish(pass: Pass): Script<Verdict> {
  const stopped = yield* stop(pass, 'forced');
  if (stopped.kind !== 'done') return stopped;
  const cleaned = yield* cleanPersistentDir(pass);
  if (cleaned.kind !== 'done') return cleaned;
  const dropped = yield* dropFinalizer(pass);
  // Remembered, should the finalizer need another try.
  return dropped.kind === 'done' ? dropped : { ...cleaned, ...dropped };
}
