/**
 * A real API server as the models see it: what they read is what watches have told, what they write goes out in order, and
 * its answer is seen before the next turn. Owns watches and writes; decides nothing. Source: design 7.
 */
import type { Clock } from '../../../io/clock.ts';
import type { Log } from '../../../io/log.ts';
import type { KubeApi, ObjectRequest } from '../../../io/outside.ts';
import type { Random } from '../../../io/random.ts';
import { createStore, type Store } from '../../../io/store.ts';
import { startWatcher } from '../../../io/watcher.ts';
import {
  CLIENTS,
  CLUSTERS,
  CONFIG_MAPS,
  CONTAINERS,
  JOBS,
  type KubeObject,
  type KubeOutcome,
  MANUAL_OPERATIONS,
  NODES,
  type ObjectRef,
  PODS,
  POLICIES,
  type ResourceType,
  SECRETS,
  type WatchEvent,
} from '../../../messages/kube.ts';
import { withoutManagedFields } from '../../../messages/watch.ts';
import type { ModelApi, Writer } from '../world/model-api.ts';
import { isMarked, marked } from './own.ts';
import { createSender, refOfRequest } from './sender.ts';
import type { Turns } from './turns.ts';

export interface MirrorOptions {
  readonly kube: KubeApi;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly random: Random;
  readonly log: Log;
  /** An object that the fleet brought here, now or before a crash. */
  readonly created: (object: KubeObject, type: ResourceType) => void;
  /** A model that threw, or whose write was refused: a defect, or a right that is missing. */
  readonly problem: (text: string) => void;
}
export interface Mirror {
  readonly api: ModelApi;
  /** Resolves when all that is there is known; the models may start then. */
  readonly whenSynced: Promise<unknown>;
  readonly stop: () => Promise<void>;
}

/** All that models read. Jobs only for who wants to know what is left. */
const TYPES = [NODES, PODS, CONTAINERS, CLUSTERS, CLIENTS, MANUAL_OPERATIONS, POLICIES, JOBS, SECRETS, CONFIG_MAPS];

/** Starts watching at once. The CRDs must be served already. */
export function startMirror({ kube, clock, turns, random, log, created, problem }: MirrorOptions): Mirror {
  const sender = createSender(kube, clock);
  const stores = new Map<ResourceType, Store<KubeObject>>();
  const watchers = TYPES.map((type) => {
    const store = createStore<KubeObject>({ project: withoutManagedFields, clock, log });
    stores.set(type, store);
    return startWatcher({ api: kube, type, project: withoutManagedFields, clock, random, log }, store.take);
  });
  const storeOf = (type: ResourceType): Store<KubeObject> => {
    const store = stores.get(type);
    if (store === undefined) throw new Error(`models do not read ${type.plural}`);
    return store;
  };

  const adopt = async (ref: ObjectRef): Promise<void> => {
    const found = await kube.request({ verb: 'get', ref });
    if (found.kind === 'ok' && isMarked(found.answer)) created(found.answer, ref.type);
  };
  const settle = (request: ObjectRequest, writer: Writer, outcome: KubeOutcome<KubeObject>): void => {
    if (outcome.kind === 'ok') {
      const { type } = refOfRequest(request);
      stores.get(type)?.put(withoutManagedFields(outcome.answer));
      if (request.verb === 'create' && writer === 'sandbox') created(outcome.answer, type);
      return;
    }
    if (outcome.kind === 'notFound' || outcome.kind === 'conflict') return;
    const ref = refOfRequest(request);
    // There already: of a fleet before, or the answer to a first try was lost.
    if (outcome.kind === 'alreadyExists') {
      if (writer === 'sandbox') void adopt(ref);
      return;
    }
    problem(`refused to ${writer}: ${request.verb} of ${ref.type.plural} ${ref.name}: ${JSON.stringify(outcome)}`);
  };

  return {
    api: {
      // The stores hold what the API server serves under the type, as its schema says.
      get: <T extends KubeObject>({ type, namespace, name }: Parameters<ModelApi['get']>[0]) =>
        storeOf(type).byName(namespace, name) as T | undefined,
      all: <T extends KubeObject>(type: ResourceType, namespace?: string) =>
        storeOf(type)
          .list()
          .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
          .sort(byName) as readonly KubeObject[] as readonly T[],
      watch: ({ type }, take) => {
        const store = storeOf(type);
        // At once, in the middle of a write too: who listens sets a timer and writes in a turn of its own.
        const tell = (event: WatchEvent): void => {
          try {
            take(event);
          } catch (err) {
            problem(`a model failed: ${err instanceof Error ? err.stack : String(err)}`);
          }
        };
        for (const object of store.list()) take({ kind: 'added', object });
        return store.onChange((change) => {
          if (change.kind === 'malformed') return;
          if (change.kind === 'gone') tell({ kind: 'deleted', object: change.object });
          else tell({ kind: change.before === undefined ? 'added' : 'modified', object: change.object });
        });
      },
      send: (request, writer) => {
        // A kubelet knows by itself what it has reported; others decide by what they see.
        const seen = writer === 'kubelet' ? () => undefined : turns.await();
        const mine = request.verb === 'create' && writer === 'sandbox';
        sender.send(mine ? { ...request, object: marked(request.object) } : request, (outcome) => {
          settle(request, writer, outcome);
          seen();
        });
      },
    },
    whenSynced: Promise.all([...stores.values()].map(({ whenSynced }) => whenSynced)),
    stop: async () => {
      for (const each of watchers) each.stop();
      await sender.stop();
    },
  };
}

const nameOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;
const byName = (a: KubeObject, b: KubeObject): number => (nameOf(a) < nameOf(b) ? -1 : 1);
