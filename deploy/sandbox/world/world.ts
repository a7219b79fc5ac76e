/**
 * The modelled fleet, wired: one store, N nodes, schedulers, kubelets, weka, agents, sibling controllers, and the oracle
 * that judges them all. Everything happens on the given clock. Source: design 7.
 */
import type { Clock } from '../../../io/clock.ts';
import {
  CLIENTS,
  CLUSTERS,
  CONTAINERS,
  type Draft,
  JOBS,
  MANUAL_OPERATIONS,
  NODES,
  PODS,
  POLICIES,
  type ResourceType,
} from '../../../messages/kube.ts';
import type {
  WekaCluster as ClusterObject,
  WekaClient,
  WekaManualOperation,
  WekaPolicy,
} from '../../../messages/weka-cluster.ts';
import { startAgentPods } from './agent-pods.ts';
import type { ApiStore } from './api.ts';
import { createApiStore } from './api-store.ts';
import { createCache } from './cache.ts';
import { startClientController } from './client-controller.ts';
import { startClusterController } from './cluster-controller.ts';
import type { OrderedTemplate } from './cluster-objects.ts';
import type { RandomStreams, WorldContext } from './context.ts';
import { startDriversPolicies } from './drivers-policy.ts';
import { createExec, type ModelledExec } from './exec.ts';
import { createFaults, type Faults, type Rule } from './faults.ts';
import { type Container, watchHolders } from './holders.ts';
import { startJobs } from './jobs.ts';
import { startKubelets } from './kubelet.ts';
import { type Latency, REALISTIC } from './latency.ts';
import { watchLeaves } from './leave-rules.ts';
import { FORCED_STOP } from './local-container.ts';
import {
  backendStops,
  judgeClientStop,
  judgeDrain,
  judgeErased,
  judgeForcedStop,
  judgeResign,
  judgeSignedAgain,
  removalPace,
} from './loss-rules.ts';
import { type ModelApi, modelApiOf } from './model-api.ts';
import { watchNicHolders } from './nic-holders.ts';
import { type AgentHttpRequest, createAgents } from './node-agent.ts';
import { createAgentApi, type ModelledAgentApi } from './node-agent-client.ts';
import { createNodeLife, type NodeLife } from './node-life.ts';
import { created, createNodeModel, install, type NodeShape, registerNode, STANDARD_NODE } from './nodes.ts';
import type { Job, Node, Pod } from './objects.ts';
import { startOperations } from './operations.ts';
import { createOracle, type Oracle } from './oracle.ts';
import { startOtherPods } from './other-pods.ts';
import type { DriversWay, Machine, NodeModel } from './pod-process.ts';
import { startScheduler } from './scheduler.ts';
import { startSignPolicies } from './sign-policy.ts';
import type { ProxyRepeats } from './ssd-proxy.ts';
import { type Clusters, createClusters } from './weka-clusters.ts';
import { write } from './write.ts';

export interface FleetOptions {
  readonly clock: Clock;
  readonly random: RandomStreams;
  readonly nodes: number;
  /** Default: `REALISTIC`. */
  readonly latency?: Latency;
  readonly faults?: readonly Rule[];
  readonly shape?: NodeShape;
  /** Default: `weka-operator-system`. */
  readonly operatorNamespace?: string;
  /** Of the node agents; the controller compares it with its own setting `OPERATOR_IMAGE`. */
  readonly operatorImage?: string;
  /** Default: `succeed`. */
  readonly proxyRepeats?: ProxyRepeats;
  /** How the drivers of an image are built. Default: `packed`, all of them. */
  readonly driversWay?: (image: string) => DriversWay;
  /** Hosts of one role may leave a cluster only so far apart, as REMOVAL_THROTTLING_ENABLED has it. Default: 0, no pace. */
  readonly removalsApartMs?: number;
  /** Default: `weka`. */
  readonly namespaces?: readonly string[];
}

export interface WorldOptions extends FleetOptions {
  /** Parsed CustomResourceDefinition objects to serve: those of deploy/chart/crds. */
  readonly crds: readonly unknown[];
}

/** Who schedules pods and runs Jobs: models as well, or those of the real cluster. */
export type ControlPlane = 'modelled' | 'real';

export interface ClusterOrder extends OrderedTemplate {
  readonly name: string;
  /** Default: the first namespace. */
  readonly namespace?: string;
  readonly image?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly driversDistService?: string;
  /** Network interface of NFS on all hosts. Default: what each container says. */
  readonly nfsInterface?: string;
  /** How many containers of each role. */
  readonly drive: number;
  readonly compute: number;
}

export interface ClientOrder {
  readonly name: string;
  /** Of the first namespace. */
  readonly cluster: string;
  /** Default: the first namespace. */
  readonly namespace?: string;
  readonly image?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly csiConfig?: { readonly csiGroup?: string };
  readonly driversDistService?: string;
}

