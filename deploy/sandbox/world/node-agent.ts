/**
 * The node agents: routes, order of checks and texts of the real ones, answered from the node's physical truth.
 * Registrations live in memory and are lost with the agent. Source: spec 07, 14 and 21.3 (fake node agent).
 */
import type { Random } from '../../../io/random.ts';
import { type KubeObject, SECRETS } from '../../../messages/kube.ts';
import type { WorldContext } from './context.ts';
import { kernelDrives } from './node-model.ts';
import type { NodeModel } from './pod-process.ts';
import { type ProxyRepeats, proxyCall } from './ssd-proxy.ts';
import { drivesOf, type Host, type WekaCluster } from './weka-clusters.ts';

export interface AgentHttpRequest {
  readonly method: string;
  /** With query. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}
export interface AgentHttpResponse {
  readonly status: number;
  readonly contentType: 'application/json' | 'text/plain';
  readonly body: string;
}

export interface Agents {
  /** `agentIp` chooses the node; undefined: nobody has that address, or its node or agent is down. */
  readonly handle: (agentIp: string, request: AgentHttpRequest) => AgentHttpResponse | undefined;
  readonly nodeAt: (agentIp: string) => NodeModel | undefined;
  /** Forgets all registrations of the node. */
  readonly restarted: (node: NodeModel) => void;
}

interface Registration {
  readonly containerUid: string;
  readonly mode: string;
  /** Last polled figures, kept while the container does not answer. */
  metrics: Record<string, unknown>;
}
interface Agent {
  readonly node: NodeModel;
  readonly registrations: Map<string, Registration>;
}

const TOKEN_AGE_MS_MAX = 60_000;

export function createAgents(ctx: WorldContext, nodes: ReadonlyMap<string, NodeModel>, repeats: ProxyRepeats): Agents {
  const random = ctx.random('node-agent');
  const byIp = new Map<string, Agent>();
  for (const node of nodes.values()) byIp.set(node.agentIp, { node, registrations: new Map() });
  let token: { readonly text: string | undefined; readonly readAtMs: number } | undefined;

  const currentToken = (): string | undefined => {
    const nowMs = ctx.clock.monotonicMs();
    if (token === undefined || nowMs - token.readAtMs > TOKEN_AGE_MS_MAX) {
      const ref = { type: SECRETS, namespace: ctx.operatorNamespace, name: 'weka-node-agent-secret' };
      const base64 = ctx.store.get<KubeObject & { data?: { token?: string } }>(ref)?.data?.token;
      token = { text: base64 && Buffer.from(base64, 'base64').toString('utf8'), readAtMs: nowMs };
    }
    return token.text;
  };

  return {
    nodeAt: (agentIp) => byIp.get(agentIp)?.node,
    restarted: (node) => byIp.get(node.agentIp)?.registrations.clear(),
    handle: (agentIp, request) => {
      const agent = byIp.get(agentIp);
      if (agent === undefined || agent.node.power !== 'on') return undefined;
      const url = new URL(request.path, 'http://agent');
      const route = ROUTES[url.pathname];
      if (route === undefined) {
        ctx.oracle.report('unknown-command', `node agent of ${agent.node.name}`, `${request.method} ${request.path}`);
        return text(404, '404 page not found');
      }
      const expected = currentToken();
      if (expected === undefined || request.authorization !== `Token ${expected}`) return text(401, 'Unauthorized');
      return route({ agent, request, query: url.searchParams, random, repeats });
    },
  };
}

interface Visit {
  readonly agent: Agent;
  readonly request: AgentHttpRequest;
  readonly query: URLSearchParams;
  readonly random: Random;
  readonly repeats: ProxyRepeats;
}

