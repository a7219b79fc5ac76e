/** The rate-limited pools, and what the stores tell them of nodes and pods. Source: design.md 5. */
import type { Config } from '../config.ts';
import { type AgentPool, agentPool } from '../io/agent-pool.ts';
import type { Clock } from '../io/clock.ts';
import { type ExecPool, execPool } from '../io/exec-pool.ts';
import { type KubePool, kubePool } from '../io/kube-pool.ts';
import type { AgentApi, ExecApi, KubeApi } from '../io/outside.ts';
import type { Random } from '../io/random.ts';
import { nodeReady } from '../messages/resources.ts';
import type { Stores } from './stores.ts';

export interface Pools {
  readonly kube: KubePool;
  readonly exec: ExecPool;
  readonly agents: AgentPool;
}
export interface Outlets {
  readonly kube: Pick<KubeApi, 'request'>;
  readonly exec: ExecApi;
  readonly agent: AgentApi;
  readonly settings: Config;
  readonly clock: Clock;
  readonly random: Random;
}

export const createPools = ({ kube, exec, agent, settings, clock, random }: Outlets): Pools => ({
  kube: kubePool({ api: kube, settings, clock }),
  exec: execPool({ api: exec, settings, clock, random }),
  agents: agentPool({ api: agent, settings, clock, random }),
});

/** A node that is known to be sick is not asked; what waits for a pod that is gone need not wait. */
export function tellPools({ exec, agents }: Pools, stores: Pick<Stores, 'nodes' | 'pods'>): void {
  stores.nodes.onChange((change) => {
    if (change.kind === 'malformed') return;
    const { name } = change.object.metadata;
    if (change.kind === 'gone') {
      exec.nodeGone(name);
      agents.nodeGone(name);
    } else if (change.before === undefined || nodeReady(change.before) !== nodeReady(change.object)) {
      exec.setNodeReady(name, nodeReady(change.object));
    }
  });
  stores.pods.onChange((change) => {
    if (change.kind === 'gone') exec.podGone(change.object.metadata.uid);
  });
}
