/** What a client tells its weka cluster that its machine is: a field of its node, if one is named. Source: spec 05, 11. */
import type { Node } from '../../messages/resources.ts';
import type { WekaContainerSpec } from '../../messages/weka-container.ts';
import { ANNOTATIONS, annotation } from './node-annotations.ts';

/** An empty value: none. */
export type MachineIdentifier =
  | { readonly kind: 'known'; readonly value: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** The override of the spec names the field, else the node's annotation, as in `.metadata.uid`. Keys with dots cannot be named. */
export function machineIdentifier({ overrides }: WekaContainerSpec, node: Node): MachineIdentifier {
  const path = overrides?.machineIdentifierNodeRef || annotation(node, ANNOTATIONS.machineIdentifierRef) || '';
  if (path === '') return { kind: 'known', value: '' };
  let value: unknown = node;
  for (const key of path.replace(/^\./, '').split('.')) {
    const there = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, key);
    if (!there) return failed(path, 'not found');
    value = (value as Record<string, unknown>)[key];
  }
  return typeof value === 'string' ? { kind: 'known', value } : failed(path, 'is not of expected type');
}

const failed = (path: string, why: string): MachineIdentifier => ({
  kind: 'failed',
  reason: `failed to get machine identifier from node: field ${path} ${why} and path ${path}`,
});
