/**
 * Stand-in for the sibling WekaManualOperation controller: one helper on each node, wait for all results, say what came
 * of it, take the helpers away. The helpers are the state; nothing is remembered. Blocking needs no helper. Source: spec 06, 6.1 to 6.4, 6.6.
 */
import { rfc3339 } from '../../../io/clock.ts';
import { CONTAINERS, type Draft, MANUAL_OPERATIONS, NODES, refOf } from '../../../messages/kube.ts';
import type { OperationSpec, WekaManualOperation } from '../../../messages/weka-cluster.ts';
import { type BlockAction, blockOrUnblock, isBlockAction } from './block-operation.ts';
import type { Cache } from './cache.ts';
import type { WorldContext } from './context.ts';
import type { Container } from './holders.ts';
import type { Node } from './objects.ts';
import { isAction, KINDS, type OperationKind } from './operation-kinds.ts';
import { ownerTurns } from './owner-turns.ts';
import { write } from './write.ts';

interface BlockPayload {
  readonly node?: string;
  readonly serialIDs?: readonly string[];
}

/** Looks again at this pace even without an event: nodes become ready. */
const PERIOD_MS = 5_000;

export function startOperations(
  ctx: WorldContext,
  operations: Cache<WekaManualOperation>,
  containers: Cache<Container>,
  nodes: Cache<Node>,
): void {
  const random = ctx.random('operations');
  const soon = ownerTurns(ctx, random, 'WekaManualOperation', operations, containers, turn);

  function turn(operation: WekaManualOperation): void {
    const { metadata, spec = {}, status } = operation;
    if (isBlockAction(spec.action)) {
      if (metadata.deletionTimestamp === undefined && status?.status !== 'Done') block(operation, spec.action);
      return;
    }
    const kind = isAction(spec.action ?? '') ? KINDS[spec.action as keyof typeof KINDS] : undefined; // It is one of them.
    if (kind === undefined || metadata.deletionTimestamp !== undefined) return;
    const helpers = [...containers.all()].filter(({ metadata: { ownerReferences } }) =>
      ownerReferences?.some(({ uid }) => uid === metadata.uid),
    );
    if (status?.status === 'Done') {
      for (const helper of helpers) remove(helper);
      return;
    }
    const image = spec.image || kind.image;
    if (kind.refusesImage !== undefined && image?.includes(kind.refusesImage) === true) {
      say(operation, 'Failed', `${image} cannot do ${spec.action}`);
      soon(operation, PERIOD_MS);
      return;
    }
    const selected = [...nodes.all()].filter((node) => isSelected(node, spec) && kind.takes(node));
    const missing = selected.filter(({ metadata: { name } }) => !helpers.some((one) => one.spec.nodeAffinity === name));
    for (const node of missing) create(operation, kind, node, image);
    const results = new Map(helpers.map((one) => [one.spec.nodeAffinity ?? '', one.status?.result]));
    const texts = new Map([...results].flatMap(([node, text]) => (text === undefined ? [] : [[node, text] as const])));
    if (selected.length === 0 || missing.length > 0 || texts.size < helpers.length) {
      soon(operation, PERIOD_MS);
      return;
    }
    for (const [node, text] of texts) writeNode(kind, node, text);
    say(operation, 'Done', kind.resultText(texts));
  }

  function create(operation: WekaManualOperation, kind: OperationKind, node: Node, image?: string): void {
    const object = helperDraft(operation, 'WekaManualOperation', kind, node, operation.spec?.action ?? '', image);
    if (containers.get(`${object.metadata.namespace ?? ''}/${object.metadata.name}`) !== undefined) return;
    write(ctx, 'weka-operator', { verb: 'create', type: CONTAINERS, object });
  }

  function remove({ metadata }: Container): void {
    if (metadata.deletionTimestamp !== undefined) return;
    write(ctx, 'weka-operator', { verb: 'delete', ref: refOf(CONTAINERS, metadata), uid: metadata.uid });
  }

  /** One that has failed is tried again. Source: spec 06, 6.1. */
  function block(operation: WekaManualOperation, action: BlockAction): void {
    const { node: name, serialIDs = [] } = (operation.spec?.payload ?? {}) as BlockPayload; // As the CRD of the sibling has it.
    const node = [...nodes.all()].find(({ metadata }) => metadata.name === name);
    const outcome = node && blockOrUnblock(action, node, serialIDs);
    if (node === undefined || outcome?.kind !== 'done') {
      if (outcome !== undefined) say(operation, 'Failed', outcome.result);
      soon(operation, PERIOD_MS);
      return;
    }
    const ref = refOf(NODES, node.metadata);
    const amounts = { 'weka.io/drives': outcome.drives };
    const status = { capacity: amounts, allocatable: amounts };
    write(ctx, 'weka-operator', { verb: 'mergePatch', ref, subresource: 'status', patch: { status } });
    const { annotations } = outcome;
    write(ctx, 'weka-operator', { verb: 'mergePatch', ref, patch: { metadata: { annotations } } });
    say(operation, 'Done', outcome.result);
  }

  function say({ metadata, status }: WekaManualOperation, text: string, result: string): void {
    if (status?.status === text && status.result === result) return;
    const patch = { status: { status: text, result, completedAt: rfc3339(ctx.clock.wallMs()) } };
    const ref = refOf(MANUAL_OPERATIONS, metadata);
    write(ctx, 'weka-operator', { verb: 'mergePatch', ref, subresource: 'status', patch });
  }

  function writeNode(kind: OperationKind, name: string, result: string): void {
    const found = kind.nodeWrite(result);
    if (found === undefined) return;
    const ref = { type: NODES, name };
    const [annotation, text] = found.annotation;
    const [resource, count] = found.capacity;
    const amounts = { [resource]: count };
    write(ctx, 'weka-operator', {
      verb: 'mergePatch',
      ref,
      patch: { metadata: { annotations: { [annotation]: text } } },
    });
    const patch = { status: { capacity: amounts, allocatable: amounts } };
    write(ctx, 'weka-operator', { verb: 'mergePatch', ref, subresource: 'status', patch });
  }
}

