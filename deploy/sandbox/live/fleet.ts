/** The modelled fleet on a real cluster: nodes, kubelets, weka, agents and sibling controllers as clients of its API server. Starts no controller. */
import type { Clock } from '../../../io/clock.ts';
import { type KubeClient, kubeClient } from '../../../io/kube-client.ts';
import { loadCredentials } from '../../../io/kube-credentials.ts';
import type { Log } from '../../../io/log.ts';
import type { ExecApi } from '../../../io/outside.ts';
import { systemRandom } from '../../../io/random.ts';
import { NAMESPACES } from '../../../messages/kube.ts';
import { createKubeletServer } from '../api/kubelet-server.ts';
import { freeNetwork, startAgents } from '../demo/agents.ts';
import { seededStreams } from '../seeded.ts';
import { REALISTIC, scaled } from '../world/latency.ts';
import type { ModelApi } from '../world/model-api.ts';
import type { NodeShape } from '../world/nodes.ts';
import { createFleet, type Fleet } from '../world/world.ts';
import { installClusterWide, realNodes } from './cluster.ts';
import { startHeartbeats } from './heartbeats.ts';
import { startMirror } from './mirror.ts';
import { bring, type Made } from './own.ts';
import { removeFleet } from './removal.ts';
import { createTurns } from './turns.ts';

export interface LiveFleetOptions {
  /** Path. */
  readonly kubeconfig: string;
  readonly nodes: number;
  readonly shape: NodeShape;
  readonly seed: string;
  /** How many times faster than real pods, drivers and weka the modelled ones are. */
  readonly speed: number;
  /** IPv4 address of this machine at which the API server reaches its kubelets. */
  readonly kubeletIp: string;
  /** Moves in although there are nodes that are not modelled. */
  readonly besideRealNodes: boolean;
  /** Where clusters will be ordered. */
  readonly namespace: string;
  readonly operatorNamespace: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Hears of a model that failed, or whose write was refused. */
  readonly problem: (text: string) => void;
}
export interface LiveFleet {
  readonly fleet: Fleet;
  /** What the API server holds, as watched. */
  readonly store: ModelApi;
  /** Everything stops where it is; with `keep` the objects stay. Resolves with what could not be removed, one text each. */
  readonly close: (keep: boolean) => Promise<readonly string[]>;
}

/** Its message tells what a person can do. */
export class NotWelcome extends Error {}

/** Rejects with `NotWelcome`, or with an error about addresses, access or CRDs; then nothing was left behind. */
export async function startLiveFleet(options: LiveFleetOptions): Promise<LiveFleet> {
  const { clock, log, kubeconfig } = options;
  const credentials = await loadCredentials({ clock, log, kubeconfig });
  const kube = kubeClient({ credentials, clock, random: systemRandom, userAgent: 'sandbox' });
  const made: Made[] = [];
  /** In order of their start. */
  const ends: (() => unknown)[] = [() => kube.close(), () => credentials.stop()];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(2).reverse()) await end();
  };
  const close = async (keep: boolean): Promise<readonly string[]> => {
    await stop();
    const left = keep ? [] : await removeFleet(kube, clock, made);
    for (const end of ends.splice(0)) await end();
    return left;
  };
  try {
    return { ...(await moveIn(options, kube, made, ends)), close };
  } catch (err) {
    await close(false);
    throw err;
  }
}

async function moveIn(
  options: LiveFleetOptions,
  kube: KubeClient,
  made: Made[],
  ends: (() => unknown)[],
): Promise<Omit<LiveFleet, 'close'>> {
  const { clock, log, shape, operatorNamespace, kubeletIp } = options;
  const before: Made[] = [];
  const real = await realNodes(kube, before);
  if (real !== undefined && !options.besideRealNodes) throw new NotWelcome(real);
  made.push(...before);
  await installClusterWide(kube, clock, made);
  for (const name of [operatorNamespace, options.namespace]) {
    await bring(kube, NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, made);
  }

  const turns = createTurns(clock);
  const created = (object: Made['object'], type: Made['type']): void => void made.push({ type, object });
  const { problem } = options;
  const mirror = startMirror({ kube, clock, turns, random: systemRandom, log, created, problem });
  ends.push(mirror.stop, turns.stop); // No new writes first, then the end of those under way.
  await mirror.whenSynced;

  let fleet: Fleet | undefined;
  const exec: ExecApi = {
    run: (request, signal) =>
      fleet?.exec.run(request, signal) ?? Promise.resolve({ kind: 'podGone', cause: 'the fleet has not started' }),
  };
  const kubelets = await createKubeletServer({ ip: kubeletIp, exec, clock });
  ends.push(kubelets.close);
  fleet = createFleet(
    {
      clock: turns.clock,
      random: seededStreams(options.seed),
      nodes: options.nodes,
      latency: scaled(REALISTIC, 1 / options.speed),
      shape: {
        ...shape,
        agentNetwork: await freeNetwork(),
        kubelet: { ip: kubeletIp, port: kubelets.port },
      },
      operatorNamespace,
      namespaces: [options.namespace],
    },
    mirror.api,
    'real',
  );
  ends.push((await startAgents(fleet)).close);
  startHeartbeats({ clock: turns.clock, store: mirror.api }, fleet.nodes);
  return { fleet, store: mirror.api };
}
