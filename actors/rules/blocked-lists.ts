/** Which drives of a node are blocked, as those read it who take them out of weka. Source: spec 06, 2.6, 2.7, 3.7. */
import type { Node } from '../../messages/resources.ts';
import { ANNOTATIONS, type AnnotationName, annotation, textsIn } from './node-annotations.ts';

export type BlockedList =
  | { readonly kind: 'known'; readonly ids: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string };

export const blockedSerials = (node: Node): BlockedList => read(node, ANNOTATIONS.blockedDrives, 'blocked drives');
export const blockedPhysicalUuids = (node: Node): BlockedList =>
  read(node, ANNOTATIONS.blockedUuids, 'blocked shared drives');

/** Other than in allocation, an empty text is an empty list. */
function read(node: Node, name: AnnotationName, what: string): BlockedList {
  if ((annotation(node, name) ?? '') === '') return { kind: 'known', ids: [] };
  const ids = textsIn(node, name);
  return typeof ids === 'string'
    ? { kind: 'failed', reason: `failed to unmarshal ${what}: ${ids}` }
    : { kind: 'known', ids };
}
