/**
 * `pods/exec` of the modelled fleet: finds the process, lets the command take its time, applies faults, keeps a log of
 * every call with start and end. Source: spec 07, 21.1 (exec endpoint) and 21.5.
 */
import type { ExecApi, ExecRequest } from '../../../io/outside.ts';
import type { ExecOutcome } from '../../../messages/outcome.ts';
import type { Cache } from './cache.ts';
import type { Answer, Later } from './cli/answer.ts';
import type { WorldContext } from './context.ts';
import type { Action } from './faults.ts';
import { draw } from './latency.ts';
import { writeStopInstruction } from './node-agent-exec.ts';
import type { Pod } from './objects.ts';
import type { NodeModel } from './pod-process.ts';
import { recognise } from './weka-cli.ts';

export type ExecEnd = Exclude<ExecOutcome, { kind: 'dropped' }>;

export interface ExecLogEntry {
  readonly startMs: number;
  /** Undefined while it runs, and for ever for one that hung. */
  endMs: number | undefined;
  readonly name: string;
  /** `namespace/name`. */
  readonly pod: string;
  readonly argv: readonly string[];
  outcome: ExecEnd['kind'] | undefined;
}

export interface ModelledExec extends ExecApi {
  /** The same without a promise, for models: `done` runs once. Returns the abort. */
  readonly begin: (request: ExecRequest, done: (outcome: ExecEnd) => void) => () => void;
  /** The newest entries, oldest first; at most `LOG_ENTRIES_MAX`. */
  readonly log: readonly ExecLogEntry[];
  /** Calls by command name since the start. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Past it the oldest tenth goes at once: one by one, each entry would move all others. */
const LOG_ENTRIES_MAX = 100_000;

/** What a command found in the pod's place, before it runs. */
type Place =
  | { readonly kind: 'there'; readonly node: NodeModel; readonly run: () => Answer | Later }
  | { readonly kind: 'absent'; readonly cause: string }
  | { readonly kind: 'unreachable' };

export function createExec(ctx: WorldContext, pods: Cache<Pod>, nodes: ReadonlyMap<string, NodeModel>): ModelledExec {
  const random = ctx.random('exec');
  const log: ExecLogEntry[] = [];
  const counts = new Map<string, number>();

  const find = ({ target }: ExecRequest, argv: readonly string[]): Place => {
    const { namespace, pod: podName, container } = target;
    const pod = pods.get(`${namespace}/${podName}`);
    if (pod === undefined) return { kind: 'absent', cause: `pods "${podName}" not found` };
    const node = nodes.get(pod.spec.nodeName ?? '');
    if (node === undefined) return { kind: 'absent', cause: `pod ${podName} does not have a host assigned` };
    if (node.power !== 'on') return { kind: 'unreachable' };
    if (container === 'node-agent') return { kind: 'there', node, run: () => writeStopInstruction(ctx, node, argv) };
    if (pod.metadata.deletionTimestamp !== undefined && node.containerRuntime.startsWith('cri-o')) {
      return { kind: 'absent', cause: 'cri-o does not exec into a container that is stopping' };
    }
    const process = node.processes.get(pod.metadata.uid);
    if (process === undefined || container !== 'weka-container') {
      return { kind: 'absent', cause: `container not found ("${container}")` };
    }
    return { kind: 'there', node, run: () => recognise(argv).run(process) };
  };

  const begin = (request: ExecRequest, done: (outcome: ExecEnd) => void): (() => void) => {
    const { argv, target, timeoutMs } = request;
    const pod = `${target.namespace}/${target.pod}`;
    const inAgent = target.container === 'node-agent';
    const { name, takes } = inAgent ? { name: 'StopInstructionsViaAgent', takes: 'file' as const } : recognise(argv);
    if (name === 'Unknown') ctx.oracle.report('unknown-command', pod, JSON.stringify(argv));
    const startMs = ctx.clock.monotonicMs();
    const entry: ExecLogEntry = { startMs, endMs: undefined, name, pod, argv, outcome: undefined };
    if (log.push(entry) >= LOG_ENTRIES_MAX) log.splice(0, LOG_ENTRIES_MAX / 10);
    counts.set(name, (counts.get(name) ?? 0) + 1);

    const settle = (outcome: ExecEnd): void => {
      if (entry.outcome !== undefined) return;
      entry.endMs = ctx.clock.monotonicMs();
      entry.outcome = outcome.kind;
      cancelTimeout();
      done(outcome);
    };
    const cancelTimeout = ctx.clock.after(timeoutMs, () => settle({ kind: 'timeout', afterMs: timeoutMs }));
    const node = pods.get(pod)?.spec.nodeName ?? '';
    const fault = ctx.faults.decide({ channel: 'exec', name, node, pod });
    const extraMs = fault?.kind === 'delay' ? fault.delayMs : 0;
    // The command goes on in the pod when its caller has given up: only the answer is lost.
    ctx.clock.after(draw(ctx.latency[takes], random) + extraMs, () => {
      const instead = withoutRunning(fault);
      if (instead !== undefined) {
        settle(instead);
        return;
      }
      const place = find(request, argv);
      if (place.kind === 'absent') settle({ kind: 'podGone', cause: place.cause });
      if (place.kind === 'there') finish(place.run(), fault, settle);
    });
    return () => settle({ kind: 'transport', cause: 'aborted' });
  };

  return {
    log,
    counts,
    begin,
    run: (request, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) {
          resolve({ kind: 'transport', cause: 'aborted' });
          return;
        }
        const abort = begin(request, (outcome) => {
          signal?.removeEventListener('abort', abort);
          resolve(outcome);
        });
        signal?.addEventListener('abort', abort);
      }),
  };

  function finish(answer: Answer | Later, fault: Action | undefined, settle: (outcome: ExecEnd) => void): void {
    if ('afterMs' in answer) {
      ctx.clock.after(answer.afterMs, () => finish(answer.finish(), fault, settle));
      return;
    }
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'drop') settle({ kind: 'transport', cause: fault.cause ?? 'connection reset by peer' });
    else settle(outcomeOf(fault?.kind === 'stdout' ? { code: 0, stdout: fault.text, stderr: '' } : answer));
  }
}

function withoutRunning(fault: Action | undefined): ExecEnd | undefined {
  if (fault?.kind === 'exit') return outcomeOf({ stdout: '', stderr: '', ...fault });
  if (fault?.kind === 'podGone') return { kind: 'podGone', cause: fault.cause };
  if (fault?.kind === 'drop' && !fault.afterDoing) {
    return { kind: 'transport', cause: fault.cause ?? 'connection refused' };
  }
  return undefined;
}

const outcomeOf = ({ code, stdout, stderr }: Answer): ExecEnd =>
  code === 0 ? { kind: 'ok', stdout, stderr } : { kind: 'exit', code, stdout, stderr };
