/** Chosen containers' turns as log lines: by name, or as a stable sample of the fleet. Owns the choice and the shape of a line; keeps nothing. Source: design.md 6. */
import type { Config } from '../config.ts';
import type { Trace } from '../messages/trace.ts';
import type { LogWrite } from './log.ts';

export interface TracedContainer {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}
export interface TraceLog {
  /** Asked once for each start of a container's actor; its children are traced with it. undefined: not chosen, costs nothing. */
  readonly of: (container: TracedContainer) => Trace | undefined;
}

/** `write` must not look at the log's level: who asks for a trace wants it, whatever else is logged. */
export function traceLog(
  { traceContainers, traceSamplePercent }: Pick<Config, 'traceContainers' | 'traceSamplePercent'>,
  write: LogWrite,
): TraceLog {
  const named = new Set(traceContainers);
  return {
    of: ({ namespace, name, uid }) => {
      const container = `${namespace}/${name}`;
      if (!named.has(container) && placeOf(container) >= traceSamplePercent) return undefined;
      return ({ path, ...record }) => write({ container, uid, actor: path, ...record }, 'turn');
    },
  };
}

/** In [0, 100), from the text alone: a container stays in the sample, also in another process, and a larger sample keeps it. FNV-1a. */
function placeOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  // The last characters differ most and have been mixed least.
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32) * 100;
}
