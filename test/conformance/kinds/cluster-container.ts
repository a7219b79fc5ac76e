/** Golden listings of one host (id 7) of a weka cluster. Source: spec 07, 4 (J4). */
import { getWekaContainer } from '../../../io/commands.ts';
import { parseClusterContainer } from '../../../io/weka-parsers/cluster-container.ts';
import { comparableKind, fromJson, plainError } from '../fake-pod.ts';

export const kind = comparableKind('cluster-container', (golden) =>
  fromJson(golden, getWekaContainer(7), parseClusterContainer, (container) =>
    container === undefined ? plainError('Weka container with id 7 not found in cluster') : { container },
  ),
);
