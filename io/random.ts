/** Chance as an argument: nothing else in the program draws a random number. */

/** Uniform in [0, 1). */
export type Random = () => number;

export const systemRandom: Random = () => Math.random();

/** `value` times a factor uniform in [1 - spread, 1 + spread). */
export const jittered = (value: number, spread: number, random: Random): number =>
  value * (1 - spread + 2 * spread * random());
