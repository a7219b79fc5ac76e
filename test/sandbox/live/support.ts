/** The models on an API server that is far away, on the virtual clock: each write takes a while, some fail, as over a network. */
import { startMirror } from '../../../deploy/sandbox/live/mirror.ts';
import { createTurns } from '../../../deploy/sandbox/live/turns.ts';
import type { ApiStore } from '../../../deploy/sandbox/world/api.ts';
import { createApiStore } from '../../../deploy/sandbox/world/api-store.ts';
import type { ModelApi } from '../../../deploy/sandbox/world/model-api.ts';
import { memoryKube } from '../../../deploy/sandbox/world/mount.ts';
import { createFleet, type Fleet } from '../../../deploy/sandbox/world/world.ts';
import { noLog } from '../../../io/log.ts';
import type { KubeApi } from '../../../io/outside.ts';
import { type KubeObject, NAMESPACES } from '../../../messages/kube.ts';
import { random } from '../../support/seeded.ts';
import { type SimClock, simClock } from '../../support/sim-clock.ts';
import { crds } from '../world/hand.ts';

export interface Far {
  readonly clock: SimClock;
  /** What the API server really holds. */
  readonly store: ApiStore;
  readonly kube: KubeApi;
  /** What the models see and send. */
  readonly api: ModelApi;
  readonly fleet: Fleet;
  readonly problems: readonly string[];
  /** By the fleet, as told by the mirror. */
  readonly created: readonly KubeObject[];
  readonly until: (what: string, holds: () => boolean, limitMs?: number) => Promise<void>;
  readonly pass: (durationMs: number) => Promise<void>;
  /** Steps until it is settled. */
  readonly result: <Value>(promise: Promise<Value>) => Promise<Value>;
}

export const OPERATOR_NAMESPACE = 'weka-operator-system';

export async function farFleet(seed: string, nodes: number, failShare = 0): Promise<Far> {
  const clock = simClock();
  const streams = (name: string) => random(`${seed}/${name}`);
  const store = createApiStore({ clock, random: streams('api-server'), crds });
  for (const name of [OPERATOR_NAMESPACE, 'weka', 'other']) {
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    store.request({ verb: 'create', type: NAMESPACES, object });
  }
  const kube = memoryKube(store, { clock, random: streams('line'), latencyMs: [50, 200], failShare });
  const problems: string[] = [];
  const created: KubeObject[] = [];
  const turns = createTurns(clock);
  const mirror = startMirror({
    kube,
    clock,
    turns,
    random: streams('mirror'),
    log: noLog,
    created: (object) => void created.push(object),
    problem: (text) => void problems.push(text),
  });
  const settled = () => new Promise<void>((done) => void setImmediate(done));
  const until = async (what: string, holds: () => boolean, limitMs = 600_000): Promise<void> => {
    const endMs = clock.monotonicMs() + limitMs;
    for (;;) {
      await settled();
      if (holds()) return;
      if (!clock.step(endMs)) throw new Error(`not within ${limitMs} ms: ${what}`);
    }
  };
  const result = async <Value>(promise: Promise<Value>): Promise<Value> => {
    let over = false;
    const end = (): void => {
      over = true;
    };
    promise.then(end, end);
    await until('it ends', () => over);
    return promise;
  };
  await result(mirror.whenSynced);
  const fleet = createFleet({ clock: turns.clock, random: streams, nodes }, mirror.api, 'real');
  const pass = async (durationMs: number): Promise<void> => {
    const endMs = clock.monotonicMs() + durationMs;
    while (clock.step(endMs)) await settled();
  };
  return { clock, store, kube, api: mirror.api, fleet, problems, created, until, pass, result };
}
