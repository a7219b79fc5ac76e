/** Objects that the modelled cluster controller writes: WekaContainers and port ranges. Pure. Source: spec 01, 20.1 and 20.2; 05, 8.3. */
import type { Random } from '../../../io/random.ts';
import type { Draft } from '../../../messages/kube.ts';
import type { ClusterPorts, ClusterTemplate, WekaCluster } from '../../../messages/weka-cluster.ts';
import { uuid } from './identity.ts';

/** Only the siblings read what is more here. GiB of each virtual drive, or GiB of a container: drive sharing, by one of the two. */
export interface OrderedTemplate extends ClusterTemplate {
  readonly driveCapacity?: number;
  readonly containerCapacity?: number;
  readonly telemetryContainers?: number;
  readonly driveTypesRatio?: { readonly tlc?: number; readonly qlc?: number };
  /** Default: UDP. Without it containers on cloud nodes want NICs. */
  readonly network?: { readonly udpMode?: boolean };
}
/** In the order in which they are created. */
export const ROLES = ['drive', 'compute', 's3', 'nfs', 'data-services', 'envoy', 'telemetry'] as const;
export type Role = (typeof ROLES)[number];
/** They form the cluster; the others join it. */
export const isCore = ({ mode }: { readonly mode: string }): boolean => mode === 'drive' || mode === 'compute';
/** Where NFS is served unless the cluster says otherwise. */
export const NFS_INTERFACE = 'eth1';
export const FINALIZER = 'weka.weka.io/finalizer';
export const operatorSecretOf = (cluster: WekaCluster): string => `weka-operator-${cluster.metadata.uid}`;

export const DIST_SERVICE = 'https://weka-drivers-dist.weka-operator-system.svc.cluster.local:60002';
/** MiB a core, and the offset. */
const HUGEPAGES: Readonly<Record<Role, readonly [perCore: number, offset: number]>> = {
  drive: [1_400, 200],
  compute: [3_000, 200],
  s3: [1_400, 200],
  nfs: [1_200, 200],
  'data-services': [1_536, 200],
  envoy: [0, 0],
  telemetry: [0, 0],
};
const GROUPS: Partial<Record<Role, string>> = { compute: 'compute', telemetry: 'compute', s3: 's3', envoy: 's3' };
/** They join no cluster and have one container in each pod of their own: the name is the mode's. */
const joins = (role: Role): boolean => role !== 'envoy' && role !== 'telemetry';
const HUGEPAGES_PER_DRIVE = 200;

export function containerOf(
  cluster: WekaCluster,
  role: Role,
  joinIpPorts: readonly string[],
  random: Random,
): Draft & Readonly<Record<string, unknown>> {
  const { metadata, spec } = cluster;
  const id = uuid(random);
  const template: OrderedTemplate | undefined = spec?.dynamicTemplate;
  const cores: Partial<Record<Role, number | undefined>> = {
    drive: template?.driveCores,
    compute: template?.computeCores,
  };
  const numCores = cores[role] ?? 1;
  const sharing = role === 'drive' ? sharingOf(template) : {};
  const numDrives = role === 'drive' && sharing.containerCapacity === undefined ? (template?.numDrives ?? 2) : 0;
  const [perCore, offset] = HUGEPAGES[role];
  return {
    apiVersion: 'weka.weka.io/v1alpha1',
    kind: 'WekaContainer',
    metadata: {
      name: `${metadata.name}-${role}-${id}`,
      namespace: metadata.namespace ?? '',
      labels: {
        ...metadata.labels,
        app: 'weka',
        'weka.io/mode': role,
        'weka.io/cluster-id': metadata.uid,
        'weka.io/cluster-name': metadata.name,
      },
      ownerReferences: [
        {
          apiVersion: 'weka.weka.io/v1alpha1',
          kind: 'WekaCluster',
          name: metadata.name,
          uid: metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      image: spec?.image ?? '',
      ...(spec?.imagePullSecret === undefined ? {} : { imagePullSecret: spec.imagePullSecret }),
      name: `${role.replaceAll('-', 'x')}x${id.replaceAll('-', 'x')}`,
      mode: role,
      numCores,
      network: role === 'nfs' ? { ethDevice: NFS_INTERFACE } : (template?.network ?? { udpMode: true }),
      ...(numDrives > 0 ? { numDrives } : {}),
      ...sharing,
      ...(spec?.nodeSelector === undefined ? {} : { nodeSelector: spec.nodeSelector }),
      ...(joins(role) && joinIpPorts.length > 0 ? { joinIpPorts } : {}),
      hugepages: perCore * numCores + HUGEPAGES_PER_DRIVE * numDrives,
      hugepagesOffset: offset * (role === 'drive' ? Math.max(1, numDrives) : 1),
      hugepagesSize: '2Mi',
      ...(GROUPS[role] === undefined ? {} : { group: GROUPS[role] }),
      driversDistService: spec?.driversDistService ?? DIST_SERVICE,
      wekaSecretRef: { secretKeyRef: { key: operatorSecretOf(cluster), name: '' } },
    },
  };
}

/** Zeros are refused by the schema: absent instead. A ratio counts only with a capacity. Source: spec 05, 12. */
function sharingOf({ driveCapacity = 0, containerCapacity = 0, driveTypesRatio }: OrderedTemplate = {}) {
  return {
    ...(driveCapacity > 0 ? { driveCapacity } : {}),
    ...(containerCapacity > 0 ? { containerCapacity, driveTypesRatio: driveTypesRatio ?? { tlc: 1, qlc: 0 } } : {}),
  };
}

const FIRST_PORT = 35_000;
const LAST_PORT = 65_535;
const RANGE = 500;
const SINGLE_OFFSET = 300;

/** The first gap after a range that fits, else behind the last one; gaps before the first are never used. */
export function choosePorts(wanted: ClusterPorts | undefined, others: readonly ClusterPorts[]): ClusterPorts {
  const size = wanted?.portRange || RANGE;
  const taken = others
    .map(({ basePort = 0, portRange = RANGE }) => ({ base: basePort, end: basePort + portRange }))
    .filter(({ base }) => base > 0)
    .sort((a, b) => a.base - b.base);
  const fits = taken.find(({ end }, index) => (taken[index + 1]?.base ?? Number.POSITIVE_INFINITY) >= end + size);
  const basePort = wanted?.basePort || (fits?.end ?? FIRST_PORT);
  if (basePort + size >= LAST_PORT) throw new Error(`no free range available for size ${size}`);
  return {
    basePort,
    portRange: size,
    lbPort: wanted?.lbPort || basePort + SINGLE_OFFSET,
    lbAdminPort: wanted?.lbAdminPort || basePort + SINGLE_OFFSET + 1,
    s3Port: wanted?.s3Port || basePort + SINGLE_OFFSET + 2,
  };
}
