/** Golden updates of the tolerations of a pod that lives. Source: spec 04, 4.2. */
import { tolerationsChange } from '../../../actors/rules/pod-update.ts';
import { asRecorded, type Kind } from '../kind.ts';
import { containerOf, podOf } from '../read.ts';

export const kind: Kind = {
  name: 'pod-tolerations-update',
  result: (golden) => {
    const pod = podOf(golden);
    const change = tolerationsChange(containerOf(golden), pod);
    return { tolerations: change ?? pod.spec?.tolerations ?? [], written: change !== undefined };
  },
  expected: asRecorded,
};
