/**
 * The actors alone: 10,000 settled containers under the real controller with stub I/O. How fast events reach them, what an
 * idle one weighs. Rates are by CPU time of the thread, which is the time it takes on a machine with nothing else to do.
 */
import { systemClock } from '../io/clock.ts';
import type { ContainerMessage } from '../messages/container.ts';
import type { Attempt, ContainerUid } from '../messages/ids.ts';
import { type Benchmark, check, cpuMs, type Figure, median, memory, RELEASE_MS, type Scale } from './benchmark.ts';
import { FIRST_COMMANDS, settledFleet } from './settled-fleet.ts';

/** As a relist is told: 80,000 turns at once would stop the loop for seconds and double the peak of memory. */
const SLICE = 500;
const lookAgain: ContainerMessage = { kind: 'lookAgain' };
/** The timer of a pass long gone: the least that can be told to a container. */
const stale: ContainerMessage = { kind: 'tick', attempt: -1 as Attempt };

async function run(scale: Scale): Promise<readonly Figure[]> {
  const count = scale === 'full' ? 10_000 : 300;
  const rounds = scale === 'full' ? 30 : 2;
  const pollRounds = scale === 'full' ? 8 : 1;
  const { controller, settings, containers, pods, setPolling, start, counts } = await settledFleet(count, systemClock);
  const { system, fleet, stores, recorder } = controller;
  const pause = () => new Promise<void>((resolve) => systemClock.after(scale === 'full' ? RELEASE_MS : 0, resolve));
  memory();
  await pause();
  const { rssBytes } = memory();
  start();
  const objects = memory(); // Before the first turn of an actor: nothing was awaited yet.
  const uids = containers.map(({ metadata }) => metadata.uid as ContainerUid); // Uids of containers.

  /** Tells each container once; resolves, with the ms of CPU it took, when all have come to rest. */
  async function toldAll(tell: (index: number, uid: ContainerUid) => void): Promise<number> {
    const beginMs = cpuMs();
    for (let from = 0; from < count; from += SLICE) {
      for (const [index, uid] of uids.slice(from, from + SLICE).entries()) tell(from + index, uid);
      await system.idle();
    }
    return cpuMs() - beginMs;
  }
  /** Per second of CPU, median of all rounds. */
  async function rateOf(times: number, tell: (index: number, uid: ContainerUid) => void): Promise<number> {
    const roundsMs: number[] = [];
    for (let round = 0; round < times; round += 1) roundsMs.push(await toldAll(tell));
    return (count / median(roundsMs)) * 1000;
  }
  async function started(): Promise<number> {
    const beginMs = cpuMs();
    while (fleet.counts().containers < count) await new Promise<void>((resolve) => setImmediate(resolve));
    await system.idle();
    return cpuMs() - beginMs;
  }

  const startMs = await started();
  check('commands of the first passes', counts.execs, count * FIRST_COMMANDS);
  const fresh = memory();

  const polled = await rateOf(pollRounds, (_index, uid) => fleet.route(uid, lookAgain));
  check('commands', counts.execs, count * (FIRST_COMMANDS + pollRounds));
  setPolling(false);
  const turnsBefore = system.counts.turns;
  const passes = await rateOf(rounds, (_index, uid) => fleet.route(uid, lookAgain));
  check('passes', system.counts.turns - turnsBefore, count * rounds);
  let version = 2;
  const podChanges = await rateOf(3, (index) => {
    const pod = pods[index];
    if (pod === undefined) throw new Error('no pod');
    version += 1;
    const metadata = { ...pod.metadata, resourceVersion: String(version) };
    const object = { ...pod, metadata, status: { ...pod.status, reason: `change ${version}` } };
    stores.pods.take({ kind: 'apply', seen: { kind: 'object', object } });
  });
  const messages = await rateOf(rounds, (_index, uid) => fleet.route(uid, stale));
  check('turns', system.counts.turns - turnsBefore, count * (2 * rounds + 3));
  memory();
  await pause();
  const idle = memory();

  check('requests to the API server', counts.requests, 0);
  check('crashes', system.counts.crashes, 0);
  check('dead letters', system.counts.deadLetters, 0);
  check('containers', fleet.counts().containers, count);
  check('containers busy', fleet.counts().busy, 0);
  if (scale === 'full') check('records of one', recorder.read(uids[0] ?? '').length, settings.traceRecordsMax);
  controller.stores.stop();
  system.stop();

  const each = (bytes: number): number => bytes / count / 1024;
  return [
    { name: 'containers', value: count, unit: '' },
    { name: 'start of all, with their first pass', value: startMs, unit: 'ms' },
    { name: 'messages, router to container', value: messages, unit: '/s' },
    {
      name: 'events, router to container, each with a pass that finds nothing to do',
      value: passes,
      unit: '/s',
      goal: { kind: 'atLeast', value: 50_000 },
    },
    { name: 'one such pass', value: 1e6 / passes, unit: 'us' },
    { name: 'changes of pods, store to container, each with such a pass', value: podChanges, unit: '/s' },
    { name: 'events, each with a pass that asks the process, answered at once', value: polled, unit: '/s' },
    { name: 'heap per container, after its first pass', value: each(fresh.heapBytes - objects.heapBytes), unit: 'kB' },
    {
      name: 'heap per idle container, flight recorder full',
      value: each(idle.heapBytes - objects.heapBytes),
      unit: 'kB',
      goal: { kind: 'atMost', value: 10 },
    },
    { name: 'RSS per idle container, flight recorder full', value: each(idle.rssBytes - rssBytes), unit: 'kB' },
  ];
}

export const tree: Benchmark = {
  question: 'How many events a second reach 10,000 containers, and what does an idle one weigh?',
  run,
};
