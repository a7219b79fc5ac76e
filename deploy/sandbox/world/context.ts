/** What every model is given: time, chance, the API server, timings, faults, the oracle. No behaviour. */
import type { Clock } from '../../../io/clock.ts';
import type { Random } from '../../../io/random.ts';
import type { Faults } from './faults.ts';
import type { Latency } from './latency.ts';
import type { ModelApi } from './model-api.ts';
import type { Oracle } from './oracle.ts';

/** One stream of chance per name, the same for the same seed: a new model draws from a new name and moves no other. */
export type RandomStreams = (name: string) => Random;

export interface WorldContext {
  readonly clock: Clock;
  readonly random: RandomStreams;
  readonly latency: Latency;
  readonly faults: Faults;
  readonly store: ModelApi;
  readonly oracle: Oracle;
  readonly operatorNamespace: string;
}
