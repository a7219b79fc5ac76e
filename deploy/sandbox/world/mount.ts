/**
 * The modelled fleet in memory: the three interfaces of io/outside.ts with virtual latencies and failures drawn from
 * chance. Nothing rejects; a failed call may have been done or not, as over a real network. Source: design 7 and 9.
 */
import type { Clock } from '../../../io/clock.ts';
import type { AgentApi, ExecApi, KubeApi, ListRequest, ObjectRequest } from '../../../io/outside.ts';
import type { Random } from '../../../io/random.ts';
import type { KubeOutcome, WatchEnd, WatchEvent, WatchRequest } from '../../../messages/kube.ts';
import type { ApiStore } from './api.ts';
import { draw, type Span } from './latency.ts';
import type { World } from './world.ts';

export interface MountOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Each way of a request to the API server; a watch event takes one way. */
  readonly latencyMs: Span;
  /** Share of calls that fail, 0 to 1; by itself 0. Above 0, watches break now and then too. */
  readonly failShare: number;
}
export interface Mount {
  readonly kube: KubeApi;
  readonly exec: ExecApi;
  readonly agent: AgentApi;
  /** Failures on or off while it runs: a story ends better in calm weather. */
  readonly setFailShare: (share: number) => void;
}

interface Line extends MountOptions {
  readonly fails: () => boolean;
  readonly stormy: () => boolean;
}

export function memoryMount(world: World, options: MountOptions): Mount {
  let { failShare } = options;
  const line: Line = {
    ...options,
    fails: () => failShare > 0 && options.random() < failShare,
    stormy: () => failShare > 0,
  };
  return {
    kube: kubeOver(world.store, line),
    exec: execOver(world.exec, line),
    agent: agentOver(world.agent, line),
    setFailShare: (share) => {
      failShare = share;
    },
  };
}

/** The API server alone. */
export const memoryKube = (store: ApiStore, options: MountOptions): KubeApi =>
  kubeOver(store, {
    ...options,
    fails: () => options.failShare > 0 && options.random() < options.failShare,
    stormy: () => options.failShare > 0,
  });

type Failure = Exclude<KubeOutcome<never>, { kind: 'ok' }>;
/** `done`: the server did it, and only the answer was lost. */
interface Mishap {
  readonly outcome: Failure;
  readonly done: boolean;
}

const TRANSPORT: Failure = { kind: 'transport', cause: 'socket hang up' };
const READ_MISHAPS: readonly Mishap[] = [
  { outcome: TRANSPORT, done: false },
  { outcome: { kind: 'throttled', retryAfterMs: 1_000 }, done: false },
  {
    outcome: { kind: 'refused', status: 500, reason: 'InternalError', message: 'etcdserver: request timed out' },
    done: false,
  },
];
const WRITE_MISHAPS: readonly Mishap[] = [...READ_MISHAPS, { outcome: TRANSPORT, done: true }];
const CONFLICT: Mishap = {
  outcome: {
    kind: 'conflict',
    message: 'the object has been modified; please apply your changes to the latest version',
  },
  done: false,
};
const STATUS_MISHAPS: readonly Mishap[] = [...WRITE_MISHAPS, CONFLICT, CONFLICT];

function mishapsOf(request: ObjectRequest | ListRequest): readonly Mishap[] {
  if (request.verb === 'get' || request.verb === 'list') return READ_MISHAPS;
  return 'subresource' in request && request.subresource === 'status' ? STATUS_MISHAPS : WRITE_MISHAPS;
}

/** Its name in managedFields: what stands before the slash of its user agent (main.ts). */
const CONTROLLER = 'wekacontainer-controller';

function kubeOver(store: ApiStore, line: Line): KubeApi {
  const { clock, random, latencyMs } = line;

  /** Half the time before the server acts, half after. An abort before that moment means: not done. */
  function call<Answer>(
    request: ObjectRequest | ListRequest,
    act: () => KubeOutcome<Answer>,
    signal: AbortSignal | undefined,
  ): Promise<KubeOutcome<Answer>> {
    const mishap = line.fails() ? pick(mishapsOf(request), random) : undefined;
    return new Promise((resolve) => {
      let cancel = (): void => undefined;
      const settle = (outcome: KubeOutcome<Answer>): void => {
        signal?.removeEventListener('abort', abort);
        resolve(outcome);
      };
      const abort = (): void => {
        cancel();
        settle({ kind: 'transport', cause: 'aborted' });
      };
      if (signal?.aborted === true) {
        settle({ kind: 'transport', cause: 'aborted' });
        return;
      }
      signal?.addEventListener('abort', abort);
      cancel = clock.after(draw(latencyMs, random), () => {
        const outcome = mishap === undefined || mishap.done ? act() : mishap.outcome;
        cancel = clock.after(draw(latencyMs, random), () => settle(mishap === undefined ? outcome : mishap.outcome));
      });
    });
  }

  return {
    request: (request, signal) => call(request, () => store.request(request, { fieldManager: CONTROLLER }), signal),
    list: (request, signal) => call(request, () => store.list(request), signal),
    watch: (request, take, signal) => watchOver(store, line, request, take, signal),
  };
}

