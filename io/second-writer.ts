/**
 * Which containers another controller reconciles too. Seen in who changed the fields that only a controller of containers
 * writes, as managedFields tell before they are dropped. Owns how long that is held against a container; changes nothing.
 * The time of an entry says too little: the reference's cluster controller shares it, so that its `lastAppliedSpec` makes what
 * was written before a hand-over look new. What counts is a change seen here, of a field that is theirs afterwards: by
 * observation alone, so that clocks are never compared, and no sooner than this process has begun. Source: spec 08, 8.8.
 */
import type { KubeObject } from '../messages/kube.ts';
import { sameJson } from '../messages/merge-patch.ts';
import { compareVersions, type Project } from '../messages/watch.ts';
import type { WekaContainer, WekaContainerStatus } from '../messages/weka-container.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

/** How the reference's processes are called in managedFields. Ours is called as its user agent. */
export const REFERENCE_MANAGER = 'weka-operator';
/** A reference at work writes figures about each minute; what has been silent for so long is gone, or works on another one. */
export const CONTESTED_MS = 300_000;
/** Written by controllers of containers alone. A list of conditions has one owner: who changed it last. */
const FIELDS = ['status', 'conditions'] as const;

/** `what` they changed; `untilMs` (monotonic) moves on with each further write of theirs. */
export interface Contest {
  readonly what: string;
  readonly untilMs: number;
}
export interface SecondWriters {
  /** `project`, which looks at the writers first. */
  readonly watching: (project: Project<WekaContainer>) => Project<WekaContainer>;
  /** undefined: nobody else writes, or no longer. */
  readonly contestOf: (uid: string) => Contest | undefined;
  readonly forget: (uid: string) => void;
  readonly count: () => number;
}
export interface SecondWriterOptions {
  /** The newest state known, before the one that is being read. */
  readonly held: (uid: string) => WekaContainer | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Log;
}

export function createSecondWriters({ held, clock, log }: SecondWriterOptions): SecondWriters {
  const contests = new Map<string, Contest>();

  const contestOf = (uid: string): Contest | undefined => {
    const contest = contests.get(uid);
    if (contest === undefined || clock.monotonicMs() < contest.untilMs) return contest;
    contests.delete(uid);
    return undefined;
  };
  function look(raw: KubeObject, { metadata, status }: WekaContainer): void {
    const before = held(metadata.uid);
    // The first status of all is filled with defaults in the name of whoever wrote any part of it.
    if (!before?.status?.status) return;
    // An answer that comes late shows a state that has been overwritten since.
    if ((compareVersions(metadata.resourceVersion, before.metadata.resourceVersion) ?? 1) <= 0) return;
    const earlier = contestOf(metadata.uid);
    // Nothing of ours is written meanwhile: any further change, figures too, says that they are still there.
    const what =
      earlier === undefined
        ? FIELDS.find((field) => !sameJson(before.status?.[field], status?.[field]) && isTheirs(raw, field))
        : sameJson(reconciled(before.status), reconciled(status))
          ? undefined
          : earlier.what;
    if (what === undefined) return;
    contests.set(metadata.uid, { what, untilMs: clock.monotonicMs() + CONTESTED_MS });
    const { namespace, name, uid } = metadata;
    if (earlier === undefined)
      log.error({ container: `${namespace}/${name}`, uid, manager: REFERENCE_MANAGER, field: what }, 'second writer');
  }
  return {
    watching: (project) => (raw) => {
      const container = project(raw);
      look(raw, container);
      return container;
    },
    contestOf,
    forget: (uid) => {
      contests.delete(uid);
    },
    count: () => [...contests.keys()].filter((uid) => contestOf(uid) !== undefined).length,
  };
}

/** What the cluster's controller says in the same status is no sign. */
function reconciled(status: WekaContainerStatus | undefined): object {
  const { lastAppliedSpec: _, ...theirs } = status ?? { status: '' };
  return theirs;
}
/** Bookkeeping of the API server, read without trust: what has another shape is nobody's. */
function isTheirs({ metadata }: KubeObject, field: (typeof FIELDS)[number]): boolean {
  const entries = at(metadata, 'managedFields');
  if (!Array.isArray(entries)) return false;
  return entries.some(
    (entry: unknown) =>
      at(entry, 'manager') === REFERENCE_MANAGER &&
      at(at(at(entry, 'fieldsV1'), 'f:status'), `f:${field}`) !== undefined,
  );
}
const at = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
