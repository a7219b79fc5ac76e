/**
 * The outside as three small interfaces. Live versions: kube-client.ts, exec-client.ts, agent-client.ts. The modelled
 * fleet offers in-memory ones with the same meaning (deploy/sandbox/world/mount.ts). No implementation here.
 * None of these methods rejects: how a request ended is a value. `signal` ends it early; the promise settles only when
 * the connection is really closed, so a slot held until then is held honestly.
 */
import type {
  KubeList,
  KubeObject,
  KubeOutcome,
  KubeRequest,
  WatchEnd,
  WatchEvent,
  WatchRequest,
} from '../messages/kube.ts';
import type { AgentOutcome, ExecOutcome } from '../messages/outcome.ts';

export type ListRequest = Extract<KubeRequest, { verb: 'list' }>;
export type ObjectRequest = Exclude<KubeRequest, { verb: 'list' }>;

export interface KubeApi {
  readonly request: (request: ObjectRequest, signal?: AbortSignal) => Promise<KubeOutcome<KubeObject>>;
  readonly list: (request: ListRequest, signal?: AbortSignal) => Promise<KubeOutcome<KubeList>>;
  /**
   * Calls `take` for each event in order, synchronously, and resolves when the watch is over. `opened` is told when the
   * server has agreed, which may be long before the first event; who never tells it is no less of a KubeApi.
   */
  readonly watch: (
    request: WatchRequest,
    take: (event: WatchEvent) => void,
    signal: AbortSignal,
    opened?: () => void,
  ) => Promise<WatchEnd>;
}

/** The container inside a pod in which a command runs. */
export interface ExecTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}
export interface ExecRequest {
  readonly target: ExecTarget;
  readonly argv: readonly string[];
  /** Written to the command's standard input, which is then closed. */
  readonly stdin?: string;
  readonly timeoutMs: number;
}
export interface ExecApi {
  readonly run: (request: ExecRequest, signal?: AbortSignal) => Promise<Exclude<ExecOutcome, { kind: 'dropped' }>>;
}

export interface AgentRequest {
  readonly method: 'GET' | 'POST';
  /** Path with query, e.g. `/getActiveMounts`. */
  readonly path: string;
  /** JSON text of the body, for POST. */
  readonly body?: string;
  readonly timeoutMs: number;
}
export interface AgentApi {
  /** `podIp` is the agent pod's address; the port is fixed at 8090 (spec 07, 14). */
  readonly request: (
    podIp: string,
    request: AgentRequest,
    token: string,
    signal?: AbortSignal,
  ) => Promise<Exclude<AgentOutcome, { kind: 'dropped' }>>;
}
