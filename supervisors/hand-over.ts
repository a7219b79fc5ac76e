/**
 * Containers that the sharder gives to another shard: ours is stopped at the end of its pass, and when nothing of it is under
 * way any more the labels are taken off, which is the sharder's sign to go on. Owns that alone; whoever is ours is
 * routed as without shards. Source: design.md 8; kubernetes-controller-sharding, docs/implement-sharding.md.
 */
import type { Clock } from '../io/clock.ts';
import type { Log } from '../io/log.ts';
import type { Store } from '../io/store.ts';
import type { Submit } from '../io/submit.ts';
import type { ContainerUid } from '../messages/ids.ts';
import { CONTAINERS, type JsonPatchOperation, refOf } from '../messages/kube.ts';
import { drainLabel, type Ownership, type Shard, shardLabel } from '../messages/shard.ts';
import type { WekaContainer } from '../messages/weka-container.ts';
import type { Fleet } from './fleet.ts';

export interface HandOver {
  readonly shard: Shard;
  readonly containers: Pick<Store<WekaContainer>, 'onChange' | 'metaOf'>;
  readonly fleet: Pick<Fleet<never>, 'has' | 'release' | 'forget'>;
  readonly submit: Submit;
  /** Also of one that cannot be read. */
  readonly ownershipOf: (uid: ContainerUid) => Ownership;
  /** No command runs in its pod, or may live on there. */
  readonly isQuiet: (container: { readonly namespace: string; readonly name: string }) => boolean;
  /** It is ours again, or still. */
  readonly lookAgain: (uid: ContainerUid) => void;
  readonly clock: Clock;
  readonly log: Log;
}

const QUIET_LOOK_MS = 1_000;
const RETRY_MS = 5_000;

/** Returns what ends it. */
export function startHandOver(options: HandOver): () => void {
  const { shard, containers, fleet, submit, ownershipOf, isQuiet, lookAgain, clock, log } = options;
  /** Those on their way out, with what is waited for. */
  const leaving = new Map<ContainerUid, () => void>();
  let ended = false;
  const done = (uid: ContainerUid): void => {
    leaving.get(uid)?.();
    leaving.delete(uid);
  };
  const later = (uid: ContainerUid, delayMs: number): void => {
    leaving.set(
      uid,
      clock.after(delayMs, () => acknowledge(uid)),
    );
  };

  const unsubscribe = containers.onChange((change) => {
    const { uid, name } = change.kind === 'malformed' ? change.meta : change.object.metadata;
    const key = uid as ContainerUid; // The API's uid of a WekaContainer.
    if (change.kind === 'gone') done(key);
    else if (leaving.has(key)) return;
    else if (ownershipOf(key) === 'draining') release(key);
    // Taken without a word: we are thought to be dead, or somebody changed the label by hand.
    else if (ownershipOf(key) === 'others' && fleet.has(key)) {
      log.warn({ uid, container: name }, 'container was given to another shard: stopped');
      fleet.forget(key);
    }
  });

  function release(uid: ContainerUid): void {
    leaving.set(uid, () => {});
    if (fleet.has(uid)) fleet.release(uid, () => acknowledge(uid));
    else acknowledge(uid);
  }
  function acknowledge(uid: ContainerUid): void {
    const metadata = containers.metaOf(uid);
    if (ended || !leaving.has(uid)) return;
    if (metadata === undefined || ownershipOf(uid) !== 'draining') {
      done(uid);
      // Drained no longer: it stays.
      if (metadata !== undefined && ownershipOf(uid) === 'ours') lookAgain(uid);
      return;
    }
    const { namespace = '', name } = metadata;
    if (!isQuiet({ namespace, name })) {
      later(uid, QUIET_LOOK_MS);
      return;
    }
    submit({ verb: 'jsonPatch', ref: refOf(CONTAINERS, metadata), patch: givenUp(shard) }, 'activation', (end) => {
      if (end.kind === 'ok' || end.kind === 'notFound') {
        log.debug({ container: `${namespace}/${name}`, uid }, 'container given up');
        done(uid);
      } else {
        // Where it was done without an answer, or the labels are others by now, the watch has told by then.
        log.info({ container: `${namespace}/${name}`, outcome: end.kind }, 'container not given up yet');
        later(uid, RETRY_MS);
      }
    });
  }
  return () => {
    ended = true;
    unsubscribe();
    for (const uid of [...leaving.keys()]) done(uid);
  };
}

/** Both labels at once, only while they are what we acted on. */
function givenUp({ ring, name }: Shard): readonly JsonPatchOperation[] {
  const [shard, drain] = [shardLabel(ring), drainLabel(ring)].map((key) => `/metadata/labels/${pointer(key)}`);
  return [
    { op: 'test', path: shard ?? '', value: name },
    { op: 'remove', path: drain ?? '' },
    { op: 'remove', path: shard ?? '' },
  ];
}
/** A key as a part of a JSON pointer. */
const pointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
