/**
 * A modelled fleet and the real controller over it, in memory and on a virtual clock: what every test of the whole starts
 * from. Everything random comes from the seed. Owns the controller's incarnations; decides nothing about containers.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import type { Config } from '../../config.ts';
import { ROLES } from '../../deploy/sandbox/world/cluster-objects.ts';
import { type Mount, memoryMount } from '../../deploy/sandbox/world/mount.ts';
import {
  type ClusterOrder,
  createWorld,
  DEPLOYMENT_NAME,
  MAINTENANCE_ACCOUNT,
  OPERATOR_IMAGE,
  type World,
  type WorldOptions,
} from '../../deploy/sandbox/world/world.ts';
import { noLog } from '../../io/log.ts';
import type { ExecApi, KubeApi } from '../../io/outside.ts';
import { CONDITIONS, isTrue } from '../../messages/condition.ts';
import { CONTAINERS } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { shouldJoinCluster } from '../../messages/weka-modes.ts';
import { type Controller, type ControllerOptions, createController } from '../../supervisors/controller.ts';
import { testConfig } from '../support/config.ts';
import { random } from '../support/seeded.ts';
import { type SimClock, simClock } from '../support/sim-clock.ts';

export interface SceneOptions {
  readonly seed: number | string;
  readonly nodes: number;
  /** How many containers of each role the cluster `demo` gets. */
  readonly drive: number;
  readonly compute: number;
  /** Share of calls that fail, 0 to 1. */
  readonly failShare?: number;
  /** Other tables, other traces, other ways to the outside: for tests that break or count something. */
  readonly controller?: Partial<ControllerOptions>;
  /** Another fleet, another order of the cluster. */
  readonly world?: Partial<WorldOptions>;
  readonly order?: Partial<ClusterOrder>;
  readonly outside?: Partial<Wrapped>;
  /** Settings of the controller beside its usual ones. */
  readonly env?: Readonly<Record<string, string>>;
}
/** What stands between a controller and the modelled fleet. */
export interface Wrapped {
  readonly kube: (api: KubeApi, around: { readonly clock: SimClock; readonly world: World }) => KubeApi;
  readonly exec: (api: ExecApi, around: { readonly clock: SimClock }) => ExecApi;
}

export interface Scene {
  readonly clock: SimClock;
  readonly world: World;
  readonly mount: Mount;
  readonly settings: Config;
  /** The present incarnation; throws while there is none. */
  readonly controller: () => Controller;
  /** A new controller over the same fleet, as after a restart of its process. */
  readonly start: () => void;
  /** One more process beside those that run: it is not the present incarnation, and is nobody's to crash but the caller's. */
  readonly startBeside: (options: Partial<ControllerOptions>) => Controller;
  /** The process dies: nothing is waited for, nothing that was queued is sent. */
  readonly crash: (which?: Controller) => void;
  /** Steps the clock until it `holds`, looked at whenever all mailboxes are empty. Virtual ms it took; undefined: not in time. */
  readonly until: (holds: () => boolean, limitMs: number) => Promise<number | undefined>;
  readonly forMs: (durationMs: number) => Promise<void>;
  /** The containers of the cluster's roles, as stored. */
  readonly own: () => readonly WekaContainer[];
  /** All containers that were ordered are up. */
  readonly allUp: () => boolean;
  /** What is not up, one line each. */
  readonly notUp: () => readonly string[];
}

export const MINUTE_MS = 60_000;
/** A cluster of a dozen that nothing hinders is up in 2 to 3. */
export const UP_MS_MAX = 10 * MINUTE_MS;
const CRDS = readCrds();

function readCrds(): readonly unknown[] {
  const folder = new URL('../../deploy/chart/crds/', import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => load(readFileSync(new URL(name, folder), 'utf8')));
}