/** The helper that an operation, or a policy, puts on a node. */
export function helperDraft(
  { metadata, spec = {} }: WekaManualOperation,
  ownerKind: 'WekaManualOperation' | 'WekaPolicy',
  kind: OperationKind,
  node: Node,
  instruction: string,
  image?: string,
): Draft & Readonly<Record<string, unknown>> {
  const plan = kind.helper(metadata, node, spec);
  const { imagePullSecret, tolerations, serviceAccountName } = spec;
  return {
    apiVersion: 'weka.weka.io/v1alpha1',
    kind: 'WekaContainer',
    metadata: {
      name: plan.name,
      namespace: metadata.namespace ?? '',
      labels: { ...metadata.labels, ...plan.labels, 'weka.io/mode': plan.mode },
      ownerReferences: [ownerOf(metadata, ownerKind)],
    },
    spec: {
      mode: plan.mode,
      name: plan.name.slice(0, 63),
      numCores: 1,
      nodeAffinity: node.metadata.name,
      image: image ?? '',
      instructions: { type: instruction, payload: plan.instruction ?? '' },
      ...(imagePullSecret === undefined ? {} : { imagePullSecret }),
      ...(tolerations === undefined ? {} : { tolerations }),
      ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
      ...plan.spec,
    },
  };
}

export const ownerOf = (
  { name, uid }: { readonly name: string; readonly uid: string },
  kind = 'WekaManualOperation',
) => ({
  apiVersion: 'weka.weka.io/v1alpha1',
  kind,
  name,
  uid,
  controller: true,
  blockOwnerDeletion: true,
});

/** An empty selector takes all. */
export function isSelected({ metadata: { labels = {} } }: Node, { payload }: OperationSpec): boolean {
  const selector = (payload?.nodeSelector ?? {}) as Readonly<Record<string, string>>; // As the CRD of the sibling has it.
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}
