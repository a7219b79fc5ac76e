/** Whether a node is one the container asks for, by selector and by required node affinity. Source: spec 02, 4.3; spec 04, 2.2. */
import type { Affinity, NodeSelectorTerm, Requirement } from '../../messages/core-types.ts';

type Labels = Readonly<Record<string, string>>;

/** Every entry must be a label of the node with the same value; an empty selector matches all. */
export const matchesSelector = (labels: Labels, selector: Labels | undefined): boolean =>
  Object.entries(selector ?? {}).every(([key, value]) => labelOf(labels, key) === value);

/**
 * Only the required node affinity counts; none means yes, an empty list of terms means no. Terms are alternatives, all
 * expressions of a term must hold, a term without any matches every node, `matchFields` are not looked at.
 */
export function satisfiesAffinity(labels: Labels, affinity: Affinity | undefined): boolean {
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || required.nodeSelectorTerms.some((term) => satisfiesTerm(labels, term));
}

const satisfiesTerm = (labels: Labels, term: NodeSelectorTerm): boolean =>
  (term.matchExpressions ?? []).every((requirement) => satisfies(labels, requirement));

/** A missing label compares as an empty text; unlike the scheduler's, `Gt` and `Lt` accept equality. */
function satisfies(labels: Labels, { key, operator, values = [] }: Requirement): boolean {
  const label = labelOf(labels, key);
  switch (operator) {
    case 'In':
      return values.includes(label ?? '');
    case 'NotIn':
      return !values.includes(label ?? '');
    case 'Exists':
      return label !== undefined;
    case 'DoesNotExist':
      return label === undefined;
    case 'Gt':
      return compares(label, values[0], (has, bound) => has >= bound);
    case 'Lt':
      return compares(label, values[0], (has, bound) => has <= bound);
    default:
      return false;
  }
}

const INTEGER = /^[+-]?\d+$/;
function compares(label = '', value = '', holds: (has: bigint, bound: bigint) => boolean): boolean {
  if (!INTEGER.test(label) || !INTEGER.test(value)) return false;
  return holds(BigInt(label.replace('+', '')), BigInt(value.replace('+', '')));
}

const labelOf = (labels: Labels, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined;
