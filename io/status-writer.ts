/**
 * Writes `status` of objects: one coalesced patch in flight per object, nothing where nothing differs. Owns which write is
 * under way and which waits; decides nothing and never retries. Source: design.md 4, spec 01 §11, README I2.
 */
import type { KubeObject, ObjectRef } from '../messages/kube.ts';
import { mergeDiff } from '../messages/merge-patch.ts';
import type { Submit, SubmitEnd, WorkClass } from './submit.ts';

/** Any object with a status. */
export interface WithStatus extends KubeObject {
  readonly status?: unknown;
}

export interface StatusWrite {
  readonly ref: ObjectRef;
  /** What the status was decided on. The patch is the difference to its status. */
  readonly base: WithStatus;
  /** The whole status as it should be. Lists go whole; a field that is absent here is removed. */
  readonly status: unknown;
  /** With `base`'s resourceVersion as lock: a change by anybody else meanwhile is answered with `conflict`. */
  readonly locked: boolean;
  readonly workClass: WorkClass;
}

/** `unchanged`: nothing differed, nothing was sent. `superseded`: a later write took its place while it waited. */
export type StatusWriteEnd = SubmitEnd | { readonly kind: 'unchanged' } | { readonly kind: 'superseded' };

export interface StatusWriter {
  /**
   * `done` is called once; at once when nothing differs. While a write of the same uid is under way this one waits, and takes
   * the place of another that waits (latest wins). A write under way is never withdrawn. The answer is in the store
   * before `done` is called.
   */
  readonly write: (write: StatusWrite, done: (end: StatusWriteEnd) => void) => void;
  /** Objects with a write under way. */
  readonly busyCount: () => number;
}

type Waiting = { readonly write: StatusWrite; readonly done: (end: StatusWriteEnd) => void };

/** `enter` puts an answer into the store of that type (`Store.put`). */
export function statusWriter(submit: Submit, enter: (answer: KubeObject) => void): StatusWriter {
  /** uid → what waits behind the write under way. */
  const busy = new Map<string, Waiting | undefined>();

  const send = ({ write, done }: Waiting): void => {
    const { ref, base, status, locked, workClass } = write;
    const { uid, resourceVersion } = base.metadata;
    const difference = mergeDiff({ status: base.status ?? {} }, { status: status ?? {} });
    if (difference === undefined) {
      busy.delete(uid);
      done({ kind: 'unchanged' });
      return;
    }
    busy.set(uid, undefined);
    const lock = locked ? { metadata: { resourceVersion } } : {};
    const patch = { ...lock, ...(difference as object) };
    submit({ verb: 'mergePatch', ref, subresource: 'status', patch }, workClass, (end) => {
      if (end.kind === 'ok') enter(end.answer);
      done(end); // Still busy: a write that it starts takes the place of the waiting one.
      const next = busy.get(uid);
      busy.delete(uid);
      if (next !== undefined) send({ ...next, write: rebased(next.write, write, end) });
    });
  };
  return {
    write: (write, done) => {
      const { uid } = write.base.metadata;
      if (!busy.has(uid)) {
        send({ write, done });
        return;
      }
      const waiting = busy.get(uid);
      busy.set(uid, { write, done });
      waiting?.done({ kind: 'superseded' });
    },
    busyCount: () => busy.size,
  };
}

/**
 * A write that was decided on the same state as the one before it follows that one's answer: its lock held, so nobody else
 * wrote in between. In every other case its own base stays, and a conflict tells the truth.
 */
function rebased(next: StatusWrite, sent: StatusWrite, end: SubmitEnd): StatusWrite {
  const follows =
    end.kind === 'ok' &&
    sent.locked &&
    end.answer.metadata.uid === next.base.metadata.uid &&
    next.base.metadata.resourceVersion === sent.base.metadata.resourceVersion;
  return follows ? { ...next, base: end.answer } : next;
}
