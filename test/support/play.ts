/** Plays a script against a list of expected calls, each with its answer. Nothing runs: data in, data out. */
import type { AgentAnswer, Call, Script } from '../../actors/calls.ts';
import type { Ask } from '../../actors/flows/step.ts';
import type { KubeObject, KubeOutcome } from '../../messages/kube.ts';
import type { ExecOutcome } from '../../messages/outcome.ts';
import type { Verdict } from '../../messages/verdict.ts';

/** `[call as nameOf tells it, its answer]`. */
export type Line = readonly [call: string, answer: unknown];

/**
 * `exec WekaLocalPs`, `agent POST /register`, `get pods/weka/drive`, `create pods/weka/drive`, `node allocate`,
 * `cluster member`, `image flags`, `namespace bootConfigMap`, `catchUp 17`, `sleep 3000`.
 */
export function nameOf(call: Call): string {
  switch (call.kind) {
    case 'exec':
      return `exec ${call.command.name}`;
    case 'agent':
      return `agent ${call.request.method} ${call.request.path}`;
    case 'kube': {
      const { request } = call;
      const { type, namespace, name } =
        request.verb === 'create' ? { type: request.type, ...request.object.metadata } : request.ref;
      return `${request.verb} ${[type.plural, namespace, name].filter((part) => part !== undefined).join('/')}`;
    }
    case 'node':
    case 'cluster':
    case 'image':
    case 'namespace':
      return `${call.kind} ${call.ask.kind}`;
    case 'catchUp':
      return `catchUp${call.version === undefined ? '' : ` ${call.version}`}`;
    case 'sleep':
      return `sleep ${call.delayMs}`;
  }
}

export interface Played<Result> {
  readonly calls: readonly Call[];
  readonly verdict: Result;
}
/** Throws when the script calls something else, calls more, or leaves lines over. */
export function play<Result>(script: Script<Result>, lines: readonly Line[]): Played<Result> {
  const calls: Call[] = [];
  let step = script.next();
  for (const [expected, answer] of lines) {
    if (step.done === true)
      throw new Error(`ended with ${JSON.stringify(step.value)} where "${expected}" was expected`);
    if (nameOf(step.value) !== expected) throw new Error(`called "${nameOf(step.value)}" instead of "${expected}"`);
    calls.push(step.value);
    step = script.next(answer);
  }
  if (step.done !== true) throw new Error(`called "${nameOf(step.value)}" where an end was expected`);
  return { calls, verdict: step.value };
}
/** Of a row: one that does not ask must have no lines. */
export function playStep(said: Verdict | Ask, lines: readonly Line[] = []): Played<Verdict> {
  if (said.kind === 'ask') return play(said.script, lines);
  if (lines.length > 0) throw new Error(`said ${said.kind} at once where "${lines[0]?.[0]}" was expected`);
  return { calls: [], verdict: said };
}

// Answers, as the pools give them.
export const ok = (stdout = ''): ExecOutcome => ({ kind: 'ok', stdout, stderr: '' });
export const okJson = (value: unknown): ExecOutcome => ok(JSON.stringify(value));
export const exit = (code = 1, stderr = ''): ExecOutcome => ({ kind: 'exit', code, stdout: '', stderr });
export const timeout = (afterMs = 10_000): ExecOutcome => ({ kind: 'timeout', afterMs });
export const lost: ExecOutcome = { kind: 'transport', cause: 'connection reset' };
export const did = (answer: KubeObject): KubeOutcome => ({ kind: 'ok', answer });
export const absent: KubeOutcome = { kind: 'notFound', message: 'not found' };
export const conflict: KubeOutcome = { kind: 'conflict', message: 'the object has been modified' };
export const exists: KubeOutcome = { kind: 'alreadyExists', message: 'already exists' };
export const refused: KubeOutcome = {
  kind: 'refused',
  status: 500,
  reason: 'InternalError',
  message: 'internal error',
};
export const agentOk = (value: unknown): AgentAnswer => ({ kind: 'ok', body: JSON.stringify(value) });
export const noAgent: AgentAnswer = { kind: 'unusable', why: 'no node agent pod found on node node-1', absent: true };

/** The one exec among the calls whose command has that name. */
export function argvOf(calls: readonly Call[], name: string): readonly string[] {
  const found = calls.filter((call) => call.kind === 'exec' && call.command.name === name);
  const [call] = found;
  if (found.length !== 1 || call?.kind !== 'exec') throw new Error(`${found.length} execs of ${name}`);
  return call.command.argv;
}
export function requestOf(calls: readonly Call[], verb: string) {
  const call = calls.find((each) => each.kind === 'kube' && each.request.verb === verb);
  if (call?.kind !== 'kube') throw new Error(`no ${verb}`);
  return call.request;
}
