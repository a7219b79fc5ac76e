/**
 * A seeded life with one random leave at a random instant: a container or its cluster is deleted, paused, upgraded, drained,
 * or loses its node. Then calm: whoever stays must be up on its image, whoever leaves must be gone or say what blocks it.
 */
import { CONDITIONS, isTrue } from '../../messages/condition.ts';
import { CONTAINERS, JOBS, type KubeObject, PODS, refOf } from '../../messages/kube.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { indexBelow, random } from '../support/seeded.ts';
import { createScene, describe, isUp, MINUTE_MS, type Scene } from './scene.ts';

export interface LeavesOptions {
  readonly seed: number;
  readonly failShare: number;
  readonly nodes: number;
  readonly drive: number;
  readonly compute: number;
  readonly s3?: number;
  readonly nfs?: number;
}
export interface Leave {
  /** Empty: all went well. What is stuck without saying so, lost or crashed, one line each. */
  readonly faults: readonly string[];
  /** What happened, with the virtual second. */
  readonly story: readonly string[];
  readonly settledMs: number | undefined;
  readonly goneMs: number | undefined;
}

/** A fleet of this size is up in 2 to 5 minutes: the leave falls into its start as often as after it. */
const BEFORE_MS_MAX = 8 * MINUTE_MS;
const CALM_MS_MAX = 60 * MINUTE_MS;
export const OTHER_IMAGE = 'registry.example.com/weka.io/weka-in-container:4.4.11.7';

export async function live(options: LeavesOptions): Promise<Leave> {
  const { seed, failShare, nodes, drive, compute, s3 = 0, nfs = 0 } = options;
  const chance = random(`leaves ${seed}`);
  const crashes: string[] = [];
  const scene = createScene({
    seed: `leaves ${seed}`,
    nodes,
    drive,
    compute,
    order: { s3Containers: s3, nfsContainers: nfs },
    failShare,
    controller: {
      trace: ({ path, message, error }) => {
        if (message === 'crash') crashes.push(`crash of ${path}: ${error}`);
      },
    },
  });
  scene.start();
  await scene.forMs(BEFORE_MS_MAX * chance());
  const { story, lost } = await leave(scene, chance);
  scene.mount.setFailShare(0);
  /** A cluster that lost a node before all its drives were in, or a member that can't leave, waits for them: that is its own controller's affair. */
  const unformed = (): boolean =>
    (lost.size > 0 || scene.own().some(saysBlocked)) && scene.world.clusters.all().every(({ ioStarted }) => !ioStarted);
  const stuck = (): readonly WekaContainer[] =>
    unformed() ? [] : scene.own().filter((each) => !isSettled(each, lost) && !isAlone(each, scene.own(), lost));
  const settledMs = await scene.until(() => scene.own().length > 0 && stuck().length === 0, CALM_MS_MAX);
  const deleted = scene.own().length === 0;
  const notSettled = settledMs === undefined && !deleted ? ['not settled', ...stuck().map(describe)] : [];
  scene.world.deleteCluster('demo');
  const { store, oracle } = scene.world;
  const left = (): readonly KubeObject[] => {
    const blocked = new Set(store.all<WekaContainer>(CONTAINERS).filter(saysBlocked).map(nameOfContainer));
    const all = [...store.all(CONTAINERS), ...store.all(JOBS), ...store.all(PODS, 'weka')];
    return all.filter((each) => !blocked.has(each.metadata.name));
  };
  const goneMs = await scene.until(() => left().length === 0, CALM_MS_MAX);
  const notGone = goneMs === undefined ? ['not gone', ...left().map(nameOf)] : [];
  scene.crash();
  const violations = oracle.violations.length > 0 ? [oracle.text()] : [];
  return { faults: [...notSettled, ...notGone, ...violations, ...crashes], story, settledMs, goneMs };
}

const nameOf = (object: KubeObject): string =>
  object.kind === 'WekaContainer' ? describe(object as WekaContainer) : `${object.kind} ${object.metadata.name}`;
/** It says what it waits for, and how a person may release it. */
const saysBlocked = ({ status }: WekaContainer): boolean => isTrue(status?.conditions, CONDITIONS.deletionBlocked);
/** Its pod has the same name, and stays with it. */
const nameOfContainer = ({ metadata }: WekaContainer): string => metadata.name;

function isSettled(container: WekaContainer, lost: ReadonlySet<string>): boolean {
  const { spec, status, metadata } = container;
  if (metadata.deletionTimestamp !== undefined) return saysBlocked(container);
  if (spec.state === 'paused') return status?.status === 'Paused';
  // A backend whose node was taken away stays, by its setting, and cannot be up.
  if (lost.has(spec.nodeAffinity ?? status?.nodeAffinity ?? '')) return true;
  return isUp(container) && status?.lastAppliedImage === spec.image;
}

