/** What the fleet asks of a real cluster before it moves in: that it is no one's home; what a chart would install in it. */
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { load } from 'js-yaml';
import type { Clock } from '../../../io/clock.ts';
import type { KubeApi } from '../../../io/outside.ts';
import { CONTAINERS, type Draft, NODES, type ResourceType } from '../../../messages/kube.ts';
import type { Made } from './removal.ts';

/** On each node of the fleet. */
export const MODELLED_LABEL = 'sandbox.weka.io/modelled';
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

/** Why the fleet must not move in here; undefined: it may. Rejects when the cluster does not answer. */
export async function realNodes(kube: KubeApi): Promise<string | undefined> {
  const listed = await kube.list({ verb: 'list', type: NODES });
  if (listed.kind !== 'ok') throw new Error(`the nodes of the cluster can't be listed: ${JSON.stringify(listed)}`);
  const real = listed.answer.items.filter(({ metadata: { labels } }) => labels?.[MODELLED_LABEL] === undefined);
  if (real.length === 0) return undefined;
  const names = real.slice(0, NAMED_COUNT_MAX).map(({ metadata: { name } }) => name);
  const more = real.length > names.length ? ', …' : '';
  return `the cluster has ${real.length} nodes that are not modelled (${names.join(', ')}${more})`;
}

/** CRDs and priority classes; those that are there already are left as they are. `made` gets the others. Resolves once all are served. */
export async function installClusterWide(kube: KubeApi, clock: Clock, made: Made[]): Promise<void> {
  const create = async (type: ResourceType, object: Draft): Promise<void> => {
    const outcome = await kube.request({ verb: 'create', type, object });
    if (outcome.kind === 'ok') made.push({ type, object: outcome.answer });
    else if (outcome.kind !== 'alreadyExists') throw new Error(`${object.metadata.name}: ${JSON.stringify(outcome)}`);
  };
  for (const [name, value] of Object.entries(PRIORITIES)) await create(PRIORITY_CLASSES, priorityClass(name, value));
  for (const name of globSync('*.yaml', { cwd: FOLDER }).sort()) {
    await create(CRDS, load(readFileSync(join(FOLDER, name), 'utf8')) as Draft); // A file of this project.
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
