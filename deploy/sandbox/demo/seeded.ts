/** Seeded chance for the modelled fleet: one stream for each name. */

import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomStreams } from '../world/context.ts';

/** Equal seeds and names give equal streams. */
export const seededStreams =
  (seed: string): RandomStreams =>
  (name) => {
    const generator = xoroshiro128plus(createHash('sha256').update(`${seed}/${name}`).digest().readInt32LE());
    return () => uniformFloat64(generator);
  };
