/** Objects around a client container: its WekaClient, its target cluster, figures of its node agent. */
import { rfc3339 } from '../../io/clock.ts';
import type { Node } from '../../messages/resources.ts';
import type { WekaClient, WekaClientSpec, WekaCluster } from '../../messages/weka-cluster.ts';
import type { WekaContainer } from '../../messages/weka-container.ts';
import { BORN, clusterOf, containerOf, type Given, NODE, nodeOf, ownedBy } from './containers.ts';
import { SIM_START_WALL_MS } from './sim-clock.ts';

/** WekaClient `clients` in namespace `weka`. */
export const clientOf = (spec: WekaClientSpec): WekaClient => ({
  apiVersion: 'weka.weka.io/v1alpha1',
  kind: 'WekaClient',
  metadata: { name: 'clients', namespace: 'weka', uid: 'uid-clients', resourceVersion: '1', creationTimestamp: BORN },
  spec,
});
export const clusterWith = (csiGroup?: string): WekaCluster =>
  clusterOf({ spec: csiGroup === undefined ? {} : { csiConfig: { csiGroup } } });
/** The driver of cluster `c`. */
export const DRIVER = 'c.weka.weka.io';
export const parents = () => [clientOf({ targetCluster: { name: 'c', namespace: 'weka' } }), clusterWith()];

/** A healthy client container on NODE, of WekaClient `clients`. */
export const ofClient = (given: Given = {}): WekaContainer =>
  containerOf('client', {
    ...given,
    metadata: { ownerReferences: [ownedBy('WekaClient', 'clients')], ...given.metadata },
    spec: { nodeAffinity: NODE, ...given.spec },
    status: {
      status: 'Running',
      nodeAffinity: NODE,
      internalStatus: 'READY',
      containerID: 7,
      clusterID: 'guid-c',
      stats: healthy(),
      ...given.status,
    },
  });
/** Both of its processes run; `ageMs` old at the start of a test. */
export const healthy = (ageMs = 0) => ({
  processes: { active: 2, created: 2, desired: 2 },
  lastUpdate: rfc3339(SIM_START_WALL_MS - ageMs),
});
export const labelsFor = (driver: string): Readonly<Record<string, string>> => ({
  [`topology.${driver}/accessible`]: 'true',
  [`topology.${driver}/node`]: NODE,
  [`topology.${driver}/transport`]: 'wekafs',
});
export const labelledNode = (...drivers: readonly string[]): Node =>
  nodeOf(NODE, { labels: Object.assign({}, ...drivers.map(labelsFor)) });
