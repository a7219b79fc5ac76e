/**
 * What a fleet brings to a cluster bears its mark, so that the next fleet after a crash still knows it as its own, and takes
 * it away at its end.
 */
import type { KubeApi } from '../../../io/outside.ts';
import type { Draft, KubeObject, ResourceType } from '../../../messages/kube.ts';

export interface Made {
  readonly type: ResourceType;
  readonly object: KubeObject;
}

const MARK = 'sandbox.weka.io/modelled';

export const isMarked = ({ metadata: { labels } }: KubeObject): boolean => labels?.[MARK] !== undefined;
export const marked = (object: Draft): Draft => ({
  ...object,
  metadata: { ...object.metadata, labels: { ...object.metadata.labels, [MARK]: 'true' } },
});

/** Creates it; what is there already stays as it is. `made` gets it if it bears the mark. Rejects when it is refused. */
export async function bring(kube: KubeApi, type: ResourceType, object: Draft, made: Made[]): Promise<void> {
  const outcome = await kube.request({ verb: 'create', type, object: marked(object) });
  if (outcome.kind === 'ok') {
    made.push({ type, object: outcome.answer });
    return;
  }
  if (outcome.kind !== 'alreadyExists') {
    throw new Error(`${type.kind} ${object.metadata.name} can't be created: ${JSON.stringify(outcome)}`);
  }
  const found = await kube.request({ verb: 'get', ref: { type, name: object.metadata.name } });
  if (found.kind === 'ok' && isMarked(found.answer)) made.push({ type, object: found.answer });
}
