/** What the fleet asks of a real cluster before it moves in: that it is no one's home; what a chart would install in it. */
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { load } from 'js-yaml';
import type { Clock } from '../../../io/clock.ts';
import type { KubeApi } from '../../../io/outside.ts';
import { CONTAINERS, type Draft, NODES, type ResourceType } from '../../../messages/kube.ts';
import { bring, isMarked, type Made } from './own.ts';

const CRDS: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};
const PRIORITY_CLASSES: ResourceType = {
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  namespaced: false,
};
/** By name. Without them the API server refuses weka's pods. Source: spec 04, 5.2. */
const PRIORITIES = { 'weka-targeted-no-evict': 1_000_000_000, 'weka-initial-no-evict': 900_000_000 };
const FOLDER = resolve(import.meta.dirname, '../../chart/crds');
const SERVED_MS_MAX = 30_000;
const LOOK_AGAIN_MS = 200;
const NAMED_COUNT_MAX = 3;

/** Why the fleet must not move in here; undefined: it may. `made` gets the nodes of a fleet before. Rejects when the cluster does not answer. */
export async function realNodes(kube: KubeApi, made: Made[]): Promise<string | undefined> {
  const listed = await kube.list({ verb: 'list', type: NODES });
  if (listed.kind !== 'ok') throw new Error(`the nodes of the cluster can't be listed: ${JSON.stringify(listed)}`);
  const { items } = listed.answer;
  for (const object of items.filter(isMarked)) made.push({ type: NODES, object });
  const real = items.filter((node) => !isMarked(node));
  if (real.length === 0) return undefined;
  const names = real.slice(0, NAMED_COUNT_MAX).map(({ metadata: { name } }) => name);
  const more = real.length > names.length ? ', …' : '';
  return `the cluster has ${real.length} nodes that are not modelled (${names.join(', ')}${more})`;
}

/** CRDs and priority classes. Resolves once all are served. */
export async function installClusterWide(kube: KubeApi, clock: Clock, made: Made[]): Promise<void> {
  for (const [name, value] of Object.entries(PRIORITIES)) {
    await bring(kube, PRIORITY_CLASSES, priorityClass(name, value), made);
  }
  for (const name of globSync('*.yaml', { cwd: FOLDER }).sort()) {
    const object = load(readFileSync(join(FOLDER, name), 'utf8')) as Draft; // A file of this project.
    await bring(kube, CRDS, object, made);
  }
  await untilServed(kube, clock);
}

const priorityClass = (name: string, value: number) => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value,
  preemptionPolicy: 'Never',
});

/** A new type is served a moment after its definition was accepted. */
async function untilServed(kube: KubeApi, clock: Clock): Promise<void> {
  const endMs = clock.monotonicMs() + SERVED_MS_MAX;
  for (;;) {
    const listed = await kube.list({ verb: 'list', type: CONTAINERS, limit: 1 });
    if (listed.kind === 'ok') return;
    if (clock.monotonicMs() > endMs) throw new Error(`${CONTAINERS.plural} are not served: ${JSON.stringify(listed)}`);
    await new Promise<void>((resolved) => void clock.after(LOOK_AGAIN_MS, resolved));
  }
}
