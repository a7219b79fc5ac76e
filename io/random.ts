/** Chance as an argument: nothing else in the program draws a random number. */
import { randomInt } from 'node:crypto';

/** Uniform in [0, 1). */
export type Random = () => number;

export const systemRandom: Random = () => Math.random();

/** `value` times a factor uniform in [1 - spread, 1 + spread). */
export const jittered = (value: number, spread: number, random: Random): number =>
  value * (1 - spread + 2 * spread * random());

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** A text that nobody can guess, of letters and digits. From the system's generator: never seeded. */
export const secretText = (lettersCount: number): string =>
  Array.from({ length: lettersCount }, () => LETTERS[randomInt(LETTERS.length)]).join('');
