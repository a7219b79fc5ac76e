/** A node's driver load: who waits for which drivers, and what is next to be done so that they are loaded. One load per node at a time. Source: spec 06, 4.4; F17, F32. */
import type { Config } from '../../config.ts';
import { parseLoaderResult } from '../../io/weka-parsers/results.ts';
import type { DriverNeed } from '../../messages/drivers.ts';
import type { ContainerUid, NodeName } from '../../messages/ids.ts';
import { CONTAINERS } from '../../messages/kube.ts';
import type { LoadDriversAnswer, NodeAsk } from '../../messages/node.ts';
import type { Node } from '../../messages/resources.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { hasFrontend } from '../../messages/weka-modes.ts';
import { kube, type Script } from '../calls.ts';
import { kubeText } from '../flows/said.ts';
import { DRIVERS_LOADED, driversReady, loadedMark } from '../rules/drivers.ts';
import { imageMeantBy, loaderDraft, loaderName } from '../rules/helpers.ts';
import { DISCOVERY_ANNOTATION } from '../rules/node-info.ts';
import type { View } from '../view.ts';
import { annotate, collect, leftOver } from './discovery.ts';
import { forgiven, type Next, noWork, type Site, type Subject, unfinished, type Work } from './work.ts';

interface Wants {
  readonly need: DriverNeed;
  readonly forced: boolean;
  /** Of the container's spec, which says where drivers come from. */
  readonly generation: number | undefined;
}
export interface DriverLoad extends Work {
  /** Who waits for drivers, in order of arrival. */
  readonly waiting: ReadonlyMap<ContainerUid, Wants>;
}

export function loadDrivers(
  part: DriverLoad,
  { uid, need, forced }: Extract<NodeAsk, { kind: 'loadDrivers' }>,
  container: WekaContainer,
  node: Node,
  { name, view, settings }: Site,
): readonly [DriverLoad, LoadDriversAnswer] {
  if (!forced && ready(node, need, settings)) return [part, { kind: 'loaded' }];
  const { generation } = container.metadata;
  const before = part.waiting.get(uid);
  const waiting = new Map(part.waiting).set(uid, { need, forced, generation });
  // What failed before was asked for otherwise: it need not fail now.
  const anew = before !== undefined && (before.need.image !== need.image || before.generation !== generation);
  const work = anew && part.phase === 'resting' ? { ...noWork, attempt: part.attempt } : part;
  const holder = heldBy(need, name, view);
  const reason =
    holder === undefined
      ? 'drivers are being loaded'
      : `drivers of another image are in use by ${holder.metadata.namespace}/${holder.metadata.name}`;
  return [{ ...work, waiting }, unfinished(work, 10_000, reason)];
}

export const driverLoad: Subject<DriverLoad> = {
  initial: { ...noWork, waiting: new Map() },
  plan: (part, { name, view, settings }) => {
    const node = view.node(name);
    const served = ({ forced, need }: Wants): boolean =>
      node === undefined || (!forced && ready(node, need, settings) && loaderOf(node, view, settings) === undefined);
    const [over, waiting] = divided(part.waiting, served);
    const queue = [...waiting].flatMap(([uid, wants]): Waiting[] => {
      const container = view.container(uid);
      return container === undefined ? [] : [{ container, ...wants }];
    });
    const next = nextLoad(name, queue, view, settings);
    // The load that starts now is the one that the forced ones asked for: from here on the annotation tells.
    const believed = next !== undefined && part.phase === 'idle' ? unforced(waiting) : waiting;
    const left = { ...part, waiting: believed };
    return { part: waiting.size === 0 ? forgiven(left) : left, wakes: [...over.keys()], next };
  },
  waiting: ({ waiting }) => [...waiting.keys()],
  pruned: (part, here) => {
    const [waiting, gone] = divided(part.waiting, (_wants, uid) => here(uid));
    return gone.size === 0 ? part : { ...part, waiting };
  },
};
type Waits = DriverLoad['waiting'];
const NOBODY: Waits = new Map();
function divided(waits: Waits, holds: (wants: Wants, uid: ContainerUid) => boolean): readonly [Waits, Waits] {
  if (waits.size === 0) return [NOBODY, NOBODY];
  const { yes, no } = Object.groupBy(waits, ([uid, wants]) => (holds(wants, uid) ? 'yes' : 'no'));
  return [new Map(yes), new Map(no)];
}
const unforced = (waits: Waits): Waits => new Map([...waits].map(([uid, wants]) => [uid, { ...wants, forced: false }]));