/** The fleet with its cluster ordered; no controller runs yet. */
export function createScene(options: SceneOptions): Scene {
  const { seed, nodes, drive, compute, failShare = 0, outside = {}, env = {} } = options;
  const {
    s3Containers = 0,
    nfsContainers = 0,
    dataServicesContainers = 0,
    telemetryContainers = 0,
  } = options.order ?? {};
  // An envoy to each s3.
  const ordered = drive + compute + 2 * s3Containers + nfsContainers + dataServicesContainers + telemetryContainers;
  const stream = (name: string) => random(`${seed}/${name}`);
  const clock = simClock();
  const world = createWorld({ clock, random: stream, crds: CRDS, nodes, ...options.world });
  const mount = memoryMount(world, { clock, random: stream('mount'), latencyMs: [1, 20], failShare });
  const settings = testConfig({
    POD_NAMESPACE: 'weka-operator-system',
    OPERATOR_DEPLOYMENT_NAME: DEPLOYMENT_NAME,
    OPERATOR_IMAGE,
    WEKA_OPERATOR_MAINTENANCE_SA_NAME: MAINTENANCE_ACCOUNT,
    SIGN_DRIVES_IMAGE: 'registry.example.com/weka.io/weka-sign-tool:v1',
    ...env,
  });
  const kube = outside.kube?.(mount.kube, { clock, world }) ?? mount.kube;
  const exec = outside.exec?.(mount.exec, { clock }) ?? mount.exec;
  let incarnations = 0;
  let present: Controller | undefined;
  const running = new Set<Controller>();
  const own = () =>
    world.store.all<WekaContainer>(CONTAINERS).filter(({ spec }) => ROLES.some((role) => role === spec.mode));
  world.addCluster({ name: 'demo', drive, compute, numDrives: 1, ...options.order });

  const until = async (holds: () => boolean, limitMs: number): Promise<number | undefined> => {
    const fromMs = clock.monotonicMs();
    for (;;) {
      await quiet();
      if (holds()) return clock.monotonicMs() - fromMs;
      if (!clock.step(fromMs + limitMs)) return undefined;
    }
  };
  /** Without a controller there are only the promises of the models. */
  const quiet = async (): Promise<void> => {
    if (running.size === 0) return new Promise((resolve) => setImmediate(resolve));
    for (const { system } of running) await system.settled();
  };
  const startBeside = (others: Partial<ControllerOptions>): Controller => {
    incarnations += 1;
    const started = createController({
      kube,
      exec,
      agent: mount.agent,
      settings,
      clock,
      random: stream(incarnations === 1 ? 'controller' : `controller-${incarnations}`),
      log: noLog,
      instance: `sim-${incarnations}`,
      fatal: () => {},
      ...options.controller,
      ...others,
    });
    running.add(started);
    return started;
  };

  return {
    clock,
    world,
    mount,
    settings,
    controller: () => {
      if (present === undefined) throw new Error('no controller runs');
      return present;
    },
    start: () => {
      present = startBeside({});
      present.start().catch(() => {}); // Shows as a fleet that does not come up.
    },
    startBeside,
    crash: (which = present) => {
      if (which === undefined) return;
      const { stores, system, pools } = which;
      stores.stop();
      system.stop();
      for (const pool of [pools.kube, pools.exec, pools.agents]) pool.stop();
      running.delete(which);
      if (which === present) present = undefined;
    },
    until,
    forMs: async (durationMs) => void (await until(() => false, durationMs)),
    own,
    allUp: () => own().length === ordered && own().every(isUp),
    notUp: () =>
      own()
        .filter((container) => !isUp(container))
        .map(describe),
  };
}

/** Running, joined, drives added, protocol served: what counts as up. */
export function isUp({ spec, status }: WekaContainer): boolean {
  if (status?.status !== 'Running') return false;
  if (shouldJoinCluster(spec.mode) && status.containerID === undefined) return false;
  switch (spec.mode) {
    case 'drive':
      return (status.addedDrives?.length ?? 0) === (spec.numDrives ?? 0);
    case 's3':
      return isTrue(status.conditions, CONDITIONS.joinedS3Cluster);
    case 'nfs':
      return isTrue(status.conditions, CONDITIONS.nfsInterfaceGroupsConfigured);
    default:
      return true;
  }
}
export function describe({ metadata, spec, status }: WekaContainer): string {
  const bad = status?.conditions
    ?.filter((condition) => condition.status === 'False')
    .map(({ type, message }) => `${type}: ${message}`);
  return `${metadata.name} ${spec.state}${metadata.deletionTimestamp === undefined ? '' : ' (deleted)'} ${status?.status}/${status?.internalStatus} id=${status?.containerID} ${bad?.join('; ') ?? ''}`;
}
