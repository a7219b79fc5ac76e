/**
 * State machine of one WekaContainer: at most one pass at a time, parked while a child works or a write is under way.
 * Owns all state about this container. Never awaits. Source: spec 02, 1 and 2; design.md 4.
 */
import type { Clock } from '../io/clock.ts';
import { jittered, type Random } from '../io/random.ts';
import { CONTESTED_MS, REFERENCE_MANAGER } from '../io/second-writer.ts';
import { CONDITIONS, isTrue } from '../messages/condition.ts';
import type { ContainerMessage } from '../messages/container.ts';
import type { Ending } from '../messages/ending.ts';
import { unreachable } from '../messages/exhaustive.ts';
import type { Attempt, ContainerUid } from '../messages/ids.ts';
import type { KubeOutcome } from '../messages/kube.ts';
import { mergeDiff, mergePatch, sameJson } from '../messages/merge-patch.ts';
import { type EventNote, failed, type Verdict, warningEachMinute } from '../messages/verdict.ts';
import type { ContainerState, WekaContainer, WekaContainerStatus } from '../messages/weka-container.ts';
import type { Callers, Script } from './calls.ts';
import { deletionBlocked } from './flows/blocked.ts';
import { type Moment, passOf, type Surroundings } from './flows/pass.ts';
import { begin, FAILED_MS, type Halt, noMemory, settle, type Walk, walk, withCondition } from './flows/run.ts';
import type { ChildName, Step } from './flows/step.ts';
import { learned as newsBetween, tellDelayMs, type Untold } from './flows/telling.ts';
import { type Machine, type Now, stopChild, type Turn, tell } from './machine.ts';
import { runScript } from './worker.ts';

/** Spread of every delay, so that a fleet that started together does not stay in step. */
const JITTER = 0.1;
/** How often a container says that it stands back. */
const CONTESTED_TOLD_MS = 60_000;
/** Ends a turn that only wrote: the next pass stays where it was planned. */
const TOLD = 'told';

export type FlowName = ContainerState;
export type Flows = Readonly<Record<FlowName, readonly Step[]>>;

/** What the store holds: the container, that it is not ours to touch now, or why it cannot be read as one. */
export type Seen =
  | { readonly kind: 'container'; readonly container: WekaContainer }
  /** Another controller has changed `what`; until `untilMs` (monotonic) nothing may be done to it. */
  | { readonly kind: 'contested'; readonly what: string; readonly untilMs: number }
  | { readonly kind: 'malformed'; readonly problems: readonly string[] };

export interface State {
  readonly phase: 'idle' | 'asking' | 'writing';
  /** Of what it waits for: the child, the write, the timer. */
  readonly attempt: Attempt;
  readonly flow: FlowName;
  readonly walk: Walk;
  /** The stored status that `walk.status` was made from: what differs between the two is our doing, all else is others'. */
  readonly base: WekaContainerStatus | undefined;
  /** When the pass began: was it marked for deletion, and which pod had it. */
  readonly begun: { readonly marked: boolean; readonly podUid: string | undefined };
  /** Name of the child at work, else ''. */
  readonly child: ChildName | '';
  /** Something changed during the pass. */
  readonly again: boolean;
  /** The halt that ended the pass whose last write is under way; undefined when the pass goes on after the write. */
  readonly ending: Halt | undefined;
  /** What earlier passes learned and nobody has written yet, as a merge patch on the stored status. */
  readonly untold: Untold | undefined;
  /** When the next pass is due, while idle. Monotonic. A timer that comes before it only tells. */
  readonly passAtMs: number;
}
export type Effect =
  | { readonly kind: 'ask'; readonly attempt: Attempt; readonly child: ChildName; readonly script: Script<Verdict> }
  | { readonly kind: 'abort'; readonly child: ChildName }
  | {
      readonly kind: 'write';
      readonly attempt: Attempt;
      readonly stored: WekaContainer;
      readonly status: WekaContainerStatus;
    }
  | { readonly kind: 'timer'; readonly attempt: Attempt; readonly delayMs: number }
  | { readonly kind: 'record'; readonly note: EventNote };

