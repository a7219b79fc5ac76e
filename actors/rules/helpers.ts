/**
 * The WekaContainers this controller makes to help another one: discovery, drivers loader, feature flags, resign, umount, drive proxy.
 * Drafts only. They carry the finalizer from birth: one write less each. Source: spec 01, 15.2; spec 06, 4.4 and 6.
 */
import { createHash } from 'node:crypto';
import type { Config } from '../../config.ts';
import type { NodeName } from '../../messages/ids.ts';
import type { Draft, OwnerReference } from '../../messages/kube.ts';
import type { Node } from '../../messages/resources.ts';
import type { WekaCluster } from '../../messages/weka-cluster.ts';
import type { ContainerMode, WekaContainer, WekaContainerSpec } from '../../messages/weka-container.ts';

export const FINALIZER = 'weka.weka.io/finalizer';

/** Names, one per thing to be done, so that whoever comes second finds what the first one made. */
export const discoveryName = (node: NodeName): string => `weka-dsc-${node}`;
export const loaderName = (node: Node): string => `weka-drivers-loader-${node.metadata.uid}`;
export const flagsName = (image: string): string =>
  `weka-feature-flags-${createHash('sha256').update(image).digest('hex').slice(0, 12)}`;
/** The name, and those of the ones that stand in for it where it does not answer. */
export const flagsNames = (image: string): readonly string[] => ['', '-2', '-3'].map((end) => flagsName(image) + end);
export const proxyName = (node: NodeName): string => `weka-drives-proxy-${node}`;
export const umountName = (node: NodeName): string => `weka-umount-${node}`;
export const resignName = (container: WekaContainer): string => `weka-force-resign-drives-${container.metadata.uid}`;

/** Asks for the facts of a node. `owner` is absent in the operator namespace: an owner must be of the same one (F39). */
export function discoveryDraft(asking: WekaContainer, node: NodeName, namespace: string): Draft {
  const { spec } = asking;
  return helper(asking, 'discovery', discoveryName(node), namespace, {
    nodeAffinity: node,
    image: spec.image,
    ...shared(spec),
    ...(spec.serviceAccountName === undefined ? {} : { serviceAccountName: spec.serviceAccountName }),
  });
}

/** Loads the drivers of `image` on a node; nobody owns it: it serves all containers there. */
export function loaderDraft(asking: WekaContainer, node: Node, image: string, settings: Config): Draft {
  const { spec } = asking;
  const loaderImage = spec.driversLoaderImage;
  const draft = helper(asking, 'drivers-loader', loaderName(node), settings.operatorNamespace, {
    nodeAffinity: node.metadata.name as NodeName, // A node's own name.
    image: loaderImage || image,
    ...(loaderImage ? { instructions: { type: 'copy-weka-files-to-driver-loader', payload: image } } : {}),
    ...shared(spec),
    ...(spec.driversDistService === undefined ? {} : { driversDistService: spec.driversDistService }),
    ...(loaderImage ? { driversLoaderImage: loaderImage } : {}),
    ...(spec.driversBuildId === undefined ? {} : { driversBuildId: spec.driversBuildId }),
    serviceAccountName: settings.maintenanceServiceAccount,
    tracesConfiguration: { maxCapacityPerIoNode: 10, ensureFreeSpace: 20, dumperConfigMode: 'auto' },
    hugepages: 0,
  });
  return { ...draft, metadata: withoutOwner(draft.metadata) };
}
/** The image whose drivers a loader is at work on. */
export const imageMeantBy = ({ spec }: WekaContainer): string =>
  spec.instructions?.type === 'copy-weka-files-to-driver-loader'
    ? (spec.instructions.payload ?? spec.image)
    : spec.image;

/** Asks an image for its feature flags. Owned by the operator's Deployment. */
export function flagsDraft(
  asking: WekaContainer,
  image: string,
  owner: OwnerReference,
  settings: Config,
  name = flagsName(image),
): Draft {
  const { spec, status } = asking;
  const node = spec.nodeAffinity || status?.nodeAffinity;
  const draft = helper(asking, 'adhoc-op-with-container', name, settings.operatorNamespace, {
    image,
    ...(node ? { nodeAffinity: node } : {}),
    ...shared(spec),
    instructions: { type: 'feature-flags-update' },
    port: 60040,
    agentPort: 60039,
  });
  return { ...draft, metadata: { ...draft.metadata, ownerReferences: [owner] } };
}

