/**
 * Faults as data: which call (match) ends how (action). Both exec and node agent ask here before they answer; nothing
 * here performs anything. Source: spec 07, 21.5.
 */
import type { Clock } from '../../../io/clock.ts';
import type { Random } from '../../../io/random.ts';

/** One call as the rules see it. */
export interface Call {
  readonly channel: 'exec' | 'agent';
  /** Command name of spec 07 §3 (`WekaLocalPs`), or the route of the agent (`/register`). */
  readonly name: string;
  readonly node: string;
  /** `namespace/name`; absent for the agent. */
  readonly pod?: string;
}

/** Every given field must hold; absent ones match all. */
export interface Match {
  readonly channel?: Call['channel'];
  readonly name?: string;
  readonly node?: string;
  readonly pod?: string;
  /** Only the n-th matching call, from 1. */
  readonly nth?: number;
  /** 0 to 1; absent: always. */
  readonly probability?: number;
  /** Monotonic time, `[from, to)`. */
  readonly windowMs?: readonly [from: number, to: number];
}

/** What happens instead of, or on top of, the model's own answer. */
export type Action =
  /** Later by this much; the answer is the model's. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** The command does not run. */
  | { readonly kind: 'exit'; readonly code: number; readonly stdout?: string; readonly stderr?: string }
  /** It runs; the connection breaks before (`false`) or after it was done. */
  | { readonly kind: 'drop'; readonly afterDoing: boolean; readonly cause?: string }
  /** It runs; no answer ever comes. */
  | { readonly kind: 'hang' }
  /** It runs; what the caller sees of it is this text. */
  | { readonly kind: 'stdout'; readonly text: string }
  /** Node agent only. */
  | { readonly kind: 'status'; readonly status: number; readonly body: string }
  /** Exec only: the answer of an API server that knows no such pod or container. */
  | { readonly kind: 'podGone'; readonly cause: string };

export interface Rule {
  readonly match: Match;
  readonly action: Action;
}

/** One set of rules; the first that matches wins. */
export interface Faults {
  /** Returns the removal of the rule. */
  readonly add: (rule: Rule) => () => void;
  readonly clear: () => void;
  readonly decide: (call: Call) => Action | undefined;
}

export function createFaults(clock: Clock, random: Random, rules: readonly Rule[] = []): Faults {
  const live = rules.map(counted);
  return {
    add: (rule) => {
      const entry = counted(rule);
      live.push(entry);
      return () => {
        const index = live.indexOf(entry);
        if (index >= 0) live.splice(index, 1);
      };
    },
    clear: () => {
      live.length = 0;
    },
    decide: (call) => live.find((entry) => holds(entry, call, clock.monotonicMs(), random))?.rule.action,
  };
}

interface Counted {
  readonly rule: Rule;
  seenCount: number;
}
const counted = (rule: Rule): Counted => ({ rule, seenCount: 0 });

function holds(entry: Counted, call: Call, nowMs: number, random: Random): boolean {
  const { match } = entry.rule;
  if (match.channel !== undefined && match.channel !== call.channel) return false;
  if (match.name !== undefined && match.name !== call.name) return false;
  if (match.node !== undefined && match.node !== call.node) return false;
  if (match.pod !== undefined && match.pod !== call.pod) return false;
  if (match.windowMs !== undefined && (nowMs < match.windowMs[0] || nowMs >= match.windowMs[1])) return false;
  entry.seenCount += 1;
  if (match.nth !== undefined && match.nth !== entry.seenCount) return false;
  return match.probability === undefined || random() < match.probability;
}
