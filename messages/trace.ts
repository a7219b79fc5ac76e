/** What is told of each turn of an actor: shape and meaning. actors/machine.ts makes it, actors/recorder.ts keeps it, io/trace-log.ts writes it out. */

/** One message handled, or one that never will be. All fields are always there; `''` stands for none. */
export interface TraceRecord {
  /** Milliseconds since 1970 at the begin of the turn, by the monotonic clock: never goes back. */
  readonly atMs: number;
  readonly path: string;
  /** `kind` of the message; `crash`, `restart`, `stop` are the kernel's own. */
  readonly message: string;
  /** Path of the actor whose turn sent it; `io` from outside of any turn. */
  readonly from: string;
  /** In the mailbox, back-off included. */
  readonly waitedMs: number;
  readonly tookMs: number;
  /** Kinds in order, repetitions counted: `abort,ask:join,spawn x3`. */
  readonly effects: string;
  /** `why` of the message, where it has one. */
  readonly cause: string;
  readonly error: string;
}
export type Trace = (record: TraceRecord) => void;
