/** Outcomes of I/O as texts and verdicts: one wording for all steps. Texts are contract where the spec gives them. */

import type { Command } from '../../io/commands.ts';
import { unreachable } from '../../messages/exhaustive.ts';
import type { KubeOutcome } from '../../messages/kube.ts';
import type { AgentOutcome, ExecOutcome } from '../../messages/outcome.ts';
import { failed, type Verdict } from '../../messages/verdict.ts';
import type { AgentAnswer } from '../calls.ts';

type Kept<Outcome extends { readonly kind: string }> = Exclude<Outcome, { readonly kind: 'ok' }>;

/** Why an API request did not succeed. */
export function kubeText(outcome: Kept<KubeOutcome<unknown>>): string {
  switch (outcome.kind) {
    case 'throttled':
      return `the API server asks to wait ${outcome.retryAfterMs} ms`;
    case 'transport':
      return `no answer from the API server: ${outcome.cause}`;
    case 'notFound':
    case 'alreadyExists':
    case 'conflict':
    case 'gone':
    case 'refused':
      return outcome.message;
    default:
      return unreachable(outcome);
  }
}
export const kubeFailed = (what: string, outcome: Kept<KubeOutcome<unknown>>): Verdict =>
  failed(`${what}: ${kubeText(outcome)}`);

/** The error text of a command that did not exit with 0. Source: spec 07, 1.2. */
export function execText(command: Command, outcome: Kept<ExecOutcome>): string {
  switch (outcome.kind) {
    case 'exit':
      return `command Exec.${command.name} failed: command terminated with exit code ${outcome.code}`;
    case 'timeout':
      return `Exec failed to stream: context deadline exceeded after ${outcome.afterMs} ms`;
    case 'truncated':
    case 'podGone':
    case 'transport':
      return `Exec failed to stream: ${outcome.cause}`;
    case 'forbidden':
      return `No permission to run commands in pods: ${outcome.cause}`;
    case 'dropped':
      return `Exec not started: ${outcome.why}`;
    default:
      return unreachable(outcome);
  }
}
export const stderrOf = (outcome: ExecOutcome): string =>
  outcome.kind === 'exit' || outcome.kind === 'ok' ? outcome.stderr : '';

/** Why a node agent did not answer with 200. */
export function agentText(outcome: Kept<AgentAnswer>): string {
  switch (outcome.kind) {
    case 'unusable':
      return outcome.why;
    default:
      return agentOutcomeText(outcome);
  }
}
function agentOutcomeText(outcome: Kept<AgentOutcome>): string {
  switch (outcome.kind) {
    case 'status':
      return `node agent answered ${outcome.status}: ${outcome.body.trim()}`;
    case 'timeout':
      return `node agent did not answer within ${outcome.afterMs} ms`;
    case 'transport':
      return `node agent not reached: ${outcome.cause}`;
    case 'dropped':
      return `request to the node agent not sent: ${outcome.why}`;
    default:
      return unreachable(outcome);
  }
}
