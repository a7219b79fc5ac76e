/**
 * The nodes of the fleet, both sides: physical model and Node object, with drives signed for weka. Also what an
 * operator's installation puts around them. Source: spec 07, 21.1 (surroundings); spec 05, 3.2 and 3.3.
 */
import { rfc3339 } from '../../../io/clock.ts';
import {
  CONFIG_MAPS,
  DEPLOYMENTS,
  type Draft,
  NAMESPACES,
  NODES,
  type ResourceType,
  SECRETS,
} from '../../../messages/kube.ts';
import type { WorldContext } from './context.ts';
import { uuid } from './identity.ts';
import type { Cloud, PciIds, PhysicalDrive, SignedFor } from './node-model.ts';
import type { KubeletAddress, NodeModel } from './pod-process.ts';
import { SERVICE_ACCOUNTS } from './store/builtin-types.ts';
import { write } from './write.ts';

export interface NodeShape {
  readonly cores: number;
  readonly memory: string;
  readonly hugepages2Mi: string;
  readonly drivesCount: number;
  /** Of each drive, in GiB. */
  readonly driveGib: number;
  readonly driveType: 'TLC' | 'QLC';
  /** What sets some drives apart from the others: a mounted one, one of a cloud's make, one that is not empty. */
  readonly drive: (number: number) => Partial<Pick<PhysicalDrive, 'pci' | 'mounted' | 'holds' | 'type'>>;
  readonly kernel: (index: number) => string;
  readonly cloud: (index: number) => Cloud;
  /** What a signing run has done with the drives of a node before. */
  readonly signedFor: (index: number) => SignedFor;
  /** `containerd://…`, or `cri-o://…`, which refuses exec into terminating pods. */
  readonly containerRuntime: string;
  /** First two bytes of the agents' addresses: a /16 of loopback. */
  readonly agentNetwork: string;
  /** Of all kubelets of the fleet; undefined: the API server is modelled, and runs commands by itself. */
  readonly kubelet: KubeletAddress | undefined;
  /** Failure domains and the like; hostname and os are always there. */
  readonly labels: (index: number) => Readonly<Record<string, string>>;
}
export const KERNEL = '5.15.0-130-generic';
/** A make that no cloud sells. */
const USUAL_PCI: PciIds = { vendorId: '144d', deviceId: 'a80a' };
/** By its beginning a controller knows the cloud. Source: spec 06, 6.7. */
const PROVIDER: Readonly<Record<Cloud, string>> = {
  none: 'kind://sandbox/',
  aws: 'aws:///sandbox-1a/',
  oci: 'ocid1.instance.oc1.sandbox.',
};
export const STANDARD_NODE: NodeShape = {
  cores: 64,
  memory: '512Gi',
  hugepages2Mi: '128Gi',
  drivesCount: 8,
  driveGib: 7_000,
  driveType: 'TLC',
  drive: () => ({}),
  kernel: () => KERNEL,
  cloud: () => 'none',
  signedFor: () => 'exclusive',
  containerRuntime: 'containerd://1.7.27',
  agentNetwork: '127.0',
  kubelet: undefined,
  labels: (index) => ({ 'weka.io/supports-backends': 'true', 'topology.kubernetes.io/zone': `zone-${index % 3}` }),
};

export const nodeName = (index: number): string => `node-${String(index + 1).padStart(4, '0')}`;

/** Two addresses each, for up to 60,000 nodes: agents in a /16 of loopback, because every agent listens on port 8090. */
const address = (prefix: string, index: number): string =>
  `${prefix}.${Math.floor(index / 250) + 1}.${(index % 250) + 1}`;

export function createNodeModel(ctx: WorldContext, index: number, shape: NodeShape): NodeModel {
  const random = ctx.random(`node-${index}`);
  const driveRandom = ctx.random(`drives-${index}`);
  const drives = new Map<string, PhysicalDrive>();
  for (let number = 0; number < shape.drivesCount; number++) {
    const serial = `S${String(index + 1).padStart(5, '0')}D${String(number + 1).padStart(4, '0')}`;
    const blockDevice = `/dev/nvme${number}n1`;
    drives.set(serial, {
      serial,
      blockDevice,
      partition: `${blockDevice}p1`,
      capacityGib: shape.driveGib,
      type: shape.driveType,
      physicalUuid: uuid(driveRandom),
      signedFor: shape.signedFor(index),
      virtualDrives: new Map(),
      guid: undefined,
      heldAs: undefined,
      pci: USUAL_PCI,
      mounted: false,
      holds: 'nothing',
      ...shape.drive(number),
    });
  }
  return {
    name: nodeName(index),
    ip: address('10.1', index),
    agentIp: address(shape.agentNetwork, index),
    kubelet: shape.kubelet,
    bootId: uuid(random),
    power: 'on',
    containerRuntime: shape.containerRuntime,
    kernel: shape.kernel(index),
    cloud: shape.cloud(index),
    nics: [],
    drivers: undefined,
    activeMounts: 0,
    drives,
    directories: new Map(),
    stopInstructions: new Map(),
    processes: new Map(),
  };
}

/** Creates the Node object as a kubelet registers it, and as a sign-drives run has left it. */
export function registerNode(ctx: WorldContext, model: NodeModel, index: number, shape: NodeShape): void {
  const capacity = {
    cpu: String(shape.cores),
    memory: shape.memory,
    'hugepages-2Mi': shape.hugepages2Mi,
    'hugepages-1Gi': '0',
    'ephemeral-storage': '1Ti',
    pods: '250',
    ...signedCapacity(model),
  };
  const draft = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: model.name,
      labels: {
        'kubernetes.io/hostname': model.name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        ...shape.labels(index),
      },
      annotations: signedAnnotations(model),
    },
    spec: { providerID: `${PROVIDER[model.cloud]}${model.name}` },
  };
  created(ctx, NODES, draft);
  reportNode(ctx, model, capacity);
}

