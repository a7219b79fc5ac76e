/**
 * State machine of one Kubernetes node: the one owner of its drives, ports and places, and of its discovery, driver
 * load, CSI labels and unused proxy. Answers every ask in the turn it comes; what takes time is done by one worker per subject, and whoever waits is
 * told to look again. Remembers nothing that the API does not say, but grants not yet written. Source: design.md 3; F11, F12, F17, F39.
 */
import type { Config } from '../config.ts';
import type { Clock } from '../io/clock.ts';
import { unreachable } from '../messages/exhaustive.ts';
import type { Attempt, ContainerUid, NodeName } from '../messages/ids.ts';
import type { FeatureFlags } from '../messages/image.ts';
import type {
  AllocateAnswer,
  AllocateMoreAnswer,
  BindAnswer,
  CsiAnswer,
  DiscoverAnswer,
  LeaseAnswer,
  LoadDriversAnswer,
  NicsAnswer,
  NodeAnswer,
  NodeAsk,
  NodeMessage,
  ReleaseAnswer,
} from '../messages/node.ts';
import type { Node } from '../messages/resources.ts';
import { compareVersions } from '../messages/watch.ts';
import type { WekaContainer } from '../messages/weka-container.ts';
import type { Callers, Script } from './calls.ts';
import { type Machine, type Now, stopChild, type Turn, tell } from './machine.ts';
import { allocationLeaseName, giveLeaseBack, HOLD_MS, type Holder, takeLease } from './node/allocation-lease.ts';
import { type CsiClaims, claimed, left as leftCsi, nextLabels, present, writeLabels } from './node/csi-labels.ts';
import { knownInfo, nextDiscovery } from './node/discovery.ts';
import { heldBy, loaderOf, nextLoad, ready, type Waiting } from './node/driver-load.ts';
import { nextNics, nicsFor, wantsNics } from './node/nics.ts';
import { removeProxy, UNUSED_MS, unusedProxy } from './node/unused-proxy.ts';
import { additionalDrives, needsDrives } from './rules/allocation/additional-drives.ts';
import { allocate, tellOwnedTwice } from './rules/allocation/allocate.ts';
import { type Grant, grantOfMore, grantsBeside, holding, holdsNothing, isWritten } from './rules/allocation/grants.ts';
import { holdsNics } from './rules/allocation/nics.ts';
import { placeTakenBy } from './rules/bind.ts';
import { isDiscovered } from './rules/node-info.ts';
import type { View } from './view.ts';
import { runScript } from './worker.ts';

/** After a failure the same is tried again so much later, doubling. Source: I6. */
export const RETRY_MS_MIN = 10_000;
export const RETRY_MS_MAX = 300_000;
/** A client's labels are looked at this often in any case. Source: spec 08, 2.5. */
const LABELS_RETRY_MS_MAX = 30_000;
type Subject = 'discovery' | 'drivers' | 'nics' | 'csi' | 'lease' | 'proxy';
/** One subject's work. `failures` in a row; `failure` is what the last one said. */
interface Work {
  readonly phase: 'idle' | 'running' | 'resting';
  readonly attempt: number;
  readonly failures: number;
  readonly failure: string | undefined;
}
interface Wants {
  readonly need: Waiting['need'];
  readonly forced: boolean;
  /** Of the container's spec, which says where drivers come from. */
  readonly generation: number | undefined;
}
export interface State {
  /** In order of arrival. */
  readonly asking: ReadonlySet<ContainerUid>;
  readonly waiting: ReadonlyMap<ContainerUid, Wants>;
  /** Who waits for NICs, in order of arrival. */
  readonly lacking: ReadonlySet<ContainerUid>;
  /** Who waits for the allocation lease, in order of arrival. */
  readonly choosing: ReadonlySet<ContainerUid>;
  /** Until when choices may be made under the lease; undefined: it is not held. Monotonic. */
  readonly leasedUntilMs: number | undefined;
  /** Whether it is being taken or renewed, else given back, while there is work on it. */
  readonly takesLease: boolean;
  /** Whose NICs are to be freed, in order of arrival. */
  readonly leaving: ReadonlySet<ContainerUid>;
  readonly discovery: Work;
  readonly drivers: Work;
  readonly nics: Work;
  readonly lease: Work;
  readonly csi: Work;
  readonly claims: CsiClaims;
  readonly proxy: Work;
  /** Since when its proxy has had nobody to work for; monotonic. */
  readonly unusedSinceMs: number | undefined;
  /**
   * Granted and not yet written. No time ends a grant: one that was taken back while its container could not write
   * would have two holders once it can.
   */
  /** Undefined before the first turn: a restart must not forget them, so they are kept outside (Deps.grants). */
  readonly allocated: Grants | undefined;
  readonly placed: ReadonlySet<ContainerUid>;
}
export type Effect =
  | {
      readonly kind: 'answer';
      readonly to: (answer: NodeAnswer) => void;
      readonly answer: NodeAnswer;
      readonly what: string;
    }
  | {
      readonly kind: 'work';
      readonly subject: Subject;
      readonly attempt: number;
      readonly script: Script<string | undefined>;
      readonly what: string;
    }
  | { readonly kind: 'wake'; readonly uid: ContainerUid }
  | { readonly kind: 'keep'; readonly allocated: Grants }
  | { readonly kind: 'timer'; readonly attempt: number; readonly delayMs: number };

