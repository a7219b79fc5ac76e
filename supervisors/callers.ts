/** How each call of a script is carried out: which pool, store or shared actor answers it. No decisions. */
import type { Callers } from '../actors/calls.ts';
import { usableAgent } from '../actors/rules/node-agent.ts';
import type { View } from '../actors/view.ts';
import type { Config } from '../config.ts';
import type { Clock } from '../io/clock.ts';
import { timeoutOf } from '../io/commands.ts';
import type { ClusterMessage } from '../messages/cluster.ts';
import type { ClusterUid, NodeName } from '../messages/ids.ts';
import type { ImageMessage } from '../messages/image.ts';
import type { KubeObject } from '../messages/kube.ts';
import type { NamespaceMessage } from '../messages/namespace.ts';
import type { NodeMessage } from '../messages/node.ts';
import type { AgentToken } from './agent-token.ts';
import type { Pools } from './pools.ts';

export interface Reach {
  readonly pools: Pools;
  readonly view: View;
  readonly settings: Config;
  readonly clock: Clock;
  /** An own write's answer, into its store. */
  readonly put: (answer: KubeObject) => void;
  readonly containersAsOf: (version: string | undefined, then: () => void) => () => void;
  readonly agentToken: () => AgentToken;
  readonly tellNode: (name: NodeName, message: NodeMessage) => void;
  readonly tellCluster: (uid: ClusterUid, message: ClusterMessage) => void;
  readonly tellImage: (image: string, message: ImageMessage) => void;
  readonly tellNamespace: (name: string, message: NamespaceMessage) => void;
}

const nothing = (): void => {};
/** They change nothing at the agent, whatever its image (V8). */
const READS: ReadonlySet<string> = new Set(['/getContainerInfo', '/findDrives', '/getActiveMounts']);

export function createCallers(reach: Reach): Callers {
  const { exec, kube, agents } = reach.pools;
  const { view, settings, clock, put } = reach;
  return {
    exec: ({ target, command, priority }, answer) => {
      const { argv, class: kind } = command;
      const timeoutMs = timeoutOf(command, settings);
      return exec.submit(
        { ...target, argv, timeoutMs, class: kind, priority, deadlineMs: settings.reconcileTimeoutMs },
        answer,
      );
    },
    agent: ({ node, request, priority }, answer) => {
      const purpose = READS.has(request.path.split('?')[0] ?? '') ? 'read' : 'change';
      const agent = usableAgent(view.agentPods(node), node, settings, purpose);
      if (agent.kind !== 'ok') {
        answer({ kind: 'unusable', why: agent.why, absent: agent.absent });
        return nothing;
      }
      const token = reach.agentToken();
      if (token.kind === 'none') {
        answer({ kind: 'unusable', why: token.why, absent: false });
        return nothing;
      }
      return agents.submit({ node, ip: agent.ip, token: token.token, request, priority }, answer);
    },
    kube: ({ request, priority }, answer) =>
      kube.submit(request, priority, (end) => {
        if (end.kind === 'ok') put(end.answer);
        answer(end.kind === 'dropped' ? { kind: 'transport', cause: `not sent: ${end.why}` } : end);
      }),
    node: ({ node, ask }, answer) => {
      reach.tellNode(node, { kind: 'asked', ask, answer });
      return nothing;
    },
    cluster: ({ ask }, answer) => {
      reach.tellCluster(ask.cluster, { kind: 'asked', ask, answer });
      return nothing;
    },
    image: ({ ask }, answer) => {
      reach.tellImage(ask.image, { kind: 'asked', ask, answer });
      return nothing;
    },
    namespace: ({ ask }, answer) => {
      reach.tellNamespace(ask.namespace, { kind: 'asked', ask, answer });
      return nothing;
    },
    catchUp: ({ version }, answer) => reach.containersAsOf(version, () => answer(undefined)),
    sleep: ({ delayMs }, answer) => clock.after(delayMs, () => answer(undefined)),
  };
}
