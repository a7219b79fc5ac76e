/**
 * Malformed objects from the API never end the process and never make an actor crash; an event says what is wrong, and
 * nothing else is touched. Source: README F38; spec 01, 1.1. Invariants: no crash, no unhandled rejection, others come
 * up, no write to a container that cannot be read. A failure prints seed and case.
 */
import fc from 'fast-check';
import { test } from 'uvu';
import type { ObjectRequest } from '../../io/outside.ts';
import { projectAs, projectContainer, projectNode, projectPod } from '../../io/projections.ts';
import { clusterShape } from '../../messages/foreign-shapes.ts';
import {
  CLIENTS,
  CLUSTERS,
  CONTAINERS,
  type Draft,
  EVENTS,
  type KubeObject,
  NODES,
  PODS,
  type ResourceType,
  refOf,
} from '../../messages/kube.ts';
import { type Project, see } from '../../messages/watch.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { type Garbage, garbage, spoiling, spoilt } from './garbage.ts';
import { createScene, describe, MINUTE_MS } from './scene.ts';

/** More of them, and others, for a search: `MALFORMED_RUNS=100 MALFORMED_SEED=5 node test/sim/malformed.test.ts`. */
const RUNS = Number(process.env.MALFORMED_RUNS ?? 3);
const SEED = Number(process.env.MALFORMED_SEED ?? 7);

interface Case {
  readonly target: 'container' | 'pod' | 'node' | 'cluster' | 'ghost';
  readonly parts: readonly Garbage[];
  /** Virtual; 0: it was never readable. */
  readonly fromMs: number;
}
const WATCHED: ReadonlyMap<string, { readonly type: ResourceType; readonly project: Project<KubeObject> }> = new Map([
  ['WekaContainer', { type: CONTAINERS, project: projectContainer as Project<KubeObject> }],
  ['Pod', { type: PODS, project: projectPod }],
  ['Node', { type: NODES, project: projectNode }],
  ['WekaCluster', { type: CLUSTERS, project: projectAs(clusterShape) }],
]);
const typeOf = ({ kind }: KubeObject): ResourceType => WATCHED.get(kind)?.type ?? PODS;
const reasonOf = ({ kind }: KubeObject): string =>
  kind === 'WekaContainer' ? 'MalformedContainer' : `Malformed${kind}`;

interface EventObject extends KubeObject {
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly uid: string };
}
const rejections: unknown[] = [];
const note = (reason: unknown): void => void rejections.push(reason);

