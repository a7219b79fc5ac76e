/** How I/O other than an API request ended, as values. Source: spec 07, 1.2 and 13. */

/**
 * How a command run inside a pod ended. Only `ok` and `exit` prove that it has ended there too (spec/README F18).
 * `podGone`: the API server says that the pod or its container is not there (404, 400, `container not found`): not run.
 */
export type ExecOutcome =
  | { readonly kind: 'ok'; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'exit'; readonly code: number; readonly stdout: string; readonly stderr: string }
  /** It ran for `afterMs` without an end; the connection is closed, the command may live on in the pod. */
  | { readonly kind: 'timeout'; readonly afterMs: number }
  /** The output passed the size cap, or the stream ended without a status: never a success. */
  | { readonly kind: 'truncated'; readonly cause: string }
  | { readonly kind: 'podGone'; readonly cause: string }
  /** The API server runs no command for this account (401, 403): says nothing about pod or node. */
  | { readonly kind: 'forbidden'; readonly cause: string }
  /** `notStarted`: the connection was refused before the command could begin. Without it the command may live on in the pod. */
  | { readonly kind: 'transport'; readonly cause: string; readonly notStarted?: true }
  /** Never sent. */
  | { readonly kind: 'dropped'; readonly why: DropReason };

/** Only an exit, or a refusal before it began, proves that nothing runs in the pod. Of anything else: it may have done its work (F18). */
export function mayLiveOn(outcome: ExecOutcome): boolean {
  switch (outcome.kind) {
    case 'timeout':
    case 'truncated':
      return true;
    case 'transport':
      return outcome.notStarted !== true;
    case 'ok':
    case 'exit':
    case 'podGone':
    case 'forbidden':
    case 'dropped':
      return false;
  }
}

/** Why a pool gave a job back unstarted. `breaker`: its node is known to be sick. */
export type DropReason = 'deadline' | 'queueFull' | 'draining' | 'cancelled' | 'breaker';

/** How a request to a node agent ended. `ok` is any 2xx; other statuses are `status`. */
export type AgentOutcome =
  | { readonly kind: 'ok'; readonly body: string }
  | { readonly kind: 'status'; readonly status: number; readonly body: string }
  | { readonly kind: 'timeout'; readonly afterMs: number }
  | { readonly kind: 'transport'; readonly cause: string }
  | { readonly kind: 'dropped'; readonly why: DropReason };

export type Dropped = { readonly kind: 'dropped'; readonly why: DropReason };
