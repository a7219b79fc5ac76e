/**
 * The controller as a whole: stores, shared actors, fleet, router, put together over the outside given to it. main.ts runs
 * it on a cluster, tests on the modelled fleet. Owns the order of start and drain.
 */
import { cluster } from '../actors/cluster.ts';
import { container, type Flows, type Seen } from '../actors/container.ts';
import { flows as standardFlows } from '../actors/flows/tables.ts';
import { image } from '../actors/image.ts';
import { actorName, createSystem, type System, spawn } from '../actors/machine.ts';
import { namespace } from '../actors/namespace.ts';
import { node } from '../actors/node.ts';
import { createRecorder, type Recorder } from '../actors/recorder.ts';
import type { Grants } from '../actors/rules/allocation/grants.ts';
import { type EventRecorder, eventRecorder } from '../io/events.ts';
import type { Log } from '../io/log.ts';
import type { KubeApi } from '../io/outside.ts';
import { type StatusWriter, statusWriter } from '../io/status-writer.ts';
import type { TraceLog } from '../io/trace-log.ts';
import { randomUuid } from '../io/uuid.ts';
import type { ClusterMessage } from '../messages/cluster.ts';
import type { ContainerMessage } from '../messages/container.ts';
import type { ClusterUid, ContainerUid, NodeName } from '../messages/ids.ts';
import type { FeatureFlags, ImageMessage } from '../messages/image.ts';
import { CONTAINERS, controllerOf, type KubeObject, type KubeOutcome, refOf } from '../messages/kube.ts';
import { sameJson } from '../messages/merge-patch.ts';
import type { NamespaceMessage } from '../messages/namespace.ts';
import type { NodeMessage } from '../messages/node.ts';
import type { Pod } from '../messages/resources.ts';
import { type Ownership, ownershipOf as ownershipByLabels, shardOf } from '../messages/shard.ts';
import type { Trace } from '../messages/trace.ts';
import type { WekaContainer, WekaContainerStatus } from '../messages/weka-container.ts';
import { agentToken, ensureAgentToken } from './agent-token.ts';
import { createCallers } from './callers.ts';
import { startPodCleaner } from './evicted-pods.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { startHandOver } from './hand-over.ts';
import { tellOfMalformed } from './malformed.ts';
import { startLeaseCollector } from './old-leases.ts';
import type { CrashReport } from './one-for-one.ts';
import { createPools, type Outlets, type Pools, tellPools } from './pools.ts';
import { tellOfCrashes } from './quarantine.ts';
import { startRouter } from './router.ts';
import { createStores, type Stores } from './stores.ts';
import { createView } from './view.ts';

/** How long requests under way may take after the actors have ended. */
const POOLS_MS = 2_000;

export interface ControllerOptions extends Omit<Outlets, 'kube'> {
  readonly kube: KubeApi;
  readonly log: Log;
  /** Which replica, e.g. the pod's name. */
  readonly instance: string;
  /** Hears of every turn, beside the flight recorder. */
  readonly trace?: Trace;
  /** Hears of the turns of the containers that it chooses. */
  readonly traceLog?: TraceLog;
  /** A cell or the root gave up: whether the process goes on is the caller's decision. */
  readonly fatal: (report: CrashReport) => void;
  /** Other tables, for tests. */
  readonly flows?: Flows;
}

export interface Controller {
  readonly system: System;
  readonly fleet: Fleet<ContainerMessage>;
  readonly stores: Stores;
  readonly recorder: Recorder;
  readonly pools: Pools;
  readonly events: EventRecorder;
  readonly statusWriter: StatusWriter;
  /** Resolves when all stores have seen their first list; the actors run from then on. */
  readonly start: () => Promise<void>;
  /** Takes nothing new, lets passes and commands under way end, then stops everything. Resolves with what was cut short. */
  readonly drain: (timeoutMs: number) => Promise<{ readonly aborted: number }>;
}

