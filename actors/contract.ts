/** What an actor and its supervisor promise the kernel, as types: machine, judge, counts. No behaviour. */
import type { Clock } from '../io/clock.ts';
import type { Address, Tagged } from '../messages/address.ts';
import type { Attempt } from '../messages/ids.ts';

export type Turn<State, Effect> = readonly [next: State, effects: readonly Effect[]];

/** What a turn may know besides state and message. */
export interface Now {
  /** Numbers what this turn starts: unique in the system, also after a restart. */
  readonly fresh: Attempt;
  /** Monotonic milliseconds. */
  readonly ms: number;
}

/** Annotate every machine with this type: inferred from a literal, Effect is lost. A constructor calculates nothing. */
export interface Machine<State, Msg extends Tagged, Effect extends Tagged> {
  readonly initial: State;
  /** Pure. A throw here or in `perform` is a crash: the state is lost, the effects before the throw stand. */
  readonly decide: (state: State, msg: Msg, now: Now) => Turn<State, Effect>;
  /** One entry per kind of effect; a missing one does not compile. Returns at once. */
  readonly perform: {
    readonly [K in Effect['kind']]: (effect: Extract<Effect, { kind: K }>, self: Address<Msg>) => void;
  };
  /** Told to itself after the spawn and after each restart, behind what waits: a restarted actor remembers nothing. */
  readonly first?: Msg;
  /** Kinds of which one waiting message is enough. At most 30. */
  readonly coalesced?: readonly Msg['kind'][];
  /** In the middle of something that a drain should wait for. Asked after each turn; false before the first. */
  readonly busy?: (state: State) => boolean;
  /** Runs inside the stop, and at a crash before the delay: cancels timers and calls. */
  readonly onStop?: () => void;
  /** A supervisor's children live through its crash; anyone else's are stopped by it. */
  readonly keepsChildren?: true;
}

export interface Crash {
  readonly path: string;
  readonly error: unknown;
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** Earlier crashes of this incarnation, oldest first, at most CRASHES_KEPT. */
  readonly earlierMs: readonly number[];
}
export type Verdict =
  | { readonly kind: 'stop' }
  | { readonly kind: 'restart'; readonly afterMs: number; readonly quarantined: boolean };
/** A supervisor's policy: pure but for telling someone. One that throws stops the actor. */
export type Judge = (crash: Crash) => Verdict;
/** Bounds the memory of one that crashes for ever. More than any restart intensity needs. */
export const CRASHES_KEPT = 16;

/** Since the start. Always: told = turns + dead letters + coalesced + waiting. */
export interface Counts {
  told: number;
  turns: number;
  coalesced: number;
  deadLetters: number;
  spawns: number;
  stops: number;
  /** Throws in turns, judges and clean-ups. */
  crashes: number;
  restarts: number;
  /** Throws of a trace sink. */
  traceFaults: number;
}

/** Something that may have children: any address, or the system's root. */
export type Parent = Address<never>;

export interface System {
  readonly clock: Clock;
  readonly root: Parent;
  readonly counts: Readonly<Counts>;
  /** Resolves when all mailboxes are empty; messages held by the delay of a restart do not count. Rejects on a livelock. */
  readonly settled: (turnsMax?: number) => Promise<void>;
  /** Resolves when, besides, no actor is busy. */
  readonly idle: () => Promise<void>;
  readonly busyCount: () => number;
  /** Stops every actor, leaves first. */
  readonly stop: () => void;
}

/** One actor and those below it, for people who debug. */
export interface Snapshot {
  readonly path: string;
  readonly waiting: number;
  readonly busy: boolean;
  /** Of this incarnation, at most CRASHES_KEPT. */
  readonly crashes: number;
  readonly state: 'running' | 'restarting' | 'quarantined';
  readonly children: readonly Snapshot[];
}
