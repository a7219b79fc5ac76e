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

type Choice = Pick<Config, 'traceContainers' | 'traceSamplePercent'>;
/** Whether a container's trace goes to the log. The same answer in every process with these settings. */
export function isTraced(
  { traceContainers, traceSamplePercent }: Choice,
  { namespace, name }: Omit<TracedContainer, 'uid'>,
): boolean {
  const container = `${namespace}/${name}`;
  return traceContainers.includes(container) || (traceSamplePercent > 0 && placeOf(container) < traceSamplePercent);
}

/** `write` must not look at the log's level: who asks for a trace wants it, whatever else is logged. */
export function traceLog(choice: Choice, write: LogWrite): TraceLog {
  return {
    of: ({ namespace, name, uid }) => {
      if (!isTraced(choice, { namespace, name })) return undefined;
      const container = `${namespace}/${name}`;
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