/** One container that waits for drivers. A forced one does not believe the annotation. */
interface Waiting {
  readonly container: WekaContainer;
  readonly need: DriverNeed;
  readonly forced: boolean;
}

const ready = (node: Node, need: DriverNeed, settings: Config): boolean =>
  driversReady(node, need, settings.backendDriversNeedBootId);

function loaderOf(node: Node, view: View, settings: Config): WekaContainer | undefined {
  const loader = view.containerByName(settings.operatorNamespace, loaderName(node));
  return loader?.spec.mode === 'drivers-loader' ? loader : undefined;
}

/** `waiting` in order of arrival; the first one's image is loaded. */
export function nextLoad(name: NodeName, waiting: readonly Waiting[], view: View, settings: Config): Next {
  const node = view.node(name);
  if (node === undefined) return leftOver(name, 'drivers-loader', view);
  const loader = loaderOf(node, view, settings);
  // Not while nobody asks: for backends a mark of any boot counts (V5).
  if (waiting.length > 0 && rebooted(node)) return { script: annotate(node, DRIVERS_LOADED, null) };
  if (loader !== undefined) {
    if (loader.metadata.deletionTimestamp !== undefined) return undefined;
    const result = loader.status?.result;
    if (result !== undefined) return { script: finish(node, loader, result) };
    return servesNobody(loader, name, waiting, view) ? { script: collect(loader) } : undefined;
  }
  const first = waiting.find(({ need }) => heldBy(need, name, view) === undefined);
  return first === undefined ? undefined : { script: create(first, node, settings) };
}

/**
 * It has not begun, and nobody waits for its image (any more). The reference writes the image that is wanted now into it; here
 * another one is made, so that no pod can have been made from the old image for a loader that says the new one (F17).
 */
function servesNobody(loader: WekaContainer, name: NodeName, waiting: readonly Waiting[], view: View): boolean {
  if (loader.status?.nodeAffinity !== undefined) return false;
  // Who waits in another shard is not known here: it ends as any load does.
  if (view.containersOnNode(name).some(({ ownership }) => ownership === 'others')) return false;
  if (waiting.length === 0) return true;
  const { namespace = '', name: called } = loader.metadata;
  return view.pod(namespace, called) === undefined && waiting.every(({ need }) => need.image !== imageMeantBy(loader));
}

/** The drivers that were loaded in an earlier boot are gone with it. */
function rebooted(node: Node): boolean {
  const { [DISCOVERY_ANNOTATION]: record, [DRIVERS_LOADED]: mark } = node.metadata.annotations ?? {};
  if (record === undefined || mark === undefined) return false;
  try {
    return (JSON.parse(record) as { boot_id?: unknown } | null)?.boot_id !== node.status?.nodeInfo?.bootID; // Any JSON: only compared.
  } catch {
    return true;
  }
}

/** A running frontend of another image, whose drivers a load would take away. */
function heldBy(need: DriverNeed, node: NodeName, view: View): WekaContainer | undefined {
  return view
    .containersOnNode(node)
    .find(
      ({ spec, status }) =>
        hasFrontend(spec.mode) &&
        status?.status === 'Running' &&
        status.lastAppliedImage !== undefined &&
        status.lastAppliedImage !== need.image,
    );
}

function* create({ container, need }: Waiting, node: Node, settings: Config): Script<string | undefined> {
  const object = loaderDraft(container, node, need.image, settings);
  const outcome = yield* kube({ verb: 'create', type: CONTAINERS, object });
  return outcome.kind === 'ok' || outcome.kind === 'alreadyExists' ? undefined : kubeText(outcome);
}

/** What was loaded is what the loader was made for, whoever waits now. */
function* finish(node: Node, loader: WekaContainer, result: string): Script<string | undefined> {
  const error = loadError(result);
  if (error !== undefined) {
    yield* collect(loader);
    return `DriversNotLoadedError: ${error}, re-create container`;
  }
  const failure = yield* annotate(node, DRIVERS_LOADED, loadedMark(imageMeantBy(loader), node));
  return failure ?? (yield* collect(loader));
}
/** Undefined: loaded. A result that cannot be read counts as a failure and is fetched again. */
function loadError(result: string): string | undefined {
  const parsed = parseLoaderResult(result);
  return parsed.kind === 'ok' ? undefined : parsed.why;
}
