/** A node's cloud NICs: who waits for some, who leaves some behind, what is next to be done. One annotation of the node says who has which. Source: spec 05, 10.3; F12, F26. */
import type { Config } from '../../config.ts';
import type { ContainerUid, NodeName } from '../../messages/ids.ts';
import { NODES, refOf } from '../../messages/kube.ts';
import type { NicsAnswer, ReleaseAnswer } from '../../messages/node.ts';
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
import { forgiven, kept, type Next, noWork, type Site, type Subject, unfinished, type Work } from './work.ts';

export interface Nics extends Work {
  /** Who waits for NICs, in order of arrival. */
  readonly lacking: ReadonlySet<ContainerUid>;
  /** Whose NICs are to be freed, in order of arrival. */
  readonly leaving: ReadonlySet<ContainerUid>;
}

export function giveNics(
  part: Nics,
  uid: ContainerUid,
  container: WekaContainer,
  node: Node,
  { view, settings }: Site,
): readonly [Nics, NicsAnswer] {
  const plan = nicsFor(container, node, view, settings);
  if (plan.kind === 'failed') return [part, plan];
  if (plan.annotation === undefined) return [part, { kind: 'given', events: plan.events }];
  const next = { ...part, lacking: new Set([...part.lacking, uid]) };
  return [next, unfinished(part, 3_000, 'NICs are being allocated')];
}
export function freeNics(
  part: Nics,
  uid: ContainerUid,
  container: WekaContainer,
  node: Node,
): readonly [Nics, ReleaseAnswer] {
  if (!holdsNics(container, node)) return [part, { kind: 'released' }];
  const next = { ...part, leaving: new Set([...part.leaving, uid]) };
  return [next, unfinished(part, 3_000, 'NICs are being released')];
}

export const nics: Subject<Nics> = {
  initial: { ...noWork, lacking: new Set(), leaving: new Set() },
  plan: (part, { name, view, settings }) => {
    const node = view.node(name);
    const lacks = (uid: ContainerUid): boolean => {
      const container = view.container(uid);
      return container !== undefined && node !== undefined && wantsNics(container, node, view, settings);
    };
    const holds = (uid: ContainerUid): boolean => {
      const container = view.container(uid);
      return container !== undefined && node !== undefined && holdsNics(container, node);
    };
    const [lacking, leaving] = [kept(part.lacking, lacks), kept(part.leaving, holds)];
    const wakes = [...part.lacking, ...part.leaving].filter((uid) => !lacking.has(uid) && !leaving.has(uid));
    const known = (uids: ReadonlySet<ContainerUid>) => [...uids].flatMap((uid) => view.container(uid) ?? []);
    const next = nextNics(name, known(lacking), known(leaving), view, settings);
    const left = { ...part, lacking, leaving };
    return { part: lacking.size + leaving.size === 0 ? forgiven(left) : left, wakes, next };
  },
  waiting: ({ lacking, leaving }) => [...lacking, ...leaving],
  pruned: (part, here) => {
    const [lacking, leaving] = [kept(part.lacking, here), kept(part.leaving, here)];
    return lacking === part.lacking && leaving === part.leaving ? part : { ...part, lacking, leaving };
  },
};

const NOTHING: NicAllocation = { kind: 'allocated', annotation: undefined, events: [] };

/** What the container would get now. Nothing to be written: it has what there is for it. */
function nicsFor(container: WekaContainer, node: Node, view: View, settings: Config): NicAllocation {
  return needsNics(container, node, settings) ? allocateNics(container, node, goneIn(view)) : NOTHING;
}
const wantsNics = (container: WekaContainer, node: Node, view: View, settings: Config): boolean => {
  const plan = nicsFor(container, node, view, settings);
  return plan.kind === 'allocated' && plan.annotation !== undefined;
};
/** Both in order of arrival. Who leaves comes first: what it has may be what the others lack. */
function nextNics(
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
