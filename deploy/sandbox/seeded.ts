/** Seeded chance. One named stream for each model or node, so that adding a stream does not shift the others. */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Random } from '../../io/random.ts';
import type { RandomStreams } from './world/context.ts';

/** The stream of that name, as in random(`${runSeed}/kubelet`). Equal names give equal streams, similar names unrelated ones. */
export function random(name: string): Random {
  const generator = xoroshiro128plus(hash32(name));
  return () => uniformFloat64(generator);
}

/** The streams of one seed. */
export const seededStreams =
  (seed: string): RandomStreams =>
  (name) =>
    random(`${seed}/${name}`);

/** FNV-1a, then the finalizer of MurmurHash3: names that differ in one letter must not give close seeds. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (const letter of text) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
