/**
 * Rows 12 to 14: a container that has lost its node, or is no longer wanted there, leaves by its own decision. The decision
 * stands on live reads and ends the pass (F5, F10). Source: spec 02, 6.7 to 6.9.
 */
import { NODES, refOf } from '../../../messages/kube.ts';
import type { Node } from '../../../messages/resources.ts';
import { done, type EventNote, normal, type Verdict, WAIT_MS, wait } from '../../../messages/verdict.ts';
import { isBackend, isClient, isDriversLoader } from '../../../messages/weka-modes.ts';
import { kube, type Script, sleep } from '../../calls.ts';
import { matchesSelector } from '../../rules/node-match.ts';
import { untoleratedTaint } from '../../rules/tolerations.ts';
import { containerRef, markedForDeletion, type Pass } from '../pass.ts';
import { kubeFailed } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { nodeIsGone } from './node-gone.ts';
import { changeState } from './object.ts';

const owned = ({ container }: Pass): boolean => (container.metadata.ownerReferences?.length ?? 0) > 0;

/** Those made by hand stay, but for loaders, and so do backends without the setting. */
export const lostItsNode = (pass: Pass): boolean => {
  const { node, nodeName, spec, settings } = pass;
  if (nodeName === undefined || node !== undefined || markedForDeletion(pass)) return false;
  return (owned(pass) || isDriversLoader(spec)) && (!isBackend(spec.mode) || settings.cleanupRemovedNodes);
};
/** Step 12. */
export const deleteIfNoNode = (pass: Pass): Ask => ask('object', deleteWhenGone(pass));
function* deleteWhenGone(pass: Pass): Script<Verdict> {
  if (!(yield* nodeIsGone(pass))) return done;
  // Under the version this was decided on: one that was bound elsewhere meanwhile is not deleted.
  const { resourceVersion } = pass.container.metadata;
  const outcome = yield* kube({ verb: 'delete', ref: containerRef(pass), uid: pass.uid, resourceVersion }, 'removal');
  if (outcome.kind !== 'ok' && outcome.kind !== 'notFound') return kubeFailed('failed to delete container', outcome);
  return wait(WAIT_MS, 'Node is not found, deleting container');
}

/** Step 13: some taint of its node is not tolerated. */
export const bearsNotTaints = (pass: Pass): boolean =>
  pass.settings.cleanupContainersOnTolerationsMismatch && mayLeave(pass) && intolerant(pass, pass.node);
const intolerant = ({ spec, settings }: Pass, node: Node | undefined): boolean =>
  node !== undefined && untoleratedTaint(spec, node.spec?.taints ?? [], settings) !== undefined;
const mayLeave = (pass: Pass): boolean => owned(pass) && !markedForDeletion(pass);

export const deleteIfTolerationsMismatch = (pass: Pass): Ask => {
  const note = normal('TolerationMismatch', 'Toleration mismatch, deleting container');
  return ask('object', leave(pass, note, intolerant, pass.settings.nodeConditionGraceMs));
};

/** Step 14: its node has not, or no longer, the labels it asks for. */
export const outsideSelector = (pass: Pass): boolean => {
  const { spec, settings } = pass;
  const looked =
    (isBackend(spec.mode) && settings.cleanupBackendsOnNodeSelectorMismatch) ||
    (isClient(spec.mode) && settings.cleanupClientsOnNodeSelectorMismatch);
  return looked && mayLeave(pass) && unselected(pass, pass.node);
};
const unselected = ({ spec }: Pass, node: Node | undefined): boolean =>
  node !== undefined && !matchesSelector(node.metadata.labels ?? {}, spec.nodeSelector);

export const deleteIfNodeSelectorMismatch = (pass: Pass): Ask =>
  ask(
    'object',
    leave(pass, normal('NodeSelectorMismatch', 'Node selector mismatch, deleting container'), unselected, 0),
  );

/** Leaves when the mismatch is still there after `graceMs`, by a live read: a taint may be set for seconds only. */
function* leave(
  pass: Pass,
  note: EventNote,
  mismatch: (pass: Pass, node: Node | undefined) => boolean,
  graceMs: number,
): Script<Verdict> {
  if (graceMs > 0) yield* sleep(graceMs);
  const node = yield* kube<Node>({ verb: 'get', ref: refOf(NODES, { name: pass.nodeName ?? '' }) });
  if (node.kind !== 'ok' || !mismatch(pass, node.answer)) return done;
  return { ...(yield* changeState(pass, 'deleting', note.message)), events: [note] };
}