const FINAL: ReadonlySet<NodeAsk['kind']> = new Set(['allocate', 'allocateMore', 'bind']);
/** A lease that is held is renewed at this pace while there are choices under it that are not written. */
const RENEW_MS = 5_000;

/** What was granted and is not yet written, by container. */
export type Grants = ReadonlyMap<ContainerUid, Grant>;
const NONE: Grants = new Map();

const rest: Work = { phase: 'idle', attempt: 0, failures: 0, failure: undefined };
export const initial: State = {
  asking: new Set(),
  waiting: new Map(),
  lacking: new Set(),
  choosing: new Set(),
  leasedUntilMs: undefined,
  takesLease: false,
  leaving: new Set(),
  discovery: rest,
  drivers: rest,
  nics: rest,
  lease: rest,
  csi: rest,
  claims: new Map(),
  proxy: rest,
  unusedSinceMs: undefined,
  allocated: undefined,
  placed: new Set(),
};

export interface Deps {
  readonly view: View;
  readonly settings: Config;
  /** Flags of an image where they are known. */
  readonly flagsOf: (image: string) => FeatureFlags | undefined;
  /** A new one for each call: virtual drives get one each. */
  readonly newUuid: () => string;
  /** By node. Lives as long as the process: a grant that is forgotten is a drive given twice. */
  readonly grants: Map<NodeName, Grants>;
  /** Absent: nobody else chooses on this node, so no lease is needed. `instance`: of this process, in the holder's identity. */
  readonly lease?: { readonly instance: string; readonly wallMs: () => number };
  readonly wake: (uid: ContainerUid) => void;
  readonly callers: Callers;
  readonly clock: Clock;
}