export interface Fleet {
  readonly exec: ModelledExec;
  readonly agent: ModelledAgentApi;
  /** For the HTTP mount. A rejection means: no answer. */
  readonly agentHandler: (agentIp: string, request: AgentHttpRequest) => Promise<{ status: number; body: string }>;
  readonly oracle: Oracle;
  readonly faults: Faults;
  /** Physical truth by node name. */
  readonly nodes: ReadonlyMap<string, NodeModel>;
  readonly clusters: Clusters;
  readonly life: NodeLife;
  readonly evictPod: (podUid: string) => void;
  /** Forgets the registrations at the node's agent. */
  readonly agentRestarted: (node: string) => void;
  /** From now on loaders with this service get only what was uploaded to that pod. */
  readonly serveDrivers: (url: string, pod: string) => void;
  /** The pod behind such a service; undefined: it is not of this fleet. */
  readonly distributorOf: (url: string) => string | undefined;
  /** As a user applies an object: a WekaManualOperation, a WekaPolicy. */
  readonly add: (type: ResourceType, object: Draft & Readonly<Record<string, unknown>>) => void;
  /** As a user deletes it. One that is not there is no error. */
  readonly remove: (type: ResourceType, name: string, namespace: string) => void;
  readonly addCluster: (order: ClusterOrder) => void;
  /** A client container on each node of the selector, once the cluster serves. */
  readonly addClient: (order: ClientOrder) => void;
  readonly deleteClient: (name: string, namespace?: string) => void;
  /** As a user gives a cluster, its clients, or a policy of drivers another image. */
  readonly setImage: (type: ResourceType, name: string, namespace: string, image: string) => void;
  readonly deleteCluster: (name: string, namespace?: string) => void;
}

export interface World extends Fleet {
  readonly store: ApiStore;
}

export const OPERATOR_IMAGE = 'registry.example.com/weka-operator:v1.10.0';
export const DEPLOYMENT_NAME = 'weka-operator-controller-manager';
export const MAINTENANCE_ACCOUNT = 'weka-operator-maintenance';
export const AGENT_TOKEN = 'sandbox-node-agent-token';
export const WEKA_IMAGE = 'registry.example.com/weka.io/weka-in-container:4.4.10.183';
/** To which the demo upgrades. */
export const NEXT_WEKA_IMAGE = 'registry.example.com/weka.io/weka-in-container:4.4.11.97';
/** Size of a port block under the flags of modes/feature-flags.ts. */
const PORTS_EACH = 100;

/** All in memory. */
export function createWorld(options: WorldOptions): World {
  const { clock, random, crds } = options;
  const store = createApiStore({ clock, random: random('api-server'), crds });
  return { ...createFleet(options, modelApiOf(store), 'modelled'), store };
}

