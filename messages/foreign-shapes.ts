/**
 * The shapes of the other kinds that are watched, in the fields that are read here: an object that does not fit them is
 * malformed, so that no reader meets a field of another type. Laxer than the API server: what it fills in may be absent.
 */
import type { Condition, ConditionStatus } from './condition.ts';
import { metadataShape, toleration } from './container-shape.ts';
import type { KubeObject } from './kube.ts';
import type {
  ConfigMap,
  CsiNode,
  Job,
  Namespace,
  Node,
  ObjectCondition,
  Pod,
  PodContainer,
  PodContainerStatus,
  Secret,
  Taint,
} from './resources.ts';
import { filled, flag, integer, list, map, must, object, open, type Shape, text } from './shape.ts';
import type {
  ClusterOverrides,
  ClusterPorts,
  ClusterTemplate,
  CsiConfig,
  WekaClient,
  WekaClientSpec,
  WekaCluster,
  WekaClusterSpec,
  WekaClusterStatus,
} from './weka-cluster.ts';

const texts = list(text);
/** Items of a list carry neither. */
const head = {
  apiVersion: filled(text, ''),
  kind: filled(text, ''),
  metadata: must(metadataShape),
} as const;
const conditions = list(
  object<ObjectCondition>({
    type: must(text),
    status: must(text),
    reason: text,
    message: text,
    lastTransitionTime: text,
  }),
);
const tolerations = list(toleration);

export const podShape = object<Pod>({
  ...head,
  spec: object<NonNullable<Pod['spec']>>({
    nodeName: text,
    tolerations,
    terminationGracePeriodSeconds: integer,
    containers: list(
      object<PodContainer>({
        name: must(text),
        image: text,
        env: list(object<NonNullable<PodContainer['env']>[number]>({ name: must(text), value: text })),
      }),
    ),
  }),
  status: object<NonNullable<Pod['status']>>({
    phase: text,
    reason: text,
    podIP: text,
    conditions,
    containerStatuses: list(
      object<PodContainerStatus>({
        name: must(text),
        restartCount: integer,
        ready: flag,
        state: object<NonNullable<PodContainerStatus['state']>>({
          running: object<{ readonly startedAt?: string }>({ startedAt: text }),
        }),
      }),
    ),
  }),
});

export const nodeShape = object<Node>({
  ...head,
  spec: object<NonNullable<Node['spec']>>({
    unschedulable: flag,
    providerID: text,
    taints: list(object<Taint>({ key: must(text), value: text, effect: must(text) })),
  }),
  status: object<NonNullable<Node['status']>>({
    conditions,
    capacity: map(text),
    allocatable: map(text),
    nodeInfo: object<NonNullable<NonNullable<Node['status']>['nodeInfo']>>({
      bootID: text,
      containerRuntimeVersion: text,
      osImage: text,
    }),
  }),
});

const csiConfig = object<CsiConfig>({ csiGroup: text, endpointsSubnets: texts });
const ports = object<ClusterPorts>({
  basePort: integer,
  portRange: integer,
  lbPort: integer,
  lbAdminPort: integer,
  s3Port: integer,
  managementProxyPort: integer,
});
export const clusterShape = object<WekaCluster>({
  ...head,
  spec: object<WekaClusterSpec>({
    image: text,
    imagePullSecret: text,
    serviceAccountName: text,
    rawTolerations: tolerations,
    tolerations: texts,
    nodeSelector: map(text),
    driversDistService: text,
    operatorSecretRef: text,
    ports,
    nfs: object<NonNullable<WekaClusterSpec['nfs']>>({ interfaces: texts }),
    overrides: object<ClusterOverrides>({ podTerminationDeactivationTimeout: text }),
    csiConfig,
    wekaHome: object<NonNullable<WekaClusterSpec['wekaHome']>>({ endpoint: text }),
    dynamicTemplate: object<ClusterTemplate>({
      driveContainers: integer,
      computeContainers: integer,
      s3Containers: integer,
      nfsContainers: integer,
      dataServicesContainers: integer,
      driveCores: integer,
      computeCores: integer,
      numDrives: integer,
    }),
    gracefulDestroyDuration: text,
  }),
  status: object<WekaClusterStatus>({
    status: text,
    clusterID: text,
    conditions: list(
      object<Condition>({
        type: must(text),
        status: must(open<ConditionStatus>(['True', 'False', 'Unknown']) as Shape<ConditionStatus>), // Only compared.
        lastTransitionTime: filled(text, ''),
        reason: filled(text, ''),
        message: filled(text, ''),
        observedGeneration: integer,
      }),
    ),
    ports,
    lastAppliedImage: text,
    lastAppliedSpec: text,
  }),
});
export const clientShape = object<WekaClient>({
  ...head,
  spec: object<WekaClientSpec>({
    image: text,
    imagePullSecret: text,
    targetCluster: object<NonNullable<WekaClientSpec['targetCluster']>>({
      name: must(text),
      namespace: must(text),
    }),
    csiConfig,
    nodeSelector: map(text),
    upgradePolicy: object<NonNullable<WekaClientSpec['upgradePolicy']>>({ type: text }),
    coresNum: integer,
    joinIpPorts: texts,
  }),
  status: object<NonNullable<WekaClient['status']>>({ status: text, lastAppliedSpec: text }),
});

export const csiNodeShape = object<CsiNode>({
  ...head,
  spec: object<NonNullable<CsiNode['spec']>>({
    drivers: list(object<{ readonly name: string }>({ name: must(text) })),
  }),
});
export const configMapShape = object<ConfigMap>({ ...head, data: map(text) });
export const secretShape = object<Secret>({ ...head, data: map(text) });
export const namespaceShape = object<Namespace>({
  ...head,
  status: object<NonNullable<Namespace['status']>>({ phase: text }),
});
export const jobShape = object<Job>({
  ...head,
  status: object<NonNullable<Job['status']>>({ succeeded: integer, failed: integer, conditions }),
});

/** The object itself where it fits. Throws with all problems, one line each, on one that does not. */
export function readObject<T extends KubeObject>(shape: Shape<T>, found: KubeObject): T {
  const walk = { path: [], problems: [] };
  const read = shape.read(found, walk);
  if (walk.problems.length > 0) throw new Error(walk.problems.join('; '));
  return read;
}