export function decider(
  name: NodeName,
  { view, settings, flagsOf, newUuid, grants, lease }: Omit<Deps, 'wake' | 'callers' | 'clock'>,
) {
  return function decide(before: State, msg: NodeMessage, now: Now): Turn<State, Effect> {
    const held = before.allocated ?? grants.get(name) ?? NONE;
    const [after, effects] = turn(pruned({ ...before, allocated: held }), msg, now);
    const { allocated = NONE } = after;
    return [after, allocated === held ? effects : [{ kind: 'keep', allocated }, ...effects]];
  };

  function turn(state: State, msg: NodeMessage, now: Now): Turn<State, Effect> {
    switch (msg.kind) {
      case 'asked': {
        const [asked, answer] = respond(state, msg.ask, now);
        const said = { kind: 'answer', to: msg.answer, answer, what: `${msg.ask.kind}:${answer.kind}` } as const;
        // What is answered for good starts no work and ends nobody's wait.
        if (FINAL.has(msg.ask.kind) && answer.kind !== 'pending') return [asked, [said]];
        const [next, effects] = advance(asked, now);
        return [next, [said, ...effects]];
      }
      case 'lookAgain':
        return advance(state, now);
      case 'ended': {
        const work = state[msg.work];
        if (work.phase !== 'running' || work.attempt !== msg.attempt) return [state, []];
        // One of several steps has succeeded: the failures before it count until nobody waits any more.
        if (msg.work === 'lease' && msg.failure === undefined) return leased(state, now);
        return msg.failure === undefined
          ? advance({ ...state, [msg.work]: { ...work, phase: 'idle', failure: undefined } }, now)
          : rests(state, msg.work, msg.failure, now.fresh);
      }
      case 'retryDue': {
        const due = (work: Work): Work =>
          work.phase === 'resting' && work.attempt === msg.attempt ? { ...work, phase: 'idle' } : work;
        const { discovery, drivers, nics, csi, lease: held, proxy } = state;
        const works = {
          discovery: due(discovery),
          drivers: due(drivers),
          nics: due(nics),
          csi: due(csi),
          lease: due(held),
          proxy: due(proxy),
        };
        return advance({ ...state, ...works }, now);
      }
      default:
        return unreachable(msg);
    }
  }

  function respond(state: State, ask: NodeAsk, now: Now): readonly [State, NodeAnswer] {
    const container = view.container(ask.uid);
    const node = view.node(name);
    if (container === undefined || node === undefined)
      return [state, missing(ask, node === undefined ? name : undefined)];
    switch (ask.kind) {
      case 'discover': {
        const found = knownInfo(node, view, settings, container);
        if (found.kind === 'known') return [state, { kind: 'known', info: found.info } satisfies DiscoverAnswer];
        if (found.kind === 'failed') return [state, { kind: 'failed', reason: found.error } satisfies DiscoverAnswer];
        const next = { ...state, asking: new Set([...state.asking, ask.uid]) };
        return [next, answerOf(state.discovery, 3_000, 'container execution result is not ready')];
      }
      case 'loadDrivers': {
        if (!ask.forced && ready(node, ask.need, settings))
          return [state, { kind: 'loaded' } satisfies LoadDriversAnswer];
        const { need, forced } = ask;
        const { generation } = container.metadata;
        const before = state.waiting.get(ask.uid);
        const waiting = new Map(state.waiting).set(ask.uid, { need, forced, generation });
        // What failed before was asked for otherwise: it need not fail now.
        const anew = before !== undefined && (before.need.image !== need.image || before.generation !== generation);
        const drivers =
          anew && state.drivers.phase === 'resting' ? { ...rest, attempt: state.drivers.attempt } : state.drivers;
        const holder = heldBy(ask.need, name, view);
        const reason =
          holder === undefined
            ? 'drivers are being loaded'
            : `drivers of another image are in use by ${holder.metadata.namespace}/${holder.metadata.name}`;
        return [{ ...state, waiting, drivers }, answerOf(drivers, 10_000, reason)];
      }
      case 'nics': {
        const plan = nicsFor(container, node, view, settings);
        if (plan.kind === 'failed') return [state, plan satisfies NicsAnswer];
        if (plan.annotation === undefined) return [state, { kind: 'given', events: plan.events } satisfies NicsAnswer];
        const next = { ...state, lacking: new Set([...state.lacking, ask.uid]) };
        return [next, answerOf(state.nics, 3_000, 'NICs are being allocated')];
      }
      case 'releaseNics': {
        if (!holdsNics(container, node)) return [state, { kind: 'released' } satisfies ReleaseAnswer];
        const next = { ...state, leaving: new Set([...state.leaving, ask.uid]) };
        return [next, answerOf(state.nics, 3_000, 'NICs are being released')];
      }
      case 'allocate':
        return allocated(state, container, node, ask.flags, now.ms);
      case 'allocateMore':
        return grown(state, container, node, now.ms);
      case 'csiClaim':
        return labelled({ ...state, claims: claimed(state.claims, ask, now.ms) }, now);
      case 'csiLeave':
        return labelled({ ...state, claims: leftCsi(state.claims, ask, now.ms) }, now);
      case 'bind': {
        const taken = placeTakenBy(container, name, view, state.placed, settings.allowMultipleProtocolsPerNode);
        if (taken !== undefined) return [state, { kind: 'taken', by: taken.metadata.name } satisfies BindAnswer];
        return [{ ...state, placed: new Set([...state.placed, ask.uid]) }, { kind: 'granted' } satisfies BindAnswer];
      }
      default:
        return unreachable(ask);
    }
  }

  /** A patch under way may be of what was said before: its end is waited for. */
  function labelled(state: State, now: Now): readonly [State, CsiAnswer] {
    const { csi, claims } = state;
    const right = nextLabels(name, claims, view, settings, now.ms) === undefined && csi.phase !== 'running';
    return [state, right ? { kind: 'kept' } : answerOf(csi, 1_000, 'CSI labels are being written')];
  }

  /** The same answer as before for one that asks twice; all others are seen with what they hold and were granted. */
  function allocated(
    state: State,
    container: WekaContainer,
    node: Node,
    flags: FeatureFlags,
    nowMs: number,
  ): readonly [State, NodeAnswer] {
    const uid = container.metadata.uid as ContainerUid; // The API's uid.
    const granted = state.allocated ?? NONE;
    const held = container.status?.allocations ?? granted.get(uid)?.allocations;
    if (held !== undefined)
      return [state, { kind: 'allocated', allocations: held, events: [] } satisfies AllocateAnswer];
    if (mayNotChoose(state, nowMs)) return waitsForLease(state, uid);
    const owner = container.metadata.ownerReferences?.[0];
    if (owner === undefined) return [state, refusal('failed to get owner cluster: container has no owner references')];
    const cluster = view.clusterByName(container.metadata.namespace ?? '', owner.name);
    if (cluster === undefined)
      return [state, refusal(`failed to get owner cluster: wekaclusters.weka.weka.io "${owner.name}" not found`)];
    const rivals = holders(granted).filter(({ metadata }) => metadata.uid !== uid);
    const answer = allocate({
      container,
      cluster,
      node,
      others: rivals,
      flags,
      flagsOf: (other) => flagsOf(imageOf(other)),
      settings,
      newUuid,
    });
    if (answer.kind === 'refused') return [state, answer];
    const grant: Grant = { allocations: answer.allocations, more: false };
    return [{ ...state, allocated: new Map(granted).set(uid, grant) }, answer];
  }
  function mayNotChoose({ leasedUntilMs }: State, nowMs: number): boolean {
    return lease !== undefined && (leasedUntilMs ?? Number.NEGATIVE_INFINITY) <= nowMs;
  }
  function waitsForLease(state: State, uid: ContainerUid): readonly [State, LeaseAnswer] {
    const reason = `the lease ${allocationLeaseName(name)} is waited for`;
    return [
      { ...state, choosing: new Set([...state.choosing, uid]) },
      { kind: 'pending', delayMs: RETRY_MS_MIN, reason },
    ];
  }
  /** It asked for the lease and has not got what it asked for. */
  function stillChooses(uid: ContainerUid, granted: Grants): boolean {
    const container = view.container(uid);
    if (container?.status?.allocations === undefined) return true;
    return needsDrives(holding(container, granted.get(uid)), settings);
  }
  /** All containers of the node with what they hold, as written and as granted. */
  function holders(granted: Grants): readonly WekaContainer[] {
    const bound = view.containersOnNode(name);
    const unbound = [...granted.keys()].flatMap((uid) => {
      const holder = bound.some(({ metadata }) => metadata.uid === uid) ? undefined : view.container(uid);
      return holder === undefined ? [] : [holder];
    });
    return [...bound, ...unbound].map((each) => holding(each, granted.get(each.metadata.uid as ContainerUid))); // The API's uid.
  }
  /** The drives that it lacks. What it was granted and has not written yet it has, unless it was blocked meanwhile. */
  function grown(state: State, container: WekaContainer, node: Node, nowMs: number): readonly [State, NodeAnswer] {
    const uid = container.metadata.uid as ContainerUid; // The API's uid.
    const granted = state.allocated ?? NONE;
    const before = holding(container, grantsBeside(granted.get(uid), node));
    if (needsDrives(before, settings) && mayNotChoose(state, nowMs)) return waitsForLease(state, uid);
    const all = holders(granted).map((each) => (each.metadata.uid === uid ? before : each));
    const ask = { container: before, node, holders: all, settings, newUuid };
    const answer = needsDrives(before, settings)
      ? additionalDrives(ask)
      : ({ kind: 'allocated', allocations: before.status?.allocations ?? {} } as const);
    const events = tellOwnedTwice(all, (other) => flagsOf(imageOf(other)));
    const told = answer.kind === 'refused' ? [...answer.events, ...events] : events;
    // What it was granted for an earlier spec it gets, also where the rest is not to be had.
    const allocations = answer.kind === 'allocated' ? answer.allocations : (before.status?.allocations ?? {});
    const grant = grantOfMore(container.status?.allocations, allocations);
    if (answer.kind === 'refused' && holdsNothing(grant)) {
      const { reason, retryMs } = answer;
      // Who asks has nothing in hand: what it was granted and is blocked by now is reserved no longer.
      const left = granted.has(uid) ? new Map([...granted].filter(([each]) => each !== uid)) : granted;
      return [
        { ...state, allocated: left },
        { kind: 'noMore', reason, retryMs, events: told } satisfies AllocateMoreAnswer,
      ];
    }
    const next = { ...state, allocated: new Map(granted).set(uid, grant) };
    return [next, { kind: 'more', allocations, events: told } satisfies AllocateMoreAnswer];
  }

  /** Starts what is next for each subject, wakes those whose wait is over. */
  function advance(state: State, now: Now): Turn<State, Effect> {
    const [known, discoveryEffects] = advanceDiscovery(state, now);
    const [loaded, driverEffects] = advanceDrivers(known, now);
    const [given, nicEffects] = advanceNics(loaded, now);
    const [labelled, labelEffects] = advanceCsi(given, now);
    const [held, leaseEffects] = advanceLease(labelled, now);
    const [clean, proxyEffects] = advanceProxy(held, now);
    const effects = [discoveryEffects, driverEffects, nicEffects, labelEffects, leaseEffects, proxyEffects];
    return [clean, effects.flat()];
  }
  /** Taken for those who wait, renewed while a choice is not written, given back when all are. */
  function advanceLease(state: State, now: Now): Turn<State, Effect> {
    if (lease === undefined) return [state, []];
    const granted = state.allocated ?? NONE;
    const choosing = kept(state.choosing, (uid) => stillChooses(uid, granted));
    const [unwritten] = granted.keys();
    const [first = unwritten] = choosing;
    const next = { ...state, choosing };
    const { leasedUntilMs } = state;
    if (first === undefined) {
      if (leasedUntilMs === undefined) return [next, []];
      const [given, effects] = works(next, 'lease', giveLeaseBack(holder(lease)), [], now);
      return given === next ? [next, []] : [{ ...given, takesLease: false, leasedUntilMs: undefined }, effects];
    }
    const due = leasedUntilMs === undefined ? choosing.size > 0 : leasedUntilMs - now.ms <= HOLD_MS - RENEW_MS;
    if (!due) return [next, []];
    const [taken, effects] = works(next, 'lease', takeLease(holder(lease, first)), [], now);
    // What is under way may be giving it back: its end must not be taken for a lease that is held.
    return taken === next ? [next, []] : [{ ...taken, takesLease: true }, effects];
  }
  function holder({ instance, wallMs }: NonNullable<Deps['lease']>, uid?: ContainerUid): Holder {
    const { namespace = '', name: called = '' } = (uid === undefined ? undefined : view.container(uid)?.metadata) ?? {};
    return {
      node: name,
      namespace: settings.operatorNamespace,
      identity: `${namespace}/${called}@${instance}`,
      wallMs,
      newest: () => newestOf(view.containersOnNode(name)),
    };
  }
  /** Taken, or given back: whoever waits asks again, and has its choice in this very lease. */
  function leased(state: State, now: Now): Turn<State, Effect> {
    const idle: State = { ...state, lease: { ...state.lease, phase: 'idle', failure: undefined, failures: 0 } };
    if (!state.takesLease) return advance(idle, now);
    const wakes = [...state.choosing].map((uid) => ({ kind: 'wake', uid }) as const);
    const renews = { kind: 'timer', attempt: now.fresh, delayMs: RENEW_MS } as const;
    return [{ ...idle, choosing: new Set(), leasedUntilMs: now.ms + HOLD_MS }, [...wakes, renews]];
  }
  function advanceCsi(state: State, now: Now): Turn<State, Effect> {
    const labels = nextLabels(name, state.claims, view, settings, now.ms);
    if (labels !== undefined) return works(state, 'csi', writeLabels(name, labels), [], now);
    return [state.csi.phase === 'idle' ? { ...state, csi: { ...state.csi, failures: 0 } } : state, []];
  }
  /** Nobody waits for its end; the timer looks again once it has been unused for long enough. */
  function advanceProxy(state: State, now: Now): Turn<State, Effect> {
    const proxy = unusedProxy(name, [...(state.allocated ?? NONE).keys()], view, settings);
    const { unusedSinceMs } = state;
    if (proxy === undefined)
      return unusedSinceMs === undefined
        ? [state, []]
        : [{ ...state, unusedSinceMs: undefined, proxy: { ...state.proxy, failures: 0 } }, []];
    if (unusedSinceMs === undefined)
      return [{ ...state, unusedSinceMs: now.ms }, [{ kind: 'timer', attempt: now.fresh, delayMs: UNUSED_MS }]];
    if (now.ms - unusedSinceMs < UNUSED_MS) return [state, []];
    // Whoever is given drives meanwhile is bound to the node by then: the view knows.
    const stillUnused = (): boolean => unusedProxy(name, [], view, settings) !== undefined;
    return works(state, 'proxy', removeProxy(name, proxy, stillUnused), [], now);
  }
  function advanceNics(state: State, now: Now): Turn<State, Effect> {
    const node = view.node(name);
    const lacks = (uid: ContainerUid): boolean => {
      const container = view.container(uid);
      return container !== undefined && node !== undefined && wantsNics(container, node, view, settings);
    };
    const holds = (uid: ContainerUid): boolean => {
      const container = view.container(uid);
      return container !== undefined && node !== undefined && holdsNics(container, node);
    };
    const lacking = new Set([...state.lacking].filter(lacks));
    const leaving = new Set([...state.leaving].filter(holds));
    const over = [...state.lacking, ...state.leaving].filter((uid) => !lacking.has(uid) && !leaving.has(uid));
    const wakes = over.map((uid) => ({ kind: 'wake', uid }) as const);
    const known = (uids: ReadonlySet<ContainerUid>) => [...uids].flatMap((uid) => view.container(uid) ?? []);
    const nics = lacking.size + leaving.size === 0 ? { ...state.nics, failures: 0 } : state.nics;
    const script = nextNics(name, known(lacking), known(leaving), view, settings)?.script;
    return works({ ...state, lacking, leaving, nics }, 'nics', script, wakes, now);
  }
  function advanceDiscovery(state: State, now: Now): Turn<State, Effect> {
    const node = view.node(name);
    const asking = [...state.asking].flatMap((uid) => view.container(uid) ?? []);
    const over = node === undefined || isDiscovered(node);
    const wakes = over ? [...state.asking].map((uid) => ({ kind: 'wake', uid }) as const) : [];
    const next: State = over ? { ...state, asking: new Set(), discovery: { ...state.discovery, failures: 0 } } : state;
    return works(next, 'discovery', nextDiscovery(name, asking, view, settings)?.script, wakes, now);
  }
  function advanceDrivers(state: State, now: Now): Turn<State, Effect> {
    const node = view.node(name);
    const served = (wants: Wants): boolean =>
      node === undefined ||
      (!wants.forced && ready(node, wants.need, settings) && loaderOf(node, view, settings) === undefined);
    const over = [...state.waiting].filter(([, wants]) => served(wants)).map(([uid]) => uid);
    const waiting = new Map([...state.waiting].filter(([uid]) => !over.includes(uid)));
    const wakes = over.map((uid) => ({ kind: 'wake', uid }) as const);
    const queue = [...waiting].flatMap(([uid, wants]): Waiting[] => {
      const container = view.container(uid);
      return container === undefined ? [] : [{ container, ...wants }];
    });
    const script = nextLoad(name, queue, view, settings)?.script;
    // The load that starts now is the one that the forced ones asked for: from here on the annotation tells.
    const starts = script !== undefined && state.drivers.phase === 'idle';
    const believed = new Map([...waiting].map(([uid, wants]) => [uid, starts ? { ...wants, forced: false } : wants]));
    const drivers = waiting.size === 0 ? { ...state.drivers, failures: 0 } : state.drivers;
    return works({ ...state, waiting: believed, drivers }, 'drivers', script, wakes, now);
  }
  function works(
    state: State,
    subject: Subject,
    script: Script<string | undefined> | undefined,
    effects: readonly Effect[],
    now: Now,
  ): Turn<State, Effect> {
    const work = state[subject];
    if (script === undefined || work.phase !== 'idle') return [state, effects];
    // More than one subject may start in one turn: the sign keeps discovery's number apart, `ended` names the subject.
    const attempt = subject === 'discovery' ? now.fresh : -now.fresh;
    const running: Work = { ...work, phase: 'running', attempt };
    return [{ ...state, [subject]: running }, [...effects, { kind: 'work', subject, attempt, script, what: subject }]];
  }
  function rests(state: State, subject: Subject, failure: string, fresh: Attempt): Turn<State, Effect> {
    const failures = state[subject].failures + 1;
    const work: Work = { phase: 'resting', attempt: fresh, failures, failure };
    const delayMs = Math.min(
      subject === 'csi' ? LABELS_RETRY_MS_MAX : RETRY_MS_MAX,
      RETRY_MS_MIN * 2 ** (failures - 1),
    );
    const nics = [...state.lacking, ...state.leaving];
    const waiting = {
      discovery: state.asking,
      drivers: state.waiting.keys(),
      nics,
      csi: [],
      lease: state.choosing,
      proxy: [],
    }[subject];
    const wakes = [...waiting].map((uid) => ({ kind: 'wake', uid }) as const);
    return [{ ...state, [subject]: work }, [...wakes, { kind: 'timer', attempt: fresh, delayMs }]];
  }

  /** Without what the API has come to say itself, what nobody will write any more, and those who are gone. */
  function pruned(state: State): State {
    // One that another shard serves by now asks that one.
    const here = (uid: ContainerUid): boolean =>
      view.container(uid)?.ownership !== 'others' && (view.container(uid) !== undefined || !view.synced());
    const boundTo = (uid: ContainerUid): string | undefined => view.container(uid)?.status?.nodeAffinity || undefined;
    const elsewhere = (uid: ContainerUid): boolean => (boundTo(uid) ?? name) !== name;
    const unwritten = (uid: ContainerUid, grant: Grant): boolean =>
      here(uid) && !isWritten(grant, view.container(uid)) && !elsewhere(uid);
    const unbound = (uid: ContainerUid): boolean => here(uid) && boundTo(uid) === undefined;
    const { allocated: granted = NONE } = state;
    const every = [...granted].every(([uid, grant]) => unwritten(uid, grant));
    return {
      ...state,
      allocated: every ? granted : new Map([...granted].filter(([uid, grant]) => unwritten(uid, grant))),
      placed: kept(state.placed, unbound),
      asking: kept(state.asking, here),
      lacking: kept(state.lacking, here),
      leaving: kept(state.leaving, here),
      choosing: kept(state.choosing, here),
      claims: present(state.claims, here),
      waiting: state.waiting.size === 0 ? state.waiting : new Map([...state.waiting].filter(([uid]) => here(uid))),
    };
  }
}
/** Most are empty, in most turns. */
const kept = (uids: ReadonlySet<ContainerUid>, holds: (uid: ContainerUid) => boolean): ReadonlySet<ContainerUid> =>
  uids.size === 0 ? uids : new Set([...uids].filter(holds));

