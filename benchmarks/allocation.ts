/**
 * First allocations in one burst, begun as fast as the API could answer what comes before them: the real step, workers, registry
 * and node actors over real stores that are filled by hand; each grant is written and its answer enters the store. Checks that
 * each got what it asked for and no two the same.
 */
import { passOf } from '../actors/flows/pass.ts';
import { allocateResources } from '../actors/flows/steps/allocate.ts';
import { actorName, createSystem, type Machine, spawn } from '../actors/machine.ts';
import { node } from '../actors/node.ts';
import type { Grants } from '../actors/rules/allocation/grants.ts';
import { runScript } from '../actors/worker.ts';
import { systemClock } from '../io/clock.ts';
import { noLog } from '../io/log.ts';
import { SLICE, type Store } from '../io/store.ts';
import type { NodeName } from '../messages/ids.ts';
import type { KubeObject } from '../messages/kube.ts';
import type { NodeMessage } from '../messages/node.ts';
import type { Verdict } from '../messages/verdict.ts';
import type { WekaContainer } from '../messages/weka-container.ts';
import { createCallers } from '../supervisors/callers.ts';
import { createFleet } from '../supervisors/fleet.ts';
import { createPools } from '../supervisors/pools.ts';
import { createStores } from '../supervisors/stores.ts';
import { createView } from '../supervisors/view.ts';
import { testConfig } from '../test/support/config.ts';
import { clusterOf, containerOf, nodeOf, uidOf } from '../test/support/containers.ts';
import { type Benchmark, check, cpuMs, type Figure, median, memory, type Scale } from './benchmark.ts';

const DRIVES_EACH = 2;
/** Of one container, and from where the single ports are. */
const PORTS = { block: 100, base: 35_000 } as const;
const VERSION = '2';

const idle: Machine<undefined, { readonly kind: 'nothing' }, { readonly kind: 'nothing' }> = {
  initial: undefined,
  decide: (state) => [state, []],
  perform: { nothing: () => {} },
};
const unasked = (): never => {
  throw new Error('the stores are filled by hand');
};

interface Fleet {
  /** All of its containers ask at once. Resolves with the CPU time in ms, when each has its allocation. */
  readonly burst: () => Promise<number>;
  /** Throws when what was allocated is wrong. */
  readonly end: () => void;
}
/** `count` drive containers of one cluster, `perNode` on each node: bound, their actors and their nodes' at rest. */
async function fleetOf(count: number, perNode: number): Promise<Fleet> {
  const settings = testConfig();
  const clock = systemClock;
  const outside = { settings, clock, random: () => 0.5, log: noLog };
  const kube = { request: unasked, list: unasked, watch: unasked };
  const pools = createPools({ ...outside, kube, exec: { run: unasked }, agent: { request: unasked } });
  const stores = createStores({ ...outside, kube });
  const view = createView(stores);
  const system = createSystem(clock);
  const fleet = createFleet<{ readonly kind: 'nothing' }>(system, {
    random: outside.random,
    startContainer: unasked,
    report: ({ error }) => {
      throw error;
    },
    fatal: unasked,
  });
  let uuids = 0;
  const newUuid = (): string => {
    uuids += 1;
    return `uuid-${uuids}`;
  };
  const grants = new Map<NodeName, Grants>();
  const nodes = fleet.service<NodeName, NodeMessage>('nodes', (parent, name, judge) => {
    const deps = { view, settings, flagsOf: () => ({}), newUuid, grants, wake: () => {}, callers, clock };
    return spawn(parent, actorName(name), node(name, deps), judge);
  });
  const callers = createCallers({
    pools,
    view,
    settings,
    clock,
    put: stores.put,
    containersAsOf: stores.containersAsOf,
    agentToken: () => ({ kind: 'none', why: 'No token found' }),
    tellNode: nodes.tell,
    tellCluster: unasked,
    tellImage: (_image, message) => {
      if (message.kind === 'asked') message.answer({ kind: 'known', flags: {} });
    },
    tellNamespace: unasked,
  });

  const serials = Array.from({ length: perNode * DRIVES_EACH }, (_none, index) => `S${index}`);
  const annotations = { 'weka.io/weka-drives': JSON.stringify(serials) };
  const nodeNames = Array.from({ length: Math.ceil(count / perNode) }, (_none, index) => `node-${index}` as NodeName); // Made up here.
  const containers = Array.from({ length: count }, (_none, index) => {
    const nodeAffinity = nodeNames[Math.floor(index / perNode)];
    if (nodeAffinity === undefined) throw new Error('no node');
    return containerOf('drive', { name: `drive-${index}`, spec: { numDrives: DRIVES_EACH }, status: { nodeAffinity } });
  });
  const ports = { basePort: PORTS.base, portRange: PORTS.block * (perNode + 4) };
  fill(stores.clusters, [clusterOf({ status: { ports } })]);
  fill(
    stores.nodes,
    nodeNames.map((name) => nodeOf(name, { annotations })),
  );
  fill(stores.containers, containers);
  // Until the stores have told everybody of what they hold.
  for (let slice = 0; slice <= count / SLICE + 1; slice += 1)
    await new Promise<void>((resolve) => clock.after(0, resolve));
  stores.containers.onChange(({ kind, ...change }) => {
    const bound = 'object' in change ? change.object.status?.nodeAffinity : undefined;
    if (kind === 'changed' && bound !== undefined) nodes.tell(bound as NodeName, { kind: 'lookAgain' }); // As the router does.
  });

  const actors = fleet.service<string, { readonly kind: 'nothing' }>('containers', (parent, uid, judge) =>
    spawn(parent, actorName(uid), idle, judge),
  );
  for (const { metadata } of containers) actors.ensure(metadata.uid);
  for (const name of nodeNames) nodes.ensure(name);
  await system.idle();

  async function burst(): Promise<number> {
    const beginMs = cpuMs();
    for (const [index, container] of containers.entries()) {
      // Who asks has just had its node's Lease written: no more answers come at a time than there are writes under way.
      if (index > 0 && index % settings.kubeWriteConcurrency === 0)
        await new Promise<void>((resolve) => clock.after(0, resolve));
      const pass = passOf(container, container.status, { view, settings }, { nowMs: 0, wallMs: 0, chance: 0 });
      const said = allocateResources(pass);
      if (said.kind !== 'ask') throw new Error(`said ${said.kind}`);
      const actor = actors.address(container.metadata.uid);
      if (actor === undefined) throw new Error('its actor does not run');
      runScript<Verdict, Parameters<(typeof callers)[keyof typeof callers]>[0]>(
        actor,
        'drives',
        said.script,
        callers,
        (ending) => {
          if (ending.kind !== 'returned') throw ending.error;
          stores.containers.put(written(container, ending.result));
        },
      );
    }
    await system.idle();
    return cpuMs() - beginMs;
  }
  function end(): void {
    check('crashes', system.counts.crashes, 0);
    check('grants not given up once they were written', grants.size, 0);
    check(
      'owners of their own',
      owned(containers.map((each) => view.container(uidOf(each)))),
      count * (DRIVES_EACH + PORTS.block + 1),
    );
    stores.stop();
    system.stop();
  }
  return { burst, end };
}