/** The models on an API server, which serves the CRDs of deploy/chart/crds already. */
export function createFleet(options: FleetOptions, store: ModelApi, controlPlane: ControlPlane): Fleet {
  const { clock, random, shape = STANDARD_NODE, namespaces = ['weka'] } = options;
  const oracle = createOracle(clock);
  const faults = createFaults(clock, random('faults'), options.faults);
  const ctx: WorldContext = {
    clock,
    random,
    latency: options.latency ?? REALISTIC,
    faults,
    store,
    oracle,
    operatorNamespace: options.operatorNamespace ?? 'weka-operator-system',
  };
  const operatorImage = options.operatorImage ?? OPERATOR_IMAGE;
  install(ctx, {
    operatorImage,
    deploymentName: DEPLOYMENT_NAME,
    token: AGENT_TOKEN,
    maintenanceAccount: MAINTENANCE_ACCOUNT,
    namespaces,
    replicas: controlPlane === 'real' ? 0 : 1,
  });

  const models = new Map<string, NodeModel>();
  for (let index = 0; index < options.nodes; index++) {
    const model = createNodeModel(ctx, index, shape);
    models.set(model.name, model);
    registerNode(ctx, model, index, shape);
  }

  const nodes = createCache<Node>(store, NODES);
  const pods = createCache<Pod>(store, PODS);
  const containers = createCache<Container>(store, CONTAINERS);
  const removing = removalPace(oracle, clock, options.removalsApartMs ?? 0);
  const clusters = createClusters({ clock, random: random('weka'), latency: ctx.latency, oracle, removing });
  const leaves = watchLeaves(ctx, { containers, pods, nodes, models, clusters });
  const unschedulable = (name: string): boolean => nodes.get(`/${name}`)?.spec?.unschedulable === true;
  const backendStopped = backendStops(oracle, clock, containers);
  const distributors = new Map<string, string>();
  const machine: Machine = {
    clock,
    random: random('process'),
    latency: ctx.latency,
    clusters,
    forced: (process, by) => {
      judgeForcedStop(oracle, containers, process, by);
      if (by === FORCED_STOP) backendStopped(process);
    },
    permitted: leaves.permitted,
    stopped: (process) => judgeClientStop(oracle, containers, unschedulable, process),
    erased: (process, drive) => judgeErased(oracle, containers, process, drive),
    drained: (process) => judgeDrain(oracle, process),
    signedAgain: (process, drive) => judgeSignedAgain(oracle, containers, process, drive),
    driversWay: options.driversWay ?? (() => 'packed'),
    resigned: (process, drive, cluster) => judgeResign(oracle, containers, process, drive, cluster),
    processes: function* () {
      for (const { processes } of models.values()) yield* processes.values();
    },
    distributors,
    report: oracle.report,
  };
  if (controlPlane === 'modelled') startScheduler(ctx, pods, nodes);
  const kubelets = startKubelets(ctx, machine, pods, models);
  const agents = createAgents(ctx, models, options.proxyRepeats ?? 'succeed');
  startAgentPods(ctx, agents, pods, nodes, models, operatorImage);
  if (controlPlane === 'modelled') startJobs(ctx, createCache<Job>(store, JOBS), models, containers);
  else startOtherPods(ctx, pods, models, containers);
  watchHolders(oracle, containers, PORTS_EACH);
  watchNicHolders(oracle, nodes);
  const exec = createExec(ctx, pods, models);
  startOperations(ctx, createCache<WekaManualOperation>(store, MANUAL_OPERATIONS), containers, nodes);
  const serveDrivers = (url: string, pod: string): void => void distributors.set(url, pod);
  const policies = createCache<WekaPolicy>(store, POLICIES);
  startDriversPolicies(ctx, policies, containers, nodes, serveDrivers);
  startSignPolicies(ctx, policies, containers, nodes);
  const clusterObjects = createCache<ClusterObject>(store, CLUSTERS);
  startClusterController(ctx, clusters, exec, clusterObjects, containers);
  const clients = createCache<WekaClient>(store, CLIENTS);
  startClientController(ctx, { clients, clusters: clusterObjects, containers, nodes });

  const [home = 'default'] = namespaces;
  const remove = (type: ResourceType, name: string, namespace: string): void =>
    store.send({ verb: 'delete', ref: { type, namespace, name } }, 'sandbox');
  return {
    exec,
    agent: createAgentApi(ctx, agents),
    agentHandler: async (agentIp, request) => {
      const response = agents.handle(agentIp, request);
      if (response === undefined) throw new Error(`no agent answers at ${agentIp}`);
      return response;
    },
    oracle,
    faults,
    nodes: models,
    clusters,
    life: createNodeLife(ctx, kubelets, agents, pods, nodes, models),
    evictPod: kubelets.evict,
    agentRestarted: (name) => {
      const model = models.get(name);
      if (model !== undefined) agents.restarted(model);
    },
    serveDrivers,
    distributorOf: (url) => distributors.get(url),
    add: (type, object) => created(ctx, type, object),
    addCluster: ({ name, namespace = home, image = WEKA_IMAGE, drive, compute, ...order }) => {
      const { nodeSelector, driversDistService, nfsInterface, ...template } = order;
      const optional = {
        ...(nodeSelector === undefined ? {} : { nodeSelector }),
        ...(driversDistService === undefined ? {} : { driversDistService }),
        ...(nfsInterface === undefined ? {} : { nfs: { interfaces: [nfsInterface] } }),
      };
      const dynamicTemplate = { ...template, driveContainers: drive, computeContainers: compute };
      created(ctx, CLUSTERS, {
        apiVersion: 'weka.weka.io/v1alpha1',
        kind: 'WekaCluster',
        metadata: { name, namespace },
        spec: { image, template: 'dynamic', dynamicTemplate, ...optional },
      });
    },
    addClient: ({ name, namespace = home, image = WEKA_IMAGE, cluster, ...order }) => {
      const targetCluster = { name: cluster, namespace: home };
      created(ctx, CLIENTS, {
        apiVersion: 'weka.weka.io/v1alpha1',
        kind: 'WekaClient',
        metadata: { name, namespace },
        spec: { image, targetCluster, ...order },
      });
    },
    deleteClient: (name, namespace = home) => remove(CLIENTS, name, namespace),
    setImage: (type, name, namespace, image) => {
      write(ctx, 'sandbox', { verb: 'mergePatch', ref: { type, name, namespace }, patch: { spec: { image } } });
    },
    deleteCluster: (name, namespace = home) => remove(CLUSTERS, name, namespace),
    remove,
  };
}
