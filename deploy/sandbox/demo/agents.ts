/** Addresses of loopback for the modelled node agents, of this fleet alone. */
import { AGENT_PORT, createAgentServers } from '../api/agent-server.ts';
import type { Fleet } from '../world/world.ts';

/** Fleets that may run beside each other. */
const NETWORKS = 16;

/** Every agent listens on one port, so a second fleet on the same machine needs addresses of its own. */
export async function freeNetwork(): Promise<string> {
  const problems: string[] = [];
  const servers = createAgentServers(
    async () => ({ status: 404, body: '' }),
    (line) => problems.push(line),
    AGENT_PORT,
  );
  for (let second = 0; second < NETWORKS; second++) {
    const free = await servers.open(`127.${second}.1.1`);
    await servers.close();
    if (free) return `127.${second}`;
  }
  throw new Error(
    `the fleet needs an address of 127.0.0.0/8 with port ${AGENT_PORT}, and found none; ${problems.join('; ')}`,
  );
}

/** One listening address for each node. */
export async function startAgents(
  fleet: Pick<Fleet, 'agentHandler' | 'nodes'>,
): Promise<{ readonly close: () => Promise<void> }> {
  const problems: string[] = [];
  const servers = createAgentServers(fleet.agentHandler, (line) => problems.push(line), AGENT_PORT);
  for (const { agentIp } of fleet.nodes.values()) {
    if (await servers.open(agentIp)) continue;
    await servers.close();
    throw new Error(`the fleet needs ${agentIp} with port ${AGENT_PORT}; ${problems.join('; ')}`);
  }
  return servers;
}
