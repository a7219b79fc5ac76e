/** Steps on the container's own object: its state, its finalizer, the first values of its status. Source: spec 02, 6.2, 6.6, 6.10. */
import { CONTAINERS, refOf } from '../../../messages/kube.ts';
import { done, doneWith, type Verdict, wait } from '../../../messages/verdict.ts';
import type { ContainerState } from '../../../messages/weka-container.ts';
import { kube, type Script } from '../../calls.ts';
import { containerRef, type Pass } from '../pass.ts';
import { kubeFailed } from '../said.ts';
import { type Ask, ask } from '../step.ts';

export const FINALIZER = 'weka.weka.io/finalizer';

/**
 * Sets `spec.state`, under the resourceVersion this pass has read: a state that was changed meanwhile is not overwritten.
 * Deciding to leave ends the pass at once (F5): the object's new state starts the next one. Source: spec 03, 2.
 */
export function* changeState(pass: Pass, state: ContainerState, why: string): Script<Verdict> {
  const { resourceVersion } = pass.container.metadata;
  const patch = { metadata: { resourceVersion }, spec: { state } };
  const outcome = yield* kube({ verb: 'mergePatch', ref: containerRef(pass), patch }, 'removal');
  if (outcome.kind !== 'ok') return kubeFailed('failed to patch resource', outcome);
  return wait(0, why);
}
export const ensureStateDeleting = (pass: Pass): Ask =>
  ask('object', changeState(pass, 'deleting', 'marked for deletion, leaving'));

/** A PUT would carry every field; this touches the list alone, under the resourceVersion. */
export function* addFinalizer(pass: Pass): Script<Verdict> {
  const { resourceVersion, finalizers = [] } = pass.container.metadata;
  const patch = { metadata: { resourceVersion, finalizers: [...finalizers, FINALIZER] } };
  const outcome = yield* kube({ verb: 'mergePatch', ref: containerRef(pass), patch });
  return outcome.kind === 'ok' ? done : kubeFailed('failed to add the finalizer', outcome);
}
export const ensureFinalizer = (pass: Pass): Verdict | Ask =>
  pass.container.metadata.finalizers?.includes(FINALIZER) === true ? done : ask('object', addFinalizer(pass));

/** Takes our finalizer away, under the resourceVersion; the object disappears when it was the last one. */
export function* dropFinalizer(pass: Pass): Script<Verdict> {
  const { finalizers = [], name, namespace } = pass.container.metadata;
  const ref = refOf(CONTAINERS, { name, namespace });
  const at = finalizers.indexOf(FINALIZER);
  if (at < 0) return done;
  // `test` makes sure that it is still ours at that place.
  const path = `/metadata/finalizers/${at}`;
  const patch = [
    { op: 'test', path: '/metadata/uid', value: pass.uid },
    { op: 'test', path, value: FINALIZER },
    { op: 'remove', path },
  ] as const;
  const outcome = yield* kube({ verb: 'jsonPatch', ref, patch }, 'removal');
  return outcome.kind === 'ok' || outcome.kind === 'notFound'
    ? done
    : kubeFailed('Failed to remove finalizer', outcome);
}

/** First values of a new status; printer columns that became known. Source: spec 02, 6.6. */
export function initState({ status, nodeName }: Pass): Verdict {
  const ips = printedIps(status.managementIPs ?? (status.managementIP ? [status.managementIP] : []));
  const printer = {
    ...(nodeName !== undefined && !status.printer?.nodeAffinity ? { nodeAffinity: nodeName } : {}),
    ...(ips !== undefined && !status.printer?.managementIPs ? { managementIPs: ips } : {}),
  };
  const change = {
    // `Paused` is over in this flow; the cluster controller waits for it to go (I5).
    ...(status.status && status.status !== 'Paused' ? {} : { status: 'Init' }),
    ...(Object.keys(printer).length > 0 ? { printer } : {}),
  };
  return Object.keys(change).length === 0 ? done : doneWith({ status: change });
}
/** `<first>`, or `<first> (+<n-1>)`; undefined for none. Source: spec 02, 6.6. */
export function printedIps(ips: readonly string[]): string | undefined {
  const [first, ...rest] = ips;
  if (first === undefined) return undefined;
  return rest.length === 0 ? first : `${first} (+${rest.length})`;
}

/** "Set status X": nothing where it is X already. Source: spec 02, 6.27. */
export const setStatus = ({ status }: Pass, text: string): Verdict =>
  status.status === text ? done : doneWith({ status: { status: text } });
