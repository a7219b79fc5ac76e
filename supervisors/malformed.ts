/** Events on objects of other kinds that cannot be read. On a WekaContainer its own actor says so. Source: README F38. */
import type { EventRecorder } from '../io/events.ts';
import type { Store } from '../io/store.ts';
import { CLIENTS, CLUSTERS, JOBS, type KubeObject, NODES, PODS, type ResourceType } from '../messages/kube.ts';
import { warningEachMinute } from '../messages/verdict.ts';
import type { Stores } from './stores.ts';

export function tellOfMalformed(stores: Stores, events: Pick<EventRecorder, 'record'>): void {
  const watch = <T extends KubeObject>(type: ResourceType, store: Pick<Store<T>, 'onChange'>): void => {
    const apiVersion = type.group === '' ? type.version : `${type.group}/${type.version}`;
    store.onChange((change) => {
      if (change.kind !== 'malformed') return;
      const about = { apiVersion, kind: type.kind, metadata: change.meta };
      events.record(about, warningEachMinute(`Malformed${type.kind}`, `cannot be read: ${change.problem}`));
    });
  };
  watch(PODS, stores.pods);
  watch(PODS, stores.agentPods);
  watch(NODES, stores.nodes);
  watch(CLUSTERS, stores.clusters);
  watch(CLIENTS, stores.clients);
  watch(JOBS, stores.jobs);
}
