/**
 * What a demo is made of, as data: its nodes, what is prepared on them, the clusters ordered then. A further mode or
 * protocol is one more object or order here. Pure. Source: spec 01, 17; 06, 3 to 6.
 */
import { type Draft, MANUAL_OPERATIONS, POLICIES, type ResourceType } from '../../../messages/kube.ts';
import { DRIVERS_POLICY, driversUrl } from '../world/drivers-policy.ts';
import { type NodeShape, STANDARD_NODE } from '../world/nodes.ts';
import { type ClientOrder, type ClusterOrder, WEKA_IMAGE } from '../world/world.ts';
import { backendNodes, type DemoKind, type OrderOptions } from './options.ts';

/** An object that a user applies before any cluster, and that says `Done` in its status once what it is for is done. */
export interface Preparation {
  /** In plain words, while it is under way. */
  readonly doing: string;
  /** In plain words, once it is done. */
  readonly done: string;
  readonly type: ResourceType;
  readonly object: Draft & Readonly<Record<string, unknown>>;
}
export interface Plan {
  readonly shape: NodeShape;
  /** Begun all at once. */
  readonly preparations: readonly Preparation[];
  /** Ordered once all preparations are done. */
  readonly clusters: readonly ClusterOrder[];
  /** Ordered with the clusters; each waits for its own to serve. */
  readonly clients: readonly ClientOrder[];
  /** Mode to how many containers all that brings about, in the order in which they are told. */
  readonly wanted: ReadonlyMap<string, number>;
}

export const CLUSTER = 'demo';
const SHARING_CLUSTER = 'demo-sharing';
const DRIVERS = 'demo-drivers';
const CLIENTS = 'demo-clients';
const LABEL = 'sandbox.weka.io/drives';
const CLIENTS_LABEL = 'sandbox.weka.io/clients';
const SHARED_GIB = 1_024;
const API_VERSION = 'weka.weka.io/v1alpha1';

type Use = 'exclusive' | 'shared';
const useOf = (index: number): Use => (index % 2 === 1 ? 'shared' : 'exclusive');
const nodesFor = (use: Use) => ({ [LABEL]: use });

type Fleet = Omit<Plan, 'clients' | 'wanted'>;

export function planOf(options: OrderOptions, namespace: string): Plan {
  const { shape, clusters, ...plan } = FLEETS[options.demo](options, namespace);
  const labels = (index: number) => ({
    ...shape.labels(index),
    ...forClients(index >= options.nodes - options.clients),
  });
  const wanted = wantedBy(clusters, options.clients);
  return { ...plan, shape: { ...shape, labels }, clusters, clients: clientsOf(options, clusters, namespace), wanted };
}

const forClients = (taken: boolean): Readonly<Record<string, string>> => (taken ? { [CLIENTS_LABEL]: 'true' } : {});

function clientsOf(
  { clients }: OrderOptions,
  [cluster]: readonly ClusterOrder[],
  namespace: string,
): readonly ClientOrder[] {
  if (clients === 0 || cluster === undefined) return [];
  const { name, driversDistService } = cluster;
  const drivers = driversDistService === undefined ? {} : { driversDistService };
  return [{ name: CLIENTS, namespace, cluster: name, nodeSelector: forClients(true), ...drivers }];
}

/** Each S3 container comes with an envoy. */
function wantedBy(clusters: readonly ClusterOrder[], clients: number): ReadonlyMap<string, number> {
  const sum = (count: (order: ClusterOrder) => number | undefined): number =>
    clusters.reduce((total, order) => total + (count(order) ?? 0), 0);
  const all: readonly (readonly [mode: string, count: number])[] = [
    ['drive', sum(({ drive }) => drive)],
    ['compute', sum(({ compute }) => compute)],
    ['s3', sum(({ s3Containers }) => s3Containers)],
    ['envoy', sum(({ s3Containers }) => s3Containers)],
    ['nfs', sum(({ nfsContainers }) => nfsContainers)],
    ['data-services', sum(({ dataServicesContainers }) => dataServicesContainers)],
    ['telemetry', sum(({ telemetryContainers }) => telemetryContainers)],
    ['client', clients],
  ];
  return new Map(all.filter(([, count]) => count > 0));
}

