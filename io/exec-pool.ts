/**
 * Commands in pods, bounded: one that reads and one that changes something a pod, so many a node, so many in all, few on
 * nodes that do not answer. Owns which command runs where and what may live on in a pod; the connection is exec-client.ts.
 * Places are taken in the order pod, node, total: who waits for its node keeps nothing from others. Source: design.md 5; F18, I4.
 */
import { type Dropped, type ExecOutcome, mayLiveOn } from '../messages/outcome.ts';
import type { Clock } from './clock.ts';
import type { CommandClass } from './commands.ts';
import { gate } from './gate.ts';
import { createNodeTable, type NodeState, passage } from './node-slots.ts';
import type { ExecApi } from './outside.ts';
import { createPodSlots, type PodSlots } from './pod-slots.ts';
import { createPool, type PoolCounts, type Ticket } from './pool.ts';
import type { Random } from './random.ts';
import type { WorkClass } from './submit.ts';

export interface ExecJob {
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  /** Empty: not known; then no node's bound or breaker applies. */
  readonly node: string;
  readonly container: string;
  readonly argv: readonly string[];
  readonly stdin?: string;
  /** How long it may run, connecting included. */
  readonly timeoutMs: number;
  readonly class: CommandClass;
  readonly priority: WorkClass;
  /** How long it may wait, from `submit` on. Absent: for ever. */
  readonly deadlineMs?: number;
}
export interface ExecPool {
  /**
   * `done` is called exactly once, never before `submit` has returned. Cancel withdraws what waits and closes the
   * connection of what reads; a command that changes something goes on to its end, which `done` is told. One of class
   * `once` that waits or runs already in that pod is joined, not sent twice: whoever joins gets its end.
   */
  readonly submit: (job: ExecJob, done: (outcome: ExecOutcome) => void) => () => void;
  /** What the Node object says. Not ready: what waits for it is given back (`breaker`), and nothing is sent until it is. */
  readonly setNodeReady: (node: string, ready: boolean) => void;
  /** The Node object is gone: forgets its breaker, gives back what waits. */
  readonly nodeGone: (node: string) => void;
  /** Nothing lives on in it; what waits for it ends as `podGone`. */
  readonly podGone: (podUid: string) => void;
  /** Somebody looked and knows that no earlier command still runs in this pod. */
  readonly verified: (podUid: string) => void;
  /** No command waits or runs in that pod, and none may live on there. */
  readonly isIdle: (podUid: string) => boolean;
  /** Accepts no more; resolves when all that was accepted has ended. */
  readonly drain: () => Promise<void>;
  /** Accepts no more, gives back what waits, closes the connections of what reads. */
  readonly stop: () => void;
  readonly counts: () => PoolCounts;
  readonly nodes: () => readonly NodeState[];
  /** Commands that may live on in their pod without us. */
  readonly lingering: () => readonly { readonly podUid: string; readonly argv: readonly string[] }[];
}
export interface ExecPoolOptions {
  readonly api: ExecApi;
  readonly settings: {
    readonly execConcurrency: number;
    readonly execConcurrencyPerNode: number;
    /** Of the first, for pods whose last command timed out and nodes that are silent, together. */
    readonly execConcurrencySickNodes: number;
  };
  readonly clock: Clock;
  readonly random: Random;
  /** Jobs of one class that may wait. Default `QUEUE_MAX`. */
  readonly queueMax?: number;
}

/** A fleet of 50,000 containers, each with a command or two. */
export const QUEUE_MAX = 100_000;

interface OfPod {
  readonly slots: PodSlots;
  readonly jobs: Set<Ticket<ExecOutcome>>;
  /** Its last command ran out of time. Until one answers, its commands share the few places of the sick. */
  suspect: boolean;
  gone: boolean;
}
type Done = (outcome: ExecOutcome) => void;
/** A command of class `once` under way, and who wants to know its end. */
interface Flight {
  readonly listeners: Set<Done>;
  cancel: () => boolean;
}

const CANCELLED: Dropped = { kind: 'dropped', why: 'cancelled' };
const POD_GONE: ExecOutcome = { kind: 'podGone', cause: 'the pod is gone' };