/** With a text that fast-check prints. */
function same(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${what}: ${is?.slice(0, 2_000)} instead of ${should}`);
}

async function run({ target, parts, fromMs }: Case): Promise<void> {
  let victim: WekaContainer | undefined;
  let active = false;
  const crashes: string[] = [];
  const writes: { readonly atMs: number; readonly request: ObjectRequest }[] = [];
  /** When the chosen container became one that cannot be read. */
  let sinceMs: number | undefined;
  const chosen = ({ kind, metadata: { name } }: KubeObject): boolean => {
    if (!active) return false;
    switch (target) {
      case 'container':
        return kind === 'WekaContainer' && name === victim?.metadata.name;
      case 'pod':
        return kind === 'Pod' && name === victim?.metadata.name;
      case 'node':
        return kind === 'Node' && name === 'node-0001';
      case 'cluster':
        return kind === 'WekaCluster' && name === 'demo';
      case 'ghost':
        return name === 'ghost';
    }
  };
  const unreadable = (object: KubeObject): boolean => {
    const project = WATCHED.get(object.kind)?.project;
    return project !== undefined && see(spoilt(object, parts), project).kind === 'malformed';
  };
  const scene = createScene({
    seed: 'malformed',
    nodes: 4,
    drive: 3,
    compute: 3,
    controller: {
      trace: ({ path, message, error }) => {
        if (message === 'crash') crashes.push(`${path}: ${error}`);
      },
    },
    outside: {
      kube: (api, { clock }) => {
        const listening = {
          ...api,
          request: (request: ObjectRequest, signal?: AbortSignal) => {
            if (request.verb !== 'get') writes.push({ atMs: clock.monotonicMs(), request });
            return api.request(request, signal);
          },
        };
        return spoiling(listening, chosen, () => parts);
      },
    },
  });
  const { store } = scene.world;
  const targets = (): readonly KubeObject[] =>
    [...WATCHED.values()].flatMap(({ type }) => store.all(type)).filter(chosen);
  await scene.until(() => scene.own().length === 6, MINUTE_MS);
  victim = scene.own().find(({ spec }) => spec.mode === 'compute');
  for (const [type, object] of ghosts()) {
    const created = store.request({ verb: 'create', type, object });
    same(created.kind === 'ok' ? 'ok' : created, 'ok', 'ghost');
  }
  store.watch({ type: CONTAINERS, resourceVersion: '', sendInitialEvents: true }, (event) => {
    if (event.kind !== 'modified' || !chosen(event.object)) return;
    if (!unreadable(event.object)) sinceMs = undefined;
    else sinceMs ??= scene.clock.monotonicMs();
  });
  if (fromMs === 0) active = true;
  scene.start();
  await scene.forMs(fromMs);
  active = true;
  for (const object of targets()) {
    // Told anew, so that it is met in its new shape.
    const patch = { metadata: { labels: { touched: 'yes' } } };
    store.request({ verb: 'mergePatch', ref: refOf(typeOf(object), object.metadata), patch });
  }
  await scene.forMs(6 * MINUTE_MS);

  same(crashes, [], 'crashes');
  same(rejections.map(String), [], 'unhandled rejections');
  same(scene.world.oracle.text(), '', 'violations');
  const touched = ({ metadata, status }: WekaContainer): boolean =>
    target === 'cluster' ||
    ((target === 'container' || target === 'pod') && metadata.name === victim?.metadata.name) ||
    (target === 'node' && (status?.nodeAffinity ?? 'node-0001') === 'node-0001');
  const stuck = scene.own().filter((container) => !touched(container) && container.status?.status !== 'Running');
  same(stuck.map(describe), [], 'others not Running');
  for (const object of targets().filter(unreadable)) {
    const { uid, name } = object.metadata;
    const told = store
      .all<EventObject>(EVENTS)
      .find(({ reason, involvedObject }) => reason === reasonOf(object) && involvedObject.uid === uid);
    same(told?.message.slice(0, 16), 'cannot be read: ', `event on ${object.kind} ${name}`);
    if (object.kind !== 'WekaContainer') continue;
    const late = writes.filter(
      ({ atMs, request }) => atMs > (sinceMs ?? 0) + 200 && 'ref' in request && request.ref.name === name,
    );
    same(late, [], 'writes to it');
  }
  scene.crash();
}

/** Objects that nobody needs: they are only in the way. */
const ghosts = (): readonly (readonly [ResourceType, Draft])[] => {
  const labels = { 'app.kubernetes.io/created-by': 'weka-operator' };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'ghost', namespace: 'weka', labels },
    spec: { nodeName: 'node-0002', containers: [{ name: 'weka-container', image: 'none' }] },
  };
  const client = {
    apiVersion: 'weka.weka.io/v1alpha1',
    kind: 'WekaClient',
    metadata: { name: 'ghost', namespace: 'weka' },
    spec: { image: 'none' },
  };
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'ghost' }, spec: { unschedulable: true } };
  return [
    [PODS, pod],
    [NODES, node],
    [CLIENTS, client],
  ];
};

for (const target of ['container', 'pod', 'node', 'cluster', 'ghost'] as const) {
  test(`any garbage in the fields of a ${target} is survived, told by an event, and touches nothing else`, async () => {
    process.on('unhandledRejection', note);
    try {
      await fc.assert(
        fc.asyncProperty(garbage, fc.constantFrom(0, 20_000, 45_000), async (parts, fromMs) => {
          rejections.length = 0;
          await run({ target, parts, fromMs });
        }),
        { numRuns: RUNS, seed: SEED, endOnFailure: true, includeErrorInReport: true },
      );
    } finally {
      process.off('unhandledRejection', note);
    }
  });
}

test.run();
