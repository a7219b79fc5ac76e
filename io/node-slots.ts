/**
 * What a pool knows of each node: its places, its breaker, the jobs meant for it. Owns when that is forgotten: with the
 * last job, unless it says something. Which jobs, and what an answer means, is the pool's.
 */
import type { Dropped, DropReason } from '../messages/outcome.ts';
import { type Breaker, type BreakerState, createBreaker, FAILURES_MAX } from './breaker.ts';
import type { Clock } from './clock.ts';
import { type Gate, gate } from './gate.ts';
import type { Random } from './random.ts';
import type { WorkClass } from './submit.ts';

/** A job that can be given back as long as it waits. */
export interface GivenBack {
  readonly giveBack: (end: Dropped) => void;
}
export interface NodeSlots {
  readonly gate: Gate;
  readonly breaker: Breaker;
  /** Waiting and running. */
  readonly jobs: Set<GivenBack>;
  /** Jobs in a row that ran out of time; a pod that hangs counts once until it answers (exec-pool.ts). */
  silentCount: number;
  /** So many that it is the node that does not answer, not one of its pods. */
  suspect: boolean;
}
export interface NodeState {
  readonly node: string;
  readonly breaker: BreakerState;
  readonly suspect: boolean;
  /** Waiting and running. */
  readonly jobs: number;
}
export interface NodeTable {
  readonly of: (node: string) => NodeSlots;
  /** After the end of a job. */
  readonly forgetIdle: (node: string) => void;
  /** A node of which nothing is known is taken to be ready. */
  readonly setReady: (node: string, ready: boolean) => void;
  /** The Node object is gone: what waits for it is given back. */
  readonly gone: (node: string) => void;
  readonly states: () => readonly NodeState[];
  readonly stop: () => void;
}

const BREAKER: Dropped = { kind: 'dropped', why: 'breaker' };

export function createNodeTable(options: {
  readonly clock: Clock;
  readonly random: Random;
  readonly placesMax: number;
}): NodeTable {
  const nodes = new Map<string, NodeSlots>();
  const giveBackAll = (jobs: Set<GivenBack>): void => {
    for (const { giveBack } of [...jobs]) giveBack(BREAKER);
  };
  const of = (name: string): NodeSlots => {
    const found = nodes.get(name);
    if (found !== undefined) return found;
    const jobs = new Set<GivenBack>();
    const breaker = createBreaker({ ...options, opened: () => giveBackAll(jobs) });
    const made = { gate: gate(options.placesMax), breaker, jobs, silentCount: 0, suspect: false };
    nodes.set(name, made);
    return made;
  };
  return {
    of,
    forgetIdle: (name) => {
      const node = nodes.get(name);
      if (node?.jobs.size === 0 && node.silentCount === 0 && node.breaker.pristine()) nodes.delete(name);
    },
    setReady: (name, ready) => {
      if (!ready || nodes.has(name)) of(name).breaker.setReady(ready);
    },
    gone: (name) => {
      const node = nodes.get(name);
      if (node === undefined) return;
      node.breaker.stop();
      nodes.delete(name);
      giveBackAll(node.jobs);
    },
    states: () =>
      [...nodes].map(([node, { breaker, suspect, jobs }]) => ({
        node,
        breaker: breaker.state(),
        suspect,
        jobs: jobs.size,
      })),
    stop: () => {
      for (const { breaker } of nodes.values()) breaker.stop();
    },
  };
}

/** One try of a job at its node's breaker: `admit` right before it runs, then how it ended. */
export interface Passage {
  readonly admit: () => DropReason | undefined;
  readonly ended: (how: 'answered' | 'timedOut' | 'failed' | 'undecided') => void;
}
/** Without a node nothing is asked. */
export function passage(node: NodeSlots | undefined, workClass: WorkClass): Passage {
  let probe = false;
  return {
    admit: () => {
      const admitted = node === undefined ? 'pass' : node.breaker.admit(workClass === 'removal');
      probe = admitted === 'probe';
      return admitted === undefined ? 'breaker' : undefined;
    },
    ended: (how) => {
      if (node === undefined) return;
      switch (how) {
        case 'answered':
          node.silentCount = 0;
          node.suspect = false;
          node.breaker.succeeded();
          return;
        case 'timedOut':
          node.silentCount += 1;
          node.suspect = node.silentCount >= FAILURES_MAX;
          node.breaker.failed(probe);
          return;
        case 'failed':
          node.breaker.failed(probe);
          return;
        case 'undecided':
          node.breaker.undecided(probe);
      }
    },
  };
}
