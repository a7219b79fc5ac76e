/**
 * An API server in which every write is a version, and a view of it that lags: own writes' answers enter at once, all else
 * when it is delivered. Holds containers, nodes and clusters in plain maps; knows nothing of allocation. Test support.
 */
import type { View } from '../../actors/view.ts';
import type { ContainerUid, NodeName } from '../../messages/ids.ts';
import { controllerOf } from '../../messages/kube.ts';
import type { Node } from '../../messages/resources.ts';
import type { WekaCluster } from '../../messages/weka-cluster.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';

type Held = WekaContainer | Node;
interface News {
  readonly key: string;
  readonly version: number;
  /** Undefined: gone. */
  readonly object: Held | undefined;
}
export interface LaggingWorld {
  readonly view: View;
  /** As the API has it now. */
  readonly containers: () => readonly WekaContainer[];
  readonly container: (uid: string) => WekaContainer | undefined;
  readonly node: (name: string) => Node | undefined;
  /** Somebody else's write: the view hears of it when it is delivered. */
  readonly put: (object: Held) => void;
  readonly remove: (object: Held) => void;
  /**
   * A write of the controller, decided on what its view shows. False: it conflicts, or the object is gone. `answered`: the
   * view knows at once; else the answer was lost.
   */
  readonly write: (uid: string, change: (before: WekaContainer) => WekaContainer, answered: boolean) => boolean;
  /** Lets the view hear of so many changes, in their order. */
  readonly deliver: (count: number) => void;
  /** A new process: all is listed. */
  readonly relist: () => void;
}

export function laggingWorld(clusters: readonly WekaCluster[]): LaggingWorld {
  const api = new Map<string, Held>();
  const seen = new Map<string, Held>();
  const gone = new Set<string>();
  let news: News[] = [];
  let versions = 0;

  const keyOf = (object: Held): string =>
    object.kind === 'Node' ? `node/${object.metadata.name}` : object.metadata.uid;
  const versionOf = (object: Held | undefined): number => Number(object?.metadata.resourceVersion ?? 0);
  function stored<T extends Held>(object: T): T {
    versions += 1;
    const next: T = { ...object, metadata: { ...object.metadata, resourceVersion: String(versions) } };
    api.set(keyOf(next), next);
    news.push({ key: keyOf(next), version: versions, object: next });
    return next;
  }
  const isContainer = (object: Held): object is WekaContainer => object.kind === 'WekaContainer';
  const all = (from: ReadonlyMap<string, Held>): WekaContainer[] => [...from.values()].filter(isContainer);
  const one = (from: ReadonlyMap<string, Held>, uid: string): WekaContainer | undefined => {
    const object = from.get(uid);
    return object !== undefined && isContainer(object) ? object : undefined;
  };
  const nodeIn = (from: ReadonlyMap<string, Held>, name: string): Node | undefined => {
    const object = from.get(`node/${name}`);
    return object?.kind === 'Node' ? (object as Node) : undefined; // By its kind.
  };

  const view: View = {
    container: (uid: ContainerUid) => one(seen, uid),
    containerByName: (namespace, name) =>
      all(seen).find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
    containersOnNode: (node: NodeName) => all(seen).filter(({ status }) => status?.nodeAffinity === node),
    containersPinnedTo: (node) => all(seen).filter(({ spec }) => spec.nodeAffinity === node),
    containersOfOwner: (uid) => all(seen).filter(({ metadata }) => controllerOf(metadata)?.uid === uid),
    containersInNamespace: (namespace) => all(seen).filter(({ metadata }) => metadata.namespace === namespace),
    podsOnNode: () => [],
    pod: () => undefined,
    agentPods: () => [],
    node: (name) => nodeIn(seen, name),
    csiDrivers: () => [],
    nodes: () => [...seen.values()].filter((object): object is Node => object.kind === 'Node'),
    cluster: (uid) => clusters.find(({ metadata }) => metadata.uid === uid),
    clusterByName: (namespace, name) =>
      clusters.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
    client: () => undefined,
    configMap: () => undefined,
    namespace: () => undefined,
    job: () => undefined,
    synced: () => true,
  };
  return {
    view,
    containers: () => all(api),
    container: (uid) => one(api, uid),
    node: (name) => nodeIn(api, name),
    put: stored,
    remove: (object) => {
      const key = keyOf(object);
      if (!api.delete(key)) return;
      versions += 1;
      news.push({ key, version: versions, object: undefined });
    },
    write: (uid, change, answered) => {
      const [known, now] = [one(seen, uid), one(api, uid)];
      if (known === undefined || now === undefined || versionOf(known) !== versionOf(now)) return false;
      const next = stored(change(known));
      if (answered) seen.set(uid, next);
      return true;
    },
    deliver: (count) => {
      for (const { key, version, object } of news.splice(0, count)) {
        if (object === undefined) {
          seen.delete(key);
          gone.add(key);
        } else if (version > versionOf(seen.get(key)) && (!gone.has(key) || object.kind === 'Node'))
          seen.set(key, object);
      }
    },
    relist: () => {
      news = [];
      seen.clear();
      for (const [key, object] of api) seen.set(key, object);
    },
  };
}
