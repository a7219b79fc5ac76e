/** Where a pod may run, in terms of nodes and of other pods. Source: spec 04, 5.2 and 5.3; spec/README F27. */
import type {
  Affinity,
  NodeAffinity,
  PodAffinity,
  PodAffinityTerm,
  Requirement,
} from '../../../messages/core-types.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { hasFrontend, isAllocatable, isClient } from '../../../messages/weka-modes.ts';
import { clusterUidOf } from './metadata.ts';

const HOSTNAME = 'kubernetes.io/hostname';

/** `nodeName` is that of the node the container is bound to, empty when it is not. */
export function podAffinity(container: WekaContainer, nodeName: string, manyProtocolsPerNode: boolean): Affinity {
  const { spec } = container;
  const given = spec.affinity ?? {};
  const apart = (isAllocatable(spec.mode) || isClient(spec.mode)) && spec.dropAffinityConstraints !== true;
  const nearTo = apart ? neighbourMode(spec.mode) : undefined;
  return {
    ...given,
    nodeAffinity: nodeAffinity(given.nodeAffinity ?? {}, nodeRequirements(container, nodeName)),
    ...(nearTo === undefined ? {} : { podAffinity: withTerm(given.podAffinity, sameCluster(container, nearTo)) }),
    ...(apart ? { podAntiAffinity: withTerm(given.podAntiAffinity, rivals(container, manyProtocolsPerNode)) } : {}),
  };
}

function nodeRequirements({ spec }: WekaContainer, nodeName: string): readonly Requirement[] {
  const selected = Object.entries(spec.nodeSelector ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
  return [
    isIn('kubernetes.io/os', 'linux'),
    ...(nodeName === '' ? [] : [isIn(HOSTNAME, nodeName)]),
    ...selected.map(([key, value]) => isIn(key, value)),
  ];
}

/** Whether each of its terms names this node. */
export function isPinnedTo(affinity: Affinity | undefined, node: string): boolean {
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const names = ({ key, values }: Requirement): boolean => key === HOSTNAME && values?.includes(node) === true;
  return terms.length > 0 && terms.every(({ matchExpressions = [] }) => matchExpressions.some(names));
}

/** Into every term, since terms are alternatives: with one left out, the pod could land where it must not. */
function nodeAffinity(given: NodeAffinity, requirements: readonly Requirement[]): NodeAffinity {
  const terms = given.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const nodeSelectorTerms = (terms.length === 0 ? [{}] : terms).map((term) => ({
    ...term,
    matchExpressions: [...(term.matchExpressions ?? []), ...requirements],
  }));
  return { ...given, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
}

/** Pods that must not share a node with this one: any frontend, or the same kind of the same cluster. */
function rivals(container: WekaContainer, manyProtocolsPerNode: boolean): PodAffinityTerm {
  const { mode } = container.spec;
  if (!hasFrontend(mode) || manyProtocolsPerNode) return sameCluster(container, mode);
  const frontends: Requirement = { key: 'weka.io/mode', operator: 'In', values: ['nfs', 's3', 'client'] };
  return { labelSelector: { matchExpressions: [frontends] }, topologyKey: HOSTNAME };
}

function neighbourMode(mode: string): string | undefined {
  switch (mode) {
    case 'envoy':
      return 's3';
    case 'telemetry':
      return 'compute';
    default:
      return undefined;
  }
}

const sameCluster = (container: WekaContainer, mode: string): PodAffinityTerm => ({
  labelSelector: { matchLabels: { 'weka.io/cluster-id': clusterUidOf(container), 'weka.io/mode': mode } },
  topologyKey: HOSTNAME,
});

const withTerm = (given: PodAffinity | undefined, term: PodAffinityTerm): PodAffinity => ({
  ...given,
  requiredDuringSchedulingIgnoredDuringExecution: [
    ...(given?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    term,
  ],
});

const isIn = (key: string, value: string): Requirement => ({ key, operator: 'In', values: [value] });
