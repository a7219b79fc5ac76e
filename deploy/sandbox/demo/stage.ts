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

/** Looks until `holds`, at most for the time of the options. */
export async function until({ options, clock, screen, pause }: Demo, holds: () => boolean): Promise<Waited> {
  const endMs = clock.monotonicMs() + options.timeoutMs;
  while (!holds()) {
    if (clock.monotonicMs() >= endMs) {
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
