/** All stores and their watchers: what is watched, from where, with which indexes. Started once, in the order of use. */

import { BOOT_SCRIPTS } from '../actors/rules/boot-scripts.ts';
import { TOOLKIT_CONFIG_MAP } from '../actors/rules/node-info.ts';
import type { Config } from '../config.ts';
import type { Clock } from '../io/clock.ts';
import type { Log } from '../io/log.ts';
import type { KubeApi } from '../io/outside.ts';
import { projectAs, projectContainer, projectForShard, projectNode, projectPod } from '../io/projections.ts';
import type { Random } from '../io/random.ts';
import { createSecondWriters, type SecondWriters } from '../io/second-writer.ts';
import { createStore, type Store } from '../io/store.ts';
import { startWatcher, type Watcher, type WatcherCounts } from '../io/watcher.ts';
import {
  clientShape,
  clusterShape,
  configMapShape,
  csiNodeShape,
  jobShape,
  namespaceShape,
  secretShape,
} from '../messages/foreign-shapes.ts';
import {
  CLIENTS,
  CLUSTERS,
  CONFIG_MAPS,
  CONTAINERS,
  CSI_NODES,
  JOBS,
  type KubeObject,
  NAMESPACES,
  NODES,
  PODS,
  type ResourceType,
  SECRETS,
} from '../messages/kube.ts';
import type { ConfigMap, CsiNode, Job, Namespace, Node, Pod, Secret } from '../messages/resources.ts';
import { shardOf } from '../messages/shard.ts';
import { compareVersions, type Project } from '../messages/watch.ts';
import type { WekaClient, WekaCluster } from '../messages/weka-cluster.ts';
import type { WekaContainer } from '../messages/weka-container.ts';

export interface Stores {
  readonly containers: Store<WekaContainer>;
  /** Of them: those that another controller reconciles too. */
  readonly secondWriters: SecondWriters;
  readonly pods: Store<Pod>;
  readonly agentPods: Store<Pod>;
  readonly nodes: Store<Node>;
  readonly clusters: Store<WekaCluster>;
  readonly clients: Store<WekaClient>;
  /** Empty unless `CSI_REQUIRE_NODE_PLUGIN` is on. */
  readonly csiNodes: Store<CsiNode>;
  readonly bootScripts: Store<ConfigMap>;
  readonly toolkit: Store<ConfigMap>;
  readonly namespaces: Store<Namespace>;
  readonly jobs: Store<Job>;
  readonly agentToken: Store<Secret>;
  /**
   * Calls `then` once the containers are known at least as of that resourceVersion, or, without one, as of now. Returns what
   * withdraws it.
   */
  readonly containersAsOf: (version: string | undefined, then: () => void) => () => void;
  /** An own write's answer: into the store of its type, if that is watched. */
  readonly put: (answer: KubeObject) => void;
  /** Starts all watchers but that of the containers; resolves when these stores have seen their first list. Done once, however often it is asked for. */
  readonly warm: () => Promise<void>;
  /** Starts what is not started yet; resolves when every store has seen its first list, the containers' last. */
  readonly start: () => Promise<void>;
  /** All but the containers are known: this process could begin at once. */
  readonly isWarm: () => boolean;
  readonly synced: () => boolean;
  /** Of each watcher that has been started, by the name of its store above. */
  readonly watchers: () => Readonly<Record<string, WatcherCounts>>;
  /** Of the first watcher that hears nothing: which, and why. */
  readonly trouble: () => string | undefined;
  readonly stop: () => void;
}

export interface Outside {
  readonly kube: Pick<KubeApi, 'list' | 'watch'>;
  readonly settings: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}
/** Where of a type is watched. */
interface Scope {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export function createStores({ kube, settings, clock, random, log }: Outside): Stores {
  const shard = shardOf(settings);
  const watchers = new Map<string, Watcher>();
  const started: (() => void)[] = [];
  const all: Store<KubeObject>[] = [];