/** A server closes a watch by itself after 5 to 10 minutes; in a storm connections live about a minute. */
const WATCH_LIFE_MS: Span = [300_000, 600_000];
const STORMY_LIFE_MS: Span = [5_000, 120_000];

function watchOver(
  store: ApiStore,
  line: Line,
  request: WatchRequest,
  take: (event: WatchEvent) => void,
  signal: AbortSignal,
): Promise<WatchEnd> {
  const { clock, random, latencyMs } = line;
  return new Promise((resolve) => {
    let open = true;
    let lastAtMs = 0;
    let stop = (): void => undefined;
    let cancelLife = (): void => undefined;
    const end = (how: WatchEnd): void => {
      if (!open) return;
      open = false;
      stop();
      cancelLife();
      signal.removeEventListener('abort', abort);
      resolve(how);
    };
    const abort = (): void => end({ kind: 'aborted' });
    if (signal.aborted) {
      end({ kind: 'aborted' });
      return;
    }
    signal.addEventListener('abort', abort);
    const broken = line.stormy();
    cancelLife = clock.after(draw(broken ? STORMY_LIFE_MS : WATCH_LIFE_MS, random), () =>
      end(broken && random() < 0.5 ? { kind: 'transport', cause: 'watch connection lost' } : { kind: 'closed' }),
    );
    // One connection: an event never overtakes the one before.
    const deliver = (event: WatchEvent): void => {
      const nowMs = clock.monotonicMs();
      lastAtMs = Math.max(lastAtMs, nowMs + draw(latencyMs, random));
      clock.after(lastAtMs - nowMs, () => {
        if (!open) return;
        if (event.kind !== 'error') take(event);
        else if (event.code === 410) end({ kind: 'gone' });
        else end({ kind: 'refused', status: event.code, message: event.message });
      });
    };
    stop = store.watch(request, deliver);
  });
}

/** On top of the rules in world.faults, which tests use for chosen calls. */
function execOver(exec: ExecApi, line: Line): ExecApi {
  const { clock, random } = line;
  return {
    run: async (request, signal) => {
      if (!line.fails()) return exec.run(request, signal);
      const kind = pick(['notSent', 'answerLost', 'exit', 'timeout'] as const, random);
      if (kind === 'answerLost' || kind === 'timeout') {
        const startMs = clock.monotonicMs();
        const outcome = await exec.run(request, signal);
        if (outcome.kind === 'podGone') return outcome;
        if (kind === 'answerLost') return { kind: 'transport', cause: 'unexpected EOF' };
        await pause(clock, startMs + request.timeoutMs - clock.monotonicMs(), signal);
        return signal?.aborted === true
          ? { kind: 'transport', cause: 'aborted' }
          : { kind: 'timeout', afterMs: request.timeoutMs };
      }
      await pause(clock, draw(line.latencyMs, random), signal);
      return kind === 'exit'
        ? { kind: 'exit', code: 1, stdout: '', stderr: 'error: injected failure\n' }
        : { kind: 'transport', cause: 'connection refused' };
    },
  };
}

function agentOver(agent: AgentApi, line: Line): AgentApi {
  const { clock, random } = line;
  return {
    request: async (podIp, request, token, signal) => {
      if (!line.fails()) return agent.request(podIp, request, token, signal);
      const kind = pick(['notSent', 'answerLost', 'status'] as const, random);
      if (kind === 'answerLost') {
        await agent.request(podIp, request, token, signal);
        return { kind: 'transport', cause: 'socket hang up' };
      }
      await pause(clock, draw(line.latencyMs, random), signal);
      return kind === 'status'
        ? { kind: 'status', status: 500, body: 'Internal Server Error\n' }
        : { kind: 'transport', cause: 'connect ECONNREFUSED' };
    },
  };
}

/** Ends early on abort. */
const pause = (clock: Clock, delayMs: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(delayMs, done);
    if (signal?.aborted === true) done();
    else signal?.addEventListener('abort', done);
  });

function pick<Item>(items: readonly [Item, ...Item[]] | readonly Item[], random: Random): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
