/**
 * The kernel: the only file that calls nact. Spawns machines, delivers messages, judges crashes, counts, traces.
 * Never awaits. It leaves nact's stop, reset and escalation alone where they lose children or end the process:
 * ARCHITECTURE.md tells which and why.
 */
import { dispatch, spawn as nactSpawn, stop as nactStop, type Ref, type SupervisionContext, start } from 'nact';
import type { Clock } from '../io/clock.ts';
import type { Address, Tagged } from '../messages/address.ts';
import type { Attempt } from '../messages/ids.ts';
import type { Trace } from '../messages/trace.ts';
import {
  type Counts,
  CRASHES_KEPT,
  type Crash,
  type Judge,
  type Machine,
  type Parent,
  type Snapshot,
  type System,
  type Verdict,
} from './contract.ts';
import { Quiescence } from './quiescence.ts';
import { causeOf, effectsText } from './trace.ts';

export type {
  Counts,
  Crash,
  Judge,
  Machine,
  Now,
  Parent,
  Snapshot,
  System,
  Turn,
  Verdict,
} from './contract.ts';
export { CRASHES_KEPT } from './contract.ts';

interface Envelope {
  readonly msg: Tagged;
  readonly from: string;
  readonly sentMs: number;
}
/** What all actors of one system share. */
interface Shared {
  readonly clock: Clock;
  readonly counts: Counts;
  readonly quiet: Quiescence;
  /** Wall time minus monotonic time at the start. */
  readonly wallOffsetMs: number;
  attempts: number;
  /** Path of the actor whose turn runs. Turns are synchronous, so one variable names the sender of every message. */
  turnOf: string;
}
type AnyMachine = Machine<unknown, Tagged, Tagged>;

/** What stands behind an address. */
interface Actor {
  readonly path: string;
  readonly shared: Shared;
  readonly parent: Actor | undefined;
  readonly machine: AnyMachine;
  readonly judge: Judge;
  readonly trace: Trace | undefined;
  ref: Ref<Envelope>;
  state: unknown;
  children: Map<string, Actor> | undefined;
  waiting: number;
  /** One bit per kind of `coalesced` that waits. */
  coalescedWaiting: number;
  busy: boolean;
  stopped: boolean;
  /** Set while a restart is being delayed. */
  held: Held | undefined;
  /** Set while it is to stop as soon as it is not busy: whom to tell. */
  leaving: (() => void) | undefined;
  crashesMs: readonly number[];
}
interface Held {
  readonly quarantined: boolean;
  readonly wake: () => void;
  readonly cancel: () => void;
}

// Every address and every parent is made here, from an Actor; to everyone else it is opaque.
const behind = (address: Parent): Actor => address as unknown as Actor;
const addressOf = <Msg>(actor: Actor): Address<Msg> => actor as unknown as Address<Msg>;

const rootMachine: AnyMachine = { initial: undefined, decide: (state) => [state, []], perform: {} };
const stopJudge: Judge = () => ({ kind: 'stop' });

/** `trace` hears of every turn of every actor that was not given a trace of its own. */
export function createSystem(clock: Clock, trace?: Trace): System {
  const counts: Counts = {
    told: 0,
    turns: 0,
    coalesced: 0,
    deadLetters: 0,
    spawns: 0,
    stops: 0,
    crashes: 0,
    restarts: 0,
    traceFaults: 0,
  };
  const quiet = new Quiescence();
  const wallOffsetMs = clock.wallMs() - clock.monotonicMs();
  const shared: Shared = { clock, counts, quiet, wallOffsetMs, attempts: 0, turnOf: 'io' };
  const root = newActor('', shared, undefined, rootMachine, stopJudge, trace);
  root.ref = start() as Ref<Envelope>;
  return {
    clock,
    root: addressOf(root),
    counts,
    settled: (turnsMax) => quiet.settled(turnsMax),
    idle: () => quiet.idle(),
    busyCount: () => quiet.busy,
    stop: () => {
      stopChildren(root);
      root.stopped = true;
      nactStop(root.ref);
    },
  };
}