export function createController(options: ControllerOptions): Controller {
  const { kube, settings, clock, random, log } = options;
  const shard = shardOf(settings);
  const pools = createPools(options);
  const { traceLog } = options;
  const recorder = createRecorder(
    options.trace,
    { recordsMax: settings.traceRecordsMax, goneMax: 256 },
    traceLog && ((uid) => traceLog.of(uid)),
  );
  const system = createSystem(clock, options.trace);
  const stores = createStores({ kube, settings, clock, random, log });
  const view = createView(stores);
  const events = eventRecorder({ submit: pools.kube.submit, clock, log, instance: options.instance });
  /** uid of the container whose status write is being answered in this very moment. */
  let answering = '';
  /** The status writes under way, by uid: as often as not the watch tells of one before its answer does. */
  const writing = new Map<string, WekaContainerStatus>();
  const writer = statusWriter(pools.kube.submit, (answer) => {
    answering = answer.metadata.uid;
    stores.put(answer);
    answering = '';
  });

  const knownFlags = new Map<string, FeatureFlags>();
  /** At a start the pods are known before their containers: an actor that began then would not even know its name. */
  const lookAgain = (uid: ContainerUid): void => {
    if (stores.containers.get(uid) === undefined && stores.containers.problemOf(uid) === undefined) return;
    if (ownershipOf(uid) === 'ours') fleet.route(uid, { kind: 'lookAgain' });
  };
  /** Of one that cannot be read only the labels that came with it tell. */
  function ownershipOf(uid: ContainerUid): Ownership {
    const { containers } = stores;
    if (shard === undefined || containers.problemOf(uid) === undefined) return containers.get(uid)?.ownership ?? 'ours';
    return ownershipByLabels(containers.metaOf(uid)?.labels, shard);
  }
  const callers = createCallers({
    pools,
    view,
    settings,
    clock,
    put: stores.put,
    containersAsOf: stores.containersAsOf,
    agentToken: () => agentToken(stores, settings.metricsNodeAgentToken),
    tellNode: (name, message) => nodes.tell(name, message),
    tellCluster: (uid, message) => clusters.tell(uid, message),
    tellImage: (name, message) => images.tell(name, message),
    tellNamespace: (name, message) => namespaces.tell(name, message),
  });
  const read = (uid: ContainerUid): Seen | undefined => {
    const problem = stores.containers.problemOf(uid);
    if (problem !== undefined) return { kind: 'malformed', problems: [problem] };
    const found = stores.containers.get(uid);
    if (found === undefined) return undefined;
    const contest = stores.secondWriters.contestOf(uid);
    return contest === undefined ? { kind: 'container', container: found } : { kind: 'contested', ...contest };
  };
  const about = (uid: ContainerUid): WekaContainer | undefined => stores.containers.get(uid);
  /** Also one that could never be read has an identity. */
  const identityOf = (uid: ContainerUid): KubeObject | undefined => {
    const metadata = stores.containers.metaOf(uid);
    if (metadata === undefined) return undefined;
    return about(uid) ?? { apiVersion: `${CONTAINERS.group}/${CONTAINERS.version}`, kind: CONTAINERS.kind, metadata };
  };
  const deps = {
    flows: options.flows ?? standardFlows,
    read,
    view,
    settings,
    writeStatus,
    record: (uid: ContainerUid, note: Parameters<EventRecorder['record']>[1]) => {
      const found = identityOf(uid);
      if (found !== undefined) events.record(found, note);
    },
    callers,
    clock,
    random,
  };
  const fleet: Fleet<ContainerMessage> = createFleet(system, {
    random,
    startContainer: (parent, uid, judge) =>
      spawn(parent, containerName(uid), container(uid, deps), judge, recorder.of(uid)),
    report: tellOfCrashes({
      containers: stores.containers,
      events,
      writeStatus: (stored, status) => writeStatus(stored, status, () => {}),
      clock,
      log,
    }),
    fatal: options.fatal,
  });
  const shared = { view, settings, callers, clock, random, wake: lookAgain };
  const newUuid = (): string => randomUuid(random);
  const grants = new Map<NodeName, Grants>();
  const nodes = fleet.service<NodeName, NodeMessage>('nodes', (parent, name, judge) =>
    spawn(
      parent,
      actorName(name),
      node(name, {
        ...shared,
        flagsOf: (of) => knownFlags.get(of),
        newUuid,
        grants,
        ...(settings.allocationLease ? { lease: { instance: options.instance, wallMs: clock.wallMs } } : {}),
      }),
      judge,
    ),
  );
  const clusters = fleet.service<ClusterUid, ClusterMessage>('clusters', (parent, uid, judge) =>
    spawn(parent, actorName(uid), cluster(uid, shared), judge),
  );
  const images = fleet.service<string, ImageMessage>('images', (parent, name, judge) =>
    spawn(parent, actorName(name), image(name, { ...shared, known: knownFlags }), judge),
  );
  const namespaces = fleet.service<string, NamespaceMessage>('namespaces', (parent, name, judge) =>
    spawn(parent, actorName(name), namespace(name, shared), judge),
  );
  /** `<namespace>,<name>`: what people look for in a trace. */
  function containerName(uid: ContainerUid): string {
    const metadata = stores.containers.metaOf(uid);
    return metadata === undefined ? actorName(uid) : actorName(`${metadata.namespace},${metadata.name}`);
  }

  function writeStatus(
    stored: WekaContainer,
    status: WekaContainerStatus,
    written: (outcome: KubeOutcome) => void,
  ): void {
    const ref = refOf(CONTAINERS, stored.metadata);
    const { uid } = stored.metadata;
    writing.set(uid, status);
    writer.write({ ref, base: stored, status, locked: true, workClass: 'activation' }, (end) => {
      if (writing.get(uid) === status) writing.delete(uid);
      if (end.kind === 'unchanged') written({ kind: 'ok', answer: stored });
      else if (end.kind === 'superseded') written({ kind: 'conflict', message: 'a later write took its place' });
      else if (end.kind === 'dropped') written({ kind: 'transport', cause: `not sent: ${end.why}` });
      else written(end);
    });
  }

  function isOurs({ metadata }: Pod): boolean {
    const owner = controllerOf(metadata);
    if (owner?.kind !== 'WekaContainer') return true;
    return ownershipOf(owner.uid as ContainerUid) === 'ours' && stores.secondWriters.contestOf(owner.uid) === undefined; // The API's uid.
  }

  /** What goes on beside the actors, each with what ends it. */
  const upkeep: (() => void)[] = [];
  if (shard !== undefined) {
    const { containers } = stores;
    const isQuiet = ({ namespace: of, name }: { readonly namespace: string; readonly name: string }): boolean =>
      pools.exec.isIdle(stores.pods.byName(of, name)?.metadata.uid ?? '');
    const { submit } = pools.kube;
    upkeep.push(startHandOver({ shard, containers, fleet, submit, ownershipOf, isQuiet, lookAgain, clock, log }));
  }
  tellPools(pools, stores);
  tellOfMalformed(stores, events);
  // Before the router's: the first turn is told too.
  if (traceLog !== undefined) {
    stores.containers.onChange((change) => {
      if (change.kind !== 'gone') traceLog.choose(change.kind === 'malformed' ? change.meta : change.object.metadata);
    });
  }
  startRouter(stores, view, {
    container: lookAgain,
    wake: (uid) => fleet.wake(uid),
    forget: (uid) => {
      fleet.forget(uid);
      events.forget(uid);
      recorder.forget(uid);
      stores.secondWriters.forget(uid);
      traceLog?.forget(uid);
    },
    node: (name) => nodes.tell(name, { kind: 'lookAgain' }),
    nodeIsRunning: (name) => nodes.has(name),
    image: (name) => {
      if (images.has(name)) images.tell(name, { kind: 'lookAgain' });
    },
    namespaceGone: (name) => namespaces.forget(name),
    isOwnStatus: ({ metadata, status }) =>
      answering === metadata.uid || (writing.has(metadata.uid) && sameJson(status, writing.get(metadata.uid))),
  });

  return {
    system,
    fleet,
    stores,
    recorder,
    pools,
    events,
    statusWriter: writer,
    start: async () => {
      await stores.start();
      const { submit } = pools.kube;
      upkeep.push(ensureAgentToken({ stores, submit, settings, clock, log }));
      upkeep.push(startPodCleaner({ stores, isOurs, submit, settings, clock, log }));
      upkeep.push(startLeaseCollector({ stores, kube, submit, settings, clock, log }));
    },
    drain: async (timeoutMs) => {
      for (const end of upkeep.splice(0)) end();
      const cut = await fleet.drain(timeoutMs);
      for (const pool of [pools.exec, pools.kube, pools.agents]) pool.stop();
      // A command that hangs must not hold the end up: what is under way was asked for and goes on without us.
      const ended = Promise.all([pools.exec.drain(), pools.kube.drain(), pools.agents.drain()]);
      await Promise.race([ended, new Promise<void>((resolve) => void clock.after(POOLS_MS, resolve))]);
      stores.stop();
      system.stop();
      return cut;
    },
  };
}