  /** What was wrong was the API server or our standing with it: nobody waits out a back-off for that. */
  const recovered = (): void => {
    for (const watcher of watchers.values()) watcher.hurry();
  };
  function watched<T extends KubeObject>(
    name: keyof Stores,
    type: ResourceType,
    projection: Project<T>,
    scope: Scope = {},
  ): Store<T> {
    const store = createStore<T>({ project: projection, clock, log });
    const options = { api: kube, type, project: projection, clock, random, log, recovered, ...scope };
    started.push(() => void watchers.set(name, startWatcher(options, store.take)));
    all.push(store as unknown as Store<KubeObject>); // Only `synced` is asked of it there.
    return store;
  }
  const own = { namespace: settings.operatorNamespace };
  const named = (name: string): Scope => ({ fieldSelector: `metadata.name=${name}` });

  // Containers come last: when their actors start, everything they look up is here.
  const nodes = watched<Node>('nodes', NODES, projectNode);
  const namespaces = watched<Namespace>('namespaces', NAMESPACES, projectAs(namespaceShape));
  const clusters = watched<WekaCluster>('clusters', CLUSTERS, projectAs(clusterShape));
  const clients = watched<WekaClient>('clients', CLIENTS, projectAs(clientShape));
  const csiNodes =
    settings.csiInstallationEnabled && settings.csiRequireNodePlugin
      ? watched<CsiNode>('csiNodes', CSI_NODES, projectAs(csiNodeShape))
      : createStore<CsiNode>({ project: projectAs(csiNodeShape), clock, log });
  const bootScripts = watched<ConfigMap>('bootScripts', CONFIG_MAPS, projectAs(configMapShape), named(BOOT_SCRIPTS));
  const toolkit = watched<ConfigMap>('toolkit', CONFIG_MAPS, projectAs(configMapShape), {
    ...own,
    ...named(TOOLKIT_CONFIG_MAP),
  });
  const agentToken = watched<Secret>('agentToken', SECRETS, projectAs(secretShape), {
    ...own,
    ...named(settings.metricsNodeAgentToken),
  });
  const jobs = watched<Job>('jobs', JOBS, projectAs(jobShape), own);
  const agentPods = watched<Pod>('agentPods', PODS, projectPod, {
    ...own,
    labelSelector: 'app=weka-node-agent,control-plane=weka-node-agent',
  });
  const pods = watched<Pod>('pods', PODS, projectPod, { labelSelector: 'app.kubernetes.io/created-by=weka-operator' });
  const secondWriters = createSecondWriters({ held: (uid) => containers.get(uid), clock, log });
  // All of them, whoever serves them: who holds what of a node is everybody's concern.
  const containers = watched<WekaContainer>(
    'containers',
    CONTAINERS,
    secondWriters.watching(shard === undefined ? projectContainer : projectForShard(shard)),
  );

  const beforeContainers = all.slice(0, -1);
  async function warm(): Promise<void> {
    for (const start of started.splice(0, started.length - 1)) start();
    await Promise.all(beforeContainers.map(({ whenSynced }) => whenSynced));
  }

  const byKind: Readonly<Record<string, (answer: KubeObject) => void>> = {
    WekaContainer: containers.put,
    Pod: pods.put,
    Node: nodes.put,
    Job: (answer) => (answer.metadata.namespace === settings.operatorNamespace ? jobs.put(answer) : undefined),
    ConfigMap: (answer) => (answer.metadata.name === BOOT_SCRIPTS ? bootScripts.put(answer) : undefined),
  };
  return {
    containers,
    secondWriters,
    pods,
    agentPods,
    nodes,
    clusters,
    clients,
    csiNodes,
    bootScripts,
    toolkit,
    namespaces,
    jobs,
    agentToken,
    containersAsOf: (version, then) => {
      if (version !== undefined && compareVersions(version, '0') !== undefined)
        return containers.whenSeen(version, then);
      const withdraw = containers.whenListed(then);
      watchers.get('containers')?.relist();
      return withdraw;
    },
    put: (answer) => byKind[answer.kind]?.(answer),
    warm,
    start: async () => {
      await warm();
      started.pop()?.();
      await containers.whenSynced;
    },
    isWarm: () => beforeContainers.every(({ synced }) => synced()),
    synced: () => all.every(({ synced }) => synced()),
    watchers: () => Object.fromEntries([...watchers].map(([name, { counts }]) => [name, counts()])),
    trouble: () => {
      for (const [name, { trouble }] of watchers) {
        const why = trouble();
        if (why !== undefined) return `${name}: ${why}`;
      }
      return undefined;
    },
    stop: () => {
      for (const watcher of watchers.values()) watcher.stop();
    },
  };
}
