/**
 * Requests to node agents, bounded a node and in all. The breakers are its own, not those of the exec pool, and look at
 * answers only: an agent may be down where kubelet is fine, and may answer where kubelet is silent (a client's mounts can
 * be counted on a node that is not ready). Owns no token and no choice of agent. Source: design.md 5; spec 07, 14.
 */
import type { AgentOutcome } from '../messages/outcome.ts';
import type { Clock } from './clock.ts';
import { gate } from './gate.ts';
import { createNodeTable, type NodeState, passage } from './node-slots.ts';
import type { AgentApi, AgentRequest } from './outside.ts';
import { createPool, type PoolCounts } from './pool.ts';
import type { Random } from './random.ts';
import type { WorkClass } from './submit.ts';

export interface AgentJob {
  readonly node: string;
  /** Of the agent's pod. */
  readonly ip: string;
  readonly token: string;
  readonly request: AgentRequest;
  readonly priority: WorkClass;
  /** How long it may wait, from `submit` on. Default `AGENT_WAIT_MS`. */
  readonly deadlineMs?: number;
}
export interface AgentPool {
  /** `done` is called exactly once, never before `submit` has returned. Cancel withdraws it, or breaks off a GET that runs. */
  readonly submit: (job: AgentJob, done: (outcome: AgentOutcome) => void) => () => void;
  /** The Node object is gone: forgets its breaker, gives back what waits. */
  readonly nodeGone: (node: string) => void;
  /** Accepts no more; resolves when all that was accepted has ended. */
  readonly drain: () => Promise<void>;
  /** Accepts no more, gives back what waits, breaks off each GET. */
  readonly stop: () => void;
  readonly counts: () => PoolCounts;
  readonly nodes: () => readonly NodeState[];
}
export interface AgentPoolOptions {
  readonly api: AgentApi;
  readonly settings: { readonly nodeAgentConcurrency: number; readonly nodeAgentConcurrencyPerNode: number };
  readonly clock: Clock;
  readonly random: Random;
  /** Requests of one class that may wait. Default `AGENT_QUEUE_MAX`. */
  readonly queueMax?: number;
}

/** Polls come once a minute: older ones are superseded. */
export const AGENT_WAIT_MS = 60_000;
export const AGENT_QUEUE_MAX = 100_000;

export function agentPool(options: AgentPoolOptions): AgentPool {
  const { api, settings, clock, random } = options;
  const total = gate(settings.nodeAgentConcurrency);
  const nodes = createNodeTable({ clock, random, placesMax: settings.nodeAgentConcurrencyPerNode });
  const pool = createPool<AgentOutcome>({
    clock,
    queueMax: options.queueMax ?? AGENT_QUEUE_MAX,
    broken: (err) => ({ kind: 'transport', cause: `bug: ${String(err)}` }),
  });
  return {
    submit: ({ node: name, ip, token, request, priority, deadlineMs = AGENT_WAIT_MS }, done) => {
      const node = nodes.of(name);
      const { admit, ended } = passage(node, priority);
      const ticket = pool.submit(
        {
          path: () => [node.gate, total],
          workClass: priority,
          waitMsMax: deadlineMs,
          abortable: request.method === 'GET',
          admit,
          run: (signal) => api.request(ip, request, token, signal),
          ended: (outcome, aborted) => ended(aborted ? 'undecided' : saysOfNode(outcome)),
        },
        (outcome) => {
          node.jobs.delete(ticket);
          nodes.forgetIdle(name);
          done(outcome);
        },
      );
      node.jobs.add(ticket);
      return () => void ticket.cancel();
    },
    nodeGone: nodes.gone,
    drain: pool.drain,
    stop: () => {
      pool.stop();
      nodes.stop();
    },
    counts: pool.counts,
    nodes: nodes.states,
  };
}

function saysOfNode(outcome: AgentOutcome): 'answered' | 'timedOut' | 'failed' | 'undecided' {
  switch (outcome.kind) {
    case 'ok':
    case 'status':
      return 'answered';
    case 'timeout':
      return 'timedOut';
    case 'transport':
      return 'failed';
    case 'dropped':
      return 'undecided';
  }
}
