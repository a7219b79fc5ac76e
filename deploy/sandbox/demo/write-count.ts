/**
 * Counts what one user writes to the modelled API server, by the container it is written for. Sits in front of the store
 * and changes no request. Source: README I2 and I9.
 */
import type { ObjectRequest } from '../../../io/outside.ts';
import { CONTAINERS, controllerOf, EVENTS, type KubeObject, PODS, refOf } from '../../../messages/kube.ts';
import type { ContainerMode } from '../../../messages/weka-container.ts';
import type { ApiStore, ForeignRequest } from '../world/api.ts';
import { asContainer, isHelper, isSettled } from './settled.ts';

/** `forming`: until it is Running for the first time. `rest`: from then on. `leaving`: once it is to be deleted. */
export type Phase = 'forming' | 'rest' | 'leaving';

/** Name of a kind of write, such as `patch WekaContainer/status`, to how many were sent. */
export type Tally = ReadonlyMap<string, number>;

export interface Counted {
  /** `namespace/name`. */
  readonly name: string;
  readonly mode: ContainerMode;
  readonly helper: boolean;
  readonly writes: Readonly<Record<Phase, Tally>>;
}

export interface WriteCount {
  /** The store as the counted user meets it. */
  readonly store: ApiStore;
  /** Every container seen since the start, those that are gone included. */
  readonly containers: () => readonly Counted[];
  /** Writes for no container: nodes, shared ConfigMaps, clusters. */
  readonly shared: () => Tally;
  /** Writes that the store did not take: conflicts above all. They count as writes too. */
  readonly refusedCount: () => number;
}

interface Entry extends Counted {
  phase: Phase;
  readonly writes: Readonly<Record<Phase, Map<string, number>>>;
}

type Write = Exclude<ObjectRequest | ForeignRequest, { verb: 'get' }>;

/** The kind of a status write that touches nothing but figures: these go on for ever. */
export const STATS = 'patch WekaContainer/status (stats)';
export const isStatus = (kind: string): boolean => kind.includes('/status');

/** Watches the containers of `store` from now on. */
export function countWrites(store: ApiStore): WriteCount {
  const entries = new Map<string, Entry>();
  const shared = new Map<string, number>();
  let refusedCount = 0;

  store.watch({ type: CONTAINERS, resourceVersion: '', sendInitialEvents: true }, (event) => {
    if (event.kind !== 'added' && event.kind !== 'modified') return;
    const container = asContainer(event.object);
    const { uid, deletionTimestamp } = container.metadata;
    const entry = entries.get(uid) ?? newEntry(container.metadata, container.spec.mode, isHelper(container));
    entries.set(uid, entry);
    if (deletionTimestamp !== undefined) entry.phase = 'leaving';
    else if (entry.phase === 'forming' && isSettled(container)) entry.phase = 'rest';
  });

  /** The container that a write is for; undefined: for none, or for one that nobody knows. */
  const subjectOf = (object: KubeObject | undefined): string | undefined => {
    if (object === undefined) return undefined;
    if (object.kind === 'WekaContainer') return object.metadata.uid;
    const involved = involvedBy(object);
    if (involved?.kind === 'WekaContainer') return involved.uid;
    if (involved?.kind === 'Pod') return subjectOf(store.get(refOf(PODS, involved)));
    const owner = controllerOf(object.metadata);
    return owner?.kind === 'WekaContainer' ? owner.uid : undefined;
  };

  const entryOf = (object: KubeObject | undefined): Entry | undefined => entries.get(subjectOf(object) ?? '');

  const request: ApiStore['request'] = (asked, options) => {
    if (asked.verb === 'get' || options?.dryRun === true) return store.request(asked, options);
    // Asked before the write: it may be the one that makes the container Running, or that takes the object away.
    const before = 'ref' in asked ? store.get(asked.ref) : undefined;
    const entryBefore = entryOf(before);
    const phase = entryBefore?.phase;
    const outcome = store.request(asked, options);
    const entry = entryBefore ?? entryOf(outcome.kind === 'ok' ? outcome.answer : draftOf(asked));
    add(entry === undefined ? shared : entry.writes[phase ?? entry.phase], kindOf(asked));
    if (outcome.kind !== 'ok') refusedCount += 1;
    return outcome;
  };

  return {
    store: { ...store, request },
    containers: () => [...entries.values()],
    shared: () => shared,
    refusedCount: () => refusedCount,
  };
}

/** Names its owner as the object would. */
const draftOf = (asked: Write): KubeObject | undefined =>
  asked.verb === 'create' ? (asked.object as KubeObject) : undefined;

const add = (tally: Map<string, number>, kind: string): void => {
  tally.set(kind, (tally.get(kind) ?? 0) + 1);
};

const newEntry = ({ namespace = '', name }: KubeObject['metadata'], mode: ContainerMode, helper: boolean): Entry => ({
  name: `${namespace}/${name}`,
  mode,
  helper,
  phase: 'forming',
  writes: { forming: new Map(), rest: new Map(), leaving: new Map() },
});

interface Involved {
  readonly kind?: string;
  readonly uid?: string;
  readonly namespace?: string;
  readonly name: string;
}
const involvedBy = (object: KubeObject): Involved | undefined =>
  object.kind === EVENTS.kind ? (object as KubeObject & { involvedObject?: Involved }).involvedObject : undefined;

const VERBS: Readonly<Record<Write['verb'], string>> = {
  create: 'create',
  replace: 'update',
  mergePatch: 'patch',
  jsonPatch: 'patch',
  strategicPatch: 'patch',
  apply: 'patch',
  delete: 'delete',
  deleteCollection: 'deletecollection',
};

function kindOf(request: Write): string {
  const { kind } = 'ref' in request ? request.ref.type : request.type;
  const status = 'subresource' in request && request.subresource === 'status';
  if (!status) return `${VERBS[request.verb]} ${kind}`;
  return kind === CONTAINERS.kind && touchesFiguresOnly(request) ? STATS : `${VERBS[request.verb]} ${kind}/status`;
}

const FIGURES: ReadonlySet<string> = new Set(['stats', 'printer']);

function touchesFiguresOnly(request: Write): boolean {
  if (request.verb !== 'mergePatch') return false;
  const { status } = request.patch as { readonly status?: Readonly<Record<string, unknown>> };
  const keys = Object.keys(status ?? {});
  return keys.length > 0 && keys.every((key) => FIGURES.has(key));
}