export const initial: State = {
  phase: 'idle',
  attempt: 0 as Attempt,
  flow: 'active',
  walk: begin(undefined, noMemory),
  base: undefined,
  begun: { marked: false, podUid: undefined },
  child: '',
  again: false,
  ending: undefined,
  untold: undefined,
  passAtMs: 0,
};

/** A message with what the store holds in this turn, and this turn's draw. */
export type Input = ContainerMessage & { readonly seen: Seen | undefined; readonly moment: Moment };

/** Pure but for the scripts that its effects carry. */
export function decider(flows: Flows, surroundings: Surroundings) {
  return function decide(before: State, input: Input, now: Now): Turn<State, Effect> {
    const { seen, moment } = input;
    const nothing: Turn<State, Effect> = [before, []];
    if (seen === undefined) return input.kind === 'lookAgain' ? abandon(before) : nothing;
    if (seen.kind === 'malformed') return input.kind === 'lookAgain' ? malformed(before, seen.problems, now) : nothing;
    if (seen.kind === 'contested') return standBack(before, input, seen, now);
    const { container } = seen;
    const state = rebased(before, container);
    const ignore: Turn<State, Effect> = [state, []];
    switch (input.kind) {
      case 'lookAgain':
        if (state.phase === 'idle') return startPass(state, container);
        // A write is short and never abandoned; its answer comes first.
        if (state.phase === 'writing' || !overtaken(state, container)) return [{ ...state, again: true }, []];
        return preempt(state, container);
      case 'ended': {
        if (state.phase !== 'asking' || state.attempt !== input.attempt) return ignore;
        const { ending } = input;
        const verdict = ending.kind === 'returned' ? ending.result : failed(`bug: ${String(ending.error)}`);
        const pass = passOf(container, state.walk.status, surroundings, moment);
        const [next, halt] = settle(flows[state.flow], state.walk, verdict, pass);
        const settled = { ...state, walk: next, child: '' as const };
        if (flowOf(container) !== state.flow) return preempt(settled, container);
        return halt === undefined ? go(settled, container) : end(settled, container, halt);
      }
      case 'written':
        if (state.phase !== 'writing' || state.attempt !== input.attempt) return ignore;
        return written(state, container, input.outcome);
      case 'tick':
        if (state.phase !== 'idle' || state.attempt !== input.attempt) return ignore;
        return tellOnly(state, container) ?? startPass(state, container);
      default:
        return unreachable(input);
    }

    /** What the pass stands on is gone: its flow, the wish to have the container at all, or the pod it works in. */
    function overtaken(from: State, stored: WekaContainer): boolean {
      if (flowOf(stored) !== from.flow) return true;
      // Deleting and destroying go on as they are; paused says so in an event, at the end of its pass.
      if (from.flow === 'active' && from.begun.marked !== marked(stored)) return true;
      return from.begun.podUid !== undefined && podOf(stored) !== from.begun.podUid;
    }
    function podOf({ metadata: { namespace = '', name } }: WekaContainer): string | undefined {
      return surroundings.view.pod(namespace, name)?.metadata.uid;
    }
    function startPass(from: State, stored: WekaContainer): Turn<State, Effect> {
      const status = from.untold === undefined ? stored.status : retold(stored.status, from.untold);
      const fresh = {
        ...from,
        flow: flowOf(stored),
        walk: begin(status, from.walk.memory),
        base: stored.status,
        begun: { marked: marked(stored), podUid: podOf(stored) },
        again: false,
        child: '' as const,
      };
      return go(fresh, stored);
    }
    /** The pass is overtaken: the child is stopped, what the pass learned so far is kept, the next one starts in this turn. */
    function preempt(from: State, stored: WekaContainer): Turn<State, Effect> {
      const events = from.walk.events.map((note) => ({ kind: 'record', note }) as const);
      const [next, effects] = startPass({ ...from, untold: learned(from, stored) }, stored);
      return [
        next,
        [...(from.child === '' ? [] : [{ kind: 'abort', child: from.child } as const]), ...events, ...effects],
      ];
    }
    function learned(from: State, stored: WekaContainer): State['untold'] {
      return newsBetween(stored, from.walk.status, from.untold, moment.nowMs);
    }
    function go(from: State, stored: WekaContainer): Turn<State, Effect> {
      const [at, halt] = walk(
        flows[from.flow],
        from.walk,
        (status) => passOf(stored, status, surroundings, moment),
        (status) => newsBetween(stored, status, undefined, 0)?.dataSinceMs !== undefined,
      );
      const events = at.events.map((note) => ({ kind: 'record', note }) as const);
      const next = { ...from, walk: { ...at, events: [] } };
      switch (halt.kind) {
        case 'asks': {
          const { child, script } = halt.ask;
          const asking: State = { ...next, phase: 'asking', attempt: now.fresh, child };
          return [asking, [...events, { kind: 'ask', attempt: now.fresh, child, script }]];
        }
        case 'flush': {
          const [writing, effects] = write(next, stored, undefined);
          return [writing, [...events, ...effects]];
        }
        case 'end': {
          const [ended, effects] = end(next, stored, halt);
          return [ended, [...events, ...effects]];
        }
        default:
          return unreachable(halt);
      }
    }
    function end(from: State, stored: WekaContainer, halt: Halt): Turn<State, Effect> {
      const blocked = leaves(from.flow) && halt.kind === 'end' ? toldOfBlock(from.walk, halt) : from.walk;
      const at = recovered({ ...blocked, events: [] });
      const events = blocked.events.map((note) => ({ kind: 'record', note }) as const);
      const next = { ...from, walk: at, untold: learned({ ...from, walk: at }, stored) };
      const complete = halt.kind === 'end' && halt.complete;
      const due = next.untold !== undefined && tellDelayMs(next.untold, moment.nowMs) === 0;
      const [last, effects] =
        next.untold !== undefined && (complete || due) ? write(next, stored, halt) : idle(next, stored, halt);
      return [last, [...events, ...effects]];
    }
    function toldOfBlock(at: Walk, halt: Extract<Halt, { kind: 'end' }>): Walk {
      const { status, events } = deletionBlocked(at, halt, moment.nowMs, moment.wallMs);
      return status === at.status ? at : { ...at, status, events: [...at.events, ...events] };
    }
    /** A pass came to its end: whatever made it crash before is over (I11). */
    function recovered(at: Walk): Walk {
      if (!isTrue(at.status?.conditions, CONDITIONS.quarantined)) return at;
      const condition = {
        type: CONDITIONS.quarantined,
        status: 'False',
        reason: 'Recovered',
        message: 'A pass has ended again',
      } as const;
      return { ...at, status: withCondition(at.status, condition, moment.wallMs) };
    }
    /** What is due to be told is written without a pass: its commands would be repeated for nothing. */
    function tellOnly(from: State, stored: WekaContainer): Turn<State, Effect> | undefined {
      const leftMs = from.passAtMs - moment.nowMs;
      if (from.untold === undefined || leftMs < 1 || flowOf(stored) !== from.flow) return undefined;
      const walked = { ...from.walk, status: retold(stored.status, from.untold) };
      const ending: Halt = { kind: 'end', delayMs: leftMs, why: TOLD, complete: false };
      return write({ ...from, base: stored.status, walk: walked }, stored, ending);
    }
    function write(from: State, stored: WekaContainer, ending: Halt | undefined): Turn<State, Effect> {
      const status = from.walk.status ?? { status: '' };
      const writing: State = { ...from, phase: 'writing', attempt: now.fresh, child: '', ending };
      return [writing, [{ kind: 'write', attempt: now.fresh, stored, status }]];
    }
    function written(from: State, stored: WekaContainer, outcome: KubeOutcome): Turn<State, Effect> {
      if (outcome.kind === 'ok') {
        // The answer is in the store: what was written is what is stored.
        const told = { ...from, base: stored.status, walk: { ...from.walk, status: stored.status }, untold: undefined };
        if (flowOf(stored) !== from.flow) return preempt(told, stored);
        return from.ending === undefined ? go(told, stored) : idle(told, stored, from.ending);
      }
      const kept: State = { ...from, untold: learned(from, stored) };
      const halt: Halt = {
        kind: 'end',
        delayMs: retryMs(outcome),
        why: `status write: ${outcome.kind}`,
        complete: false,
      };
      const [next, effects] = idle(kept, stored, halt, false);
      // Texts of a refusal are the API server's: without them nobody would know why the status stands still (F38).
      const note = outcome.kind === 'refused' ? [warningEachMinute('StatusWriteRefused', outcome.message)] : [];
      return [next, [...note.map((each) => ({ kind: 'record', note: each }) as const), ...effects]];
    }
    /** `telling`: what is untold may bring the next pass earlier; not after a write that failed. */
    function idle(from: State, stored: WekaContainer, halt: Halt, telling = true): Turn<State, Effect> {
      // Between passes it keeps only what passes do not read from the store: most of a fleet is at rest.
      const { flow, untold, walk: walked } = from;
      const resting: State = { ...initial, attempt: now.fresh, flow, untold, walk: begin(undefined, walked.memory) };
      if (from.again || flowOf(stored) !== from.flow) return startPass(resting, stored);
      const plannedMs = halt.kind === 'end' ? halt.delayMs : FAILED_MS;
      const tellMs =
        from.untold === undefined || !telling ? Number.POSITIVE_INFINITY : tellDelayMs(from.untold, moment.nowMs);
      const told = halt.kind === 'end' && halt.why === TOLD;
      const passMs = told ? plannedMs : jittered(plannedMs, JITTER, () => moment.chance);
      const rested = { ...resting, passAtMs: moment.nowMs + passMs };
      return [rested, [{ kind: 'timer', attempt: now.fresh, delayMs: Math.min(passMs, tellMs) }]];
    }
  };
}

