/**
 * The contract suite's view of an API server, modelled or real: the controller's own client, a plain one for what that can't
 * say, and how to wait. A behaviour is one named test; the same code meets both servers.
 */
import * as assert from 'uvu/assert';
import type { KubeClient } from '../../../io/kube-client.ts';
import { collectionPath, objectPath } from '../../../io/kube-path.ts';
import type { ExecApi } from '../../../io/outside.ts';
import {
  type Draft,
  type KubeObject,
  type KubeOutcome,
  NAMESPACES,
  type ObjectRef,
  PODS,
  type ResourceType,
  refOf,
} from '../../../messages/kube.ts';
import type { PlainClient, Wire } from '../../support/plain-client.ts';

export interface Server {
  readonly kube: KubeClient;
  readonly exec: ExecApi;
  readonly plain: Pick<PlainClient, 'ask' | 'watch'>;
  /** The token that both clients send. */
  readonly token: string;
  /** A node that exists, and on which a command in a pod finds someone who answers. */
  readonly node: string;
  /** Asks again until it holds: in virtual time where the server is modelled. Fails when it never does. */
  readonly eventually: (what: string, holds: () => Promise<boolean>) => Promise<void>;
  /** Resolves when what was handed out before (versions, continue tokens) is too old to go on from. */
  readonly forgetHistory: () => Promise<void>;
}
/** A server and a namespace of the behaviour's own. */
export interface Place extends Server {
  readonly namespace: string;
}
export interface Behaviour {
  readonly name: string;
  readonly prove: (place: Place) => Promise<void>;
}
export const behaviour = (name: string, prove: Behaviour['prove']): Behaviour => ({ name, prove });

/** The answer of a request that must succeed. */
export function done<Answer>(outcome: KubeOutcome<Answer>): Answer {
  if (outcome.kind !== 'ok') throw new Error(`not ok: ${JSON.stringify(outcome)}`);
  return outcome.answer;
}
/** What the server says; empty where it agreed or was not heard. */
export const messageOf = (outcome: KubeOutcome): string => ('message' in outcome ? outcome.message : '');
export async function create({ kube }: Place, type: ResourceType, object: Draft): Promise<KubeObject> {
  return done(await kube.request({ verb: 'create', type, object }));
}
export async function read({ kube }: Place, ref: ObjectRef): Promise<Wire> {
  return done(await kube.request({ verb: 'get', ref }));
}
export const exists = async ({ kube }: Place, ref: ObjectRef): Promise<boolean> => {
  const outcome = await kube.request({ verb: 'get', ref });
  assert.ok(outcome.kind === 'ok' || outcome.kind === 'notFound', JSON.stringify(outcome));
  return outcome.kind === 'ok';
};
export const gone = (place: Place, ref: ObjectRef): Promise<void> =>
  place.eventually(`${ref.type.kind} ${ref.name} is gone`, async () => !(await exists(place, ref)));

/** The reference of an object that was read or created. */
export const refTo = (type: ResourceType, { metadata }: KubeObject): ObjectRef => refOf(type, metadata);
export const inNamespace = ({ namespace }: Place, type: ResourceType, name: string): ObjectRef => ({
  type,
  namespace,
  name,
});
export const pathOf = ({ namespace }: Place, type: ResourceType): string => collectionPath(type, namespace);
export const pathTo = (ref: ObjectRef, subresource?: string): string => objectPath(ref, subresource);

export const namesOf = (objects: readonly KubeObject[]): readonly string[] =>
  objects.map(({ metadata }) => metadata.name);

export const configMap = ({ namespace }: Place, name: string, more: object = {}): Draft =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, ...more }) as Draft;

export const withLabels = (draft: Draft, labels: Readonly<Record<string, string>>): Draft => ({
  ...draft,
  metadata: { ...draft.metadata, labels },
});
export const withFinalizers = (draft: Draft, ...finalizers: readonly string[]): Draft => ({
  ...draft,
  metadata: { ...draft.metadata, finalizers },
});
export const ownedBy = (draft: Draft, owner: KubeObject, more: object = {}): Draft => {
  const { apiVersion, kind, metadata } = owner;
  const reference = { apiVersion, kind, name: metadata.name, uid: metadata.uid, ...more };
  return { ...draft, metadata: { ...draft.metadata, ownerReferences: [reference] } };
};

export const container = ({ namespace }: Place, name: string, spec: object = {}): Draft =>
  ({
    apiVersion: 'weka.weka.io/v1alpha1',
    kind: 'WekaContainer',
    metadata: { namespace, name },
    spec: { name, mode: 'compute', image: 'registry.example/weka:1', numCores: 1, ...spec },
  }) as Draft;

export const pod = ({ namespace }: Place, name: string, spec: object = {}): Draft =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name },
    spec: { containers: [{ name: 'main', image: 'registry.example/weka:1' }], ...spec },
  }) as Draft;

/** A pod that a kubelet would say is running and ready. */
export async function runningPod(place: Place, name: string, more: object = {}): Promise<KubeObject> {
  const draft = pod(place, name, { nodeName: place.node });
  const made = await create(place, PODS, { ...draft, metadata: { ...draft.metadata, ...more } });
  const conditions = [{ type: 'Ready', status: 'True' }];
  const patch = { status: { phase: 'Running', conditions } };
  return done(await place.kube.request({ verb: 'mergePatch', ref: refTo(PODS, made), subresource: 'status', patch }));
}

export async function newNamespace({ kube }: Pick<Server, 'kube'>, name: string): Promise<void> {
  done(
    await kube.request({
      verb: 'create',
      type: NAMESPACES,
      object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    }),
  );
}
