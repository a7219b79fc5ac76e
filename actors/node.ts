/**
 * State machine of one Kubernetes node: the one owner of its drives, ports and places, and of its discovery, driver load, NICs,
 * CSI labels and unused proxy. Answers every ask in the turn it comes; what takes time is done by one worker per subject, and
 * whoever waits is told to look again. Remembers nothing that the API does not say, but grants not yet written. What each
 * subject decides stands in its file in node/. Source: design.md 3; F11, F12, F17, F39.
 */
import type { Clock } from '../io/clock.ts';
import { unreachable } from '../messages/exhaustive.ts';
import type { ContainerUid, NodeName } from '../messages/ids.ts';
import type { NodeAnswer, NodeAsk, NodeMessage } from '../messages/node.ts';
import type { Callers, Script } from './calls.ts';
import { type Machine, type Now, stopChild, type Turn, tell } from './machine.ts';
import { type AllocationLease, awaitLease, mayChoose, taken } from './node/allocation-lease.ts';
import { hearClient } from './node/csi-labels.ts';
import { discover } from './node/discovery.ts';
import { loadDrivers } from './node/driver-load.ts';
import {
  allocateFirst,
  allocateMore,
  bind,
  type ChoiceSite,
  FAILED_RETRY_MS,
  prunedLedger,
  refusal,
} from './node/ledger.ts';
import { freeNics, giveNics } from './node/nics.ts';
import {
  initial,
  NAMES,
  type Parts,
  type State,
  SUBJECTS,
  type SubjectName,
  waitingFor,
  withoutGone,
  withPart,
  withWork,
} from './node/state.ts';
import { type Plan, restMs, type Work } from './node/work.ts';
import type { Grants } from './rules/allocation/grants.ts';
import { runScript } from './worker.ts';

export type Effect =
  | {
      readonly kind: 'answer';
      readonly to: (answer: NodeAnswer) => void;
      readonly answer: NodeAnswer;
      readonly what: string;
    }
  | {
      readonly kind: 'work';
      readonly subject: SubjectName;
      readonly attempt: number;
      readonly script: Script<string | undefined>;
      readonly what: string;
    }
  | { readonly kind: 'wake'; readonly uid: ContainerUid }
  | { readonly kind: 'keep'; readonly allocated: Grants }
  | { readonly kind: 'timer'; readonly attempt: number; readonly delayMs: number };

/** The kinds of ask whose answer, but for `pending`, is for good: it starts no work and ends nobody's wait. */
const FINAL: ReadonlySet<NodeAsk['kind']> = new Set(['allocate', 'allocateMore', 'bind']);

export interface Deps extends Omit<ChoiceSite, 'name'> {
  /** By node. Lives as long as the process: a grant that is forgotten is a drive given twice. */
  readonly grants: Map<NodeName, Grants>;
  readonly wake: (uid: ContainerUid) => void;
  readonly callers: Callers;
  readonly clock: Clock;
}