/** The working copy follows what others wrote meanwhile: a write of ours never undoes theirs. */
function rebased(state: State, { status }: WekaContainer): State {
  if (state.phase === 'idle' || state.base === status) return state;
  const ours = mergeDiff(state.base ?? {}, state.walk.status ?? {});
  const now = ours === undefined ? status : retold(status, { patch: ours, allocated: state.base?.allocations });
  return { ...state, base: status, walk: { ...state.walk, status: now } };
}
/** The API no longer has it: its child has nothing left to do. The supervisor stops the actor. */
function abandon(state: State): Turn<State, Effect> {
  return [
    { ...initial, walk: begin(undefined, state.walk.memory) },
    state.child === '' ? [] : [{ kind: 'abort', child: state.child }],
  ];
}
/** Nothing is done to an object that cannot be read; the event says what is wrong with it. */
function malformed(state: State, problems: readonly string[], now: Now): Turn<State, Effect> {
  const note = warningEachMinute('MalformedContainer', `cannot be read: ${problems.join('; ')}`);
  const resting: State = { ...state, phase: 'idle', child: '', attempt: now.fresh };
  return [
    resting,
    [...(state.child === '' ? [] : [{ kind: 'abort', child: state.child } as const]), { kind: 'record', note }],
  ];
}
/**
 * What is under way is stopped, and what was learned forgotten: it may be the other's doing. Said each minute, for as long as it
 * lasts; then a pass begins as after a restart. A write under way ends by itself, in a conflict. Source: spec 08, 8.8.
 */