const ROUTES: Readonly<Record<string, (visit: Visit) => AgentHttpResponse>> = {
  '/register': posted('Method not allowed', ({ agent }, body) => {
    const containerUid = String(body.container_id ?? '');
    agent.registrations.set(containerUid, { containerUid, mode: String(body.mode ?? ''), metrics: NO_DATA });
    return json(200, { message: 'Container registered successfully' });
  }),
  '/deregister': posted('Method not allowed', ({ agent }, body) => {
    agent.registrations.delete(String(body.container_id ?? ''));
    return json(200, { message: 'Container deregistered successfully' });
  }),
  '/getContainerInfo': posted('Method not allowed, current method: <m>', ({ agent, random }, body) => {
    const registration = agent.registrations.get(String(body.container_id ?? ''));
    if (registration === undefined) return text(404, 'container not found');
    registration.metrics = polled(agent.node, registration, random) ?? registration.metrics;
    return json(200, { container_metrics: registration.metrics });
  }),
  '/getActiveMounts': ({ agent: { node }, query }) => {
    const [name, uid] = [query.get('container_name') ?? '', query.get('container_uuid') ?? ''];
    if (name !== '' && uid === '') return text(400, 'container_uuid is required when container_name is specified');
    if (/\.\.|[/\\]/.test(name)) return text(400, 'invalid container name');
    // The driver's file is there only while a driver is loaded.
    return node.drivers === undefined
      ? text(404, 'driver interface file not found')
      : json(200, { active_mounts: node.activeMounts });
  },
  '/findDrives': ({ agent: { node }, request }) => {
    if (request.method !== 'POST' && request.method !== 'GET') return text(405, 'Method not allowed');
    const drives = kernelDrives(node);
    return json(200, { drives: drives.length === 0 ? null : drives });
  },
  '/jsonrpc': posted('Method not allowed', ({ agent, repeats }, body) => {
    const containerUid = String(body.container_id ?? '');
    if (!agent.registrations.has(containerUid)) return text(404, 'Container not registered');
    const proxy = processOf(agent.node, containerUid);
    if (proxy?.mode !== 'ssdproxy' || proxy.local?.runStatus !== 'Running') {
      const path = `/host-binds/shared/containers/${containerUid}/local-sockets/ssdproxy/container.sock`;
      return text(500, `JSONRPC call failed: socket not found at path: ${path}`);
    }
    const answer = proxyCall(proxy, String(body.method ?? ''), body.params, repeats);
    return 'error' in answer
      ? text(500, `JSONRPC call failed: JSONRPC error ${answer.code}: ${answer.error}`)
      : json(200, { message: 'JSONRPC call succeeded', result: answer.result });
  }),
};

function posted(
  refusal: string,
  act: (visit: Visit, body: Readonly<Record<string, unknown>>) => AgentHttpResponse,
): (visit: Visit) => AgentHttpResponse {
  return (visit) => {
    if (visit.request.method !== 'POST') return text(405, refusal.replace('<m>', visit.request.method));
    const body = parsed(visit.request.body);
    return body === undefined ? text(400, 'Invalid JSON payload') : act(visit, body);
  };
}

function parsed(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    // An object was asked for above all; its members are checked where they are read.
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const NO_DATA = { processes: {}, cpuUtilization: '0.00', drives: { counters: {} }, lastUpdate: null };

const processOf = (node: NodeModel, uid: string) =>
  [...node.processes.values()].find(({ containerUid }) => containerUid === uid);

/** Undefined while the container's socket is not there. Counters of 0 are left out, as Go's omitempty does. */
function polled(node: NodeModel, registration: Registration, random: Random): Record<string, unknown> | undefined {
  const process = processOf(node, registration.containerUid);
  if (process?.local?.runStatus !== 'Running') return undefined;
  const count = Number(process.env.get('CORES') ?? 1) + 1;
  return {
    processes: { active: count, created: count },
    cpuUtilization: (5 + 60 * random()).toFixed(2),
    drives: registration.mode === 'drive' ? driveCounters(process.local.member()) : { counters: {} },
    lastUpdate: null,
  };
}

function driveCounters(
  member: { readonly cluster: WekaCluster; readonly host: Host } | undefined,
): Record<string, unknown> {
  const drives = member === undefined ? [] : drivesOf(member.cluster, member.host);
  const active = drives.filter(({ status }) => status === 'ACTIVE').length;
  const failures = drives
    .filter(({ status }) => status !== 'ACTIVE')
    .map(({ serial, uuid }) => ({ serialId: serial, wekaDriveId: uuid }));
  return {
    counters: { ...(active > 0 ? { active } : {}), ...(drives.length > 0 ? { created: drives.length } : {}) },
    ...(failures.length > 0 ? { failures } : {}),
  };
}

const json = (status: number, value: unknown): AgentHttpResponse => ({
  status,
  contentType: 'application/json',
  body: JSON.stringify(value),
});
const text = (status: number, message: string): AgentHttpResponse => ({
  status,
  contentType: 'text/plain',
  body: `${message}\n`,
});
