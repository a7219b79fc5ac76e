/**
 * The root supervisor: cells of containers, and shared services (nodes, clusters, images) in cells of their own. Restarts
 * are judged one for one; what a cell cannot get over is escalated to here and ends here. Never ends the process itself.
 */
import {
  type Judge,
  type Machine,
  type Parent,
  type Snapshot,
  type System,
  snapshot,
  spawn,
  stateOf,
  stop,
  tell,
} from '../actors/machine.ts';
import type { Random } from '../io/random.ts';
import type { Address, Tagged } from '../messages/address.ts';
import type { ContainerUid } from '../messages/ids.ts';
import { type CrashReport, oneForOne, type Report, type RestartLimit } from './one-for-one.ts';
import { createRegistry, type Registry } from './registry.ts';

/** Of a container or a shared actor: five crashes in half an hour, then a try every ten minutes. */
export const RESTART_LIMIT: RestartLimit = {
  crashesMax: 5,
  windowMs: 1_800_000,
  delayMsMin: 500,
  delayMsMax: 30_000,
  quarantineMs: 600_000,
};
/** Of a cell: its members run on meanwhile, but new ones cannot start. */
export const CELL_LIMIT: RestartLimit = { ...RESTART_LIMIT, delayMsMin: 50, delayMsMax: 5_000, quarantineMs: 60_000 };

export interface FleetOptions<Msg extends Tagged> {
  readonly random: Random;
  /** Spawns a container's actor under its cell with this judge. */
  readonly startContainer: (parent: Parent, uid: ContainerUid, judge: Judge) => Address<Msg>;
  /** Hears of every crash below, quarantine included. */
  readonly report: Report;
  /** Hears of a cell that exceeded its restart intensity. Whether the process goes on is the caller's decision. */
  readonly fatal: Report;
  readonly restartLimit?: RestartLimit;
  readonly cellLimit?: RestartLimit;
}

export interface FleetCounts {
  readonly containers: number;
  readonly cells: number;
  readonly restarting: number;
  readonly quarantined: number;
  /** In the middle of something: containers in a pass, workers, busy shared actors. */
  readonly busy: number;
  /** Messages that found nobody: not started, or after the drain began. */
  readonly lost: number;
}

export interface Fleet<Msg extends Tagged> {
  /** Tells a container's actor, starting it if need be. During a drain only those that run still hear. */
  readonly route: (uid: ContainerUid, msg: Msg) => void;
  /** The container is gone: its actor stops now. */
  readonly forget: (uid: ContainerUid) => void;
  /** Its actor stops at the end of its pass, `released` is called then: another shard takes over. */
  readonly release: (uid: ContainerUid, released: () => void) => void;
  /** Ends a back-off or a quarantine: its object has changed. */
  readonly wake: (uid: ContainerUid) => void;
  readonly has: (uid: ContainerUid) => boolean;
  readonly uids: () => IterableIterator<ContainerUid>;
  /** `running` also for one not started yet; undefined for one never heard of. */
  readonly stateOf: (uid: ContainerUid) => Snapshot['state'] | undefined;
  /** Cells of shared actors, called `<name>-N`. */
  readonly service: <Key extends string, Other extends Tagged>(
    name: string,
    start: (parent: Parent, key: Key, judge: Judge) => Address<Other>,
  ) => Registry<Key, Other>;
  readonly counts: () => FleetCounts;
  readonly snapshot: () => Snapshot;
  /**
   * Takes no new containers, lets passes and scripts under way end, then stops everything; after `timeoutMs` at the latest,
   * when it aborts what still runs. Resolves with the number of actors that were cut short.
   */
  readonly drain: (timeoutMs: number) => Promise<{ readonly aborted: number }>;
}

type RootMessage = { readonly kind: 'escalated'; readonly why: string; readonly report: CrashReport };
type RootEffect = { readonly kind: 'tellFatal'; readonly report: CrashReport };

const root = (fatal: Report): Machine<undefined, RootMessage, RootEffect> => ({
  initial: undefined,
  keepsChildren: true,
  decide: (state, { report }) => [state, [{ kind: 'tellFatal', report }]],
  perform: { tellFatal: ({ report }) => fatal(report) },
});

export function createFleet<Msg extends Tagged>(system: System, options: FleetOptions<Msg>): Fleet<Msg> {
  const { random, report, restartLimit = RESTART_LIMIT, cellLimit = CELL_LIMIT } = options;
  const { clock } = system;
  const judge = oneForOne(restartLimit, random, report);
  const top = spawn(system.root, 'fleet', root(options.fatal), oneForOne(cellLimit, random, report));
  const cellJudge = oneForOne(cellLimit, random, (crash) => {
    report(crash);
    if (crash.verdict === 'quarantine') tell(top, { kind: 'escalated', why: crash.path, report: crash });
  });
  const containers = createRegistry<ContainerUid, Msg>({
    clock,
    root: top,
    name: 'cell',
    start: options.startContainer,
    judge,
    cellJudge,
  });
  let draining = false;
  let refused = 0;

  function counts(): FleetCounts {
    let restarting = 0;
    let quarantined = 0;
    for (const uid of containers.keys()) {
      const state = containerState(uid);
      if (state === 'restarting') restarting += 1;
      else if (state === 'quarantined') quarantined += 1;
    }
    return {
      containers: containers.size(),
      cells: containers.cellCount(),
      restarting,
      quarantined,
      busy: system.busyCount(),
      lost: containers.lostCount() + refused,
    };
  }
  function containerState(uid: ContainerUid): Snapshot['state'] | undefined {
    const address = containers.address(uid);
    return address !== undefined ? stateOf(address) : containers.has(uid) ? 'running' : undefined;
  }

  return {
    route: (uid, msg) => {
      if (draining && !containers.has(uid)) refused += 1;
      else containers.tell(uid, msg);
    },
    forget: containers.forget,
    release: containers.release,
    wake: containers.wake,
    has: containers.has,
    uids: containers.keys,
    stateOf: containerState,
    service: (name, start) => createRegistry({ clock, root: top, name, start, judge, cellJudge }),
    counts,
    snapshot: () => snapshot(top),
    drain: (timeoutMs) => {
      draining = true;
      for (const uid of [...containers.keys()]) containers.release(uid, () => {});
      return new Promise((resolve) => {
        const end = () => {
          cancel();
          const aborted = system.busyCount();
          stop(top);
          resolve({ aborted }); // The first one counts.
        };
        const cancel = clock.after(timeoutMs, end);
        void system.idle().then(end);
      });
    },
  };
}
