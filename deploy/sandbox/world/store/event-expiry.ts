/**
 * Events live for an hour after their last write, as with `--event-ttl`. Against Kubernetes, they go when the next event is
 * written, not by a timer of their own: a store at rest keeps no timer.
 */
import { EVENTS, refOf } from '../../../../messages/kube.ts';
import type { Core } from './core.ts';
import { deleteObject } from './deletion.ts';
import type { Stored } from './json.ts';
import { keyOf } from './object-table.ts';

export const EVENT_TTL_MS = 3_600_000;

/** Returns the removal of all events that are too old by now. */
export function trackEvents(core: Core): () => void {
  const events = core.find(EVENTS);
  // By time of the last write: a write moves its event to the end.
  const written = new Map<string, { readonly atMs: number; readonly object: Stored }>();
  core.listen((typeTable, { kind, object }) => {
    if (typeTable !== events) return;
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    written.delete(key);
    if (kind !== 'deleted') written.set(key, { atMs: core.clock.wallMs(), object });
  });
  return () => {
    const expiredMs = core.clock.wallMs() - EVENT_TTL_MS;
    // A deletion takes its entry out of the map: the iterator goes on with the next.
    for (const { atMs, object } of written.values()) {
      if (atMs > expiredMs || events === undefined) return;
      deleteObject(core, events, { ref: refOf(EVENTS, object.metadata) });
    }
  };
}