function fill<T extends KubeObject>(store: Store<T>, objects: readonly T[]): void {
  store.take({ kind: 'init' });
  for (const object of objects) store.take({ kind: 'initApply', seen: { kind: 'object', object } });
  store.take({ kind: 'initDone', resourceVersion: VERSION });
}

/** As the API server answers. */
function written({ status, ...container }: WekaContainer, verdict: Verdict): WekaContainer {
  const allocations = 'status' in verdict ? verdict.status?.allocations : undefined;
  if (allocations === undefined || allocations === null)
    throw new Error(`${container.metadata.name}: ${JSON.stringify(verdict)}`);
  const metadata = { ...container.metadata, resourceVersion: String(Number(VERSION) + 1) };
  return { ...container, metadata, status: { status: '', ...status, allocations } };
}

/** How many drives and ports have an owner: each counts once, on its node. */
function owned(containers: readonly (WekaContainer | undefined)[]): number {
  let count = 0;
  for (const onNode of Map.groupBy(containers, (each) => each?.status?.nodeAffinity).values()) {
    const all = new Set<string | number>();
    for (const each of onNode) {
      const { drives = [], wekaPort = 0, agentPort = 0 } = each?.status?.allocations ?? {};
      for (const owned of [...drives, agentPort]) all.add(owned);
      for (let port = wekaPort; port < wekaPort + PORTS.block; port += 1) all.add(port);
    }
    count += all.size;
  }
  return count;
}

/** The clock of CPU time may show nothing at all for a tiny burst. */
const TICK_MS = 0.01;
/** Slope of the line through the logarithms: 1 when the whole grows as the count. */
function exponentOf(points: readonly (readonly [count: number, ms: number])[]): number {
  const logs = points.map(([count, ms]) => [Math.log(count), Math.log(Math.max(TICK_MS, ms))] as const);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(logs.map(([x]) => x)), mean(logs.map(([, y]) => y))];
  const above = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return above / logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}

async function run(scale: Scale): Promise<readonly Figure[]> {
  const full = scale === 'full';
  const counts = full ? [100, 1_000, 10_000] : [8, 80];
  const each = full ? 1_000 : 20;
  const samples = full ? 3 : 1;
  /**
   * Of one burst. In each sample the process holds as many containers, in fleets of that size, and as many are allocated: what
   * differs is the size of a cluster, not that of the heap, and small bursts do not get round the collector.
   */
  const burstMs = async (count: number, perNode: number): Promise<number> => {
    const size = Math.max(1, (full ? 10_000 : 0) / count);
    const tookMs: number[] = [];
    for (let sample = 0; sample < samples; sample += 1) {
      const fleets: Fleet[] = [];
      while (fleets.length < size) fleets.push(await fleetOf(count, perNode));
      memory(); // What came before is not collected at its cost.
      let sumMs = 0;
      for (const { burst } of fleets) sumMs += await burst();
      for (const { end } of fleets) end();
      tookMs.push(sumMs / size);
    }
    return median(tookMs);
  };
  const wideMs = await burstMs(each, 1); // First: the others are measured when the compiler has learnt.
  const points: (readonly [count: number, ms: number])[] = [];
  for (const count of counts) points.push([count, await burstMs(count, 8)]);
  return [
    { name: `${each} containers on ${each} nodes in one burst`, value: wideMs, unit: 'ms' },
    { name: 'one of them', value: (wideMs / each) * 1_000, unit: 'us' },
    ...points.map(([count, ms]) => ({
      name: `one allocation among ${count} of one cluster, 8 a node`,
      value: (ms / count) * 1_000,
      unit: 'us',
    })),
    {
      name: 'growth exponent of the whole',
      value: exponentOf(points),
      unit: '',
      goal: { kind: 'atMost', value: 1.1 },
    },
  ];
}

export const allocation: Benchmark = {
  question: 'How long does an allocation take, and does it stay so when a cluster grows from 100 to 10,000 containers?',
  run,
};