/** An envoy runs beside an s3 only; those that lost their nodes have no place for it. */
const isAlone = ({ spec }: WekaContainer, all: readonly WekaContainer[], lost: ReadonlySet<string>): boolean =>
  spec.mode === 'envoy' &&
  all.every((each) => each.spec.mode !== 's3' || lost.has(each.spec.nodeAffinity ?? each.status?.nodeAffinity ?? ''));

interface Left {
  readonly story: readonly string[];
  /** Nodes that are gone for good. */
  readonly lost: ReadonlySet<string>;
}
async function leave(scene: Scene, chance: () => number): Promise<Left> {
  const { store, life, nodes } = scene.world;
  const story: string[] = [];
  const lost = new Set<string>();
  const say = (what: string): void => void story.push(`${Math.round(scene.clock.monotonicMs() / 1_000)} s ${what}`);
  const pick = <T>(items: readonly T[]): T | undefined => items[indexBelow(items.length, chance)];
  const victim = pick(scene.own());
  if (victim === undefined) return { story, lost };
  const { name } = victim.metadata;
  const ref = refOf(CONTAINERS, victim.metadata);
  const patch = (spec: Readonly<Record<string, unknown>>): void => {
    store.request({ verb: 'mergePatch', ref, patch: { spec } });
    say(`${JSON.stringify(spec)} ${name}`);
  };
  const remove = (): void => {
    store.request({ verb: 'delete', ref });
    say(`delete ${name}`);
  };
  const whileMs = (most: number): Promise<void> => scene.forMs(most * chance());
  const nodeOf = (): string => victim.spec.nodeAffinity ?? victim.status?.nodeAffinity ?? pick([...nodes.keys()]) ?? '';
  const clearNode = (node: string): void => {
    const pods = store.all<KubeObject & { readonly spec: { readonly nodeName?: string } }>(PODS, 'weka');
    for (const { metadata, spec } of pods)
      if (spec.nodeName === node) store.request({ verb: 'delete', ref: refOf(PODS, metadata) });
  };
  const leaves: readonly (() => void | Promise<void>)[] = [
    remove,
    () => patch({ state: 'deleting' }),
    () => {
      scene.world.deleteCluster('demo');
      say('delete the cluster');
    },
    async () => {
      patch({ state: 'paused' });
      await whileMs(5 * MINUTE_MS);
      patch({ state: 'active' });
    },
    async () => {
      patch({ state: 'paused' });
      await whileMs(2 * MINUTE_MS);
      remove();
      await whileMs(2 * MINUTE_MS);
      patch({ state: 'deleting' });
    },
    async () => {
      remove();
      await whileMs(2 * MINUTE_MS);
      // The grace period of a cluster overtakes a leave, and is taken back.
      patch({ state: 'paused' });
      await whileMs(2 * MINUTE_MS);
      patch({ state: 'active' });
    },
    () => patch({ image: OTHER_IMAGE }),
    async () => {
      const { image } = victim.spec;
      patch({ image: OTHER_IMAGE });
      await whileMs(3 * MINUTE_MS);
      patch({ image });
    },
    async () => {
      patch({ image: OTHER_IMAGE });
      await whileMs(2 * MINUTE_MS);
      remove();
    },
    () => patch({ image: OTHER_IMAGE, overrides: { upgradeForceReplace: true } }),
    async () => {
      const node = nodeOf();
      life.lost(node);
      lost.add(node);
      say(`lost ${node}`);
      await whileMs(3 * MINUTE_MS);
      if (chance() < 0.5) remove();
    },
    async () => {
      const node = nodeOf();
      life.down(node);
      say(`down ${node}`);
      await whileMs(2 * MINUTE_MS);
      remove();
      await whileMs(10 * MINUTE_MS);
      life.up(node);
      say(`up ${node}`);
    },
    async () => {
      const node = nodeOf();
      life.cordon(node, true);
      clearNode(node);
      say(`drain ${node}`);
      await whileMs(10 * MINUTE_MS);
      life.cordon(node, false);
      say(`uncordon ${node}`);
    },
    () => {
      store.request({ verb: 'delete', ref: refOf(PODS, victim.metadata) });
      say(`delete pod ${name}`);
    },
    async () => {
      remove();
      await whileMs(3 * MINUTE_MS);
      scene.crash();
      say('the process dies');
      await whileMs(30_000);
      scene.start();
    },
  ];
  await pick(leaves)?.();
  return { story, lost };
}
