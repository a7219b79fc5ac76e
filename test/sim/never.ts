/**
 * Shows that a rule of the oracle guards what it should: one story, told with the real tables, where nothing may be
 * reported, and told without the guard, where the rule must be the first that is.
 */
import * as assert from 'uvu/assert';
import type { Flows } from '../../actors/container.ts';
import type { Step } from '../../actors/flows/step.ts';
import { flows } from '../../actors/flows/tables.ts';
import type { Pod } from '../../deploy/sandbox/world/objects.ts';
import type { Process } from '../../deploy/sandbox/world/pod-process.ts';
import { CONTAINERS, PODS, refOf } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { createScene, MINUTE_MS, type Scene, type SceneOptions, UP_MS_MAX } from './scene.ts';

export interface Tale {
  readonly seed: string;
  /** What the oracle says without the guard, the first of it first. */
  readonly expected: readonly string[];
  /** How the guard is taken away. */
  readonly without: Partial<SceneOptions>;
  readonly with?: Partial<SceneOptions>;
  /** The fleet is up. Ends at the latest when the oracle has said something that is `expected`. */
  readonly story: (scene: Scene, guarded: boolean) => Promise<void>;
}
export async function tell({ seed, expected, without, with: given = {}, story }: Tale): Promise<void> {
  for (const guarded of [true, false]) {
    const scene = createScene({ seed, nodes: 7, drive: 3, compute: 3, ...given, ...(guarded ? {} : without) });
    await story(scene, guarded);
    assert.equal(
      rules(scene),
      guarded ? [] : expected,
      `${guarded ? 'with' : 'without'} the guard:\n${scene.world.oracle.text()}`,
    );
    scene.crash();
  }
}
/** In the order of their first report. */
export const rules = ({ world }: Scene): readonly string[] => [
  ...new Set(world.oracle.violations.map(({ rule }) => rule)),
];
export const isTold = ({ world }: Scene): boolean => world.oracle.violations.length > 0;

export async function comesUp(scene: Scene): Promise<void> {
  scene.start();
  assert.type(await scene.until(scene.allUp, UP_MS_MAX), 'number', scene.notUp().join('\n'));
}
/** Until it holds, or the oracle has spoken: one of both must come. */
export async function comes(scene: Scene, holds: () => boolean, limitMs = 15 * MINUTE_MS): Promise<void> {
  const took = await scene.until(() => holds() || isTold(scene), limitMs);
  assert.type(took, 'number', scene.notUp().join('\n'));
}

/** Another table: the row of that number changed, or left out. */
export function table(flow: keyof Flows, number: string, change: (row: Step) => Step | undefined, from = flows): Flows {
  assert.ok(
    from[flow].some((row) => row.number === number),
    `no row ${number}`,
  );
  return { ...from, [flow]: from[flow].flatMap((row) => (row.number === number ? (change(row) ?? []) : [row])) };
}
export const leftOut = (flow: keyof Flows, ...numbers: readonly string[]): Flows =>
  numbers.reduce((from, number) => table(flow, number, () => undefined, from), flows);

export const first = (scene: Scene, mode: string): WekaContainer => {
  const found = scene.own().find(({ spec }) => spec.mode === mode);
  assert.ok(found, `no ${mode}`);
  return found;
};
export const remove = ({ world }: Scene, { metadata }: WekaContainer): void => {
  assert.is(world.store.request({ verb: 'delete', ref: refOf(CONTAINERS, metadata) }).kind, 'ok');
};
export const removePod = ({ world }: Scene, { metadata }: WekaContainer): void => {
  assert.is(world.store.request({ verb: 'delete', ref: refOf(PODS, metadata) }).kind, 'ok');
};
export const now = ({ world }: Scene, { metadata }: WekaContainer): WekaContainer | undefined =>
  world.store.get<WekaContainer>(refOf(CONTAINERS, metadata));
export const isGone = (scene: Scene, container: WekaContainer): boolean => now(scene, container) === undefined;
export const podOf = ({ world }: Scene, { metadata }: WekaContainer): Pod | undefined =>
  world.store.get<Pod>(refOf(PODS, metadata));
export const processOf = ({ world }: Scene, { metadata }: WekaContainer): Process | undefined =>
  [...world.nodes.values()]
    .flatMap(({ processes }) => [...processes.values()])
    .find(({ containerUid }) => containerUid === metadata.uid);
export const nodeOf = ({ world }: Scene, container: WekaContainer) => {
  const model = world.nodes.get(container.spec.nodeAffinity ?? container.status?.nodeAffinity ?? '');
  assert.ok(model, 'it has a node');
  return model;
};
