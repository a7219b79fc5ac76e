/**
 * The end of a namespace: its contents are deleted, and once the last object is gone, so is the namespace. Works on the
 * clock, as the namespace controller does. Source: kubernetes pkg/controller/namespace/deletion.
 */
import { NAMESPACES } from '../../../../messages/kube.ts';
import type { Core } from './core.ts';
import { batched, type Located } from './garbage-collector.ts';

export interface NamespaceActions {
  readonly remove: (content: Located) => void;
  /** Takes away the finalizer that keeps the namespace. */
  readonly finish: (namespace: string) => void;
}

export function startNamespaceLifecycle(core: Core, actions: NamespaceActions): void {
  const terminating = new Set<string>();
  const schedule = batched(core.clock, () => {
    for (const namespace of [...terminating]) empty(namespace);
  });

  core.listen(({ definition }, change) => {
    const { type } = definition.served;
    const { metadata } = change.object;
    if (type.plural === NAMESPACES.plural && type.group === NAMESPACES.group) {
      if (change.kind === 'deleted') terminating.delete(metadata.name);
      else if (metadata.deletionTimestamp !== undefined) terminating.add(metadata.name);
      else return;
    } else if (change.kind !== 'deleted' || !terminating.has(metadata.namespace ?? '')) return;
    if (terminating.size > 0) schedule();
  });

  function empty(namespace: string): void {
    let left = 0;
    for (const { definition, table } of core.tables) {
      if (!definition.served.type.namespaced) continue;
      for (const object of table.list(namespace)) {
        if (object.metadata.deletionTimestamp === undefined) actions.remove({ type: definition.served.type, object });
      }
      left += table.list(namespace).length;
    }
    if (left === 0) actions.finish(namespace);
  }
}