export const totalOf = ({ wanted }: Pick<Plan, 'wanted'>): number =>
  [...wanted.values()].reduce((total, count) => total + count, 0);

/** `6 drive, 6 compute, 20 client`. */
export const wantedText = ({ wanted }: Pick<Plan, 'wanted'>): string =>
  [...wanted].map(([mode, count]) => `${count} ${mode}`).join(', ');

const FLEETS: Readonly<Record<DemoKind, (options: OrderOptions, namespace: string) => Fleet>> = {
  small: ({ drive, compute, numDrives }, namespace) => ({
    shape: STANDARD_NODE,
    preparations: [],
    clusters: [{ name: CLUSTER, namespace, drive, compute, numDrives }],
  }),
  mixed: (options, namespace) => ({
    shape: {
      ...STANDARD_NODE,
      signedFor: () => 'nobody',
      labels: (index) => ({
        ...STANDARD_NODE.labels(index),
        ...(index < backendNodes(options) ? nodesFor(useOf(index)) : {}),
      }),
    },
    preparations: [signDrives('exclusive', namespace), signDrives('shared', namespace), buildDrivers(namespace)],
    clusters: mixedClusters(options, namespace),
  }),
};

const signDrives = (use: Use, namespace: string): Preparation => ({
  doing: use === 'shared' ? 'Preparing drives to share, node by node' : 'Preparing drives, node by node',
  done: use === 'shared' ? 'Drives to share are prepared' : 'Drives are prepared',
  type: MANUAL_OPERATIONS,
  object: {
    apiVersion: API_VERSION,
    kind: MANUAL_OPERATIONS.kind,
    metadata: { name: `demo-sign-${use}`, namespace },
    spec: {
      action: 'sign-drives',
      payload: { type: 'all-not-root', nodeSelector: nodesFor(use), shared: use === 'shared' },
    },
  },
});

const buildDrivers = (namespace: string): Preparation => ({
  doing: 'Building drivers, and a place that serves them',
  done: 'Drivers are built and served inside the fleet',
  type: POLICIES,
  object: {
    apiVersion: API_VERSION,
    kind: POLICIES.kind,
    metadata: { name: DRIVERS, namespace },
    spec: { type: DRIVERS_POLICY, image: WEKA_IMAGE },
  },
});

/** The larger half of each role has drives of its own, and serves all protocols: of each container there, a node takes one. */
function mixedClusters(options: OrderOptions, namespace: string): readonly ClusterOrder[] {
  const { drive, compute, numDrives } = options;
  const [ownDrive, ownCompute] = [Math.ceil(drive / 2), Math.ceil(compute / 2)];
  // One node does not take both.
  const servers = Math.min(2, Math.floor(Math.ceil(backendNodes(options) / 2) / 2));
  const protocols = {
    s3Containers: servers,
    nfsContainers: servers,
    dataServicesContainers: 1,
    telemetryContainers: Math.min(2, ownCompute),
  };
  const common = { namespace, numDrives, driversDistService: driversUrl(DRIVERS, namespace) };
  const nodeSelector = nodesFor('exclusive');
  const own = { name: CLUSTER, drive: ownDrive, compute: ownCompute, ...protocols, nodeSelector };
  const sharing = {
    name: SHARING_CLUSTER,
    drive: drive - ownDrive,
    compute: compute - ownCompute,
    driveCapacity: SHARED_GIB,
    nodeSelector: nodesFor('shared'),
  };
  return [
    { ...common, ...own },
    { ...common, ...sharing },
  ];
}

/** `Cluster demo: 3 drive and 3 compute containers` and what is special about it. */
export function orderText({ name, drive, compute, driveCapacity }: ClusterOrder): string {
  const drives = driveCapacity === undefined ? 'drives of its own' : `${driveCapacity} GiB pieces of shared drives`;
  return `Cluster ${name}: ${drive} drive and ${compute} compute containers, ${drives}`;
}
