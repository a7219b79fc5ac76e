/** Golden updates of labels and annotations of a pod that lives. Source: spec 04, 4.2. */
import { metadataChange } from '../../../actors/rules/pod-update.ts';
import { asRecorded, type Kind } from '../kind.ts';
import { containerOf, podOf } from '../read.ts';
import { settingsOf } from '../settings.ts';

export const kind: Kind = {
  name: 'pod-metadata-update',
  result: (golden) => metadataChange(containerOf(golden), podOf(golden), settingsOf(golden)),
  expected: asRecorded,
};