/** What is said to all whose subject is still at work. */
type Unfinished = Extract<DiscoverAnswer, { readonly kind: 'pending' | 'failed' }>;
const answerOf = ({ failure }: Work, delayMs: number, reason: string): Unfinished =>
  failure === undefined ? { kind: 'pending', delayMs, reason } : { kind: 'failed', reason: failure };
const FAILED_RETRY_MS = 10_000;
const refusal = (reason: string): AllocateAnswer => ({
  kind: 'refused',
  reason,
  plain: true,
  retryMs: FAILED_RETRY_MS,
  events: [],
});
/** Undefined also where versions cannot be compared. */
function newestOf(containers: readonly WekaContainer[]): string | undefined {
  const versions = containers.map(({ metadata }) => metadata.resourceVersion);
  return versions.find((one) => versions.every((other) => (compareVersions(one, other) ?? -1) >= 0));
}
const imageOf = ({ spec, status }: WekaContainer): string => status?.lastAppliedImage || spec.image;
function missing(ask: NodeAsk, node: NodeName | undefined): NodeAnswer {
  const [reason, choice] =
    node === undefined
      ? ['container not found', 'container not found']
      : ['node not found', `failed to get node ${node}: not found`];
  if (ask.kind === 'allocateMore') return { kind: 'noMore', reason: choice, retryMs: FAILED_RETRY_MS, events: [] };
  // Labels go with their node.
  if (ask.kind === 'csiLeave' && node !== undefined) return { kind: 'kept' };
  return ask.kind === 'allocate' ? refusal(choice) : { kind: 'failed', reason };
}

