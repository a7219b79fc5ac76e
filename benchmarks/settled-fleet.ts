/**
 * A fleet at rest, for benchmarks: the real controller whose stores are filled by hand, containers that are Running and
 * need nothing, an outside that answers at once. It is asked for no write: `requests` counts them.
 */
import type { Flows } from '../actors/container.ts';
import { flows } from '../actors/flows/tables.ts';
import { expectedResources } from '../actors/rules/allocation/expected-resources.ts';
import { podMetadata } from '../actors/rules/pod-spec/metadata.ts';
import type { Config } from '../config.ts';
import type { Clock } from '../io/clock.ts';
import { noLog } from '../io/log.ts';
import { projectContainer, projectNode, projectPod } from '../io/projections.ts';
import { SLICE, type Store } from '../io/store.ts';
import { CONDITIONS, successTexts } from '../messages/condition.ts';
import type { NodeName } from '../messages/ids.ts';
import type { KubeObject } from '../messages/kube.ts';
import type { Pod } from '../messages/resources.ts';
import type { WekaContainer } from '../messages/weka-container.ts';
import { type Controller, createController } from '../supervisors/controller.ts';
import { testConfig } from '../test/support/config.ts';
import {
  BORN,
  bootScripts,
  clusterOf,
  memberOf,
  nodeOf,
  OPERATOR_NAMESPACE,
  podFor,
} from '../test/support/containers.ts';

/** Containers a node. */
const PER_NODE = 8;
/** The row that asks a settled container's process how it is, in each pass. */
const POLL = 'ReconcileWekaLocalStatus';
const VERSION = '2';

export interface SettledFleet {
  readonly controller: Controller;
  readonly settings: Config;
  readonly containers: readonly WekaContainer[];
  readonly pods: readonly Pod[];
  /** Whether passes ask each container's process how it is, as they do at work; at first they do. */
  readonly setPolling: (polling: boolean) => void;
  /** Makes the containers known, and with it starts their actors: in the next turn of the event loop, not before. */
  readonly start: () => void;
  /** Since the start: commands that were run, requests to the API server (there must be none). */
  readonly counts: { execs: number; requests: number };
}

/** All stores but that of the containers are full, and have told so. */
export async function settledFleet(count: number, clock: Clock): Promise<SettledFleet> {
  const settings = testConfig({ METRICS_CONTAINERS_POLLING_RATE: '1h' }); // Longer than a run.
  const containers = Array.from({ length: count }, (_none, index) => projectContainer(settledContainer(index)));
  const pods = containers.map((container) => projectPod(podOf(container, settings)));
  const nodes = Array.from({ length: Math.ceil(count / PER_NODE) }, (_none, index) => nodeOf(nodeName(index)));
  const byName = new Map(containers.map((container) => [container.metadata.name, container]));
  let polling = true;
  const counts = { execs: 0, requests: 0 };
  const unasked = (): never => {
    throw new Error('the stores are filled by hand');
  };
  const controller = createController({
    kube: {
      request: () => {
        counts.requests += 1;
        return Promise.resolve({ kind: 'transport', cause: 'a fleet at rest' });
      },
      list: unasked,
      watch: unasked,
    },
    exec: {
      run: ({ target, argv }) => {
        counts.execs += 1;
        const container = byName.get(target.pod);
        if (container === undefined) throw new Error(`no container ${target.pod}`);
        return Promise.resolve({ kind: 'ok', stdout: answerOf(container, argv.join(' '), settings), stderr: '' });
      },
    },
    agent: { request: () => Promise.resolve({ kind: 'ok', body: '' }) },
    settings,
    clock,
    random: () => 0, // The first turn of each throttled row is as far away as it may be.
    log: noLog,
    instance: 'benchmark',
    fatal: () => {},
    flows: pollingWhen(() => polling),
  });
  const { stores } = controller;
  fill(stores.nodes, nodes.map(projectNode));
  fill(stores.clusters, [clusterOf()]);
  fill(stores.bootScripts, [bootScripts(OPERATOR_NAMESPACE), bootScripts('weka')]);
  for (const store of [stores.namespaces, stores.clients, stores.toolkit, stores.agentToken]) fill(store, []);
  for (const store of [stores.jobs, stores.agentPods]) fill(store, []);
  fill(stores.pods, pods);
  for (let slice = 0; slice <= count / SLICE; slice += 1) await new Promise<void>((resolve) => clock.after(1, resolve));
  return {
    controller,
    settings,
    containers,
    pods,
    setPolling: (wanted) => {
      polling = wanted;
    },
    start: () => fill(stores.containers, containers),
    counts,
  };
}

function fill<T extends KubeObject>(store: Store<T>, objects: readonly T[]): void {
  store.take({ kind: 'init' });
  for (const object of objects) store.take({ kind: 'initApply', seen: { kind: 'object', object } });
  store.take({ kind: 'initDone', resourceVersion: VERSION });
}

const pollingWhen = (polling: () => boolean): Flows => ({
  ...flows,
  active: flows.active.map((row) =>
    row.name === POLL && 'when' in row ? { ...row, when: [...row.when, polling] } : row,
  ),
});

const nodeName = (index: number): NodeName => `node-${index}` as NodeName; // Made up here.
const nameOf = (index: number): string => `compute-${String(index).padStart(5, '0')}`;

function settledContainer(index: number): WekaContainer {
  const nodeAffinity = nodeName(Math.floor(index / PER_NODE));
  const types = ['affinitySet', 'resourcesAllocated', 'resourcesWritten', 'joinedCluster'] as const;
  const conditions = types.map((type) => ({
    type: CONDITIONS[type],
    status: 'True' as const,
    ...successTexts(CONDITIONS[type]),
    lastTransitionTime: BORN,
  }));
  const printer = { nodeAffinity, managementIPs: '10.0.0.1' };
  return memberOf('compute', nameOf(index), index, {
    spec: { nodeAffinity },
    status: { conditions, printer, nodeAffinity, managementIPs: ['10.0.0.1'] },
  });
}
function podOf(container: WekaContainer, settings: Config): Pod {
  const none = { labels: {}, annotations: {} };
  const metadata = podMetadata(container, none, settings.podKeepForeignLabels);
  return podFor(container, { metadata, node: container.status?.nodeAffinity ?? '' });
}
/** Commands of a container's first pass: local status, and for a pod it has not seen, its file and its identity. */
export const FIRST_COMMANDS = 3;
function answerOf(container: WekaContainer, command: string, settings: Config): string {
  const { status, metadata } = container;
  if (command.includes('resources.json')) {
    const expected = expectedResources(container, nodeOf(status?.nodeAffinity ?? ''), settings);
    return JSON.stringify(expected.kind === 'known' ? expected.resources : undefined);
  }
  if (command.includes('container-get-identity')) {
    return JSON.stringify({
      has_value: true,
      value: { cluster_guid: status?.clusterID, host_id: status?.containerID },
    });
  }
  return localPsOf(metadata.name);
}
const localPsOf = (pod: string): string =>
  JSON.stringify([
    {
      name: `w-${pod}`,
      runStatus: 'Running',
      lastFailure: '',
      lastFailureTime: '',
      internalStatus: { display_status: 'READY' },
    },
  ]);
