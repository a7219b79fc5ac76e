/**
 * A large fleet that has settled, without its history: the real controller over stores filled by hand, on a virtual clock, and an
 * outside that remembers what it is asked. Each container is as the flows leave it; figures vary, everything else stays.
 */
import { noLog } from '../../io/log.ts';
import type { AgentRequest, ExecRequest, ObjectRequest } from '../../io/outside.ts';
import { projectContainer, projectNode, projectPod } from '../../io/projections.ts';
import type { Store } from '../../io/store.ts';
import type { KubeObject, KubeOutcome } from '../../messages/kube.ts';
import { mergePatch } from '../../messages/merge-patch.ts';
import type { ContainerMode, WekaContainer } from '../../messages/weka-container.ts';
import { isDrive } from '../../messages/weka-modes.ts';
import { type Controller, createController } from '../../supervisors/controller.ts';
import { agentOn, bootScripts, clusterOf, nodeOf, OPERATOR_NAMESPACE } from '../support/containers.ts';
import { random } from '../support/seeded.ts';
import { type SimClock, simClock } from '../support/sim-clock.ts';
import { SETTINGS, settledAnswer, settledContainers, settledPod, TOKEN } from './settled-objects.ts';

export interface At<Request> {
  readonly atMs: number;
  readonly request: Request;
}
export interface Settled {
  readonly clock: SimClock;
  readonly controller: Controller;
  readonly containers: readonly WekaContainer[];
  readonly requests: readonly At<ObjectRequest>[];
  readonly execs: readonly At<ExecRequest>[];
  readonly forMs: (durationMs: number) => Promise<void>;
}

const VERSION = '1';

/** `count` containers, the modes in turn. Starts the controller; its first passes are still to come. */
export function settledFleet(seed: string, count: number, modes: readonly ContainerMode[]): Settled {
  const clock = simClock();
  const chance = random(`${seed}/figures`);
  const containers = settledContainers(count, modes).map(projectContainer);
  const byUid = new Map(containers.map((container) => [container.metadata.uid, container]));
  const byName = new Map(containers.map((container) => [container.metadata.name, container]));
  const nodeNames = [...new Set(containers.map(({ status }) => status?.nodeAffinity ?? ''))];
  const requests: At<ObjectRequest>[] = [];
  const execs: At<ExecRequest>[] = [];
  const unasked = (): never => {
    throw new Error('the stores are filled by hand');
  };
  const controller = createController({
    kube: {
      request: (request) => {
        requests.push({ atMs: clock.monotonicMs(), request });
        return Promise.resolve(written(request));
      },
      list: unasked,
      watch: unasked,
    },
    exec: {
      run: (request) => {
        execs.push({ atMs: clock.monotonicMs(), request });
        const container = byName.get(request.target.pod);
        if (container === undefined) throw new Error(`no container ${request.target.pod}`);
        return Promise.resolve({ kind: 'ok', stdout: settledAnswer(container, request.argv.join(' ')), stderr: '' });
      },
    },
    agent: {
      request: (_ip, request) => Promise.resolve({ kind: 'ok', body: JSON.stringify(agentAnswer(request)) }),
    },
    settings: SETTINGS,
    clock,
    random: random(seed),
    log: noLog,
    instance: 'settled',
    fatal: () => {},
  });
  const { stores } = controller;
  let version = 1;
  /** Only status patches of containers: anything else is a failure of whoever asks. */
  function written(request: ObjectRequest): KubeOutcome<KubeObject> {
    const stored =
      request.verb === 'mergePatch' ? stores.containers.byName(request.ref.namespace, request.ref.name) : undefined;
    if (request.verb !== 'mergePatch' || stored === undefined) return { kind: 'notFound', message: 'not here' };
    const { status } = request.patch as { readonly status?: unknown };
    version += 1;
    const metadata = { ...stored.metadata, resourceVersion: String(version) };
    return {
      kind: 'ok',
      answer: { ...stored, metadata, status: mergePatch(stored.status ?? {}, status ?? {}) } as KubeObject,
    };
  }
  /** A CPU that wanders; counts that stay. */
  function agentAnswer({ path, body = '{}' }: AgentRequest): unknown {
    if (path !== '/getContainerInfo') return path.startsWith('/getActiveMounts') ? { active_mounts: 2 } : {};
    const container = byUid.get((JSON.parse(body) as { container_id: string }).container_id);
    const drives =
      container !== undefined && isDrive(container.spec.mode) ? { counters: { active: 1, created: 1 } } : {};
    const cpuUtilization = (10 + 30 * chance()).toFixed(2);
    return { container_metrics: { processes: { active: 2, created: 2 }, cpuUtilization, drives } };
  }

  fill(
    stores.nodes,
    nodeNames.map((name) => projectNode(nodeOf(name))),
  );
  fill(stores.clusters, [clusterOf()]);
  fill(stores.bootScripts, [bootScripts(OPERATOR_NAMESPACE), bootScripts('weka')]);
  fill(
    stores.agentPods,
    nodeNames.map((name) => projectPod(agentOn(name))),
  );
  fill(stores.agentToken, [TOKEN]);
  // The pod of a builder goes once it is done.
  const withPod = containers.filter(({ spec }) => spec.mode !== 'drivers-builder');
  fill(
    stores.pods,
    withPod.map((container) => projectPod(settledPod(container))),
  );
  for (const store of [stores.namespaces, stores.clients, stores.toolkit, stores.jobs]) fill(store, []);
  fill(stores.containers, containers);
  return {
    clock,
    controller,
    containers,
    requests,
    execs,
    forMs: async (durationMs) => {
      const untilMs = clock.monotonicMs() + durationMs;
      do await controller.system.settled();
      while (clock.step(untilMs));
    },
  };
}

function fill<T extends KubeObject>(store: Store<T>, objects: readonly T[]): void {
  store.take({ kind: 'init' });
  for (const object of objects) store.take({ kind: 'initApply', seen: { kind: 'object', object } });
  store.take({ kind: 'initDone', resourceVersion: VERSION });
}
