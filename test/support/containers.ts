/** Builders of objects for tests of flows and actors: small, complete, one argument for what a test is about. */
import type { ContainerUid, NodeName } from '../../messages/ids.ts';
import type { ObjectMeta, OwnerReference } from '../../messages/kube.ts';
import type { Job, Node, Pod } from '../../messages/resources.ts';
import type { WekaCluster } from '../../messages/weka-cluster.ts';
import type {
  ContainerMode,
  WekaContainer,
  WekaContainerSpec,
  WekaContainerStatus,
} from '../../messages/weka-container.ts';

export const IMAGE = 'registry.example/weka:4.4.5';
export const OPERATOR_NAMESPACE = 'weka-operator-system';
export const BOOT = 'boot-1';
export const BORN = '2026-01-01T00:00:00Z';
export const NODE = 'node-1' as NodeName;

const meta = (name: string, given: Partial<ObjectMeta> = {}): ObjectMeta => ({
  name,
  uid: `uid-${name}`,
  resourceVersion: '1',
  creationTimestamp: BORN,
  ...given,
});
export const ownedBy = (kind: string, name: string, uid = `uid-${name}`): OwnerReference => ({
  apiVersion: 'weka.weka.io/v1alpha1',
  kind,
  name,
  uid,
  controller: true,
});

export interface Given {
  readonly name?: string;
  readonly metadata?: Partial<ObjectMeta>;
  readonly spec?: Partial<WekaContainerSpec>;
  /** `null`: no status at all. */
  readonly status?: Partial<WekaContainerStatus> | null;
}
/** A container of cluster `c` in namespace `weka`, with its finalizer; its name is its mode unless given. */
export function containerOf(mode: ContainerMode, given: Given = {}): WekaContainer {
  const { name = mode, metadata, spec, status } = given;
  return {
    apiVersion: 'weka.weka.io/v1alpha1',
    kind: 'WekaContainer',
    metadata: meta(name, {
      namespace: 'weka',
      labels: { 'weka.io/mode': mode },
      finalizers: ['weka.weka.io/finalizer'],
      ownerReferences: [ownedBy('WekaCluster', 'c')],
      ...metadata,
    }),
    spec: {
      image: IMAGE,
      name: `w-${name}`,
      mode,
      numCores: 1,
      cpuPolicy: 'auto',
      upgradePolicyType: 'manual',
      state: 'active',
      autoRemoveTimeout: '0s',
      ...spec,
    },
    ...(status === null ? {} : { status: { status: 'Init', ...status } }),
  };
}
export const uidOf = ({ metadata }: { readonly metadata: ObjectMeta }): ContainerUid => metadata.uid as ContainerUid;

/** A member that serves: Running, READY, joined, with an address and a port. */
export const memberOf = (mode: ContainerMode, name: string, containerID: number, given: Given = {}): WekaContainer =>
  containerOf(mode, {
    name,
    ...given,
    status: {
      status: 'Running',
      internalStatus: 'READY',
      containerID,
      clusterID: 'guid-c',
      managementIPs: [`10.0.0.${containerID}`],
      allocations: { wekaPort: 35000, agentPort: 35303 },
      nodeAffinity: NODE,
      lastAppliedImage: IMAGE,
      ...given.status,
    },
  });

export interface PodGiven {
  readonly metadata?: Partial<ObjectMeta>;
  readonly phase?: string;
  readonly node?: string;
  readonly image?: string;
  readonly status?: Pod['status'];
}
/** The pod of a container, Running on NODE unless given otherwise; `node: ''` leaves it unscheduled. */
export function podFor(owner: WekaContainer, given: PodGiven = {}): Pod {
  const { name, namespace = '', uid } = owner.metadata;
  const { phase = 'Running', node = NODE, image = owner.spec.image } = given;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: meta(name, {
      namespace,
      uid: `pod-of-${uid}`,
      ownerReferences: [ownedBy('WekaContainer', name, uid)],
      ...given.metadata,
    }),
    spec: {
      ...(node === '' ? {} : { nodeName: node }),
      terminationGracePeriodSeconds: 300,
      containers: [{ name: 'weka-container', image }],
    },
    status: { phase, podIP: '10.1.0.1', ...given.status },
  };
}
export const DISCOVERED = JSON.stringify({
  is_ht: false,
  kubernetes_distro: 'k8s',
  os: 'ubuntu',
  boot_id: BOOT,
  schema: 3,
});

export interface NodeGiven {
  readonly ready?: boolean;
  readonly readySince?: string;
  readonly unschedulable?: boolean;
  readonly runtime?: string;
  readonly boot?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Beside a discovery record of BOOT; `undefined` as a value takes one away. */
  readonly annotations?: Readonly<Record<string, string | undefined>>;
}
/** Ready, discovered, with drivers loaded. */
export function nodeOf(name: string = NODE, given: NodeGiven = {}): Node {
  const { ready = true, boot = BOOT, readySince, runtime = 'containerd://1.7' } = given;
  const all = {
    'weka.io/discovery.json': DISCOVERED,
    'weka.io/drivers-loaded': `${IMAGE}:${BOOT}`,
    ...given.annotations,
  };
  const annotations = Object.fromEntries(
    Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: meta(name, { labels: { 'kubernetes.io/hostname': name, ...given.labels }, annotations }),
    spec: given.unschedulable === true ? { unschedulable: true } : {},
    status: {
      conditions: [
        {
          type: 'Ready',
          status: ready ? 'True' : 'False',
          ...(readySince === undefined ? {} : { lastTransitionTime: readySince }),
        },
      ],
      allocatable: { cpu: '8' },
      nodeInfo: { bootID: boot, containerRuntimeVersion: runtime },
    },
  };
}
/** Cluster `c` with the range 35000 to 35499 and its three single ports, formed at BORN. */
export const clusterOf = (given: Partial<WekaCluster> = {}): WekaCluster => ({
  apiVersion: 'weka.weka.io/v1alpha1',
  kind: 'WekaCluster',
  metadata: meta('c', { namespace: 'weka' }),
  spec: {},
  status: {
    clusterID: 'guid-c',
    ports: { basePort: 35000, portRange: 500, lbPort: 35300, lbAdminPort: 35301, s3Port: 35302 },
    conditions: [
      { type: 'ClusterCreated', status: 'True', reason: 'Success', message: 'created', lastTransitionTime: BORN },
    ],
  },
  ...given,
});
/** A running node agent of the operator's image (test settings have none: ''). */
export const agentOn = (node: string, image = ''): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: meta(`agent-${node}`, {
    namespace: OPERATOR_NAMESPACE,
    labels: { app: 'weka-node-agent', 'control-plane': 'weka-node-agent' },
  }),
  spec: { nodeName: node, containers: [{ name: 'node-agent', image }] },
  status: { phase: 'Running', podIP: '10.2.0.1' },
});
export const jobOf = (name: string, status: Job['status'] = {}, namespace = OPERATOR_NAMESPACE): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: meta(name, { namespace }),
  ...(status === undefined ? {} : { status }),
});
export const bootScripts = (namespace: string, data: Readonly<Record<string, string>> = { run: 'x' }) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: meta('weka-boot-scripts', { namespace, uid: `boot-${namespace}` }),
  data,
});
