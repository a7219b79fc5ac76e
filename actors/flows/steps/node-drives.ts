/** Writes what a step knows of a node's drives: their amounts first, then the annotations that name them. */
import { type KubeOutcome, NODES, refOf } from '../../../messages/kube.ts';
import type { Node } from '../../../messages/resources.ts';
import type { Verdict } from '../../../messages/verdict.ts';
import { kube, type Script } from '../../calls.ts';
import { kubeFailed } from '../said.ts';

/** Kubelets write their node all the time: a conflict is tried again at once, so often. */
const TRIES = 3;

/** Without `drives` nothing is written; `verdict` is what the step says once all is. */
export interface NodeChange {
  readonly drives?: {
    readonly resources: Readonly<Record<string, string>>;
    /** null takes one away. */
    readonly annotations: Readonly<Record<string, string | null>>;
  };
  readonly verdict: Verdict;
}

/** Under the uid and resourceVersion of what `change` was given: whatever else is written there meanwhile is not lost. */
export function* writeNodeDrives(name: string, change: (node: Node) => NodeChange): Script<Verdict> {
  const ref = refOf(NODES, { name });
  let last: KubeOutcome = { kind: 'conflict', message: '' };
  for (let left = TRIES; left > 0 && last.kind === 'conflict'; left -= 1) {
    const read = yield* kube<Node>({ verb: 'get', ref });
    if (read.kind !== 'ok') return kubeFailed('failed to get node', read);
    const { drives, verdict } = change(read.answer);
    if (drives === undefined) return verdict;
    const { resources, annotations } = drives;
    const status = { capacity: resources, allocatable: resources };
    const patch = { metadata: lock(read.answer), status };
    last = yield* kube({ verb: 'mergePatch', ref, subresource: 'status', patch });
    if (last.kind !== 'ok') continue;
    last = yield* kube({ verb: 'mergePatch', ref, patch: { metadata: { ...lock(last.answer), annotations } } });
    if (last.kind === 'ok') return verdict;
  }
  return kubeFailed('failed to update node', last);
}
const lock = ({ metadata }: { readonly metadata: { readonly uid: string; readonly resourceVersion?: string } }) => ({
  uid: metadata.uid,
  resourceVersion: metadata.resourceVersion,
});