export function execPool(options: ExecPoolOptions): ExecPool {
  const { api, clock, random, settings } = options;
  const total = gate(settings.execConcurrency);
  const sick = gate(Math.min(settings.execConcurrencySickNodes, settings.execConcurrency));
  const nodes = createNodeTable({ clock, random, placesMax: settings.execConcurrencyPerNode });
  const pods = new Map<string, OfPod>();
  const flights = new Map<string, Flight>();
  const pool = createPool<ExecOutcome>({
    clock,
    queueMax: options.queueMax ?? QUEUE_MAX,
    broken: (err) => ({ kind: 'transport', cause: `bug: ${String(err)}` }),
  });

  const podOf = (uid: string): OfPod => {
    const found = pods.get(uid);
    if (found !== undefined) return found;
    const made: OfPod = {
      slots: createPodSlots(clock, () => forgetIdlePod(uid)),
      jobs: new Set(),
      suspect: false,
      gone: false,
    };
    pods.set(uid, made);
    return made;
  };
  /** State dies with the pod's last job, with what may live on in it and with what is held against it. */
  const forgetIdlePod = (uid: string): void => {
    const pod = pods.get(uid);
    if (pod?.jobs.size === 0 && !pod.suspect && pod.slots.lingering() === undefined) pods.delete(uid);
  };
  /** What a command's end says of its node. A pod that hangs again says no more of it: its neighbours may be well. */
  const judge = (pod: OfPod, outcome: ExecOutcome): Verdict => {
    const said = saysOfNode(outcome);
    const again = said === 'timedOut' && pod.suspect;
    if (said === 'answered') pod.suspect = false;
    if (said === 'timedOut' && !pod.gone) pod.suspect = true;
    return again ? 'undecided' : said;
  };

  const start = (job: ExecJob, done: Done): (() => boolean) => {
    const { namespace, pod: podName, podUid, container, argv, stdin, timeoutMs } = job;
    const node = job.node === '' ? undefined : nodes.of(job.node);
    const pod = podOf(podUid);
    const reads = job.class === 'read';
    const slot = reads ? pod.slots.read : pod.slots.change;
    const { admit, ended } = passage(node, job.priority);
    const request = { target: { namespace, pod: podName, container }, argv, timeoutMs };
    const ticket = pool.submit(
      {
        path: () => [
          slot,
          ...(node === undefined ? [] : [node.gate]),
          ...(node?.suspect || pod.suspect ? [sick] : []),
          total,
        ],
        workClass: job.priority,
        ...(job.deadlineMs === undefined ? {} : { waitMsMax: job.deadlineMs }),
        abortable: reads,
        admit,
        run: (signal) => api.run(stdin === undefined ? request : { ...request, stdin }, signal),
        ended: (outcome, aborted) => {
          ended(aborted ? 'undecided' : judge(pod, outcome));
          if (!reads && mayLiveOn(outcome)) pod.slots.mayLinger(argv, timeoutMs);
        },
      },
      (outcome) => {
        pod.jobs.delete(ticket);
        node?.jobs.delete(ticket);
        forgetIdlePod(podUid);
        nodes.forgetIdle(job.node);
        done(outcome);
      },
    );
    pod.jobs.add(ticket);
    node?.jobs.add(ticket);
    return ticket.cancel;
  };

  const startOnce = (job: ExecJob, done: Done): (() => void) => {
    const key = JSON.stringify([job.podUid, job.container, job.argv, job.stdin]);
    const flight: Flight = flights.get(key) ?? { listeners: new Set(), cancel: () => false };
    const listener: Done = (outcome) => done(outcome); // Its own identity: the same `done` may be given twice.
    flight.listeners.add(listener);
    const land = (): void => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    if (!flights.has(key)) {
      flights.set(key, flight);
      flight.cancel = start(job, (outcome) => {
        land();
        const told = [...flight.listeners];
        flight.listeners.clear(); // A late cancel finds nobody to tell.
        for (const each of told) each(outcome);
      });
    }
    return () => {
      if (flight.listeners.size > 1 && flight.listeners.delete(listener)) queueMicrotask(() => done(CANCELLED));
      // The next one who wants it must not join what was just withdrawn.
      else if (flight.listeners.has(listener) && flight.cancel()) land();
    };
  };

  return {
    submit: (job, done) => (job.class === 'once' ? startOnce(job, done) : start(job, done)),
    setNodeReady: nodes.setReady,
    nodeGone: nodes.gone,
    podGone: (uid) => {
      const pod = pods.get(uid);
      if (pod === undefined) return;
      pod.gone = true;
      pod.suspect = false;
      for (const { giveBack } of [...pod.jobs]) giveBack(POD_GONE);
      pod.slots.settle();
      forgetIdlePod(uid);
    },
    verified: (uid) => pods.get(uid)?.slots.settle(),
    drain: pool.drain,
    stop: () => {
      pool.stop();
      nodes.stop();
      for (const { slots } of [...pods.values()]) slots.settle();
    },
    counts: pool.counts,
    nodes: nodes.states,
    isIdle: (uid) => {
      const pod = pods.get(uid);
      return pod === undefined || (pod.jobs.size === 0 && pod.slots.lingering() === undefined);
    },
    lingering: () =>
      [...pods].flatMap(([podUid, { slots }]) => {
        const argv = slots.lingering();
        return argv === undefined ? [] : [{ podUid, argv }];
      }),
  };
}

type Verdict = 'answered' | 'timedOut' | 'failed' | 'undecided';
function saysOfNode(outcome: ExecOutcome): Verdict {
  switch (outcome.kind) {
    case 'ok':
    case 'exit':
      return 'answered';
    case 'timeout':
      return 'timedOut';
    case 'transport':
      return 'failed';
    // The API server's word about the pod, or an end that the node may have nothing to do with.
    case 'podGone':
    case 'forbidden':
    case 'truncated':
    case 'dropped':
      return 'undecided';
  }
}
