/**
 * The language of scripts: a generator that yields each call as data and is handed its answer. A script never relies on
 * `finally`: an aborted one is dropped where it stands. Which calls there are: actors/calls.ts. Who runs it: actors/worker.ts.
 */
import type { Tagged } from '../messages/address.ts';

/** `C` is the union of the calls it may make. Always `yield*` a helper that types the answer: a bare yield gives unknown. */
export type Script<Result, C extends Tagged> = Generator<C, Result, unknown>;

/**
 * One entry per kind of call: starts it and returns what ends it early. `answer` may be called at once, later or never;
 * a second answer is ignored. A throw while starting is the script's crash.
 */
export type Callers<C extends Tagged> = {
  readonly [K in C['kind']]: (call: Extract<C, { readonly kind: K }>, answer: (answer: unknown) => void) => () => void;
};
