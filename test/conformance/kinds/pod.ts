/** Golden pods: the builder on the container and node of the case. Source: spec 04; README of the golden pods. */
import { buildPod } from '../../../actors/rules/pod-spec/build-pod.ts';
import type { NodeInfo } from '../../../messages/node-info.ts';
import { comparablePod } from '../comparable-pod.ts';
import { CRASHED, type Golden, type Kind } from '../kind.ts';
import { containerOf, member } from '../read.ts';
import { settingsOf } from '../settings.ts';

export const kind: Kind = {
  name: 'pod',
  result: (golden) => {
    const { podImage } = member<{ podImage?: string }>(golden, 'extra');
    const built = buildPod(containerOf(golden), member<NodeInfo>(golden, 'node'), {
      settings: settingsOf(golden),
      ...(podImage === undefined ? {} : { image: podImage }),
    });
    return built.kind === 'ok' ? { pod: comparablePod(built.pod) } : { error: built.error };
  },
  expected: (golden) => {
    if (golden.error === undefined) return [{ pod: comparablePod(golden.pod) }];
    return isPanic(golden) ? CRASHED : [{ error: golden.error }];
  },
};

const isPanic = ({ error }: Golden): boolean => typeof error === 'string' && error.startsWith('panic:');
