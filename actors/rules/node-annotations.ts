/** The annotations of a Node that say what it has to give, and the lists of texts in them. Reads only. Source: spec 05, 3.2. */
import type { Node } from '../../messages/resources.ts';

export const ANNOTATIONS = {
  drives: 'weka.io/weka-drives',
  sharedDrives: 'weka.io/weka-shared-drives',
  blockedDrives: 'weka.io/blocked-drives',
  blockedUuids: 'weka.io/blocked-drives-physical-uuids',
  signHash: 'weka.io/sign-drives-hash',
  nics: 'weka.io/weka-nics',
  nicAllocations: 'weka.io/allocations',
  machineIdentifierRef: 'weka.io/machine-identifier-ref',
} as const;
export type AnnotationName = (typeof ANNOTATIONS)[keyof typeof ANNOTATIONS];

/** Undefined: the node has none of that name. */
export const annotation = (node: Node, name: AnnotationName): string | undefined => node.metadata.annotations?.[name];

/** The list of texts in an annotation; an absent one is empty; a text says why it cannot be read. */
export function textsIn(node: Node, name: AnnotationName): readonly string[] | string {
  const text = annotation(node, name);
  if (text === undefined) return [];
  try {
    const list: unknown = JSON.parse(text);
    if (list === null) return [];
    return Array.isArray(list) && list.every((item) => typeof item === 'string') ? list : 'not a list of texts';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
