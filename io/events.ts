/**
 * Records Kubernetes Events about objects: core/v1, repeated ones by their count. Owns how often; never blocks, and a
 * failure is only logged. Source: spec 01 §10, 02 §2.5.
 */
import type { Draft, KubeObject } from '../messages/kube.ts';
import { EVENTS } from '../messages/kube.ts';
import type { EventNote } from '../messages/verdict.ts';
import { type Clock, rfc3339 } from './clock.ts';
import { type ObjectEvents, objectEvents, type Series, step } from './event-series.ts';
import type { Log } from './log.ts';
import type { Submit, SubmitEnd } from './submit.ts';

/** Contract: dashboards and users filter by it. */
export const COMPONENT = 'wekaContainer-controller';
/** Bytes of UTF-8; the events API refuses longer notes, and kubectl shows nothing of use beyond. */
export const MESSAGE_BYTES_MAX = 1024;
/** Objects remembered; the one longest without an event is forgotten first. Costs about 1 kB each. */
const OBJECTS_MAX = 20_000;
/** Requests under way. Beyond it events are dropped: they must not pile up behind a slow API server. */
const BUSY_MAX = 200;

export interface EventRecorder {
  /** Returns at once. `about` is any state of the object; its uid counts, not its name. */
  readonly record: (about: KubeObject, note: EventNote) => void;
  /** Frees what is remembered of an object that is gone. */
  readonly forget: (uid: string) => void;
  readonly counts: () => EventCounts;
}
/** Since the start. `kept`: repeats within a minute or over the object's budget. `dropped`: too many under way. */
export interface EventCounts {
  readonly created: number;
  readonly repeated: number;
  readonly kept: number;
  readonly dropped: number;
  readonly failed: number;
}

export interface EventOptions {
  readonly submit: Submit;
  readonly clock: Clock;
  readonly log: Log;
  /** Which replica, e.g. the pod's name. */
  readonly instance: string;
}

interface EventDraft extends Draft {
  readonly involvedObject: Readonly<Record<string, string>>;
  readonly reason: string;
  readonly message: string;
  readonly type: EventNote['type'];
  readonly source: { readonly component: string };
  readonly reportingComponent: string;
  readonly reportingInstance: string;
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
  readonly count: number;
}

export function eventRecorder({ submit, clock, log, instance }: EventOptions): EventRecorder {
  const objects = new Map<string, ObjectEvents>();
  const counts = { created: 0, repeated: 0, kept: 0, dropped: 0, failed: 0 };
  let busyCount = 0;
  let sequence = 0;

  const memoryOf = (uid: string): ObjectEvents => {
    const memory = objects.get(uid) ?? objectEvents(clock.monotonicMs());
    objects.delete(uid); // Newest last.
    objects.set(uid, memory);
    if (objects.size > OBJECTS_MAX) objects.delete(objects.keys().next().value ?? '');
    return memory;
  };

  const send = (series: Series, request: Parameters<Submit>[0], done: (end: SubmitEnd) => void) => {
    if (busyCount >= BUSY_MAX) {
      counts.dropped++;
      return;
    }
    busyCount++;
    series.busy = true;
    submit(request, 'periodic', (end) => {
      busyCount--;
      series.busy = false;
      done(end);
    });
  };
  const create = (about: KubeObject, note: EventNote, series: Series) => {
    const { metadata } = about;
    const namespace = metadata.namespace ?? 'default';
    // As the standard recorder names them; the sequence keeps two of one millisecond apart.
    const stamp = (BigInt(Math.trunc(clock.wallMs())) * 1_000_000n + BigInt(sequence++ % 1_000_000)).toString(16);
    const object: EventDraft = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${metadata.name.slice(0, 253 - stamp.length - 1)}.${stamp}`, namespace },
      involvedObject: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
        name: metadata.name,
        uid: metadata.uid,
        resourceVersion: metadata.resourceVersion,
      },
      reason: note.reason,
      message: cut(series.message, MESSAGE_BYTES_MAX),
      type: note.type,
      source: { component: COMPONENT },
      reportingComponent: COMPONENT,
      reportingInstance: instance,
      firstTimestamp: rfc3339(series.firstWallMs),
      lastTimestamp: rfc3339(clock.wallMs()),
      count: series.count,
    };
    send(series, { verb: 'create', type: EVENTS, object }, (end) => {
      if (end.kind === 'ok') {
        counts.created++;
        series.name = object.metadata.name;
      } else failed(about, note, end);
    });
  };
  const repeat = (about: KubeObject, note: EventNote, series: Series, name: string) => {
    const { count, message } = series;
    const ref = { type: EVENTS, namespace: about.metadata.namespace ?? 'default', name };
    const patch = { count, lastTimestamp: rfc3339(clock.wallMs()), message: cut(message, MESSAGE_BYTES_MAX) };
    send(series, { verb: 'mergePatch', ref, patch }, (end) => {
      if (end.kind === 'ok') counts.repeated++;
      else if (end.kind === 'notFound') {
        series.name = undefined; // Events live for an hour.
        create(about, note, series);
      } else failed(about, note, end);
    });
  };
  const failed = ({ metadata: { namespace, name, uid } }: KubeObject, note: EventNote, end: SubmitEnd) => {
    counts.failed++;
    const why = 'message' in end ? end.message : 'cause' in end ? end.cause : '';
    log.warn({ namespace, name, uid, reason: note.reason, outcome: end.kind, why }, 'event could not be recorded');
  };

  return {
    record: (about, note) => {
      const next = step(memoryOf(about.metadata.uid), note, clock.monotonicMs(), clock.wallMs());
      if (next.kind === 'kept') counts.kept++;
      else if (next.kind === 'create' || next.series.name === undefined) create(about, note, next.series);
      else repeat(about, note, next.series, next.series.name);
    },
    forget: (uid) => {
      objects.delete(uid);
    },
    counts: () => ({ ...counts }),
  };
}

/** At most `bytesMax` bytes of UTF-8, never half a character, the cut shown. */
export function cut(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return text;
  let end = bytesMax - 3;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${bytes.subarray(0, end).toString('utf8')}...`;
}
