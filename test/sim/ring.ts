/**
 * Several shards over one modelled fleet, each as a process would be: a controller behind the fence of its own Lease, assigned
 * containers by a stand-in of the sharder. Sees whether anything is served by two.
 */
import { fenced } from '../../io/fence.ts';
import { type Election, startElection } from '../../io/leader-election.ts';
import { noLog } from '../../io/log.ts';
import type { ExecApi, KubeApi, ObjectRequest } from '../../io/outside.ts';
import { CONTAINERS, LEASES, PODS } from '../../messages/kube.ts';
import { RING_LABEL, shardLabel } from '../../messages/shard.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import type { Controller } from '../../supervisors/controller.ts';
import { random } from '../support/seeded.ts';
import { type Sharder, startSharder } from '../support/sharder.ts';
import { createScene, type Scene, type SceneOptions } from './scene.ts';

export const RING = 'weka-containers';
const NAMESPACE = 'weka-operator-system';

export interface ShardProcess {
  readonly name: string;
  readonly controller: Controller;
  readonly election: Election;
  /** Ends at once; its Lease is left to stand still. */
  readonly kill: () => void;
}
export interface Ring {
  readonly scene: Scene;
  readonly sharder: Sharder;
  /** `behindMs`: so late it hears of containers. `mute`: leaves no word on Leases of what it has chosen, as the reference. */
  readonly start: (name: string, how?: { readonly behindMs?: number; readonly mute?: boolean }) => ShardProcess;
  /** Which shard has how many containers, as their labels say. */
  readonly shares: () => Readonly<Record<string, number>>;
  /** What a shard did to a container that was another one's, or that two shards ran at a time. One line each. */
  readonly trespasses: readonly string[];
  /** Whenever all is quiet: each container is at work in one process at most. */
  readonly look: () => void;
  readonly end: () => void;
}

/** `ran` hears of each command. */
export function createRing(options: SceneOptions, ran: (argv: readonly string[]) => void = () => {}): Ring {
  const scene = createScene(options);
  const { world, clock, mount } = scene;
  const trespasses: string[] = [];
  const processes = new Map<string, ShardProcess>();
  const sharder = startSharder({ api: mount.kube, ring: RING, namespace: NAMESPACE, clock });
  const shardOf = ({ metadata }: WekaContainer): string => metadata.labels?.[shardLabel(RING)] ?? '';
  const all = (): readonly WekaContainer[] => world.store.all<WekaContainer>(CONTAINERS);

  /** The container whose status or pod this would change. */
  function changed(request: ObjectRequest): WekaContainer | undefined {
    if (request.verb === 'get' || request.verb === 'create') return undefined;
    const { type, namespace, name } = request.ref;
    const concerns = (type === CONTAINERS && 'subresource' in request) || type === PODS;
    return concerns
      ? all().find(({ metadata }) => metadata.namespace === namespace && metadata.name === name)
      : undefined;
  }
  const watched = (name: string, kube: KubeApi): KubeApi => ({
    ...kube,
    request: (request, signal) => {
      const container = changed(request);
      if (container !== undefined && shardOf(container) !== name)
        trespasses.push(`${name}: ${request.verb} of ${container.metadata.name}, which is ${shardOf(container)}'s`);
      return kube.request(request, signal);
    },
  });

  const late = (kube: KubeApi, behindMs: number): KubeApi => ({
    ...kube,
    watch: (request, take, signal, opened) => {
      if (request.type !== CONTAINERS || behindMs === 0) return kube.watch(request, take, signal, opened);
      return kube.watch(request, (event) => void clock.after(behindMs, () => take(event)), signal, opened);
    },
  });

  const wordless = (kube: KubeApi): KubeApi => ({
    ...kube,
    request: (request, signal) => {
      if (request.verb !== 'replace' || request.ref.type !== LEASES) return kube.request(request, signal);
      const { annotations: _, ...metadata } = request.object.metadata;
      return kube.request({ ...request, object: { ...request.object, metadata } }, signal);
    },
  });
  const exec: ExecApi = {
    run: (request, signal) => {
      ran(request.argv);
      return mount.exec.run(request, signal);
    },
  };

  return {
    scene,
    sharder,
    trespasses,
    start: (name, { behindMs = 0, mute = false } = {}) => {
      const kube = late(watched(name, mount.kube), behindMs);
      const outside = { kube: mute ? wordless(kube) : kube, exec, agent: mount.agent };
      const controller = scene.startBeside({
        ...fenced(outside, () => election.holds()),
        settings: { ...scene.settings, controllerRing: RING, podName: name },
        instance: name,
        log: noLog,
      });
      const election: Election = startElection({
        api: mount.kube,
        namespace: NAMESPACE,
        name,
        identity: name,
        labels: { [RING_LABEL]: RING },
        clock,
        random: random(`${options.seed}/${name}`),
        log: noLog,
        // Shows as containers that nobody serves.
        elected: () => void controller.start().catch(() => {}),
        lost: () => kill(),
      });
      const kill = (): void => {
        election.stop();
        scene.crash(controller);
        processes.delete(name);
      };
      const process = { name, controller, election, kill };
      processes.set(name, process);
      return process;
    },
    shares: () => Object.fromEntries([...Map.groupBy(all(), shardOf)].map(([name, list]) => [name, list.length])),
    look: () => {
      const at = new Map<string, string>();
      for (const [name, { controller }] of processes)
        for (const uid of controller.fleet.uids()) {
          const other = at.get(uid);
          if (other !== undefined) trespasses.push(`${uid} is served by ${other} and ${name}`);
          at.set(uid, name);
        }
    },
    end: () => {
      sharder.stop();
      for (const { kill } of [...processes.values()]) kill();
    },
  };
}
