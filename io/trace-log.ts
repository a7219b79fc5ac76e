/**
 * Chosen containers' turns as log lines: by settings (by name, or as a stable sample of the fleet), or while they run by an
 * annotation. Owns the choice and the shape of a line; keeps only which are chosen. Source: design.md 6.
 */
import type { Config } from '../config.ts';
import type { ObjectMeta } from '../messages/kube.ts';
import type { Trace } from '../messages/trace.ts';
import type { LogWrite } from './log.ts';

/** On a WekaContainer, for as long as it is there: `on`, or `off` for one that the settings choose. */
export const TRACE_ANNOTATION = 'weka.io/trace';

export type TracedContainer = Pick<ObjectMeta, 'namespace' | 'name' | 'annotations'>;
export interface TraceLog {
  /** Where turns of this container and its children go now; undefined: it is not chosen. Asked for each turn: one look-up. */
  readonly of: (uid: string) => Trace | undefined;
  /** It is new, or may have been annotated. */
  readonly choose: (container: TracedContainer & Pick<ObjectMeta, 'uid'>) => void;
  readonly forget: (uid: string) => void;
}

type Choice = Pick<Config, 'traceContainers' | 'traceSamplePercent'>;
/** Whether a container's trace goes to the log. The same answer in every process with these settings. */
export function isTraced(
  { traceContainers, traceSamplePercent }: Choice,
  { namespace = '', name, annotations }: TracedContainer,
): boolean {
  const asked = annotations?.[TRACE_ANNOTATION];
  if (asked === 'on' || asked === 'off') return asked === 'on';
  const container = `${namespace}/${name}`;
  return traceContainers.includes(container) || (traceSamplePercent > 0 && placeOf(container) < traceSamplePercent);
}

/** `write` must not look at the log's level: who asks for a trace wants it, whatever else is logged. */
export function traceLog(choice: Choice, write: LogWrite): TraceLog {
  const chosen = new Map<string, Trace>();
  return {
    of: (uid) => chosen.get(uid),
    choose: (metadata) => {
      const { namespace = '', name, uid } = metadata;
      if (!isTraced(choice, metadata)) chosen.delete(uid);
      else if (!chosen.has(uid)) {
        const container = `${namespace}/${name}`;
        chosen.set(uid, ({ path, ...record }) => write({ container, uid, actor: path, ...record }, 'turn'));
      }
    },
    forget: (uid) => {
      chosen.delete(uid);
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
