/** How far the preparations of a demo are, in plain words. Reads the store, writes nothing. */
import { CONTAINERS, type KubeObject } from '../../../messages/kube.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import type { ModelApi } from '../world/model-api.ts';
import type { Preparation } from './orders.ts';
import { stateOf } from './settled.ts';

export interface Prepared {
  readonly done: boolean;
  /** One line; empty where there is nothing to prepare. */
  readonly lines: readonly string[];
}

/** One is done when its object says so, and the helpers of a node are gone: then nothing of it is under way. */
export function preparedOf(store: Pick<ModelApi, 'get' | 'all'>, preparations: readonly Preparation[]): Prepared {
  const containers = store.all<WekaContainer>(CONTAINERS);
  const each = preparations.map((preparation) => {
    const object = objectOf(store, preparation);
    const made = containers.filter(({ metadata }) =>
      metadata.ownerReferences?.some(({ uid }) => uid === object?.metadata.uid),
    );
    const done = statusOf(object) === 'Done' && made.every(({ spec }) => spec.mode !== 'adhoc-op');
    return { done, line: done ? preparation.done : `${preparation.doing}: ${statesText(made)}` };
  });
  return { done: each.every(({ done }) => done), lines: each.map(({ line }) => line) };
}

function objectOf(store: Pick<ModelApi, 'get'>, { type, object }: Preparation): KubeObject | undefined {
  const { name, namespace = '' } = object.metadata;
  return store.get({ type, namespace, name });
}

/** Operations and policies have it in the same place. */
const statusOf = (object: KubeObject | undefined): string | undefined =>
  (object as { readonly status?: { readonly status?: string } } | undefined)?.status?.status;

/** What the states of a one-off or a distributor mean to somebody who waits for it. */
const WORDS: Readonly<Record<string, string>> = {
  Completed: 'done',
  PodRunning: 'at work',
  Building: 'building',
  Running: 'serving',
  Deleting: 'done',
};

function statesText(made: readonly WekaContainer[]): string {
  const counts = new Map<string, number>();
  for (const container of made) {
    const word = WORDS[stateOf(container)] ?? 'starting';
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const parts = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([word, count]) => `${count} ${word}`);
  return parts.join(', ') || 'about to begin';
}
