/** Identifiers drawn from a stream of chance, so that the same seed names the same things. */
import type { Random } from '../../../io/random.ts';

const hex = (digitsCount: number, random: Random): string =>
  Array.from({ length: digitsCount }, () => Math.floor(random() * 16).toString(16)).join('');

/** Version 4 in form. */
export const uuid = (random: Random): string =>
  `${hex(8, random)}-${hex(4, random)}-4${hex(3, random)}-${'89ab'[Math.floor(random() * 4)]}${hex(3, random)}-${hex(12, random)}`;
