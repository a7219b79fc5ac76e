/** Binds a container to the node its pod landed on; one of its kind per node. Source: spec 02, 6.22, 6.23; F11. */

import type { NodeName } from '../../../messages/ids.ts';
import { doneWith, failed, type Verdict, WAIT_MS, wait } from '../../../messages/verdict.ts';
import { askNode, type Script } from '../../calls.ts';
import type { Pass } from '../pass.ts';
import { type Ask, ask } from '../step.ts';
import { changeState } from './object.ts';

const UNASSIGNED = wait(WAIT_MS, 'pod is not assigned to node');

/** Step 35: the race is decided by the node's actor, which knows every claim on that node. */
export function enforceNodeAffinity(pass: Pass): Verdict | Ask {
  const node = assigned(pass);
  if (node === undefined) return UNASSIGNED;
  if (pass.spec.dropAffinityConstraints === true || pass.view.node(node) === undefined) return bound(pass, node);
  return ask('pod', claim(pass, node));
}
/** Step 36: those that may share their node. */
export function setNodeAffinityStatus(pass: Pass): Verdict {
  const node = assigned(pass);
  return node === undefined ? UNASSIGNED : bound(pass, node);
}

function* claim(pass: Pass, node: NodeName): Script<Verdict> {
  const answer = yield* askNode(node, { kind: 'bind', uid: pass.uid });
  if (answer.kind === 'granted') return bound(pass, node);
  if (answer.kind === 'failed') return failed(answer.reason);
  return yield* changeState(pass, 'deleting', 'scheduling race, deleting current container');
}
const assigned = ({ pod }: Pass): NodeName | undefined => pod?.spec?.nodeName as NodeName | undefined; // Set by the scheduler.

function bound({ view }: Pass, node: NodeName): Verdict {
  if (view.node(node) === undefined) return failed(`node not found: ${node}`);
  return doneWith({ status: { nodeAffinity: node, printer: { nodeAffinity: node } } });
}
