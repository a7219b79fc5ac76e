/** A store with a small custom type, for its tests: a seeded random source, a clock that the test moves. */
import type { ApiStore } from '../../deploy/sandbox/world/api.ts';
import { createApiStore } from '../../deploy/sandbox/world/api-store.ts';
import type { Draft, KubeObject, KubeOutcome, ObjectRef, ResourceType, WatchEvent } from '../../messages/kube.ts';
import { type SimClock, simClock } from '../support/sim-clock.ts';

export const GADGETS: ResourceType = {
  group: 'shop.example.com',
  version: 'v1',
  kind: 'Gadget',
  plural: 'gadgets',
  namespaced: true,
};

/** A custom type with one of everything that a schema can say. */
export const GADGET_DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gadgets.shop.example.com' },
  spec: {
    group: GADGETS.group,
    scope: 'Namespaced',
    names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', shortNames: ['gd'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              apiVersion: { type: 'string' },
              kind: { type: 'string' },
              metadata: { type: 'object' },
              spec: {
                type: 'object',
                required: ['size'],
                properties: {
                  size: { type: 'integer', minimum: 0, maximum: 100 },
                  color: { type: 'string', enum: ['red', 'blue'], default: 'red' },
                  code: { type: 'string', pattern: '^[a-z]+$', minLength: 2, maxLength: 5 },
                  note: { type: 'string', nullable: true },
                  amount: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
                  free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set', maxItems: 3 },
                  labels: { type: 'object', additionalProperties: { type: 'string' } },
                  since: { type: 'string', format: 'date-time' },
                  options: {
                    type: 'object',
                    properties: { depth: { type: 'integer', default: 3 }, wide: { type: 'boolean' } },
                  },
                  parts: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['name'],
                    items: {
                      type: 'object',
                      required: ['name'],
                      properties: {
                        name: { type: 'string' },
                        count: {
                          type: 'integer',
                          'x-kubernetes-validations': [{ rule: 'self >= oldSelf', message: 'count must not shrink' }],
                        },
                      },
                    },
                  },
                },
                'x-kubernetes-validations': [
                  { rule: 'self.size % 2 == 0', message: 'size must be even' },
                  { rule: '!has(self.code) || self.color == "blue"', messageExpression: '"no code for " + self.color' },
                ],
              },
              status: {
                type: 'object',
                required: ['phase'],
                properties: { phase: { type: 'string', default: 'New' }, seen: { type: 'integer' } },
              },
            },
          },
        },
      },
    ],
  },
} as const;

export interface World {
  readonly store: ApiStore;
  readonly clock: SimClock;
  /** Lets this much time pass, timers included. */
  readonly pass: (ms: number) => void;
}

export function world(watchWindow?: number): World {
  const clock = simClock();
  let seed = 1;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const window = watchWindow === undefined ? {} : { watchWindow };
  const store = createApiStore({ clock, random, crds: [GADGET_DEFINITION], ...window });
  return {
    store,
    clock,
    pass: (ms) => {
      const untilMs = clock.monotonicMs() + ms;
      while (clock.step(untilMs));
    },
  };
}

type Fields = Readonly<Record<string, unknown>>;
export const gadget = (name: string, spec: Fields = { size: 2 }, metadata: Fields = {}): Draft =>
  ({
    apiVersion: 'shop.example.com/v1',
    kind: 'Gadget',
    metadata: { name, namespace: 'default', ...metadata },
    spec,
  }) as Draft;
export const gadgetRef = (name: string): ObjectRef => ({ type: GADGETS, namespace: 'default', name });
export const core = (kind: string, name: string, fields: Fields = {}, metadata: Fields = {}): Draft =>
  ({ apiVersion: 'v1', kind, metadata: { name, ...metadata }, ...fields }) as Draft;
export const pod = (name: string, spec: Fields = {}, metadata: Fields = {}): Draft =>
  core(
    'Pod',
    name,
    { spec: { containers: [{ name: 'main', image: 'i' }], ...spec } },
    { namespace: 'default', ...metadata },
  );

/** The object that a request answered with; any other outcome fails the test. */
export function answer<T = Any>(outcome: KubeOutcome<KubeObject>): T {
  if (outcome.kind !== 'ok') throw new Error(`not ok: ${JSON.stringify(outcome)}`);
  return outcome.answer as T;
}
/** The text of a refusal, after its kind or its status. */
export function refusal(outcome: KubeOutcome<unknown>): string {
  if (outcome.kind === 'ok') throw new Error(`expected a refusal: ${JSON.stringify(outcome.answer)}`);
  const message = 'message' in outcome ? outcome.message : '';
  return outcome.kind === 'refused' ? `${outcome.status} ${outcome.reason}: ${message}` : `${outcome.kind}: ${message}`;
}
/** Tests look into objects whose shape they know themselves. */
// biome-ignore lint/suspicious/noExplicitAny: see above.
export type Any = any;

/** A watch as one line per event: `added a 7`, `bookmark 9 end`, `error 410`. */
export function line(event: WatchEvent): string {
  if (event.kind === 'bookmark') return `bookmark${event.initialEventsEnd ? ' end' : ''}`;
  if (event.kind === 'error') return `error ${event.code}`;
  return `${event.kind} ${event.object.metadata.name}`;
}