const signedFor = (model: NodeModel, user: SignedFor) =>
  [...model.drives.values()].filter((drive) => drive.signedFor === user);

/** As a signing run leaves them; none for a node that has not been signed. Source: spec 06, 5.4. */
function signedAnnotations(model: NodeModel): Readonly<Record<string, string>> {
  const exclusive = signedFor(model, 'exclusive').map(({ serial }) => serial);
  const shared = signedFor(model, 'proxy').map(({ physicalUuid, serial, capacityGib, type }) => ({
    physical_uuid: physicalUuid,
    serial,
    capacity_gib: capacityGib,
    type,
  }));
  return {
    ...(exclusive.length > 0 ? { 'weka.io/weka-drives': JSON.stringify(exclusive) } : {}),
    ...(shared.length > 0 ? { 'weka.io/weka-shared-drives': JSON.stringify(shared) } : {}),
  };
}

function signedCapacity(model: NodeModel): Readonly<Record<string, string>> {
  const exclusiveCount = signedFor(model, 'exclusive').length;
  const shared = signedFor(model, 'proxy');
  const gib = (type: 'TLC' | 'QLC') =>
    String(shared.filter((drive) => drive.type === type).reduce((sum, { capacityGib }) => sum + capacityGib, 0));
  return {
    ...(exclusiveCount > 0 ? { 'weka.io/drives': String(exclusiveCount) } : {}),
    ...(shared.length > 0
      ? { 'weka.io/shared-drives-capacity': gib('TLC'), 'weka.io/shared-drives-capacity-qlc': gib('QLC') }
      : {}),
  };
}

/** Status of a node that is up. `capacity` only at registration: later others write extended resources there. */
export function reportNode(ctx: WorldContext, model: NodeModel, capacity?: Readonly<Record<string, string>>): void {
  const status = {
    ...(capacity === undefined ? {} : { capacity, allocatable: capacity }),
    conditions: [readyCondition(ctx, 'True', 'KubeletReady', 'kubelet is posting ready status')],
    ...reachedAt(model),
    nodeInfo: {
      machineID: model.bootId,
      systemUUID: model.bootId,
      bootID: model.bootId,
      kernelVersion: model.kernel,
      osImage: 'Ubuntu 22.04.5 LTS',
      containerRuntimeVersion: model.containerRuntime,
      kubeletVersion: 'v1.34.2',
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: 'amd64',
    },
  };
  const ref = { type: NODES, name: model.name };
  write(ctx, 'kubelet', { verb: 'mergePatch', ref, subresource: 'status', patch: { status } });
}

/** A real API server would try to resolve a Hostname first. Without the feature it speaks SPDY to kubelets. */
const reachedAt = ({ kubelet, ip, name }: NodeModel) =>
  kubelet === undefined
    ? {
        addresses: [
          { type: 'InternalIP', address: ip },
          { type: 'Hostname', address: name },
        ],
      }
    : {
        addresses: [{ type: 'InternalIP', address: kubelet.ip }],
        daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
        declaredFeatures: ['ExtendWebSocketsToKubelet'],
      };

export const readyCondition = (ctx: WorldContext, status: string, reason: string, message: string) => ({
  type: 'Ready',
  status,
  reason,
  message,
  lastTransitionTime: rfc3339(ctx.clock.wallMs()),
});

export interface Installation {
  readonly operatorImage: string;
  readonly deploymentName: string;
  readonly token: string;
  /** Account of loaders and Jobs. */
  readonly maintenanceAccount: string;
  /** Namespaces that hold clusters. */
  readonly namespaces: readonly string[];
  /** Of the controller's Deployment: 0 where a real Deployment controller would start pods of it. */
  readonly replicas: number;
}

/** Operator namespace with Deployment, boot scripts, agent token; and the namespaces for clusters. */
export function install(ctx: WorldContext, installation: Installation): void {
  const { operatorImage, deploymentName, token, maintenanceAccount, namespaces, replicas } = installation;
  const namespace = ctx.operatorNamespace;
  for (const name of [namespace, ...namespaces]) {
    created(ctx, NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  for (const name of [deploymentName, maintenanceAccount]) {
    created(ctx, SERVICE_ACCOUNTS, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } });
  }
  const labels = { app: deploymentName };
  const containers = [{ name: 'manager', image: operatorImage }];
  created(ctx, DEPLOYMENTS, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: deploymentName, namespace, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  });
  const data = {
    'weka_runtime.py': '# modelled: see deploy/sandbox/world/modes\n',
    'syslog-ng.conf': '# modelled\n',
    'run-weka-cli.sh': '# modelled: see deploy/sandbox/world/cli\n',
    'devenv.sh': '# modelled\n',
  };
  created(ctx, CONFIG_MAPS, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'weka-boot-scripts', namespace },
    data,
  });
  secret(ctx, namespace, 'weka-node-agent-secret', { token });
}

/** Values are given in plain text. */
export function secret(
  ctx: WorldContext,
  namespace: string,
  name: string,
  values: Readonly<Record<string, string>>,
): void {
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  const draft = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type: 'Opaque', data };
  created(ctx, SECRETS, draft);
}

/** What exists already (a real API server, a second start) is left alone. */
export function created(
  ctx: WorldContext,
  type: ResourceType,
  object: Draft & Readonly<Record<string, unknown>>,
): void {
  ctx.store.send({ verb: 'create', type, object }, 'sandbox');
}
