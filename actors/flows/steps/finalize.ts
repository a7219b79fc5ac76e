/**
 * D26, X17: what was signed is known, the last pod gone, its NICs free, a client's labels off its node, the directory empty,
 * then the finalizer. Source: spec 03, 4.15.
 */
import { done, type Verdict } from '../../../messages/verdict.ts';
import type { Script } from '../../calls.ts';
import type { Pass } from '../pass.ts';
import { type Ask, ask } from '../step.ts';
import { cleanPersistentDir, type ownDirectory } from './clean-up.ts';
import { leaveCsiLabels } from './csi-labels.ts';
import { freeNics } from './nics.ts';
import { dropFinalizer, FINALIZER } from './object.ts';
import { settleSignResult } from './sign-drives.ts';
import { stop } from './stop-pod.ts';

/** One that only others still hold needs nothing more of us. `directoryOf`: what is emptied. */
export const finalize =
  (directoryOf: typeof ownDirectory) =>
  (pass: Pass): Verdict | Ask =>
    pass.container.metadata.finalizers?.includes(FINALIZER) === true ? ask('object', finish(pass, directoryOf)) : done;

function* finish(pass: Pass, directoryOf: typeof ownDirectory): Script<Verdict> {
  const owed = yield* settleSignResult(pass);
  if (owed !== undefined) return owed;
  const stopped = yield* stop(pass, 'forced');
  if (stopped.kind !== 'done') return stopped;
  const freed = yield* freeNics(pass);
  if (freed.kind !== 'done') return freed;
  const unlabelled = yield* leaveCsiLabels(pass);
  // Before the Job: one that has to be tried again costs no second Job.
  if (unlabelled.kind !== 'done') return unlabelled;
  const cleaned = yield* cleanPersistentDir(pass, directoryOf);
  if (cleaned.kind !== 'done') return cleaned;
  const dropped = yield* dropFinalizer(pass);
  // Remembered, should the finalizer need another try.
  return dropped.kind === 'done' ? dropped : { ...cleaned, ...dropped };
}