function standBack(
  state: State,
  input: Input,
  { what, untilMs }: Extract<Seen, { kind: 'contested' }>,
  now: Now,
): Turn<State, Effect> {
  if (input.kind !== 'lookAgain' && input.attempt !== state.attempt) return [state, []];
  const text = `${REFERENCE_MANAGER} has changed status.${what}: another controller reconciles it too. Nothing is done to it until ${CONTESTED_MS / 60_000} minutes have passed without such a write`;
  const { flow, walk: walked, child } = state;
  return [
    { ...initial, attempt: now.fresh, flow, walk: begin(undefined, walked.memory) },
    [
      ...(child === '' ? [] : [{ kind: 'abort', child } as const]),
      { kind: 'record', note: warningEachMinute('SecondWriter', text) },
      { kind: 'timer', attempt: now.fresh, delayMs: Math.min(CONTESTED_TOLD_MS, untilMs - now.ms) },
    ],
  ];
}
const leaves = (flow: FlowName): boolean => flow === 'deleting' || flow === 'destroying';
const marked = ({ metadata }: WekaContainer): boolean => metadata.deletionTimestamp !== undefined;
/** `spec.state` alone chooses the flow; any other text counts as active. Source: spec 02, 3. */
export const flowOf = ({ spec }: WekaContainer): FlowName =>
  spec.state === 'paused' || spec.state === 'deleting' || spec.state === 'destroying' ? spec.state : 'active';
