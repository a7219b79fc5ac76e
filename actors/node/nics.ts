/** What is next to be done so that containers have their cloud NICs: one annotation of the node says who has which. Source: spec 05, 10.3; F12, F26. */
import type { Config } from '../../config.ts';
import type { NodeName } from '../../messages/ids.ts';
import { NODES, refOf } from '../../messages/kube.ts';
import type { Node } from '../../messages/resources.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { kube, type Script } from '../calls.ts';
import { kubeText } from '../flows/said.ts';
import {
  allocateNics,
  holdsNics,
  keyOf,
  type NicAllocation,
  needsNics,
  releaseNics,
} from '../rules/allocation/nics.ts';
import { ANNOTATIONS } from '../rules/node-annotations.ts';
import type { View } from '../view.ts';
import type { Next } from './discovery.ts';

const NOTHING: NicAllocation = { kind: 'allocated', annotation: undefined, events: [] };

/** What the container would get now. Nothing to be written: it has what there is for it. */
export function nicsFor(container: WekaContainer, node: Node, view: View, settings: Config): NicAllocation {
  return needsNics(container, node, settings) ? allocateNics(container, node, goneIn(view)) : NOTHING;
}
export const wantsNics = (container: WekaContainer, node: Node, view: View, settings: Config): boolean => {
  const plan = nicsFor(container, node, view, settings);
  return plan.kind === 'allocated' && plan.annotation !== undefined;
};
/** Both in order of arrival. Who leaves comes first: what it has may be what the others lack. */
export function nextNics(
  name: NodeName,
  asking: readonly WekaContainer[],
  leaving: readonly WekaContainer[],
  view: View,
  settings: Config,
): Next {
  const node = view.node(name);
  if (node === undefined) return undefined;
  const holder = leaving.find((each) => holdsNics(each, node));
  if (holder !== undefined) {
    const release = (read: Node): Planned => ({ kind: 'planned', annotation: releaseNics(read, keyOf(holder)) });
    return { script: write(name, release) };
  }
  const first = asking.find((each) => wantsNics(each, node, view, settings));
  if (first === undefined) return undefined;
  return {
    script: write(name, (read) => {
      const plan = nicsFor(first, read, view, settings);
      return plan.kind === 'failed' ? plan : { kind: 'planned', annotation: plan.annotation };
    }),
  };
}
const goneIn =
  (view: View) =>
  (key: string): boolean => {
    const [namespace = '', name = ''] = key.split('/');
    return view.synced() && view.containerByName(namespace, name) === undefined;
  };

/** Kubelets write their node all the time: a conflict is tried again at once, so often. */
const TRIES = 3;
/** `annotation` undefined: all is as it should be. */
type Planned =
  | { readonly kind: 'planned'; readonly annotation: string | undefined }
  | { readonly kind: 'failed'; readonly reason: string };
/** Chosen from a live read and written under its resourceVersion: no MAC is given twice. */
function* write(name: NodeName, plan: (node: Node) => Planned): Script<string | undefined> {
  const ref = refOf(NODES, { name });
  for (let left = TRIES; ; left -= 1) {
    const read = yield* kube<Node>({ verb: 'get', ref });
    if (read.kind !== 'ok') return kubeText(read);
    const planned = plan(read.answer);
    if (planned.kind === 'failed') return planned.reason;
    if (planned.annotation === undefined) return undefined;
    const { uid, resourceVersion } = read.answer.metadata;
    const annotations = { [ANNOTATIONS.nicAllocations]: planned.annotation };
    const patch = { metadata: { uid, resourceVersion, annotations } };
    const outcome = yield* kube({ verb: 'mergePatch', ref, patch });
    if (outcome.kind === 'ok') return undefined;
    if (outcome.kind !== 'conflict' || left <= 1) return `node ${name}: ${kubeText(outcome)}`;
  }
}