/** Erases the weka signature of the container's exclusive drives. `owned` is false in the operator namespace. */
export function resignDraft(
  asking: WekaContainer,
  node: NodeName,
  namespace: string,
  owned: boolean,
  settings: Config,
): Draft {
  const { spec, status } = asking;
  const payload = JSON.stringify({ nodeName: node, deviceSerials: status?.allocations?.drives ?? [] });
  const account = owned ? spec.serviceAccountName : settings.maintenanceServiceAccount;
  const draft = helper(asking, 'adhoc-op', resignName(asking), namespace, {
    nodeAffinity: node,
    image: settings.signDrivesImage,
    ...shared(spec),
    ...(account === undefined ? {} : { serviceAccountName: account }),
    hostPID: true,
    instructions: { type: 'force-resign-drives', payload },
  });
  const labels = { ...draft.metadata.labels, app: 'weka' };
  return { ...draft, metadata: owned ? { ...draft.metadata, labels } : { ...withoutOwner(draft.metadata), labels } };
}

/** Umounts every weka file system of a node. */
export function umountDraft(asking: WekaContainer, node: NodeName): Draft {
  const { spec, metadata } = asking;
  const draft = helper(asking, 'adhoc-op', umountName(node), metadata.namespace ?? '', {
    nodeAffinity: node,
    image: spec.image,
    ...(spec.imagePullSecret === undefined ? {} : { imagePullSecret: spec.imagePullSecret }),
    tolerations: [{ operator: 'Exists' }],
    hostPID: true,
    instructions: { type: 'umount', payload: '{}' },
  });
  return { ...draft, metadata: { ...draft.metadata, labels: { ...draft.metadata.labels, app: 'weka' } } };
}

/** Keeps the shared drives of a node for all clusters there; nobody owns it. Made once, never changed (spec 06, 3.2). */
export function proxyDraft(
  { apiVersion, kind }: WekaContainer,
  { metadata, spec = {} }: WekaCluster,
  node: NodeName,
  hugepagesMiB: number,
  settings: Config,
): Draft & { readonly spec: unknown } {
  return {
    apiVersion,
    kind,
    metadata: {
      name: proxyName(node),
      namespace: settings.operatorNamespace,
      labels: { ...metadata.labels, app: 'weka', 'weka.io/mode': 'ssdproxy' },
      finalizers: [FINALIZER],
    },
    spec: {
      name: 'ssdproxy',
      numCores: 0,
      mode: 'ssdproxy',
      nodeAffinity: node,
      ...(spec.image === undefined ? {} : { image: spec.image }),
      ...(spec.imagePullSecret === undefined ? {} : { imagePullSecret: spec.imagePullSecret }),
      ...(spec.serviceAccountName === undefined ? {} : { serviceAccountName: spec.serviceAccountName }),
      ...(spec.rawTolerations === undefined ? {} : { tolerations: spec.rawTolerations }),
      hugepages: hugepagesMiB,
      hugepagesSize: '2Mi',
    },
  };
}

const shared = (spec: WekaContainerSpec): Partial<WekaContainerSpec> => ({
  ...(spec.imagePullSecret === undefined ? {} : { imagePullSecret: spec.imagePullSecret }),
  ...(spec.tolerations === undefined ? {} : { tolerations: spec.tolerations }),
});

function helper(
  asking: WekaContainer,
  mode: ContainerMode,
  name: string,
  namespace: string,
  spec: Partial<WekaContainerSpec>,
): Draft & { readonly spec: unknown } {
  const owner = {
    apiVersion: asking.apiVersion,
    kind: asking.kind,
    name: asking.metadata.name,
    uid: asking.metadata.uid,
  };
  const own = namespace === asking.metadata.namespace;
  return {
    apiVersion: asking.apiVersion,
    kind: asking.kind,
    metadata: {
      name,
      namespace,
      labels: { ...asking.metadata.labels, 'weka.io/mode': mode },
      finalizers: [FINALIZER],
      ...(own ? { ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }] } : {}),
    },
    // The schema requires both, also where they mean nothing (spec 01, 1.1).
    spec: { name: '', numCores: 0, mode, ...spec },
  };
}
function withoutOwner({ ownerReferences: _, ...metadata }: Draft['metadata']): Draft['metadata'] {
  return metadata;
}
