/** Objects of the API turned into garbage on their way to the controller, by values that fast-check makes. */
import fc from 'fast-check';
import type { KubeApi } from '../../io/outside.ts';
import type { KubeList, KubeObject, KubeOutcome, WatchEvent } from '../../messages/kube.ts';

/** Sets `value` at `path` of an object; `undefined` takes the field away. */
export interface Garbage {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Of all kinds; one path of another kind does no harm. Identity stays: without it an object cannot be told of at all. */
const PATHS = [
  'spec',
  'status',
  'metadata.labels',
  'metadata.labels.weka~io/mode',
  'metadata.annotations',
  'metadata.annotations.weka~io/discovery~json',
  'metadata.annotations.weka~io/weka-drives',
  'metadata.ownerReferences',
  'metadata.ownerReferences.0',
  'metadata.finalizers',
  'metadata.deletionTimestamp',
  'metadata.creationTimestamp',
  'metadata.generation',
  'spec.mode',
  'spec.state',
  'spec.image',
  'spec.name',
  'spec.port',
  'spec.numCores',
  'spec.numDrives',
  'spec.tolerations',
  'spec.nodeAffinity',
  'spec.nodeName',
  'spec.containers',
  'spec.containers.0',
  'spec.taints',
  'spec.providerID',
  'spec.dynamicTemplate',
  'spec.overrides',
  'spec.joinIpPorts',
  'spec.terminationGracePeriodSeconds',
  'status.status',
  'status.phase',
  'status.podIP',
  'status.conditions',
  'status.conditions.0',
  'status.containerStatuses',
  'status.allocations',
  'status.allocations.drives',
  'status.containerID',
  'status.managementIPs',
  'status.stats',
  'status.timestamps',
  'status.addedDrives',
  'status.nodeAffinity',
  'status.nodeInfo',
  'status.nodeInfo.bootID',
  'status.allocatable',
  'status.allocatable.cpu',
  'status.ports',
] as const;

/** Stands for a text of 200 kB, which nobody wants to read in a report. */
const HUGE = 'HUGE';
const value = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, '', 0, -1, 1e308, true, [], {}, [null], { a: null }, 'NoSuchValue'),
  fc.jsonValue({ maxDepth: 2 }),
  fc.constant(HUGE),
  fc.string({ unit: 'binary' }),
);
export const garbage: fc.Arbitrary<readonly Garbage[]> = fc.array(
  fc.record({
    path: fc.constantFrom(...PATHS).map((path) => path.split('.').map((part) => part.replaceAll('~', '.'))),
    value,
  }),
  { minLength: 1, maxLength: 4 },
);

/** A copy. A path that leads through something that is no object ends there. */
export function spoilt(object: KubeObject, parts: readonly Garbage[]): KubeObject {
  const copy = structuredClone(object);
  for (const { path, value: garbageValue } of parts) {
    let at: unknown = copy;
    for (const key of path.slice(0, -1)) at = isContainer(at) ? at[key] : undefined;
    const last = path.at(-1) ?? '';
    if (!isContainer(at)) continue;
    if (garbageValue === undefined) delete at[last];
    else at[last] = garbageValue === HUGE ? 'x'.repeat(200_000) : structuredClone(garbageValue);
  }
  return copy;
}
const isContainer = (found: unknown): found is Record<string, unknown> => typeof found === 'object' && found !== null;

/** Spoils what `chooses` picks, in lists, watches and answers alike. Deletions pass. */
export function spoiling(
  api: KubeApi,
  chooses: (object: KubeObject) => boolean,
  parts: () => readonly Garbage[],
): KubeApi {
  const through = (object: KubeObject): KubeObject => (chooses(object) ? spoilt(object, parts()) : object);
  const page = (outcome: KubeOutcome<KubeList>): KubeOutcome<KubeList> =>
    outcome.kind === 'ok'
      ? { ...outcome, answer: { ...outcome.answer, items: outcome.answer.items.map(through) } }
      : outcome;
  const event = (told: WatchEvent): WatchEvent =>
    told.kind === 'added' || told.kind === 'modified' ? { ...told, object: through(told.object) } : told;
  return {
    request: async (request, signal) => {
      const outcome = await api.request(request, signal);
      return outcome.kind === 'ok' ? { ...outcome, answer: through(outcome.answer) } : outcome;
    },
    list: async (request, signal) => page(await api.list(request, signal)),
    watch: (request, take, signal) => api.watch(request, (told) => take(event(told)), signal),
  };
}
