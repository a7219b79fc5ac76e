/** Whether a pod fits a node, as the scheduler's filters decide it, with kube-scheduler's wording. Pure. */
import type { LabelSelector, PodAffinityTerm, Requirement } from '../../../messages/core-types.ts';
import type { Node, NodeSelectorTerm, Pod, PodSpec, Taint, Toleration } from './objects.ts';
import { quantityOf } from './quantity.ts';

/** Resource name to amount, in base units (cores, bytes, pieces). */
export type Amounts = ReadonlyMap<string, number>;

/** Why a pod does not fit, as counted in the Unschedulable message; undefined: it fits. */
export function misfit(pod: Pod, node: Node, used: Amounts, neighbours: readonly Pod[]): string | undefined {
  const labels = labelsOf(node);
  if (!matchesNode(pod.spec, node, labels)) return "node(s) didn't match Pod's node affinity/selector";
  if (node.spec?.unschedulable === true && !tolerates(pod.spec.tolerations, CORDON))
    return 'node(s) were unschedulable';
  const taint = (node.spec?.taints ?? []).find(
    (candidate) => candidate.effect !== 'PreferNoSchedule' && !tolerates(pod.spec.tolerations, candidate),
  );
  if (taint !== undefined) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
  const short = shortage(requestsOf(pod.spec), node, used);
  if (short !== undefined) return short;
  return podMisfit(pod, neighbours);
}

const CORDON: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** What a pod asks for: the sum of its containers, or its greediest init container where that is more. */
export function requestsOf(spec: PodSpec): Amounts {
  const total = new Map<string, number>([['pods', 1]]);
  for (const { resources } of spec.containers) {
    for (const [name, amount] of Object.entries({ ...resources?.limits, ...resources?.requests })) {
      total.set(name, (total.get(name) ?? 0) + quantityOf(amount));
    }
  }
  for (const { resources } of spec.initContainers ?? []) {
    for (const [name, amount] of Object.entries({ ...resources?.limits, ...resources?.requests })) {
      total.set(name, Math.max(total.get(name) ?? 0, quantityOf(amount)));
    }
  }
  return total;
}

function shortage(wanted: Amounts, node: Node, used: Amounts): string | undefined {
  for (const [name, amount] of wanted) {
    if (amount <= 0) continue;
    const allocatable = node.status?.allocatable?.[name];
    // Not every Node object of a test lists them; a real kubelet always does.
    if (allocatable === undefined && (name === 'pods' || name === 'ephemeral-storage')) continue;
    if ((used.get(name) ?? 0) + amount > quantityOf(allocatable ?? 0)) {
      return name === 'pods' ? 'Too many pods' : `Insufficient ${name}`;
    }
  }
  return undefined;
}

export function tolerates(tolerations: readonly Toleration[] | undefined, taint: Taint): boolean {
  return (tolerations ?? []).some(({ key, operator, value, effect }) => {
    if (effect !== undefined && effect !== '' && effect !== taint.effect) return false;
    if (key === undefined || key === '') return operator === 'Exists';
    return key === taint.key && (operator === 'Exists' || (value ?? '') === (taint.value ?? ''));
  });
}

function matchesNode(spec: PodSpec, node: Node, labels: Readonly<Record<string, string>>): boolean {
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) if (labels[key] !== value) return false;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || required.nodeSelectorTerms.some((term) => matchesTerm(term, node, labels));
}

function matchesTerm(term: NodeSelectorTerm, node: Node, labels: Readonly<Record<string, string>>): boolean {
  const [expressions, fields] = [term.matchExpressions ?? [], term.matchFields ?? []];
  if (expressions.length + fields.length === 0) return false;
  const name = { 'metadata.name': node.metadata.name };
  return expressions.every((one) => holds(one, labels)) && fields.every((one) => holds(one, name));
}

function holds({ key, operator, values }: Requirement, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && (values ?? []).includes(value);
    case 'NotIn':
      return value === undefined || !(values ?? []).includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values?.[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values?.[0]);
    default:
      throw new Error(`not a selector operator: ${operator}`);
  }
}

/** Both directions: what the new pod forbids, and what the pods already there forbid. Topology is the node. */
function podMisfit(pod: Pod, neighbours: readonly Pod[]): string | undefined {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  const forbids = (owner: Pod, terms: readonly PodAffinityTerm[] | undefined, other: Pod) =>
    (terms ?? []).some((term) => matchesPod(term, owner, other));
  const anti = podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (neighbours.some((other) => forbids(pod, anti, other))) {
    return "node(s) didn't match pod anti-affinity rules";
  }
  const forbidden = neighbours.some((other) =>
    forbids(other, other.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution, pod),
  );
  if (forbidden) return "node(s) didn't satisfy existing pods anti-affinity rules";
  const wanted = podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return wanted.every((term) => neighbours.some((other) => matchesPod(term, pod, other)))
    ? undefined
    : "node(s) didn't match pod affinity rules";
}

function matchesPod(term: PodAffinityTerm, owner: Pod, other: Pod): boolean {
  const namespaces = term.namespaces ?? [owner.metadata.namespace ?? ''];
  return (
    namespaces.includes(other.metadata.namespace ?? '') &&
    matchesLabels(term.labelSelector, other.metadata.labels ?? {})
  );
}

/** An absent selector matches nothing, an empty one everything. */
function matchesLabels(selector: LabelSelector | undefined, labels: Readonly<Record<string, string>>): boolean {
  if (selector === undefined) return false;
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
    (selector.matchExpressions ?? []).every((one) => holds(one, labels))
  );
}

/** The hostname label is there on every real node. */
const labelsOf = (node: Node): Readonly<Record<string, string>> => ({
  'kubernetes.io/hostname': node.metadata.name,
  'kubernetes.io/os': 'linux',
  ...node.metadata.labels,
});
