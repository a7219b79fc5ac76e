/** Steps 25, 47, 48: one-off containers do one thing and say how it went. Source: spec 06, 5.2, 5.4, 5.5; F32. */
import { fetchResults } from '../../../io/commands.ts';
import { CONDITIONS, conditionOf } from '../../../messages/condition.ts';
import { done, doneWith, failed, finished, type Verdict } from '../../../messages/verdict.ts';
import { isDriversLoader } from '../../../messages/weka-modes.ts';
import { askUntil, kube, type PodTarget, type Script } from '../../calls.ts';
import { containerRef, hasCondition, markedForDeletion, ownPod, type Pass, podRef } from '../pass.ts';
import { execText, kubeFailed, stderrOf } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { uploadResult } from './builder.ts';
import { applySignResult, signsDrives } from './sign-drives.ts';

/** A finished helper deletes itself so much later, if nobody else does. Source: spec 06, 5.5. */
const LOADER_MS = 300_000;
const FLAGS_MS = 30_000;

export const resultsProcessed = (pass: Pass): boolean => hasCondition(pass, CONDITIONS.resultsProcessed);
const isBuilder = ({ spec }: Pass): boolean => spec.mode === 'drivers-builder';

/** Step 47: the raw text, for whoever asked. */
export function fetchResult(pass: Pass): Verdict | Ask {
  if (pass.status.result !== undefined) return done;
  const target = ownPod(pass);
  return target === undefined ? failed('Pod is not found') : ask('operation', fetch(target));
}
function* fetch(target: PodTarget): Script<Verdict> {
  const command = fetchResults();
  // Whoever made it waits for it: asked often, for the time that most of them take.
  const outcome = yield* askUntil(target, command, 12, ({ stdout }) => stdout.trim() !== '');
  if (outcome.kind !== 'ok')
    return failed(`Error fetching results, stderr: ${stderrOf(outcome)}: ${execText(command, outcome)}`);
  return outcome.stdout.trim() === '' ? failed('Empty result') : doneWith({ status: { result: outcome.stdout } });
}

/** Step 48. Results of discovery, loads, flags, resigns and discovered drives are read by who made the helper. */
export function processResult(pass: Pass): Verdict | Ask {
  if (isBuilder(pass)) return uploadResult(pass);
  return signsDrives(pass) ? applySignResult(pass) : done;
}

/** Step 25. Ends the pass of a finished one-off. What acted on its result itself stays, without its pod. */
export function cleanUpFinished(pass: Pass): Verdict | Ask {
  const { spec, status, wallMs, pod } = pass;
  if (isBuilder(pass) || signsDrives(pass)) {
    const leaves = pod === undefined || pod.metadata.deletionTimestamp !== undefined;
    return leaves ? finished : ask('operation', deletePod(pass, pod.metadata.uid));
  }
  const since = conditionOf(status.conditions, CONDITIONS.resultsProcessed)?.lastTransitionTime ?? '';
  const ageMs = wallMs - Date.parse(since);
  const ttlMs = isDriversLoader(spec)
    ? LOADER_MS
    : spec.instructions?.type === 'feature-flags-update'
      ? FLAGS_MS
      : undefined;
  if (ttlMs === undefined || !(ageMs > ttlMs) || markedForDeletion(pass)) return finished;
  return ask('operation', deleteSelf(pass));
}
function* deletePod(pass: Pass, uid: string): Script<Verdict> {
  const outcome = yield* kube({ verb: 'delete', ref: podRef(pass), uid }, 'periodic');
  return outcome.kind === 'ok' || outcome.kind === 'notFound'
    ? finished
    : kubeFailed('failed to delete pod of finished container', outcome);
}
function* deleteSelf(pass: Pass): Script<Verdict> {
  const outcome = yield* kube({ verb: 'delete', ref: containerRef(pass), uid: pass.uid }, 'periodic');
  return outcome.kind === 'ok' || outcome.kind === 'notFound'
    ? finished
    : kubeFailed('failed to delete finished container', outcome);
}
