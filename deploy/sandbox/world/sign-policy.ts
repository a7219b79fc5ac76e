/**
 * Stand-in for the sibling WekaPolicy controller, type `sign-drives`: signs each node once for each boot, and again after drives
 * were blocked there. As the reference it deletes a helper as soon as that has a result. Source: spec 06, 6.2.
 */
import { createHash } from 'node:crypto';
import { CONTAINERS, POLICIES, refOf } from '../../../messages/kube.ts';
import type { WekaPolicy } from '../../../messages/weka-cluster.ts';
import type { Cache } from './cache.ts';
import type { WorldContext } from './context.ts';
import type { Container } from './holders.ts';
import { keyOf, type Node } from './objects.ts';
import { KINDS } from './operation-kinds.ts';
import { helperDraft, isSelected } from './operations.ts';
import { write } from './write.ts';

export const SIGN_POLICY = 'sign-drives';
/** Between two runs of a policy. */
export const SIGN_INTERVAL_MS = 60_000;
/** Between two looks at the helpers of one run. */
const PERIOD_MS = 5_000;
const HASH = 'weka.io/sign-drives-hash';

export function startSignPolicies(
  ctx: WorldContext,
  policies: Cache<WekaPolicy>,
  containers: Cache<Container>,
  nodes: Cache<Node>,
): void {
  policies.listen((after, before) => {
    if (after !== undefined && before === undefined) ctx.clock.after(PERIOD_MS, () => turn(keyOf(after)));
  });

  function turn(key: string): void {
    const policy = policies.get(key);
    if (policy?.spec?.type !== SIGN_POLICY || policy.metadata.deletionTimestamp !== undefined) return;
    const helpers = [...containers.all()].filter(({ metadata }) =>
      metadata.ownerReferences?.some(({ uid }) => uid === policy.metadata.uid),
    );
    if (helpers.length === 0) for (const node of unsigned(policy)) create(policy, node);
    const over = helpers.filter(({ status }) => status?.result !== undefined);
    for (const helper of over) remove(helper);
    const running = helpers.length > over.length || policy.status?.status === undefined;
    say(policy, running ? 'Running' : 'Done');
    ctx.clock.after(helpers.length > 0 ? PERIOD_MS : SIGN_INTERVAL_MS, () => turn(key));
  }
  const unsigned = ({ spec = {} }: WekaPolicy): readonly Node[] =>
    [...nodes.all()].filter(
      (node) =>
        isSelected(node, spec) && KINDS[SIGN_POLICY].takes(node) && node.metadata.annotations?.[HASH] !== hashOf(node),
    );
  function create(policy: WekaPolicy, node: Node): void {
    const kind = KINDS[SIGN_POLICY];
    const object = helperDraft(policy, 'WekaPolicy', kind, node, SIGN_POLICY, policy.spec?.image || kind.image);
    write(ctx, 'weka-operator', { verb: 'create', type: CONTAINERS, object });
  }
  function remove({ metadata }: Container): void {
    if (metadata.deletionTimestamp !== undefined) return;
    write(ctx, 'weka-operator', { verb: 'delete', ref: refOf(CONTAINERS, metadata), uid: metadata.uid });
  }
  function say({ metadata, status }: WekaPolicy, text: string): void {
    if (status?.status === text) return;
    const ref = refOf(POLICIES, metadata);
    write(ctx, 'weka-operator', {
      verb: 'mergePatch',
      ref,
      subresource: 'status',
      patch: { status: { status: text } },
    });
  }
}
const hashOf = ({ status }: Node): string =>
  createHash('sha256')
    .update(status?.nodeInfo?.bootID ?? '')
    .digest('hex');
