/**
 * What a demo is made of, as data: its nodes, what is prepared on them, the clusters ordered then. A further mode or
 * protocol is one more object or order here. Pure. Source: spec 01, 17; 06, 3 to 6.
 */
import { type Draft, MANUAL_OPERATIONS, POLICIES, type ResourceType } from '../../../messages/kube.ts';
import { DRIVERS_POLICY, driversUrl } from '../world/drivers-policy.ts';
import { type NodeShape, STANDARD_NODE } from '../world/nodes.ts';
import { type ClusterOrder, WEKA_IMAGE } from '../world/world.ts';
import type { DemoKind, DemoOptions } from './options.ts';

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
}

export const CLUSTER = 'demo';
const SHARING_CLUSTER = 'demo-sharing';
const DRIVERS = 'demo-drivers';
const LABEL = 'sandbox.weka.io/drives';
const SHARED_GIB = 1_024;
const API_VERSION = 'weka.weka.io/v1alpha1';

type Use = 'exclusive' | 'shared';
const useOf = (index: number): Use => (index % 2 === 1 ? 'shared' : 'exclusive');
const nodesFor = (use: Use) => ({ [LABEL]: use });

export const planOf = (options: DemoOptions, namespace: string): Plan => PLANS[options.demo](options, namespace);

const PLANS: Readonly<Record<DemoKind, (options: DemoOptions, namespace: string) => Plan>> = {
  small: ({ drive, compute, numDrives }, namespace) => ({
    shape: STANDARD_NODE,
    preparations: [],
    clusters: [{ name: CLUSTER, namespace, drive, compute, numDrives }],
  }),
  mixed: (options, namespace) => ({
    shape: {
      ...STANDARD_NODE,
      signedFor: () => 'nobody',
      labels: (index) => ({ ...STANDARD_NODE.labels(index), ...nodesFor(useOf(index)) }),
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

/** The larger half of each role has drives of its own. */
function mixedClusters({ drive, compute, numDrives }: DemoOptions, namespace: string): readonly ClusterOrder[] {
  const [ownDrive, ownCompute] = [Math.ceil(drive / 2), Math.ceil(compute / 2)];
  const common = { namespace, numDrives, driversDistService: driversUrl(DRIVERS, namespace) };
  const own = { name: CLUSTER, drive: ownDrive, compute: ownCompute, nodeSelector: nodesFor('exclusive') };
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
