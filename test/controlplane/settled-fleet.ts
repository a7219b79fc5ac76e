/**
 * A large fleet that has settled, on a real API server and without its history: nodes, containers and pods as objects, one
 * kubelet port and one agent address each node that answer as settled containers do. Nobody else is there: no sibling
 * controllers, no kubelets that write.
 */
import * as assert from 'uvu/assert';
import { AGENT_PORT, createAgentServers } from '../../deploy/sandbox/api/agent-server.ts';
import { createKubeletServer } from '../../deploy/sandbox/api/kubelet-server.ts';
import { freeNetwork } from '../../deploy/sandbox/demo/agents.ts';
import { installClusterWide } from '../../deploy/sandbox/live/cluster.ts';
import { OPERATOR_IMAGE } from '../../deploy/sandbox/world/world.ts';
import { rfc3339, systemClock } from '../../io/clock.ts';
import {
  CLUSTERS,
  CONFIG_MAPS,
  CONTAINERS,
  type Draft,
  type KubeObject,
  NAMESPACES,
  NODES,
  PODS,
  type ResourceType,
  refOf,
  SECRETS,
} from '../../messages/kube.ts';
import type { ContainerMode, WekaContainer } from '../../messages/weka-container.ts';
import { hasFrontend, isDrive } from '../../messages/weka-modes.ts';
import { settledAnswer, settledContainers, settledPod, TOKEN } from '../sim/settled-objects.ts';
import { agentOn, bootScripts, clusterOf, nodeOf, OPERATOR_NAMESPACE } from '../support/containers.ts';
import { clientOf } from './client.ts';

const NAMESPACE = 'weka';
const IP = '127.0.0.1';
const CONCURRENT = 48;

export interface SettledFleet {
  readonly containers: readonly WekaContainer[];
  /** Names of containers to the commands that were run in them. */
  readonly commands: Map<string, readonly string[]>;
  /** Figures of all that have some enter their status, as if they had just been read. */
  readonly tellFigures: () => Promise<void>;
  /** `kind namespace/name` to uid and resourceVersion, of all containers, pods and nodes. */
  readonly versions: () => Promise<ReadonlyMap<string, string>>;
  readonly close: () => Promise<void>;
}

