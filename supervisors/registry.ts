/**
 * Finds the actor of a key (a container's uid, a node's name) and starts it, in a cell, when it is first needed. Cells are
 * filled in order of arrival; one that is empty ends. No actor itself: what is told goes straight to the actor of the key.
 */
import {
  isStopped,
  type Judge,
  type Parent,
  spawn,
  stop,
  stopWhenIdle,
  tell,
  waitingCount,
  wake,
} from '../actors/machine.ts';
import type { Clock } from '../io/clock.ts';
import type { Address, Tagged } from '../messages/address.ts';
import { CELL_MAX, type CellMessage, cell, isRunning, type Member } from './cell.ts';

/**
 * Messages kept for an actor that is not started yet; more are lost and counted. After a restart of the process all containers
 * of a fleet ask for one image or cluster in the same turn of the event loop, and one whose ask is lost waits for ever: so it is
 * more than the containers of a process.
 */
const PENDING_MAX = 50_000;

export interface Registry<Key extends string, Msg extends Tagged> {
  /** Tells the actor of that key, starting it if need be. Order is kept. */
  readonly tell: (key: Key, msg: Msg) => void;
  /** Starts the actor of that key unless it runs: for one whose first message sees everything. */
  readonly ensure: (key: Key) => void;
  /** undefined while it does not run. */
  readonly address: (key: Key) => Address<Msg> | undefined;
  readonly has: (key: Key) => boolean;
  readonly keys: () => IterableIterator<Key>;
  readonly size: () => number;
  readonly cellCount: () => number;
  /** Messages lost because an actor could not be started, or because the fleet had stopped. */
  readonly lostCount: () => number;
  /** Ends the delay of a restart or of a failed start. */
  readonly wake: (key: Key) => void;
  /** Stops the actor now, and those below it. */
  readonly forget: (key: Key) => void;
  /** Stops the actor when it is not busy; `released` is called once it has stopped. */
  readonly release: (key: Key, released: () => void) => void;
  /** Forgets an actor that has nothing to do, on its own request. False, and nothing done, when a message waits for it. */
  readonly retire: (key: Key) => boolean;
}

export interface RegistryOptions<Key extends string, Msg extends Tagged> {
  readonly clock: Clock;
  /** Parent of the cells. */
  readonly root: Parent;
  /** Cells are called `<name>-0`, `<name>-1`, … */
  readonly name: string;
  /** Spawns the actor of a key under its cell, with this judge. Use actorName(key) where a key is no legal name. */
  readonly start: (parent: Parent, key: Key, judge: Judge) => Address<Msg>;
  readonly judge: Judge;
  readonly cellJudge: Judge;
  readonly cellMax?: number;
}

interface Cell<Msg extends Tagged> {
  readonly address: Address<CellMessage>;
  readonly members: Map<string, Member<Msg>>;
}

export function createRegistry<Key extends string, Msg extends Tagged>(
  options: RegistryOptions<Key, Msg>,
): Registry<Key, Msg> {
  const { clock, root, name, judge, cellJudge, cellMax = CELL_MAX } = options;
  const places = new Map<Key, { readonly member: Member<Msg>; readonly home: Cell<Msg> }>();
  const open = new Set<Cell<Msg>>();
  let cells = 0;
  let named = 0;
  let lost = 0;

  function placeOf(key: Key): { readonly member: Member<Msg>; readonly home: Cell<Msg> } {
    const known = places.get(key);
    if (known !== undefined) return known;
    const [first] = open;
    const home = first ?? openCell();
    const member: Member<Msg> = { key, address: undefined, pending: [], failedMs: [], cancelRetry: undefined };
    home.members.set(key, member);
    if (home.members.size >= cellMax) open.delete(home);
    const place = { member, home };
    places.set(key, place);
    tell(home.address, { kind: 'start', key });
    return place;
  }

  function openCell(): Cell<Msg> {
    const members = new Map<string, Member<Msg>>();
    const machine = cell(members, (parent, key) => options.start(parent, key as Key, judge), judge, clock); // Every key of a cell came in by placeOf.
    const home: Cell<Msg> = { address: spawn(root, `${name}-${named}`, machine, cellJudge), members };
    named += 1;
    cells += 1;
    open.add(home);
    return home;
  }

  function leave(key: Key): Member<Msg> | undefined {
    const place = places.get(key);
    if (place === undefined) return undefined;
    const { member, home } = place;
    places.delete(key);
    home.members.delete(key);
    member.cancelRetry?.();
    lost += member.pending.length;
    open.add(home);
    return member;
  }
  function closeIfEmpty(home: Cell<Msg> | undefined): void {
    if (home === undefined || home.members.size > 0) return;
    open.delete(home);
    cells -= 1;
    stop(home.address);
  }
  function forget(key: Key): void {
    const home = places.get(key)?.home;
    const member = leave(key);
    if (member?.address !== undefined) stop(member.address);
    closeIfEmpty(home);
  }

  /** One whose actor has stopped by itself is started again. */
  function restartIfStopped({ member, home }: { readonly member: Member<Msg>; readonly home: Cell<Msg> }): void {
    if (member.address === undefined || isRunning(member)) return;
    member.address = undefined;
    tell(home.address, { kind: 'start', key: member.key, why: 'it had stopped' });
  }

  return {
    tell: (key, msg) => {
      const known = places.get(key)?.member.address;
      if (known !== undefined && !isStopped(known)) return tell<Msg>(known, msg);
      if (isStopped(root)) {
        lost += 1;
        return;
      }
      const place = placeOf(key);
      restartIfStopped(place);
      if (place.member.pending.length < PENDING_MAX) place.member.pending.push(msg);
      else lost += 1;
    },
    ensure: (key) => {
      if (!isStopped(root)) restartIfStopped(placeOf(key));
    },
    address: (key) => {
      const member = places.get(key)?.member;
      return member !== undefined && isRunning(member) ? member.address : undefined;
    },
    has: (key) => places.has(key),
    keys: () => places.keys(),
    size: () => places.size,
    cellCount: () => cells,
    lostCount: () => lost,
    wake: (key) => {
      const place = places.get(key);
      if (place === undefined) return;
      if (place.member.address !== undefined) wake(place.member.address);
      if (place.member.cancelRetry !== undefined) tell(place.home.address, { kind: 'start', key, why: 'woken' });
    },
    forget,
    release: (key, released) => {
      const address = places.get(key)?.member.address;
      if (address === undefined) {
        forget(key);
        return released();
      }
      stopWhenIdle(address, () => {
        forget(key);
        released();
      });
    },
    retire: (key) => {
      const member = places.get(key)?.member;
      if (member?.address === undefined || member.pending.length > 0 || waitingCount(member.address) > 0) return false;
      forget(key);
      return true;
    },
  };
}
