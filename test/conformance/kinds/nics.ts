/** Golden allocations of NICs. Source: spec 05, 10.2, 10.3. */
import { allocateNics, keyOf, needsNics } from '../../../actors/rules/allocation/nics.ts';
import { ANNOTATIONS } from '../../../actors/rules/node-annotations.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { allocationKind, othersOf, shownEvents } from '../allocation-case.ts';
import { plainError } from '../fake-pod.ts';
import type { Golden } from '../kind.ts';
import { containerOf, nodeOf } from '../read.ts';
import { settingsOf } from '../settings.ts';

export const kind = allocationKind('nics', (golden) => {
  const present = new Set([...othersOf(golden), containerOf(golden)].map(keyOf));
  return outcomeOf(golden, containerOf(golden), (key) => !present.has(key));
});

export function outcomeOf(golden: Golden, container: WekaContainer, isGone: (key: string) => boolean): object {
  const node = nodeOf(golden);
  if (!needsNics(container, node, settingsOf(golden))) return { needed: false };
  const allocation = allocateNics(container, node, isGone);
  if (allocation.kind === 'failed') return { needed: true, ...(plainError(allocation.reason) as object) };
  const before = node.metadata.annotations;
  const annotation = allocation.annotation ?? before?.[ANNOTATIONS.nicAllocations];
  const annotations = { ...before, ...(annotation === undefined ? {} : { [ANNOTATIONS.nicAllocations]: annotation }) };
  const after = { ...node, metadata: { ...node.metadata, annotations } };
  const neededAfterwards = needsNics(container, after, settingsOf(golden));
  return { needed: true, annotation, neededAfterwards, ...shownEvents(allocation.events) };
}
