/** New identifiers out of injected chance, so that a run with the same seed names the same things. */
import type { Random } from './random.ts';

const hex = (digitsCount: number, random: Random): string =>
  Array.from({ length: digitsCount }, () => Math.floor(random() * 16).toString(16)).join('');

/** A random UUID: version 4, variant 10. */
export const randomUuid = (random: Random): string =>
  `${hex(8, random)}-${hex(4, random)}-4${hex(3, random)}-${'89ab'[Math.floor(random() * 4)]}${hex(3, random)}-${hex(12, random)}`;