export function decider(name: NodeName, { grants, ...around }: Omit<Deps, 'wake' | 'callers' | 'clock'>) {
  const site: ChoiceSite = { name, ...around };
  const { view } = site;

  return function decide(before: State, msg: NodeMessage, now: Now): Turn<State, Effect> {
    const ledger = before.ledger ?? { granted: grants.get(name) ?? new Map(), placed: new Set() };
    const [after, effects] = turn(pruned({ ...before, ledger }), msg, now);
    const { granted } = after.ledger;
    return [after, granted === ledger.granted ? effects : [{ kind: 'keep', allocated: granted }, ...effects]];
  };

  function turn(parts: Parts, msg: NodeMessage, now: Now): Turn<Parts, Effect> {
    switch (msg.kind) {
      case 'asked': {
        const [asked, answer] = respond(parts, msg.ask, now.ms);
        const said = { kind: 'answer', to: msg.answer, answer, what: `${msg.ask.kind}:${answer.kind}` } as const;
        if (FINAL.has(msg.ask.kind) && answer.kind !== 'pending') return [asked, [said]];
        const [next, effects] = advance(asked, now);
        return [next, [said, ...effects]];
      }
      case 'lookAgain':
        return advance(parts, now);
      case 'ended': {
        const { work: subject, failure } = msg;
        const { phase, attempt } = parts[subject];
        if (phase !== 'running' || attempt !== msg.attempt) return [parts, []];
        return failure === undefined ? succeeded(parts, subject, now) : failed(parts, subject, failure, now);
      }
      case 'retryDue': {
        const rested = NAMES.filter((each) => parts[each].phase === 'resting' && parts[each].attempt === msg.attempt);
        const idle = rested.reduce((sum, each) => withWork(sum, each, { phase: 'idle' }), parts);
        return advance(idle, now);
      }
      default:
        return unreachable(msg);
    }
  }

  function respond(parts: Parts, ask: NodeAsk, nowMs: number): readonly [Parts, NodeAnswer] {
    const container = view.container(ask.uid);
    const node = view.node(name);
    if (container === undefined || node === undefined)
      return [parts, missing(ask, node === undefined ? name : undefined)];
    const { uid } = ask;
    switch (ask.kind) {
      case 'discover':
        return after(parts, 'discovery', discover(parts.discovery, uid, container, node, site));
      case 'loadDrivers':
        return after(parts, 'drivers', loadDrivers(parts.drivers, ask, container, node, site));
      case 'nics':
        return after(parts, 'nics', giveNics(parts.nics, uid, container, node, site));
      case 'releaseNics':
        return after(parts, 'nics', freeNics(parts.nics, uid, container, node));
      case 'csiClaim':
      case 'csiLeave':
        return after(parts, 'csi', hearClient(parts.csi, ask, site, nowMs));
      case 'allocate':
      case 'allocateMore': {
        const may = mayChoose(parts.lease, site, nowMs);
        const granted =
          ask.kind === 'allocate'
            ? allocateFirst(parts.ledger, uid, container, node, ask.flags, site, may)
            : allocateMore(parts.ledger, uid, container, node, site, may);
        return granted === undefined
          ? after(parts, 'lease', awaitLease(parts.lease, uid, site))
          : after(parts, 'ledger', granted);
      }
      case 'bind':
        return after(parts, 'ledger', bind(parts.ledger, uid, container, site));
      default:
        return unreachable(ask);
    }
  }

  /** Each subject gets its turn: what is next for it is started, those whose wait is over are woken. */
  function advance(parts: Parts, now: Now): Turn<Parts, Effect> {
    const effects: Effect[] = [];
    let next = parts;
    for (const each of NAMES) next = advanceOne(next, each, now, effects);
    return [next, effects];
  }
  /** Adds to `effects`. */
  function advanceOne<Name extends SubjectName>(parts: Parts, subject: Name, now: Now, effects: Effect[]): Parts {
    const plan = SUBJECTS[subject].plan(parts[subject], site, now.ms, parts.ledger.granted);
    tellBy(plan, now, effects);
    const next = withPart(parts, subject, plan.part);
    if (plan.next === undefined || plan.part.phase !== 'idle') return next;
    // More than one subject may start in one turn: the sign keeps discovery's number apart, `ended` names the subject.
    const attempt = subject === 'discovery' ? now.fresh : -now.fresh;
    effects.push({ kind: 'work', subject, attempt, script: plan.next.script, what: subject });
    return withWork(next, subject, { phase: 'running', attempt });
  }

  /** One of several steps has succeeded: the failures before it count until nobody waits any more. */
  function succeeded(parts: Parts, subject: SubjectName, now: Now): Turn<Parts, Effect> {
    const idle = withWork(parts, subject, { phase: 'idle', failure: undefined });
    if (subject !== 'lease') return advance(idle, now);
    const lease: AllocationLease = { ...idle.lease, failures: 0 };
    if (!lease.takes) return advance({ ...idle, lease }, now);
    const plan = taken(lease, now.ms);
    const effects: Effect[] = [];
    tellBy(plan, now, effects);
    return [{ ...idle, lease: plan.part }, effects];
  }
  function failed(parts: Parts, subject: SubjectName, failure: string, now: Now): Turn<Parts, Effect> {
    const failures = parts[subject].failures + 1;
    const attempt = now.fresh;
    const timer = { kind: 'timer', attempt, delayMs: restMs(failures, SUBJECTS[subject].retryMsMax) } as const;
    const resting = withWork(parts, subject, { phase: 'resting', attempt, failures, failure });
    return [resting, [...waitingFor(parts, subject).map(wake), timer]];
  }

  /** Without what the API has come to say itself, what nobody will write any more, and those who are gone. */
  function pruned(parts: Parts): Parts {
    // One that another shard serves by now asks that one.
    const here = (uid: ContainerUid): boolean => {
      const container = view.container(uid);
      return container === undefined ? !view.synced() : container.ownership !== 'others';
    };
    let next = withPart(parts, 'ledger', prunedLedger(parts.ledger, site, here));
    for (const each of NAMES) next = withoutGone(next, each, here);
    return next;
  }
}

const after = <Name extends keyof Parts>(
  parts: Parts,
  name: Name,
  [part, answer]: readonly [Parts[Name], NodeAnswer],
): readonly [Parts, NodeAnswer] => [withPart(parts, name, part), answer];

const wake = (uid: ContainerUid): Effect => ({ kind: 'wake', uid });
/** Adds to `effects`. */
function tellBy<Part extends Work>({ wakes, againMs }: Plan<Part>, { fresh }: Now, effects: Effect[]): void {
  for (const uid of wakes) effects.push(wake(uid));
  if (againMs !== undefined) effects.push({ kind: 'timer', attempt: fresh, delayMs: againMs });
}

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
  const { callers, clock, grants } = deps;
  const cancels = new Set<() => void>();
  return {
    initial,
    first: { kind: 'lookAgain' },
    coalesced: ['lookAgain'],
    busy: (state) => NAMES.some((each) => state[each].phase === 'running'),
    decide: decider(name, deps),
    perform: {
      answer: ({ to, answer }) => to(answer),
      wake: ({ uid }) => deps.wake(uid),
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
