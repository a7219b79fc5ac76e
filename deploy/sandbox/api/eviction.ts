/**
 * The eviction of a pod: a delete that a disruption budget may refuse. Nobody calculates budgets here: their status is what was
 * written to it. Source: kubernetes v1.36 pkg/registry/core/pod/storage/eviction.go.
 */
import { rfc3339 } from '../../../io/clock.ts';
import { parseLabelSelector } from '../../../io/label-selector.ts';
import type { KubeObject, ObjectRef } from '../../../messages/kube.ts';
import { refOf } from '../../../messages/kube.ts';
import type { ApiStore } from '../world/api.ts';
import { DISRUPTION_BUDGETS } from '../world/store/builtin-types.ts';
import { bodyOf } from './parameters.ts';
import { type ApiRequest, json, type Reply, refuse } from './reply.ts';
import { badRequest, failure, methodNotAllowed, type Status, statusOf } from './status.ts';

interface Eviction {
  readonly metadata?: { readonly name?: unknown };
  readonly deleteOptions?: {
    readonly gracePeriodSeconds?: number;
    readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  };
}
type Pod = KubeObject & {
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
};
type Budget = KubeObject & {
  readonly spec?: {
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly unhealthyPodEvictionPolicy?: 'IfHealthyBudget' | 'AlwaysAllow';
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly disruptionsAllowed?: number;
    readonly currentHealthy?: number;
    readonly desiredHealthy?: number;
  };
};
/** Pods in these phases serve nobody. */
const NOT_AT_WORK = ['Pending', 'Succeeded', 'Failed'];
const UNOBSERVED_RETRY_SECONDS = 10;

export function answerEviction(ref: ObjectRef, request: ApiRequest, store: ApiStore, nowMs: number): Reply {
  if (request.method !== 'POST') return refuse(methodNotAllowed());
  const body = bodyOf(request);
  if (!body.ok) return refuse(body.status);
  const { metadata, deleteOptions = {} } = (body.value ?? {}) as Eviction;
  if (metadata?.name !== ref.name) return refuse(badRequest('name in URL does not match name in Eviction object'));
  const found = store.request({ verb: 'get', ref });
  if (found.kind !== 'ok') return refuse(statusOf(found, ref));
  const refused = disrupt(found.answer, store, nowMs);
  if (refused !== undefined) return refuse(refused);
  const { gracePeriodSeconds, preconditions = {} } = deleteOptions;
  const grace = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
  const deleted = store.request({ verb: 'delete', ref, ...preconditions, ...grace });
  if (deleted.kind !== 'ok') return refuse(statusOf(deleted, ref));
  return json({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }, 201);
}

/** Takes one disruption from the pod's budget, or tells why not. */
function disrupt(pod: Pod, store: ApiStore, nowMs: number): Status | undefined {
  if (pod.metadata.deletionTimestamp !== undefined || NOT_AT_WORK.includes(pod.status?.phase ?? 'Pending')) return;
  const budgets = store.all<Budget>(DISRUPTION_BUDGETS, pod.metadata.namespace).filter((each) => covers(each, pod));
  const [budget, another] = budgets;
  if (budget === undefined) return;
  if (another !== undefined) {
    const why = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    return failure(500, 'InternalError', why);
  }
  const { name, generation = 0 } = budget.metadata;
  const {
    observedGeneration = 0,
    disruptionsAllowed = 0,
    currentHealthy = 0,
    desiredHealthy = 0,
  } = budget.status ?? {};
  const ready = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
  const healthy = currentHealthy >= desiredHealthy && desiredHealthy > 0;
  if (!ready && (healthy || budget.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow')) return;
  if (observedGeneration < generation)
    return violated(`The disruption budget ${name} is still being processed by the server.`, UNOBSERVED_RETRY_SECONDS);
  if (disruptionsAllowed <= 0)
    return violated(
      `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
    );
  const disruptedPods = { [pod.metadata.name]: rfc3339(nowMs) };
  const patch = { status: { disruptionsAllowed: disruptionsAllowed - 1, disruptedPods } };
  const ref = refOf(DISRUPTION_BUDGETS, budget.metadata);
  store.request({ verb: 'mergePatch', ref, subresource: 'status', patch });
}

function covers({ spec }: Budget, pod: Pod): boolean {
  const terms = Object.entries(spec?.selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const parsed = parseLabelSelector(terms.join(','));
  return spec?.selector !== undefined && parsed.kind === 'ok' && parsed.matches(pod.metadata.labels);
}

const violated = (message: string, retryAfterSeconds?: number): Status =>
  failure(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message }],
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
