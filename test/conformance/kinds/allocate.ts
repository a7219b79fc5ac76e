/** Golden first allocations, asked of the node's actor. Source: spec 05, 4.3 to 8. */
import { initial } from '../../../actors/node/state.ts';
import { decider } from '../../../actors/node.ts';
import type { Attempt, ContainerUid } from '../../../messages/ids.ts';
import type { FeatureFlags } from '../../../messages/image.ts';
import type { NodeAnswer } from '../../../messages/node.ts';
import { allocationKind, newUuid, shownAnswer, worldOf } from '../allocation-case.ts';
import type { Golden } from '../kind.ts';
import { containerOf, nodeOf } from '../read.ts';
import { settingsOf } from '../settings.ts';

export const kind = allocationKind('allocate', outcomeOf);

export function outcomeOf(golden: Golden): object {
  const container = containerOf(golden);
  const flags = (golden.featureFlags ?? {}) as FeatureFlags;
  const decide = decider(nodeOf(golden).metadata.name as Parameters<typeof decider>[0], {
    view: worldOf(golden),
    settings: settingsOf(golden),
    // Of other images nothing is known.
    flagsOf: (image) => (image === container.spec.image ? flags : undefined),
    newUuid,
    grants: new Map(),
  });
  let answer: NodeAnswer | undefined;
  const ask = { kind: 'allocate', uid: container.metadata.uid as ContainerUid, flags } as const;
  const asked = { kind: 'asked', ask, answer: () => {} } as const;
  const [, effects] = decide(initial, asked, { fresh: 1 as Attempt, ms: 0 });
  for (const effect of effects) if (effect.kind === 'answer') answer = effect.answer;
  if (answer?.kind !== 'allocated' && answer?.kind !== 'refused') throw new Error('not answered');
  return shownAnswer(answer);
}
