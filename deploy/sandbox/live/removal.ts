/**
 * Takes a fleet off a real cluster: what it made, and all that others made inside namespaces of its making. There every
 * container is a model, so finalizers are taken off where nobody is left to finish: no data is behind them.
 */
import type { Clock } from '../../../io/clock.ts';
import type { KubeApi } from '../../../io/outside.ts';
import {
  CLIENTS,
  CLUSTERS,
  CONTAINERS,
  JOBS,
  type KubeObject,
  MANUAL_OPERATIONS,
  NAMESPACES,
  PODS,
  POLICIES,
  type ResourceType,
  refOf,
} from '../../../messages/kube.ts';
import type { Made } from './own.ts';

/** Owners before what they own, so that nothing is made anew. */
const CUSTOM = [CLUSTERS, CLIENTS, POLICIES, MANUAL_OPERATIONS, CONTAINERS] as const;
const GONE_MS_MAX = 60_000;
const LOOK_AGAIN_MS = 500;

/** The models must have stopped. `made` is in order of creation. Resolves with what is still there after a minute, `Namespace weka` each; what went meanwhile is no error. */
export async function removeFleet(kube: KubeApi, clock: Clock, made: readonly Made[]): Promise<readonly string[]> {
  const namespaces = made.filter(({ type }) => type === NAMESPACES).map(({ object }) => object.metadata.name);
  const endMs = clock.monotonicMs() + GONE_MS_MAX;
  for (const namespace of namespaces) {
    for (const type of CUSTOM)
      for (const object of await listed(kube, type, namespace)) await release(kube, type, object);
    for (const type of [JOBS, PODS]) {
      for (const object of await listed(kube, type, namespace)) await remove(kube, { type, object });
    }
  }
  for (const each of [...made].reverse()) await remove(kube, each);
  for (;;) {
    const left = await stillThere(kube, made);
    if (left.length === 0 || clock.monotonicMs() > endMs) return left;
    await new Promise<void>((resolve) => void clock.after(LOOK_AGAIN_MS, resolve));
  }
}

async function listed(kube: KubeApi, type: ResourceType, namespace: string): Promise<readonly KubeObject[]> {
  const outcome = await kube.list({ verb: 'list', type, namespace });
  return outcome.kind === 'ok' ? outcome.answer.items : [];
}

/** Deleted first: from then on nobody can add a finalizer again. */
async function release(kube: KubeApi, type: ResourceType, object: KubeObject): Promise<void> {
  await remove(kube, { type, object });
  const ref = refOf(type, object.metadata);
  await kube.request({ verb: 'mergePatch', ref, patch: { metadata: { uid: object.metadata.uid, finalizers: null } } });
}

async function remove(kube: KubeApi, { type, object: { metadata } }: Made): Promise<void> {
  const { uid } = metadata;
  const grace = type === PODS ? { gracePeriodSeconds: 0 } : {};
  await kube.request({ verb: 'delete', ref: refOf(type, metadata), uid, propagation: 'Background', ...grace });
}

async function stillThere(kube: KubeApi, made: readonly Made[]): Promise<readonly string[]> {
  const left: string[] = [];
  for (const { type, object } of made) {
    const found = await kube.request({ verb: 'get', ref: refOf(type, object.metadata) });
    const same = found.kind === 'ok' && found.answer.metadata.uid === object.metadata.uid;
    if (same) left.push(`${type.kind} ${object.metadata.name}`);
  }
  return left;
}