export function node(name: NodeName, deps: Deps): Machine<State, NodeMessage, Effect> {
  const { wake, callers, clock, grants } = deps;
  const cancels = new Set<() => void>();
  return {
    initial,
    first: { kind: 'lookAgain' },
    coalesced: ['lookAgain'],
    busy: ({ discovery, drivers, nics, csi, lease, proxy }) =>
      [discovery, drivers, nics, csi, lease, proxy].some(({ phase }) => phase === 'running'),
    decide: decider(name, deps),
    perform: {
      answer: ({ to, answer }) => to(answer),
      wake: ({ uid }) => wake(uid),
      keep: ({ allocated }) => void (allocated.size === 0 ? grants.delete(name) : grants.set(name, allocated)),
      work: ({ subject, attempt, script }, self) => {
        stopChild(self, subject);
        runScript(self, subject, script, callers, (ending) => {
          const failure = ending.kind === 'returned' ? ending.result : `bug: ${String(ending.error)}`;
          tell(self, { kind: 'ended', work: subject, attempt, failure });
        });
      },
      timer: ({ delayMs, attempt }, self) => {
        const cancel = clock.after(delayMs, () => {
          cancels.delete(cancel);
          tell(self, { kind: 'retryDue', attempt });
        });
        cancels.add(cancel);
      },
    },
    onStop: () => {
      for (const cancel of cancels) cancel();
      cancels.clear();
    },
  };
}