/**
 * Starts an actor. `name`: letters, digits and `-$_.+!*'(),`, unique among its living siblings; see actorName.
 * Throws on a bad or taken name and under a stopped parent. Children inherit `trace`.
 */
export function spawn<State, Msg extends Tagged, Effect extends Tagged>(
  parent: Parent,
  name: string,
  machine: Machine<State, Msg, Effect>,
  judge: Judge,
  trace: Trace | undefined = behind(parent).trace,
): Address<Msg> {
  const above = behind(parent);
  const { shared } = above;
  if (above.stopped) throw new Error(`spawn under a stopped actor: ${above.path}/${name}`);
  if (name === '') throw new Error(`spawn without a name under ${above.path}`);
  const erased = machine as unknown as AnyMachine; // The address alone remembers what it takes.
  const actor = newActor(`${above.path}/${name}`, shared, above, erased, judge, trace);
  actor.ref = nactSpawn(above.ref, (_state: undefined, envelope: Envelope) => turn(actor, envelope), name, {
    onCrash: (_msg, error, ctx) => crashed(actor, error, ctx) as symbol,
  }) as unknown as Ref<Envelope>; // nact types the reference by its parent.
  above.children ??= new Map();
  above.children.set(name, actor);
  shared.counts.spawns += 1;
  if (machine.first !== undefined) tell(addressOf<Msg>(actor), machine.first);
  return addressOf(actor);
}

/** Puts a message into a mailbox; one told to a stopped actor is a counted dead letter. Never throws, handles nothing at once. */
export function tell<Msg extends Tagged>(to: Address<Msg>, msg: NoInfer<Msg>): void {
  const actor = behind(to);
  const { shared } = actor;
  shared.counts.told += 1;
  if (actor.stopped) {
    shared.counts.deadLetters += 1;
    record(actor, msg.kind, shared.turnOf, 0, 0, '', causeOf(msg), 'dead letter');
    return;
  }
  const bit = coalescedBit(actor, msg.kind);
  if ((actor.coalescedWaiting & bit) !== 0) {
    shared.counts.coalesced += 1;
    return;
  }
  actor.coalescedWaiting |= bit;
  actor.waiting += 1;
  if (actor.held === undefined) shared.quiet.runnable += 1;
  dispatch(actor.ref, { msg, from: shared.turnOf, sentMs: shared.clock.monotonicMs() });
}

/** Stops an actor and all below it, leaves first. What waits for them becomes dead letters; a turn under way ends. */
export const stop = (address: Parent): void => stopActor(behind(address));

/** Stops an actor as soon as it is not busy, its children with it; `stopped` is called then, or when it stops for another reason. */
export function stopWhenIdle(address: Parent, stopped: () => void): void {
  const actor = behind(address);
  if (actor.stopped) {
    stopped();
    return;
  }
  actor.leaving = stopped;
  if (!actor.busy) stopActor(actor);
}

export function stopChild(parent: Parent, name: string): void {
  const child = behind(parent).children?.get(name);
  if (child !== undefined) stopActor(child);
}

/** Ends the delay before a restart, if there is one. */
export const wake = (address: Parent): void => behind(address).held?.wake();
export const isStopped = (address: Parent): boolean => behind(address).stopped;
/** Messages in its mailbox, without the one being handled. */
export const waitingCount = (address: Parent): number => behind(address).waiting;

