/** Whether the node of a container is really gone: read live, twice, with the grace between. Source: spec/README F10. */
import { NODES, refOf } from '../../../messages/kube.ts';
import { kube, type Script, sleep } from '../../calls.ts';
import type { Pass } from '../pass.ts';

/** Stores lag and nodes come back, so only a NotFound that lasts counts; another error says nothing about the node. */
export function* nodeIsGone({ nodeName, settings }: Pass): Script<boolean> {
  const request = { verb: 'get', ref: refOf(NODES, { name: nodeName ?? '' }) } as const;
  if ((yield* kube(request)).kind !== 'notFound') return false;
  if (settings.nodeGoneGraceMs === 0) return true;
  yield* sleep(settings.nodeGoneGraceMs);
  return (yield* kube(request)).kind === 'notFound';
}
