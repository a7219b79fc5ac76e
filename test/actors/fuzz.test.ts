/**
 * Random trees of actors that tell, spawn, stop, crash and wake one another, from inside turns and from outside.
 * Invariants: at the end told = turns + dead letters + coalesced, so no message is lost uncounted; nothing is busy; a
 * rejection nobody handles fails the run; the same seed gives the same trace.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Counts,
  createSystem,
  isStopped,
  type Judge,
  type Machine,
  type Parent,
  spawn,
  stop,
  stopWhenIdle,
  tell,
  wake,
} from '../../actors/machine.ts';
import type { Address } from '../../messages/address.ts';
import { drive } from '../support/drive.ts';
import { indexBelow, random } from '../support/seeded.ts';
import { simClock } from '../support/sim-clock.ts';

const RUNS = 150;
const ACTORS_MAX = 60;
const KINDS = ['tell', 'tell', 'spawn', 'stop', 'throw', 'wake', 'later', 'promise', 'leave'] as const;
type Message = { readonly kind: 'act' | 'look' | 'peek' };
type Effect = { readonly kind: (typeof KINDS)[number] };

async function run(seed: string): Promise<{ counts: Readonly<Counts>; trace: string; busy: number }> {
  const chance = random(seed);
  const clock = simClock();
  const lines: string[] = [];
  const system = createSystem(clock, (record) => lines.push(JSON.stringify(record)));
  const all: Address<Message>[] = [];
  let names = 0;
  let budget = 400;
  const any = (): Address<Message> | undefined => all[indexBelow(all.length, chance)];
  const say = (to: Address<Message> | undefined): void => {
    if (to === undefined || budget <= 0) return;
    budget -= 1;
    tell(to, { kind: (['act', 'look', 'peek'] as const)[indexBelow(3, chance)] ?? 'act' });
  };
  const judge: Judge = ({ path }) => {
    const draw = chance();
    if (draw < 0.05) throw new Error('policy');
    if (draw < 0.1) {
      const itself = all.find((address) => address.path === path && !isStopped(address));
      if (itself !== undefined) stop(itself);
    }
    return draw < 0.3 ? { kind: 'stop' } : { kind: 'restart', afterMs: draw * 100, quarantined: draw > 0.8 };
  };
  const chanced = (share: number, act: () => void) => () => {
    if (chance() < share) act();
  };
  const machine = (): Machine<number, Message, Effect> => ({
    initial: 0,
    coalesced: ['look', 'peek'],
    busy: (count) => count % 3 === 1,
    ...(chance() < 0.3 ? { first: { kind: 'act' } as const } : {}),
    ...(chance() < 0.3 ? { keepsChildren: true } : {}),
    ...(chance() < 0.1 ? { onStop: chanced(1, fail) } : {}),
    decide: (count) => {
      if (chance() < 0.1) throw new Error('decide');
      return [
        count + 1,
        Array.from({ length: indexBelow(4, chance) }, () => ({
          kind: KINDS[indexBelow(KINDS.length, chance)] ?? 'tell',
        })),
      ];
    },
    perform: {
      tell: () => say(any()),
      spawn: (_effect, self) => add(self),
      stop: chanced(0.5, () => withAny(stop)),
      throw: chanced(0.3, fail),
      wake: () => withAny(wake),
      later: () => {
        const to = any();
        clock.after(chance() * 50, () => say(to));
      },
      promise: () => {
        const to = any();
        void Promise.resolve().then(() => Promise.resolve().then(() => say(to)));
      },
      leave: chanced(0.2, () =>
        withAny((address) =>
          stopWhenIdle(
            address,
            chanced(0.2, () => withAny(stop)),
          ),
        ),
      ),
    },
  });
  function withAny(act: (address: Address<Message>) => void): void {
    const address = any();
    if (address !== undefined) act(address);
  }
  function add(parent: Parent): void {
    if (all.length > ACTORS_MAX || isStopped(parent)) return;
    names += 1;
    all.push(spawn(parent, `n${chance() < 0.2 ? 'x' : names}`, machine(), judge));
  }
  function tryAdd(): void {
    try {
      add(system.root);
    } catch {
      // The name was taken.
    }
  }
  for (let count = 0; count < 8; count += 1) tryAdd();
  for (let round = 0; round < 30; round += 1) {
    for (let count = 0; count < 6; count += 1) say(any());
    if (chance() < 0.3) withAny(stop);
    if (chance() < 0.3) tryAdd();
    await system.settled();
    clock.step(clock.monotonicMs() + 20);
  }
  await drive(system, clock, 1e9);
  const { counts } = system;
  system.stop();
  return { counts, trace: lines.join('\n'), busy: system.busyCount() };
}

function fail(): void {
  throw new Error('fail');
}

test('the books balance after any story, and a seed replays it byte for byte', async () => {
  const seen = { turns: 0, crashes: 0, restarts: 0, deadLetters: 0, coalesced: 0 };
  for (let index = 0; index < RUNS; index += 1) {
    const seed = `fuzz/${index}`;
    const { counts, trace, busy } = await run(seed);
    assert.is(counts.told, counts.turns + counts.deadLetters + counts.coalesced, `${seed}: ${JSON.stringify(counts)}`);
    assert.is(counts.spawns, counts.stops, `${seed}: spawns and stops`);
    assert.is(busy, 0, `${seed}: busy`);
    if (index % 5 === 0) assert.is((await run(seed)).trace, trace, `${seed} replays`);
    for (const key of Object.keys(seen) as (keyof typeof seen)[]) seen[key] += counts[key];
  }
  for (const [key, count] of Object.entries(seen)) assert.ok(count > RUNS, `the stories have ${key}: ${count}`);
});

test.run();