/** Any text as a name that nact takes, one to one: what is not allowed, and `!` itself, becomes `!` and four hex digits. */
export const actorName = (text: string): string =>
  text.replace(/[^a-z0-9\-$_.+*'(),]/gi, (unit) => `!${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

const conditionOf = ({ held }: Actor): Snapshot['state'] =>
  held === undefined ? 'running' : held.quarantined ? 'quarantined' : 'restarting';
export const stateOf = (address: Parent): Snapshot['state'] => conditionOf(behind(address));
export function snapshot(address: Parent): Snapshot {
  const actor = behind(address);
  return {
    path: actor.path,
    waiting: actor.waiting,
    busy: actor.busy,
    crashes: actor.crashesMs.length,
    state: conditionOf(actor),
    children: [...(actor.children?.values() ?? [])].map((child) => snapshot(addressOf(child))),
  };
}

function newActor(
  path: string,
  shared: Shared,
  parent: Actor | undefined,
  machine: AnyMachine,
  judge: Judge,
  trace: Trace | undefined,
): Actor {
  return {
    path,
    shared,
    parent,
    machine,
    judge,
    trace,
    ref: undefined as unknown as Ref<Envelope>, // Set by the caller in the same turn, before anyone sees the actor.
    state: machine.initial,
    children: undefined,
    waiting: 0,
    coalescedWaiting: 0,
    busy: false,
    stopped: false,
    held: undefined,
    leaving: undefined,
    crashesMs: noTimes,
  };
}
const noTimes: readonly number[] = [];

function turn(actor: Actor, { msg, from, sentMs }: Envelope): undefined {
  const { machine, shared } = actor;
  const { clock, counts, quiet } = shared;
  actor.waiting -= 1;
  actor.coalescedWaiting &= ~coalescedBit(actor, msg.kind);
  quiet.runnable -= 1;
  quiet.turns += 1;
  counts.turns += 1;
  shared.attempts += 1;
  shared.turnOf = actor.path;
  const ms = clock.monotonicMs();
  let effects: readonly Tagged[] = [];
  let error = '';
  try {
    const [next, wanted] = machine.decide(actor.state, msg, { fresh: shared.attempts as Attempt, ms });
    effects = wanted;
    for (const effect of wanted) perform(actor, effect);
    actor.state = next;
    if (machine.busy !== undefined && !actor.stopped) setBusy(actor, machine.busy(next));
  } catch (fault) {
    error = textOf(fault);
    throw fault;
  } finally {
    shared.turnOf = 'io';
    if (actor.trace !== undefined) {
      const tookMs = clock.monotonicMs() - ms;
      record(actor, msg.kind, from, ms - sentMs, tookMs, effectsText(effects), causeOf(msg), error);
    }
    if (actor.leaving !== undefined && !actor.busy) stopActor(actor);
    quiet.changed();
  }
}

function perform(actor: Actor, effect: Tagged): void {
  const handle = (actor.machine.perform as Record<string, (effect: Tagged, self: Address<Tagged>) => void>)[
    effect.kind
  ];
  if (handle === undefined) throw new Error(`no handler for effect ${effect.kind}`);
  handle(effect, addressOf(actor));
}

/**
 * nact asks this after a throw. Only two answers are safe, whatever happened meanwhile: stop itself, or resume itself,
 * at once or when a promise settles; until then nact holds the mailbox. The state is ours, so resuming is a restart.
 */
function crashed(
  actor: Actor,
  error: unknown,
  ctx: Pick<SupervisionContext<never, never>, 'stop' | 'resume'>,
): symbol | Promise<symbol> {
  const { shared, machine } = actor;
  shared.counts.crashes += 1;
  const toStop = ctx.stop as symbol;
  if (actor.stopped) return toStop;
  const atMs = shared.clock.monotonicMs();
  const crash: Crash = { path: actor.path, error, atMs, earlierMs: actor.crashesMs };
  shared.turnOf = actor.path;
  const verdict: Verdict = guarded(actor, () => actor.judge(crash)) ?? { kind: 'stop' };
  shared.turnOf = 'io';
  actor.crashesMs = [...actor.crashesMs, atMs].slice(-CRASHES_KEPT);
  if (actor.stopped) return toStop; // By its judge.
  record(actor, 'crash', '', 0, 0, verdict.kind, causeOfVerdict(verdict), textOf(error));
  if (verdict.kind === 'stop' || actor.leaving !== undefined) {
    stopActor(actor);
    return toStop;
  }
  if (machine.keepsChildren !== true) stopChildren(actor);
  guarded(actor, machine.onStop);
  setBusy(actor, false);
  shared.quiet.runnable -= actor.waiting;
  return new Promise((resolve) => {
    const wakeUp = () => {
      cancel();
      actor.held = undefined;
      actor.state = machine.initial;
      shared.quiet.runnable += actor.waiting;
      shared.counts.restarts += 1;
      record(actor, 'restart', '', shared.clock.monotonicMs() - atMs, 0, '', '', '');
      if (machine.first !== undefined) tell(addressOf<Tagged>(actor), machine.first);
      resolve(ctx.resume as symbol);
    };
    const cancel = shared.clock.after(verdict.afterMs, wakeUp);
    actor.held = { quarantined: verdict.quarantined, wake: wakeUp, cancel };
    shared.quiet.changed();
  });
}

function stopActor(actor: Actor): void {
  if (actor.stopped) return;
  const { parent } = actor;
  parent?.children?.delete(actor.path.slice(actor.path.lastIndexOf('/') + 1));
  if (parent?.children?.size === 0) parent.children = undefined; // Most are at rest, and an empty map weighs 0.2 kB.
  end(actor);
  actor.shared.quiet.changed();
}
function stopChildren(actor: Actor): void {
  for (const child of actor.children?.values() ?? []) stopActor(child);
}
/** Leaves first: nact's own stop leaves the grandchildren running, and finds an actor only through its parents. */
function end(actor: Actor): void {
  const { shared } = actor;
  for (const child of actor.children?.values() ?? []) end(child);
  if (actor.stopped) return; // Whoever hears of a child's end may stop its parent.
  nactStop(actor.ref);
  actor.stopped = true;
  setBusy(actor, false);
  shared.counts.stops += 1;
  shared.counts.deadLetters += actor.waiting;
  const lost = actor.waiting > 0 ? `${actor.waiting} dead letters` : '';
  // One that ends itself has just said so in its effects.
  if (shared.turnOf !== actor.path || lost !== '') record(actor, 'stop', shared.turnOf, 0, 0, '', '', lost);
  if (actor.held === undefined) shared.quiet.runnable -= actor.waiting;
  else actor.held.cancel();
  actor.held = undefined;
  actor.waiting = 0;
  guarded(actor, actor.machine.onStop);
  guarded(actor, actor.leaving);
}

function setBusy(actor: Actor, busy: boolean): void {
  if (busy === actor.busy) return;
  actor.busy = busy;
  actor.shared.quiet.busy += busy ? 1 : -1;
}

/** Bit of this kind among those that coalesce; 0 for one that does not. */
function coalescedBit(actor: Actor, kind: string): number {
  const index = actor.machine.coalesced?.indexOf(kind) ?? -1;
  return index < 0 ? 0 : 1 << index;
}

/** A fault in a policy or a clean-up must not tear the kernel's books: counted, traced, over. */
function guarded<Result>(actor: Actor, run: (() => Result) | undefined): Result | undefined {
  try {
    return run?.();
  } catch (error) {
    actor.shared.counts.crashes += 1;
    record(actor, 'crash', '', 0, 0, '', 'in its judge or clean-up', textOf(error));
    return undefined;
  }
}

/** A sink that throws loses a record, not an actor. */
function record(
  { trace, path, shared }: Actor,
  message: string,
  from: string,
  waitedMs: number,
  tookMs: number,
  effects: string,
  cause: string,
  error: string,
): void {
  if (trace === undefined) return;
  const atMs = shared.clock.monotonicMs() - tookMs + shared.wallOffsetMs;
  try {
    trace({ atMs, path, message, from, waitedMs, tookMs, effects, cause, error });
  } catch {
    shared.counts.traceFaults += 1;
  }
}

const causeOfVerdict = (verdict: Verdict): string =>
  verdict.kind === 'stop' ? '' : `${verdict.quarantined ? 'quarantine' : 'back-off'} ${Math.round(verdict.afterMs)} ms`;

const textOf = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));
