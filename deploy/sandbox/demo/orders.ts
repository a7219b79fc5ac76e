/** What a demo is made of: its nodes, and the clusters ordered on them. Pure. Source: spec 01, 17; 06, 3. */
import { type NodeShape, STANDARD_NODE } from '../world/nodes.ts';
import type { ClusterOrder } from '../world/world.ts';
import type { DemoKind, DemoOptions } from './options.ts';

export const CLUSTER = 'demo';
const SHARING_CLUSTER = 'demo-sharing';
const LABEL = 'sandbox.weka.io/drives';
const SHARED_GIB = 1_024;

const isSharing = (index: number): boolean => index % 2 === 1;

export function shapeOf(demo: DemoKind): NodeShape {
  if (demo === 'small') return STANDARD_NODE;
  return {
    ...STANDARD_NODE,
    signedFor: (index) => (isSharing(index) ? 'proxy' : 'exclusive'),
    labels: (index) => ({ ...STANDARD_NODE.labels(index), [LABEL]: isSharing(index) ? 'shared' : 'exclusive' }),
  };
}

/** In `mixed`, the larger half of each role has drives of its own. */
export function ordersOf({ demo, drive, compute, numDrives }: DemoOptions, namespace: string): readonly ClusterOrder[] {
  if (demo === 'small') return [{ name: CLUSTER, namespace, drive, compute, numDrives }];
  const [ownDrive, ownCompute] = [Math.ceil(drive / 2), Math.ceil(compute / 2)];
  const selector = (drives: string) => ({ [LABEL]: drives });
  return [
    { name: CLUSTER, namespace, drive: ownDrive, compute: ownCompute, numDrives, nodeSelector: selector('exclusive') },
    {
      name: SHARING_CLUSTER,
      namespace,
      drive: drive - ownDrive,
      compute: compute - ownCompute,
      numDrives,
      driveCapacity: SHARED_GIB,
      nodeSelector: selector('shared'),
    },
  ];
}
