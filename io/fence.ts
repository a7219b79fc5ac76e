/**
 * The ways to the outside of a process that may change things only while it leads. What is sent without the lease in hand is
 * not sent at all; reading goes on. Source: README I8; spec 08, 11 no. 34 and 35.
 */
import type { AgentApi, ExecApi, KubeApi } from './outside.ts';

export interface Outside {
  readonly kube: KubeApi;
  readonly exec: ExecApi;
  readonly agent: AgentApi;
}
const WHY = 'not the leader: nothing is sent';

/** `holds` is asked at the moment of sending, after all waiting in queues. Commands are not told apart: none runs without it. */
export function fenced({ kube, exec, agent }: Outside, holds: () => boolean): Outside {
  return {
    kube: {
      ...kube,
      request: async (request, signal) =>
        request.verb === 'get' || holds()
          ? kube.request(request, signal)
          : { kind: 'refused', status: 0, reason: 'NotLeader', message: WHY },
    },
    exec: {
      run: async (request, signal) =>
        holds() ? exec.run(request, signal) : { kind: 'transport', cause: WHY, notStarted: true },
    },
    agent: {
      request: async (podIp, request, token, signal) =>
        request.method === 'GET' || holds()
          ? agent.request(podIp, request, token, signal)
          : { kind: 'transport', cause: WHY },
    },
  };
}
