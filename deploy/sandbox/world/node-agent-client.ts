/**
 * `AgentApi` over the modelled agents: time, faults, unreachable nodes, and a log of every call. The HTTP mount calls
 * the agents directly instead. Source: spec 07, 21.5.
 */
import type { AgentApi } from '../../../io/outside.ts';
import type { AgentOutcome } from '../../../messages/outcome.ts';
import type { WorldContext } from './context.ts';
import type { Action } from './faults.ts';
import { draw } from './latency.ts';
import type { AgentHttpRequest, AgentHttpResponse, Agents } from './node-agent.ts';

type AgentEnd = Exclude<AgentOutcome, { kind: 'dropped' }>;

export interface AgentLogEntry {
  readonly startMs: number;
  endMs: number | undefined;
  /** Without query. */
  readonly route: string;
  readonly node: string;
  outcome: AgentEnd['kind'] | undefined;
}
export interface ModelledAgentApi extends AgentApi {
  /** The newest entries, oldest first; at most `LOG_ENTRIES_MAX`. */
  readonly log: readonly AgentLogEntry[];
}
/** Past it the oldest tenth goes at once: one by one, each entry would move all others. */
const LOG_ENTRIES_MAX = 100_000;

export function createAgentApi(ctx: WorldContext, agents: Agents): ModelledAgentApi {
  const random = ctx.random('agent-client');
  const log: AgentLogEntry[] = [];
  return {
    log,
    request: (podIp, request, token, signal) =>
      new Promise((resolve) => {
        const node = agents.nodeAt(podIp);
        const route = request.path.split('?')[0] ?? '';
        const startMs = ctx.clock.monotonicMs();
        const entry: AgentLogEntry = {
          startMs,
          endMs: undefined,
          route,
          node: node?.name ?? podIp,
          outcome: undefined,
        };
        if (log.push(entry) >= LOG_ENTRIES_MAX) log.splice(0, LOG_ENTRIES_MAX / 10);
        let cancelTimeout = (): void => undefined;
        const settle = (outcome: AgentEnd): void => {
          if (entry.outcome !== undefined) return;
          entry.endMs = ctx.clock.monotonicMs();
          entry.outcome = outcome.kind;
          cancelTimeout();
          signal?.removeEventListener('abort', abort);
          resolve(outcome);
        };
        const abort = (): void => settle({ kind: 'transport', cause: 'aborted' });
        if (signal?.aborted === true) {
          abort();
          return;
        }
        signal?.addEventListener('abort', abort);
        const { timeoutMs } = request;
        cancelTimeout = ctx.clock.after(timeoutMs, () => settle({ kind: 'timeout', afterMs: timeoutMs }));

        const fault = ctx.faults.decide({ channel: 'agent', name: route, node: node?.name ?? '' });
        const extraMs = fault?.kind === 'delay' ? fault.delayMs : 0;
        ctx.clock.after(draw(ctx.latency.agent, random) + extraMs, () => {
          if (fault?.kind === 'drop' && !fault.afterDoing) {
            settle({ kind: 'transport', cause: fault.cause ?? 'connection refused' });
            return;
          }
          if (node === undefined) {
            settle({ kind: 'transport', cause: `connect ECONNREFUSED ${podIp}:8090` });
            return;
          }
          const { method, path, body = '' } = request;
          const asked: AgentHttpRequest = { method, path, body, authorization: `Token ${token}` };
          // No answer from a node that is down: the time-out above ends the call.
          const response = fault?.kind === 'status' ? answered(fault) : agents.handle(podIp, asked);
          const outcome = response === undefined ? undefined : outcomeOf(response, fault);
          if (outcome !== undefined) settle(outcome);
        });
      }),
  };
}

const answered = ({ status, body }: { readonly status: number; readonly body: string }): AgentHttpResponse => ({
  status,
  contentType: 'text/plain',
  body,
});

/** Undefined: never answered. */
function outcomeOf({ status, body }: AgentHttpResponse, fault: Action | undefined): AgentEnd | undefined {
  if (fault?.kind === 'hang') return undefined;
  if (fault?.kind === 'drop') return { kind: 'transport', cause: fault.cause ?? 'connection reset by peer' };
  const seen = fault?.kind === 'stdout' ? fault.text : body;
  return status >= 200 && status < 300 ? { kind: 'ok', body: seen } : { kind: 'status', status, body: seen };
}
