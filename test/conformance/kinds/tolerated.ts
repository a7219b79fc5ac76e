/** Golden taints: whether a container bears all taints of its node. Source: spec 02, 6.8. */
import { untoleratedTaint } from '../../../actors/rules/tolerations.ts';
import { asRecorded, type Kind } from '../kind.ts';
import { containerOf, nodeOf } from '../read.ts';
import { settingsOf } from '../settings.ts';

export const kind: Kind = {
  name: 'tolerated',
  result: (golden) => {
    const taints = nodeOf(golden).spec?.taints ?? [];
    return { tolerated: untoleratedTaint(containerOf(golden).spec, taints, settingsOf(golden)) === undefined };
  },
  expected: asRecorded,
};