/** `kubeconfig` is an administrator's. `count` containers, on each node one of each mode. */
export async function settledFleet(
  kubeconfig: string,
  count: number,
  modes: readonly ContainerMode[],
): Promise<SettledFleet> {
  const { kube, close } = await clientOf(kubeconfig);
  const containers = settledContainers(count, modes);
  const byName = new Map(containers.map((container) => [container.metadata.name, container]));
  const commands = new Map<string, readonly string[]>();
  const kubelets = await createKubeletServer({
    ip: IP,
    clock: systemClock,
    exec: {
      run: async ({ target: { pod }, argv }) => {
        const container = byName.get(pod);
        if (container === undefined) return { kind: 'podGone', cause: `no container ${pod}` };
        commands.set(pod, [...(commands.get(pod) ?? []), argv.join(' ')]);
        return { kind: 'ok', stdout: settledAnswer(container, argv.join(' ')), stderr: '' };
      },
    },
  });
  /** By the uids that the API server gave. */
  const modeOf = new Map<string, ContainerMode>();
  const problems: string[] = [];
  const agents = createAgentServers(
    async (_ip, call) => ({ status: 200, body: agentAnswer(modeOf, call.path, call.body) }),
    (line) => void problems.push(line),
    AGENT_PORT,
  );

  const create = async (type: ResourceType, { metadata, ...rest }: Draft): Promise<KubeObject> => {
    const {
      uid: _uid,
      resourceVersion: _version,
      creationTimestamp: _since,
      ...own
    } = metadata as KubeObject['metadata'];
    const made = await kube.request({ verb: 'create', type, object: { ...rest, metadata: own } });
    if (made.kind !== 'ok') throw new Error(`${type.kind} ${metadata.name}: ${JSON.stringify(made)}`);
    return made.answer;
  };
  const setStatus = async (type: ResourceType, metadata: KubeObject['metadata'], status: unknown): Promise<void> => {
    const ref = refOf(type, metadata);
    const set = await kube.request({ verb: 'mergePatch', ref, subresource: 'status', patch: { status } });
    if (set.kind !== 'ok') throw new Error(`status of ${type.kind} ${metadata.name}: ${JSON.stringify(set)}`);
  };

  await installClusterWide(kube, systemClock, []);
  for (const name of [NAMESPACE, OPERATOR_NAMESPACE])
    await create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  for (const name of [NAMESPACE, OPERATOR_NAMESPACE]) await create(CONFIG_MAPS, bootScripts(name));
  await create(SECRETS, { ...TOKEN, metadata: { ...TOKEN.metadata, namespace: OPERATOR_NAMESPACE } });
  const cluster = await create(CLUSTERS, clusterOf());
  await setStatus(CLUSTERS, cluster.metadata, clusterOf().status);

  const network = await freeNetwork();
  const nodeNames = [...new Set(containers.map(({ status }) => status?.nodeAffinity ?? ''))];
  await inParallel(nodeNames, async (name, index) => {
    const draft = nodeOf(name);
    const node = await create(NODES, draft);
    const kubelet = {
      addresses: [{ type: 'InternalIP', address: IP }],
      daemonEndpoints: { kubeletEndpoint: { Port: kubelets.port } },
      declaredFeatures: ['ExtendWebSocketsToKubelet'],
    };
    await setStatus(NODES, node.metadata, { ...draft.status, ...kubelet });
    const agentIp = `${network}.${Math.floor(index / 250) + 1}.${(index % 250) + 1}`;
    assert.ok(await agents.open(agentIp), problems.join('\n'));
    const agent = agentOn(name, OPERATOR_IMAGE);
    await setStatus(PODS, (await create(PODS, agent)).metadata, {
      ...agent.status,
      podIP: agentIp,
      podIPs: [{ ip: agentIp }],
    });
  });
  await inParallel(containers, async (settled) => {
    const { status, ...draft } = settled;
    const made = await create(CONTAINERS, ownedBy(draft, cluster.metadata.uid));
    modeOf.set(made.metadata.uid, settled.spec.mode);
    await setStatus(CONTAINERS, made.metadata, status);
    const { status: podStatus, ...pod } = settledPod({ ...settled, metadata: made.metadata } as WekaContainer);
    await setStatus(PODS, (await create(PODS, ownedBy(pod, made.metadata.uid))).metadata, podStatus);
  });

  return {
    containers,
    commands,
    tellFigures: () =>
      inParallel(
        containers.filter(({ spec }) => FIGURED.has(spec.mode)),
        ({ spec, metadata }) =>
          setStatus(CONTAINERS, metadata, { stats: statsOf(spec.mode, rfc3339(systemClock.wallMs())) }),
      ),
    versions: async () => {
      const versions = new Map<string, string>();
      for (const type of [CONTAINERS, PODS, NODES]) {
        const listed = await kube.list({ verb: 'list', type });
        if (listed.kind !== 'ok') throw new Error(JSON.stringify(listed));
        for (const { metadata } of listed.answer.items) {
          const { namespace = '', name, uid, resourceVersion } = metadata;
          versions.set(`${type.kind} ${namespace}/${name}`, `${uid} ${resourceVersion}`);
        }
      }
      return versions;
    },
    close: async () => {
      await Promise.all([agents.close(), kubelets.close(), close()]);
    },
  };
}

/** Its controller gets the uid that the API server gave. */
const ownedBy = (draft: Draft, uid: string): Draft => ({
  ...draft,
  metadata: {
    ...draft.metadata,
    ownerReferences: draft.metadata.ownerReferences?.map((owner) => ({ ...owner, uid })) ?? [],
  },
});

const FIGURED: ReadonlySet<ContainerMode> = new Set(['drive', 'compute', 'client', 's3']);
const MOUNTS = 2;
const CPU = '20.00';
const counted = { active: 2, created: 2 };
const countedDrives = { active: 1, created: 1 };

/** Figures that stay as they are, as node agents tell them. */
function agentAnswer(modeOf: ReadonlyMap<string, ContainerMode>, path: string, body: string): string {
  if (path.startsWith('/getActiveMounts')) return JSON.stringify({ active_mounts: MOUNTS });
  if (path !== '/getContainerInfo') return '{}';
  const mode = modeOf.get((JSON.parse(body) as { container_id: string }).container_id);
  const drives = mode !== undefined && isDrive(mode) ? { counters: countedDrives } : {};
  return JSON.stringify({ container_metrics: { processes: counted, cpuUtilization: CPU, drives } });
}
/** The same as they stand in a status, with what is wanted. */
const statsOf = (mode: ContainerMode, lastUpdate: string) => ({
  processes: { ...counted, desired: 2 },
  cpuUtilization: CPU,
  ...(isDrive(mode) ? { drives: { counters: { ...countedDrives, desired: 1 } } } : {}),
  ...(hasFrontend(mode) ? { activeMounts: MOUNTS } : {}),
  lastUpdate,
});

async function inParallel<T>(items: readonly T[], act: (item: T, index: number) => Promise<void>): Promise<void> {
  const left = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of left) await act(item, index);
  };
  await Promise.all(Array.from({ length: CONCURRENT }, worker));
}
