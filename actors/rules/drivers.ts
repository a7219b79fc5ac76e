/** When the drivers of a node are ready for a container. Source: spec 06, 4.1, 4.2; V5. */
import type { DriverNeed } from '../../messages/drivers.ts';
import type { Node } from '../../messages/resources.ts';

export const DRIVERS_LOADED = 'weka.io/drivers-loaded';

/** Value of the annotation after a load of `image` in the node's present boot. */
export const loadedMark = (image: string, node: Node): string => `${image}:${node.status?.nodeInfo?.bootID ?? ''}`;

/**
 * Frontends need exactly their image in this boot; for others any load counts, with `currentBoot` (V5) only one of this
 * boot.
 */
export function driversReady(node: Node, need: DriverNeed, currentBoot: boolean): boolean {
  const mark = node.metadata.annotations?.[DRIVERS_LOADED];
  if (mark === undefined) return false;
  if (need.frontend) return mark === loadedMark(need.image, node);
  return !currentBoot || mark.endsWith(`:${node.status?.nodeInfo?.bootID ?? ''}`);
}