/**
 * What we learned, on what is stored now. Allocations are lists that go whole: those chosen beside others than are stored now
 * would bring back what was given up, and may be another one's. They are asked for again.
 */
function retold(
  stored: WekaContainerStatus | undefined,
  { patch, allocated }: Pick<Untold, 'patch' | 'allocated'>,
): WekaContainerStatus {
  const { allocations, ...known } = patched(stored, patch);
  const kept = sameJson(stored?.allocations, allocated) ? allocations : stored?.allocations;
  return kept === undefined ? known : { ...known, allocations: kept };
}
const patched = (status: WekaContainerStatus | undefined, patch: unknown): WekaContainerStatus =>
  mergePatch(status ?? {}, patch) as WekaContainerStatus; // A patch between two statuses.
/** A trace keeps some dozen records of each container. */
const SAID_MAX = 400;
/** Why a step did not succeed, or the figures it found: for the trace. A step that fails and goes on is seen nowhere else. */
function saidBy(ending: Ending<Verdict>): string {
  if (ending.kind === 'crashed') return String(ending.error).slice(0, SAID_MAX);
  const { result } = ending;
  const figures = Object.entries(result.figures ?? {}).map(([name, value]) => `${name}=${value}`);
  return ('reason' in result ? result.reason : figures.join(' ')).slice(0, SAID_MAX);
}
/** A conflict is resolved by the newer object, which the watch is about to bring. */
const retryMs = (outcome: KubeOutcome): number =>
  outcome.kind === 'conflict' ? 1_000 : outcome.kind === 'throttled' ? outcome.retryAfterMs : FAILED_MS;

export interface Deps extends Surroundings {
  readonly flows: Flows;
  readonly read: (uid: ContainerUid) => Seen | undefined;
  /** Writes the difference as one merge patch under the stored resourceVersion; the answer is in the store before `written`. */
  readonly writeStatus: (
    stored: WekaContainer,
    status: WekaContainerStatus,
    written: (outcome: KubeOutcome) => void,
  ) => void;
  readonly record: (uid: ContainerUid, note: EventNote) => void;
  readonly callers: Callers;
  readonly clock: Clock;
  readonly random: Random;
}
export function container(uid: ContainerUid, deps: Deps): Machine<State, ContainerMessage, Effect> {
  const { read, writeStatus, record, callers, clock, random } = deps;
  const decide = decider(deps.flows, deps);
  let cancelTimer: () => void = () => {};
  return {
    initial,
    first: { kind: 'lookAgain' },
    coalesced: ['lookAgain'],
    busy: ({ phase }) => phase !== 'idle',
    decide: (state, msg, now) => {
      const moment = { nowMs: now.ms, wallMs: clock.wallMs(), chance: random() };
      return decide(state, { ...msg, seen: read(uid), moment }, now);
    },
    perform: {
      ask: ({ child, script, attempt }, self) => {
        runScript(self, child, script, callers, (ending) =>
          tell(self, { kind: 'ended', attempt, ending, why: saidBy(ending) }),
        );
      },
      abort: ({ child }, self) => stopChild(self, child),
      write: ({ stored, status, attempt }, self) =>
        writeStatus(stored, status, (outcome) => tell(self, { kind: 'written', attempt, outcome })),
      timer: ({ delayMs, attempt }, self) => {
        cancelTimer();
        cancelTimer = clock.after(delayMs, () => tell(self, { kind: 'tick', attempt }));
      },
      record: ({ note }) => record(uid, note),
    },
    onStop: () => cancelTimer(),
  };
}
