/**
 * What a script may ask of the outside, as data, and the typed helpers that ask it. One entry per pool, writer or shared
 * actor; supervisors/callers.ts knows how each is carried out. No behaviour here.
 */
import type { Command } from '../io/commands.ts';
import type { AgentRequest, ObjectRequest } from '../io/outside.ts';
import type { ClusterAnswer, ClusterAsk } from '../messages/cluster.ts';
import type { NodeName } from '../messages/ids.ts';
import type { ImageAnswer, ImageAsk } from '../messages/image.ts';
import type { KubeObject, KubeOutcome } from '../messages/kube.ts';
import type { NamespaceAnswer, NamespaceAsk } from '../messages/namespace.ts';
import type { NodeAnswer, NodeAsk } from '../messages/node.ts';
import type { AgentOutcome, ExecOutcome } from '../messages/outcome.ts';
import type { Script as AnyScript } from './script.ts';

/** Where a command runs. `podUid` keeps one pod's slots apart from its successor's; `node` chooses the breaker. */
export interface PodTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  readonly node: string;
  /** `weka-container` or, in the node agent's pod, `node-agent`. */
  readonly container: string;
}
/** Removal of data paths first, then activation, then periodic work (design.md 5). */
export type Priority = 'removal' | 'activation' | 'periodic';

/** `unusable`: there is no agent to ask, and why. Source: spec 07, 13. */
export type AgentAnswer = AgentOutcome | { readonly kind: 'unusable'; readonly why: string; readonly absent: boolean };

export type Call =
  | { readonly kind: 'exec'; readonly target: PodTarget; readonly command: Command; readonly priority: Priority }
  | { readonly kind: 'agent'; readonly node: NodeName; readonly request: AgentRequest; readonly priority: Priority }
  /** One API request. A write under way is not aborted with its script. Answers enter the stores before the script resumes. */
  | { readonly kind: 'kube'; readonly request: ObjectRequest; readonly priority: Priority }
  | { readonly kind: 'node'; readonly node: NodeName; readonly ask: NodeAsk }
  | { readonly kind: 'cluster'; readonly ask: ClusterAsk }
  | { readonly kind: 'image'; readonly ask: ImageAsk }
  | { readonly kind: 'namespace'; readonly ask: NamespaceAsk }
  /** What is known of containers is to be at least as new as that; without a version: as the API is now. */
  | { readonly kind: 'catchUp'; readonly version: string | undefined }
  | { readonly kind: 'sleep'; readonly delayMs: number };

/** What each call is answered with. */
export interface Answers {
  readonly exec: ExecOutcome;
  readonly agent: AgentAnswer;
  readonly kube: KubeOutcome<KubeObject>;
  readonly node: NodeAnswer;
  readonly cluster: ClusterAnswer;
  readonly image: ImageAnswer;
  readonly namespace: NamespaceAnswer;
  readonly catchUp: undefined;
  readonly sleep: undefined;
}
/** One entry per kind of call: starts it, returns what ends it early. `answer` is called at most once. */
export type Callers = {
  readonly [K in Call['kind']]: (call: Extract<Call, { kind: K }>, answer: (answer: Answers[K]) => void) => () => void;
};
/** Always `yield*` one of the helpers below: a bare `yield` has no typed answer. */
export type Script<Result> = AnyScript<Result, Call>;

// The worker answers each call with the type that `Answers` names for its kind: hence the casts.
export function* exec(target: PodTarget, command: Command, priority: Priority = 'activation'): Script<ExecOutcome> {
  return (yield { kind: 'exec', target, command, priority }) as ExecOutcome;
}
export function* askAgent(node: NodeName, request: AgentRequest, priority: Priority = 'periodic'): Script<AgentAnswer> {
  return (yield { kind: 'agent', node, request, priority }) as AgentAnswer;
}
export function* kube<T extends KubeObject = KubeObject>(
  request: ObjectRequest,
  priority: Priority = 'activation',
): Script<KubeOutcome<T>> {
  return (yield { kind: 'kube', request, priority }) as KubeOutcome<T>;
}
/** Asks the node's actor. The answer has the kind that messages/node.ts pairs with the ask. */
export function* askNode<Ask extends NodeAsk>(node: NodeName, ask: Ask): Script<NodeAnswer<Ask['kind']>> {
  return (yield { kind: 'node', node, ask }) as NodeAnswer<Ask['kind']>;
}
export function* askCluster<Ask extends ClusterAsk>(ask: Ask): Script<ClusterAnswer<Ask['kind']>> {
  return (yield { kind: 'cluster', ask }) as ClusterAnswer<Ask['kind']>;
}
export function* askImage(ask: ImageAsk): Script<ImageAnswer> {
  return (yield { kind: 'image', ask }) as ImageAnswer;
}
export function* askNamespace(ask: NamespaceAsk): Script<NamespaceAnswer> {
  return (yield { kind: 'namespace', ask }) as NamespaceAnswer;
}
export function* catchUp(version: string | undefined): Script<void> {
  yield { kind: 'catchUp', version };
}
export function* sleep(delayMs: number): Script<void> {
  yield { kind: 'sleep', delayMs };
}

/** Between two looks at something that is about to appear: doubling from the first to the second. */
const NEXT_LOOK_MS_MIN = 500;
const NEXT_LOOK_MS_MAX = 3_000;
/**
 * Runs a read until it exits with 0 and its output is good, at most `tries` times; answers with the last outcome. Anything
 * but an exit ends it at once: the pod cannot be asked.
 */
export function* askUntil(
  target: PodTarget,
  command: Command,
  tries: number,
  good: (outcome: Extract<ExecOutcome, { kind: 'ok' }>) => boolean,
): Script<ExecOutcome> {
  let delayMs = NEXT_LOOK_MS_MIN;
  for (let left = tries; ; left -= 1) {
    const outcome = yield* exec(target, command);
    const again = outcome.kind === 'exit' || (outcome.kind === 'ok' && !good(outcome));
    if (!again || left <= 1) return outcome;
    yield* sleep(delayMs);
    delayMs = Math.min(NEXT_LOOK_MS_MAX, delayMs * 2);
  }
}
