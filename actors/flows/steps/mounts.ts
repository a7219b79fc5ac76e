/** How many mounts of weka file systems hold a container's node. Asks its node agent; decides nothing. Source: spec 07, 12. */
import { parseActiveMounts } from '../../../io/weka-parsers/agent-answers.ts';
import { unreachable } from '../../../messages/exhaustive.ts';
import { type AgentAnswer, askAgent, type Priority, type Script } from '../../calls.ts';
import { agentNodeOf } from '../../rules/node-agent.ts';
import type { Pass } from '../pass.ts';
import { agentText } from '../said.ts';

/** `unknown` is no zero: whoever stops a client waits until they are known. `absent`: the node has no agent at all. */
export type Mounts =
  | { readonly kind: 'counted'; readonly count: number }
  | { readonly kind: 'unknown'; readonly why: string; readonly absent: boolean };

const TIMEOUT_MS = 10_000;

export function* countMounts(pass: Pass, priority: Priority = 'periodic'): Script<Mounts> {
  const agent = agentNodeOf(pass);
  if (agent.kind === 'none') return { kind: 'unknown', why: agent.why, absent: false };
  const { name } = pass.spec;
  const query = new URLSearchParams({ container_name: name, container_uuid: pass.uid });
  const path = name === '' ? '/getActiveMounts' : `/getActiveMounts?${query}`;
  return mountsOf(yield* askAgent(agent.node, { method: 'GET', path, timeoutMs: TIMEOUT_MS }, priority));
}

/** Its node agent finds no wekafs driver: nothing can be mounted there. Anything else is no proof. */
export function* driverIsAbsent(pass: Pass): Script<boolean> {
  const agent = agentNodeOf(pass);
  if (agent.kind === 'none') return false;
  const answer = yield* askAgent(agent.node, { method: 'GET', path: '/getActiveMounts', timeoutMs: TIMEOUT_MS });
  return answer.kind === 'status' && answer.status === 404;
}

function mountsOf(answer: AgentAnswer): Mounts {
  const unknown = (why: string, absent = false): Mounts => ({ kind: 'unknown', why, absent });
  switch (answer.kind) {
    case 'ok': {
      const mounts = parseActiveMounts(answer.body);
      if (mounts.kind === 'bad') return unknown(`error decoding response: ${mounts.why}`);
      return { kind: 'counted', count: mounts.value };
    }
    case 'status':
      // Without the driver there is no file to count in, and no mount either.
      return answer.status === 404 ? { kind: 'counted', count: 0 } : unknown('getActiveMounts request failed');
    case 'unusable':
      return unknown(answer.why, answer.absent);
    case 'timeout':
    case 'transport':
    case 'dropped':
      return unknown(`error sending getActiveMountsget request: ${agentText(answer)}`);
    default:
      return unreachable(answer);
  }
}
