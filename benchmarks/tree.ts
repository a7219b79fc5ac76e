/** The actor tree alone: 10,000 containers with stub I/O. How fast events reach them, what an idle one weighs. */
import { createSystem, type Judge, type Parent } from '../actors/machine.ts';
import { createRecorder } from '../actors/recorder.ts';
import type { Trace } from '../actors/trace.ts';
import { systemClock } from '../io/clock.ts';
import type { Address } from '../messages/address.ts';
import type { ContainerUid } from '../messages/ids.ts';
import { createFleet } from '../supervisors/fleet.ts';
import { startToy, type ToyMessage, type ToyWorld } from '../test/support/toy.ts';
import { type Benchmark, check, type Figure, median, memory, type Scale } from './benchmark.ts';

type Message = ToyMessage;
type Start = (
  traceOf: (uid: ContainerUid) => Trace,
) => (parent: Parent, uid: ContainerUid, judge: Judge) => Address<Message>;
/** The container under test: it starts with one script of three calls, then each event finds it settled. */
const startContainer: Start = (traceOf) => startToy(stubWorld(), systemClock, traceOf);
/** As the router tells a relist: 80,000 turns at once would stop the loop for seconds and double the peak of memory. */
const SLICE = 500;
const event: Message = { kind: 'lookAgain' };

/** Every call is answered at once. */
function stubWorld(): ToyWorld {
  return {
    deleting: new Set(),
    settled: new Map(),
    execs: [],
    callers: {
      exec: (_call, answer) => {
        answer('ok');
        return () => {};
      },
      sleep: (_call, answer) => {
        answer(undefined);
        return () => {};
      },
    },
  };
}

async function run(scale: Scale): Promise<readonly Figure[]> {
  const count = scale === 'full' ? 10_000 : 300;
  const rounds = scale === 'full' ? 40 : 3; // More than a ring keeps, so that every ring is full.
  const uids = Array.from({ length: count }, (_none, index) => `00000000-0000-4000-8000-${index}` as ContainerUid);
  const before = memory();
  const system = createSystem(systemClock);
  const recorder = createRecorder();
  const fail = (): never => {
    throw new Error('a crash in the benchmark');
  };
  const fleet = createFleet<Message>(system, {
    random: () => 0.5,
    startContainer: startContainer(recorder.of),
    report: fail,
    fatal: fail,
  });
  async function routeAll(): Promise<void> {
    for (let from = 0; from < count; from += SLICE) {
      for (const uid of uids.slice(from, from + SLICE)) fleet.route(uid, event);
      await system.settled();
    }
  }
  const startedMs = systemClock.monotonicMs();
  await routeAll();
  const startMs = systemClock.monotonicMs() - startedMs;
  const fresh = memory();

  const turnsBefore = system.counts.turns;
  const roundMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const beginMs = systemClock.monotonicMs();
    await routeAll();
    roundMs.push(systemClock.monotonicMs() - beginMs);
  }
  const after = memory();
  check('events handled', system.counts.turns - turnsBefore, count * rounds);
  check('crashes', system.counts.crashes, 0);
  check('containers', fleet.counts().containers, count);
  check('containers quiet', fleet.counts().busy, 0);
  system.stop();

  const each = (bytes: number): number => bytes / count / 1024;
  const eventsPerS = (count / median(roundMs)) * 1000;
  return [
    { name: 'containers', value: count, unit: '' },
    { name: 'start of all, one script each', value: startMs, unit: 'ms' },
    {
      name: 'events, router to container, traced',
      value: eventsPerS,
      unit: '/s',
      goal: { kind: 'atLeast', value: 50_000 },
    },
    { name: 'heap per container, just started', value: each(fresh.heapBytes - before.heapBytes), unit: 'kB' },
    {
      name: 'heap per idle container, flight recorder full',
      value: each(after.heapBytes - before.heapBytes),
      unit: 'kB',
      goal: { kind: 'atMost', value: 10 },
    },
    { name: 'RSS per idle container, flight recorder full', value: each(after.rssBytes - before.rssBytes), unit: 'kB' },
  ];
}

export const tree: Benchmark = {
  question: 'How many events a second reach 10,000 containers, and what does an idle one weigh?',
  run,
};
