/** A WekaContainer as the demo looks at one. */
import type { ContainerMode, WekaContainer } from '../../../messages/weka-container.ts';

/** Fields that no test of the demo reads are left out. A drive container wants two drives. */
export function container(mode: ContainerMode, status?: object, name = mode as string): WekaContainer {
  const metadata = { name, namespace: 'weka', uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: '' };
  const spec = { mode, name, image: 'i', numCores: 1, ...(mode === 'drive' ? { numDrives: 2 } : {}) };
  return { apiVersion: 'weka.weka.io/v1alpha1', kind: 'WekaContainer', metadata, spec, status } as never;
}
