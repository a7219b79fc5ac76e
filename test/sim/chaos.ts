/**
 * A seeded life in bad times: while a cluster comes up, nodes go down and come back, the process dies, the API server
 * vanishes or forgets, containers and pods are deleted. Then calm: all must come up, and go when the cluster is deleted.
 */
import { CONTAINERS, JOBS, type KubeObject, PODS, refOf } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { indexBelow, random } from '../support/seeded.ts';
import { createScene, describe, MINUTE_MS, type Scene } from './scene.ts';
import { createWeather, type Weather } from './weather.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly failShare: number;
  readonly nodes: number;
  readonly drive: number;
  readonly compute: number;
  readonly s3?: number;
  readonly nfs?: number;
}
export interface Chaos {
  /** Empty: all went well. What is stuck, lost or crashed, one line each. */
  readonly faults: readonly string[];
  /** What happened, with the virtual second. */
  readonly story: readonly string[];
  /** From the begin of the calm. */
  readonly upMs: number | undefined;
  readonly goneMs: number | undefined;
}

const EVENTS_COUNT = 12;
const PAUSE_MS_MAX = MINUTE_MS;
/** Stop timers and time limits of commands are minutes long. */
const CALM_MS_MAX = 30 * MINUTE_MS;
/** More would leave a cluster without the nodes that it needs. */
const DOWN_COUNT_MAX = 2;

export async function live({ seed, failShare, nodes, drive, compute, s3 = 0, nfs = 0 }: ChaosOptions): Promise<Chaos> {
  const weather = createWeather();
  const crashes: string[] = [];
  const scene = createScene({
    seed: `chaos ${seed}`,
    nodes,
    drive,
    compute,
    order: { s3Containers: s3, nfsContainers: nfs },
    failShare,
    outside: { kube: weather.wrap },
    controller: {
      trace: ({ path, message, error }) => {
        if (message === 'crash') crashes.push(`crash of ${path}: ${error}`);
      },
    },
  });
  scene.start();
  const story = await disturb(scene, weather, random(`chaos ${seed}`));
  scene.mount.setFailShare(0);
  const upMs = await scene.until(scene.allUp, CALM_MS_MAX);
  const notUp = upMs === undefined ? ['not up', ...scene.notUp()] : [];
  scene.world.deleteCluster('demo');
  const { store, oracle } = scene.world;
  const left = (): readonly KubeObject[] => [...store.all(CONTAINERS), ...store.all(JOBS), ...store.all(PODS, 'weka')];
  const goneMs = await scene.until(() => left().length === 0, CALM_MS_MAX);
  const notGone = goneMs === undefined ? ['not gone', ...left().map(nameOf)] : [];
  scene.crash();
  const faults = [...notUp, ...notGone, ...(oracle.violations.length > 0 ? [oracle.text()] : []), ...crashes];
  return { faults, story, upMs, goneMs };
}
const nameOf = (object: KubeObject): string =>
  object.kind === 'WekaContainer' ? describe(object as WekaContainer) : `${object.kind} ${object.metadata.name}`;

async function disturb(scene: Scene, weather: Weather, chance: () => number): Promise<readonly string[]> {
  const { store, life, nodes } = scene.world;
  const story: string[] = [];
  const say = (what: string): void => void story.push(`${Math.round(scene.clock.monotonicMs() / 1_000)} s ${what}`);
  const pick = <T>(items: readonly T[]): T | undefined => items[indexBelow(items.length, chance)];
  const gone = new Set<string>();
  const lose = (how: 'down' | 'cut') => (): void => {
    const name = pick([...nodes.keys()]) ?? '';
    if (gone.size >= DOWN_COUNT_MAX || gone.has(name)) return;
    gone.add(name);
    life[how](name);
    say(`${how} ${name}`);
  };
  const bringBack = (): void => {
    const [name] = gone;
    if (name === undefined) return;
    gone.delete(name);
    life.up(name);
    say(`up ${name}`);
  };
  const events: readonly (() => void | Promise<void>)[] = [
    lose('down'),
    lose('cut'),
    bringBack,
    bringBack,
    async () => {
      say('the process dies');
      scene.crash();
      await scene.forMs(20_000 * chance());
      scene.start();
    },
    () => {
      say('410');
      weather.cutWatches();
      store.forgetHistory();
    },
    async () => {
      say('no API server');
      weather.setDown(true);
      await scene.forMs(MINUTE_MS * chance());
      weather.setDown(false);
    },
    () => {
      const staying = scene.own().filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      const victim = pick(staying);
      // One at a time: the cluster keeps its redundancy.
      if (victim === undefined || staying.length < scene.own().length) return;
      store.request({ verb: 'delete', ref: refOf(CONTAINERS, victim.metadata) });
      say(`delete ${victim.metadata.name}`);
    },
    () => {
      const victim = pick(scene.own());
      if (victim === undefined) return;
      store.request({ verb: 'delete', ref: refOf(PODS, victim.metadata) });
      say(`delete pod ${victim.metadata.name}`);
    },
  ];
  for (let count = 0; count < EVENTS_COUNT; count += 1) {
    await scene.forMs(PAUSE_MS_MAX * chance());
    await pick(events)?.();
  }
  while (gone.size > 0) bringBack();
  return story;
}
