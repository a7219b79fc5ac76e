/**
 * Stand-in for the sibling WekaClient controller: one client container on each node that its selector matches, once its
 * target cluster has members to join through; destroys them with it. Source: spec 01, 20.5; spec 08, 3.1.
 */
import { CLIENTS, CONTAINERS, controllerOf, type Draft, refOf } from '../../../messages/kube.ts';
import type { WekaClient, WekaCluster } from '../../../messages/weka-cluster.ts';
import type { Cache } from './cache.ts';
import { DIST_SERVICE, FINALIZER } from './cluster-objects.ts';
import { endpointsOf, isTrue } from './cluster-turn.ts';
import type { WorldContext } from './context.ts';
import type { Container } from './holders.ts';
import { draw } from './latency.ts';
import { secret } from './nodes.ts';
import { keyOf, type Node } from './objects.ts';
import { nextOfClient } from './upgrade-rounds.ts';
import { write } from './write.ts';

const PERIOD_MS = 5_000;
const ENDPOINTS_MAX = 96;
const WRITER = 'weka-client-controller';

/** Only the siblings read what is more here. */
export interface OrderedClient extends NonNullable<WekaClient['spec']> {
  readonly driversDistService?: string;
}

export interface ClientCaches {
  readonly clients: Cache<WekaClient>;
  readonly clusters: Cache<WekaCluster>;
  readonly containers: Cache<Container>;
  readonly nodes: Cache<Node>;
}

export function startClientController(ctx: WorldContext, caches: ClientCaches): void {
  const random = ctx.random('client-controller');
  const scheduled = new Set<string>();
  const withSecret = new Set<string>();

  const soon = (key: string, delayMs: number): void => {
    if (scheduled.has(key)) return;
    scheduled.add(key);
    ctx.clock.after(delayMs, () => {
      scheduled.delete(key);
      const client = caches.clients.get(key);
      if (client === undefined) return;
      turn(client);
      soon(key, PERIOD_MS);
    });
  };
  caches.clients.listen((client) => {
    if (client !== undefined) soon(keyOf(client), draw(ctx.latency.sibling, random));
  });

  function turn(client: WekaClient): void {
    const ref = refOf(CLIENTS, client.metadata);
    const owned = [...caches.containers.all()].filter(
      ({ metadata }) => controllerOf(metadata)?.uid === client.metadata.uid,
    );
    const finalizers = client.metadata.finalizers ?? [];
    if (client.metadata.deletionTimestamp !== undefined) {
      const left = finalizers.filter((each) => each !== FINALIZER);
      if (owned.length === 0)
        write(ctx, WRITER, { verb: 'mergePatch', ref, patch: { metadata: { finalizers: left } } });
      for (const container of owned) destroy(ctx, container);
      return;
    }
    if (!finalizers.includes(FINALIZER)) {
      write(ctx, WRITER, { verb: 'mergePatch', ref, patch: { metadata: { finalizers: [...finalizers, FINALIZER] } } });
    }
    const join = endpoints(client);
    if (join.length === 0) return;
    prepareSecret(client);
    for (const { metadata } of nextOfClient(owned, client.spec?.image ?? '')) {
      const patch = { spec: { image: client.spec?.image ?? '' } };
      write(ctx, WRITER, { verb: 'mergePatch', ref: refOf(CONTAINERS, metadata), patch });
    }
    const taken = new Set(owned.map(({ spec }) => spec.nodeAffinity));
    for (const { metadata } of caches.nodes.all()) {
      if (taken.has(metadata.name) || !selects(client, metadata.labels ?? {})) continue;
      write(ctx, WRITER, { verb: 'create', type: CONTAINERS, object: clientContainer(client, metadata.name, join) });
    }
  }

  /** Of the members that serve. */
  function endpoints({ spec }: WekaClient): readonly string[] {
    if ((spec?.joinIpPorts?.length ?? 0) > 0) return spec?.joinIpPorts ?? [];
    const { name = '', namespace = '' } = spec?.targetCluster ?? {};
    const cluster = caches.clusters.get(`${namespace}/${name}`);
    if (cluster === undefined || !isTrue(cluster, 'IoStarted')) return [];
    const members = [...caches.containers.all()].filter(
      ({ metadata, status }) =>
        controllerOf(metadata)?.uid === cluster.metadata.uid && status?.internalStatus === 'READY',
    );
    return members.flatMap(endpointsOf).slice(0, ENDPOINTS_MAX);
  }
  function prepareSecret({ metadata, spec }: WekaClient): void {
    const namespace = metadata.namespace ?? '';
    const name = secretOf(spec?.targetCluster?.name ?? '');
    if (withSecret.has(`${namespace}/${name}`)) return;
    withSecret.add(`${namespace}/${name}`);
    secret(ctx, namespace, name, { username: 'weka-client', password: 'sandbox', 'join-secret': 'sandbox-join' });
  }
}

const secretOf = (cluster: string): string => `weka-client-${cluster}`;
const selects = ({ spec }: WekaClient, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);

function destroy(ctx: WorldContext, { metadata, spec }: Container): void {
  const ref = refOf(CONTAINERS, metadata);
  if (spec.state !== 'destroying') {
    write(ctx, WRITER, { verb: 'mergePatch', ref, patch: { spec: { state: 'destroying' } } });
  }
  if (metadata.deletionTimestamp === undefined) write(ctx, WRITER, { verb: 'delete', ref, uid: metadata.uid });
}

function clientContainer(
  { metadata, spec }: WekaClient,
  node: string,
  joinIpPorts: readonly string[],
): Draft & Readonly<Record<string, unknown>> {
  const target = spec?.targetCluster?.name;
  return {
    apiVersion: 'weka.weka.io/v1alpha1',
    kind: 'WekaContainer',
    metadata: {
      name: `${metadata.name}-${node}`,
      namespace: metadata.namespace ?? '',
      labels: {
        app: 'weka',
        'weka.io/mode': 'client',
        'weka.io/client-name': metadata.name,
        ...(target === undefined ? {} : { 'weka.io/target-cluster-name': target }),
      },
      ownerReferences: [
        {
          apiVersion: 'weka.weka.io/v1alpha1',
          kind: CLIENTS.kind,
          name: metadata.name,
          uid: metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      nodeAffinity: node,
      portRange: { basePort: 45_000, portRange: 0 },
      image: spec?.image ?? '',
      name: `${metadata.uid.split('-').at(-1)}client`,
      mode: 'client',
      numCores: spec?.coresNum ?? 1,
      network: { udpMode: true },
      hugepages: 1_500,
      hugepagesOffset: 200,
      hugepagesSize: '2Mi',
      driversDistService: (spec as OrderedClient | undefined)?.driversDistService ?? DIST_SERVICE,
      wekaSecretRef: { secretKeyRef: { key: secretOf(target ?? ''), name: '' } },
      joinIpPorts,
      upgradePolicyType: spec?.upgradePolicy?.type ?? 'all-at-once',
    },
  };
}
