/** Golden matches of a node with selector and affinity of a container. Source: spec 04, 2.2. */
import { matchesSelector, satisfiesAffinity } from '../../../actors/rules/node-match.ts';
import { asRecorded, type Kind } from '../kind.ts';
import { containerOf, nodeOf } from '../read.ts';

export const kind: Kind = {
  name: 'node-matches',
  result: (golden) => {
    const { affinity, nodeSelector } = containerOf(golden).spec;
    const labels = nodeOf(golden).metadata.labels ?? {};
    const selector = matchesSelector(labels, nodeSelector);
    // The reference asks for the affinity only where the container has one.
    return affinity === undefined ? { selector } : { affinity: satisfiesAffinity(labels, affinity), selector };
  },
  expected: asRecorded,
};
