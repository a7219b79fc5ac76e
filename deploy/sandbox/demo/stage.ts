/** What every act of the demo's story works with: the demo itself, waiting for something, saying why a container is not there. */
import type { Clock } from '../../../io/clock.ts';
import { CONTAINERS, EVENTS, PODS } from '../../../messages/kube.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import type { Pod } from '../world/objects.ts';
import type { ControllerProcess } from './controller-process.ts';
import type { DemoFleet } from './fleet.ts';
import type { DemoOptions } from './options.ts';
import type { Plan } from './orders.ts';
import type { Screen } from './screen.ts';
import { reasonsText } from './summary.ts';

/** Between two looks. */
export const LOOK_EVERY_MS = 200;

export type Pause = 'time' | 'interrupted' | 'ended';
/** What a wait ended with. */
export type Waited = 'done' | 'timeout' | Exclude<Pause, 'time'>;

export interface Demo {
  readonly options: DemoOptions;
  readonly plan: Plan;
  readonly clock: Clock;
  readonly screen: Screen;
  readonly fleet: DemoFleet;
  readonly controller: ControllerProcess;
  readonly logPath: string;
  readonly metricsUrl: string;
  readonly pause: (delayMs: number) => Promise<Pause>;
}

export const secondsText = (clock: Clock, sinceMs: number): string =>
  `${((clock.monotonicMs() - sinceMs) / 1_000).toFixed(1)} s`;

/** Looks until `holds`, at most for the time of the options since `progress` last changed; without it, since the beginning. */
export async function until(demo: Demo, holds: () => boolean, progress = (): number => 0): Promise<Waited> {
  const { options, clock, screen, pause } = demo;
  let [reached, sinceMs] = [progress(), clock.monotonicMs()];
  while (!holds()) {
    const [now, nowMs] = [progress(), clock.monotonicMs()];
    if (now !== reached) [reached, sinceMs] = [now, nowMs];
    if (nowMs >= sinceMs + options.timeoutMs) {
      screen.done();
      return 'timeout';
    }
    const paused = await pause(LOOK_EVERY_MS);
    if (paused !== 'time') {
      screen.done();
      return paused;
    }
  }
  screen.done();
  return 'done';
}

export const containersOf = ({ fleet }: Demo): readonly WekaContainer[] =>
  fleet.world.store.all<WekaContainer>(CONTAINERS);

export function sayReasons({ fleet, screen }: Demo, containers: readonly WekaContainer[]): void {
  const { store } = fleet.world;
  const [pods, events] = [store.all<Pod>(PODS), store.all(EVENTS)];
  for (const container of containers) screen.say(`  ${reasonsText(container, pods, events)}`);
}

export function sayViolations({ fleet, screen }: Pick<Demo, 'fleet' | 'screen'>): void {
  const { oracle } = fleet.world;
  screen.say(`Violations that the fleet has seen: ${oracle.violations.length}`);
  if (oracle.violations.length > 0) screen.say(oracle.text());
}

/** How many nodes of clients have applications on them, where the demo shows what a client does about it; and for how long. */
const MOUNTED_NODES = 3;
export const MOUNTED_MS = 10_000;

/** Applications mount file systems on some nodes of clients. The names of these nodes, and how it ends. */
export function mountSome(demo: Demo): { readonly names: readonly string[]; readonly end: () => void } {
  const names = clientNodes(demo).slice(0, MOUNTED_NODES);
  const nodes = names.flatMap((name) => demo.fleet.world.nodes.get(name) ?? []);
  for (const node of nodes) node.activeMounts = 2;
  demo.screen.say(`Applications have mounts on ${names.join(', ')}.`);
  return {
    names,
    end: () => {
      for (const node of nodes) node.activeMounts = 0;
    },
  };
}

/** Names of the nodes with a client. */
export const clientNodes = (demo: Demo): readonly string[] =>
  containersOf(demo)
    .filter(({ spec }) => spec.mode === 'client')
    .map(({ spec, status }) => spec.nodeAffinity ?? status?.nodeAffinity ?? '');
