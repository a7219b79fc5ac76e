/** A node's discovery: who asks for its facts, and what is next to be done so that they are known. Source: spec 06, 6.7; F32, F39. */
import type { Config } from '../../config.ts';
import type { ContainerUid, NodeName } from '../../messages/ids.ts';
import { CONTAINERS, NODES, refOf } from '../../messages/kube.ts';
import type { DiscoverAnswer } from '../../messages/node.ts';
import type { Node } from '../../messages/resources.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { isDriversBuilder } from '../../messages/weka-modes.ts';
import { kube, type Script } from '../calls.ts';
import { kubeText } from '../flows/said.ts';
import { discoveryDraft, discoveryName } from '../rules/helpers.ts';
import {
  DISCOVERY_ANNOTATION,
  isDiscovered,
  type NodeInfoResult,
  nodeInfoOf,
  nodeInfoOfResult,
  recordText,
  TOOLKIT_CONFIG_MAP,
  type Toolkit,
} from '../rules/node-info.ts';
import type { View } from '../view.ts';
import { forgiven, kept, type Next, noWork, type Site, type Subject, unfinished, type Work } from './work.ts';

export interface Discovery extends Work {
  /** Who waits for it, in order of arrival. */
  readonly asking: ReadonlySet<ContainerUid>;
}
const NOBODY: ReadonlySet<ContainerUid> = new Set();

export function discover(
  part: Discovery,
  uid: ContainerUid,
  container: WekaContainer,
  node: Node,
  { view, settings }: Site,
): readonly [Discovery, DiscoverAnswer] {
  const found = knownInfo(node, view, settings, container);
  if (found.kind === 'known') return [part, { kind: 'known', info: found.info }];
  if (found.kind === 'failed') return [part, { kind: 'failed', reason: found.error }];
  const next = { ...part, asking: new Set([...part.asking, uid]) };
  return [next, unfinished(part, 3_000, 'container execution result is not ready')];
}

export const discovery: Subject<Discovery> = {
  initial: { ...noWork, asking: NOBODY },
  plan: (part, { name, view, settings }) => {
    const node = view.node(name);
    const asking = [...part.asking].flatMap((uid) => view.container(uid) ?? []);
    const next = nextDiscovery(name, asking, view, settings);
    if (node !== undefined && !isDiscovered(node)) return { part, wakes: [], next };
    return { part: forgiven({ ...part, asking: NOBODY }), wakes: [...part.asking], next };
  },
  waiting: ({ asking }) => [...asking],
  pruned: (part, here) => {
    const asking = kept(part.asking, here);
    return asking === part.asking ? part : { ...part, asking };
  },
};

function toolkitOf(view: View, settings: Config, required: boolean): Toolkit {
  const map = view.configMap(settings.operatorNamespace, TOOLKIT_CONFIG_MAP);
  return { digests: map?.data, imageBaseUrl: settings.ocpToolkitImageBaseUrl, required };
}
/** `asking` needs the toolkit image of an OpenShift release if it is a builder: others do without, whatever the release (F27). */
export const knownInfo = (node: Node, view: View, settings: Config, asking?: WekaContainer): NodeInfoResult =>
  nodeInfoOf(node, toolkitOf(view, settings, asking !== undefined && isDriversBuilder(asking.spec.mode)));

/** `asking`: containers that wait for it, in order of arrival; they lend image, secrets and namespace. */
function nextDiscovery(name: NodeName, asking: readonly WekaContainer[], view: View, settings: Config): Next {
  const node = view.node(name);
  if (node === undefined) return leftOver(name, 'discovery', view);
  const helpers = helpersOf(name, asking, view, settings);
  if (isDiscovered(node)) {
    const left = helpers.find(({ metadata }) => metadata.deletionTimestamp === undefined);
    return left === undefined ? undefined : { script: collect(left) };
  }
  const [first] = asking;
  if (first === undefined) return undefined;
  const helper = helpers.find(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (helper === undefined) {
    // One that is going still has the name.
    return helpers.length > 0 ? undefined : { script: create(first, name, namespaceFor(asking, view, settings)) };
  }
  const result = helper.status?.result;
  return result === undefined ? undefined : { script: record(node, helper, result, view, settings) };
}

/** A helper of a node that is gone has nobody to work for. Source: spec 06, 4.4. */
export function leftOver(name: NodeName, mode: 'discovery' | 'drivers-loader', view: View): Next {
  if (!view.synced()) return undefined;
  const left = view
    .containersOnNode(name)
    .find(({ spec, metadata }) => spec.mode === mode && metadata.deletionTimestamp === undefined);
  return left === undefined ? undefined : { script: collect(left) };
}

/** The namespace of those that ask, where they agree and it lives; else the operator's. */
function namespaceFor(asking: readonly WekaContainer[], view: View, settings: Config): string {
  const names = new Set(asking.map(({ metadata }) => metadata.namespace ?? ''));
  const [only = ''] = names;
  const terminating = view.namespace(only)?.status?.phase === 'Terminating';
  return names.size === 1 && !terminating ? only : settings.operatorNamespace;
}
function helpersOf(
  name: NodeName,
  asking: readonly WekaContainer[],
  view: View,
  settings: Config,
): readonly WekaContainer[] {
  const namespaces = new Set([settings.operatorNamespace, ...asking.map(({ metadata }) => metadata.namespace ?? '')]);
  for (const { metadata } of view.containersOnNode(name)) namespaces.add(metadata.namespace ?? '');
  return [...namespaces].flatMap((namespace) => {
    const helper = view.containerByName(namespace, discoveryName(name));
    return helper?.spec.mode === 'discovery' ? [helper] : [];
  });
}

function* create(asking: WekaContainer, node: NodeName, namespace: string): Script<string | undefined> {
  const outcome = yield* kube({ verb: 'create', type: CONTAINERS, object: discoveryDraft(asking, node, namespace) });
  return outcome.kind === 'ok' || outcome.kind === 'alreadyExists' ? undefined : kubeText(outcome);
}

/** The record is written before its helper goes; a result that cannot be read goes with its helper and is fetched again. */
function* record(
  node: Node,
  helper: WekaContainer,
  result: string,
  view: View,
  settings: Config,
): Script<string | undefined> {
  const found = nodeInfoOfResult(result, node, toolkitOf(view, settings, false));
  if (found.kind !== 'known') {
    yield* collect(helper);
    return found.kind === 'failed' ? found.error : 'the discovery result cannot be read';
  }
  const failure = yield* annotate(node, DISCOVERY_ANNOTATION, recordText(found.info, node));
  return failure ?? (yield* collect(helper));
}

/**
 * Sets (or with null removes) one annotation of a node. No resourceVersion: the value does not depend on what else the
 * node says, and kubelets change nodes all the time.
 */
export function* annotate(node: Node, key: string, value: string | null): Script<string | undefined> {
  const patch = { metadata: { uid: node.metadata.uid, annotations: { [key]: value } } };
  const outcome = yield* kube({ verb: 'mergePatch', ref: refOf(NODES, { name: node.metadata.name }), patch });
  return outcome.kind === 'ok' ? undefined : `node ${node.metadata.name}: ${kubeText(outcome)}`;
}
/** Deletes a helper whose work is done. */
export function* collect({ metadata }: WekaContainer): Script<string | undefined> {
  const ref = refOf(CONTAINERS, metadata);
  const outcome = yield* kube({ verb: 'delete', ref, uid: metadata.uid });
  return outcome.kind === 'ok' || outcome.kind === 'notFound' || outcome.kind === 'conflict'
    ? undefined
    : kubeText(outcome);
}
