/**
 * Stand-in for the sibling WekaPolicy controller, type `enable-local-drivers-distribution`: a container that serves
 * drivers, and one builder for each kernel of its nodes. Source: spec 06, 4.10; 01, 20.6.
 */
import { CONTAINERS, type Draft, NODES, POLICIES, refOf } from '../../../messages/kube.ts';
import type { WekaPolicy } from '../../../messages/weka-cluster.ts';
import type { Cache } from './cache.ts';
import type { WorldContext } from './context.ts';
import type { Container } from './holders.ts';
import { uuid } from './identity.ts';
import type { Node } from './objects.ts';
import { ownerOf } from './operations.ts';
import { ownerTurns } from './owner-turns.ts';
import { write } from './write.ts';

export const DRIVERS_POLICY = 'enable-local-drivers-distribution';
const PERIOD_MS = 5_000;
const KERNEL_LABEL = 'weka.io/kernel';
const ARCHITECTURE_LABEL = 'weka.io/architecture';

/** Under which clusters find what the policy distributes. */
export const driversUrl = (policy: string, namespace: string): string =>
  `https://${policy}-dist.${namespace}.svc.cluster.local:60002`;

/** `serve`: from now on that URL leads to that pod, as the Service of the policy does. */
export function startDriversPolicies(
  ctx: WorldContext,
  policies: Cache<WekaPolicy>,
  containers: Cache<Container>,
  nodes: Cache<Node>,
  serve: (url: string, pod: string) => void,
): void {
  const random = ctx.random('drivers-policy');
  const soon = ownerTurns(ctx, random, 'WekaPolicy', policies, containers, turn);

  function turn(policy: WekaPolicy): void {
    const { metadata, spec } = policy;
    if (spec?.type !== DRIVERS_POLICY || metadata.deletionTimestamp !== undefined) return;
    soon(policy, PERIOD_MS);
    const own = [...containers.all()].filter(({ metadata: { ownerReferences } }) =>
      ownerReferences?.some(({ uid }) => uid === metadata.uid),
    );
    const dist = own.find((one) => one.spec.mode === 'drivers-dist');
    if (dist === undefined) {
      const name = `${metadata.name}-dist-${uuid(random).slice(0, 5)}`;
      serve(driversUrl(metadata.name, metadata.namespace ?? ''), name);
      write(ctx, 'weka-operator', {
        verb: 'create',
        type: CONTAINERS,
        object: container(policy, name, 'drivers-dist', {}),
      });
      return;
    }
    const builders = kernels().map((kernel) => builder(policy, dist.metadata.name, kernel));
    for (const object of builders) {
      if (own.some((one) => one.metadata.name === object.metadata.name)) continue;
      write(ctx, 'weka-operator', { verb: 'create', type: CONTAINERS, object });
    }
    const completed = new Set(
      own.filter(({ status }) => status?.status === 'Completed').map(({ metadata: { name } }) => name),
    );
    const isBuilt = builders.every(({ metadata: { name } }) => completed.has(name));
    const status = builders.length > 0 && isBuilt ? 'Done' : 'Running';
    if (policy.status?.status === status) return;
    const ref = refOf(POLICIES, metadata);
    write(ctx, 'weka-operator', { verb: 'mergePatch', ref, subresource: 'status', patch: { status: { status } } });
  }

  /** Of all nodes, which get the labels that builders select by. */
  function kernels(): readonly string[] {
    const found = new Set<string>();
    for (const { metadata, status } of nodes.all()) {
      const { kernelVersion, architecture } = status?.nodeInfo ?? {};
      if (kernelVersion === undefined || architecture === undefined) continue;
      found.add(kernelVersion);
      if (metadata.labels?.[KERNEL_LABEL] === kernelVersion) continue;
      const labels = { [KERNEL_LABEL]: kernelVersion, [ARCHITECTURE_LABEL]: architecture };
      write(ctx, 'weka-operator', {
        verb: 'mergePatch',
        ref: { type: NODES, name: metadata.name },
        patch: { metadata: { labels } },
      });
    }
    return [...found].sort();
  }
}

const ARCHITECTURE = 'amd64';

function builder(policy: WekaPolicy, dist: string, kernel: string) {
  const name = `${policy.metadata.name}-builder-${fnv32a(policy.spec?.image ?? '')}-${ARCHITECTURE}-${kernel.replaceAll(/[._]/g, '-')}`;
  return container(policy, name.slice(0, 63).replace(/-+$/, ''), 'drivers-builder', {
    uploadResultsTo: dist,
    nodeSelector: { [KERNEL_LABEL]: kernel, [ARCHITECTURE_LABEL]: ARCHITECTURE },
    instructions: { type: 'build-drivers', payload: JSON.stringify({ kernel, arch: ARCHITECTURE }) },
  });
}

function container(
  { metadata, spec }: WekaPolicy,
  name: string,
  mode: 'drivers-dist' | 'drivers-builder',
  more: Readonly<Record<string, unknown>>,
): Draft & Readonly<Record<string, unknown>> {
  return {
    apiVersion: 'weka.weka.io/v1alpha1',
    kind: 'WekaContainer',
    metadata: {
      name,
      namespace: metadata.namespace ?? '',
      labels: { 'weka.io/policy-name': metadata.name, 'weka.io/mode': mode },
      ownerReferences: [ownerOf(metadata, 'WekaPolicy')],
    },
    spec: { image: spec?.image ?? '', mode, name: 'dist', agentPort: 60_001, port: 60_002, numCores: 1, ...more },
  };
}

function fnv32a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
