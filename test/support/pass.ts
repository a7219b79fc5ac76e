/** The pass of a container over a fake view, as a step sees it. */
import { type Pass, passOf } from '../../actors/flows/pass.ts';
import type { Config } from '../../config.ts';
import type { KubeObject } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { testConfig } from './config.ts';
import { bootScripts, clusterOf, nodeOf, OPERATOR_NAMESPACE } from './containers.ts';
import { type FakeView, fakeView } from './fake-view.ts';
import { SIM_START_WALL_MS } from './sim-clock.ts';

export const SETTINGS: Config = testConfig();
/** What every test world has: a node, the cluster, the boot scripts. */
export const surroundings = (): readonly KubeObject[] => [
  nodeOf(),
  clusterOf(),
  bootScripts(OPERATOR_NAMESPACE),
  bootScripts('weka'),
];

export interface PassGiven {
  /** Beside the surroundings and the container; one of the same name replaces. */
  readonly world?: readonly KubeObject[];
  readonly without?: readonly KubeObject[];
  readonly settings?: Partial<Config>;
  readonly nowMs?: number;
  readonly wallMs?: number;
  readonly chance?: number;
}
export function passFor(container: WekaContainer, given: PassGiven = {}): Pass & { readonly view: FakeView } {
  const { nowMs = 0, wallMs = SIM_START_WALL_MS, chance = 0 } = given;
  const view = fakeView(...surroundings(), container, ...(given.world ?? []));
  view.remove(...(given.without ?? []));
  const settings = { ...SETTINGS, ...given.settings };
  return { ...passOf(container, container.status, { view, settings }, { nowMs, wallMs, chance }), view };
}
