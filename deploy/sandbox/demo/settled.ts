/** When a container of the demo counts as Running, and in which state it is shown until then. Pure. Source: spec 01, 5.3. */
import type { KubeObject } from '../../../messages/kube.ts';
import type { WekaContainer } from '../../../messages/weka-container.ts';
import { isDistMode, isDrive, isDriversBuilder, isOneOff, shouldJoinCluster } from '../../../messages/weka-modes.ts';

/** Made by the controller for other containers: one-offs, gone when their work is done, and the proxies of nodes. Not counted as Running. */
export const isHelper = ({ spec }: WekaContainer): boolean =>
  spec.mode === 'ssdproxy' || (isOneOff(spec.mode) && !isDriversBuilder(spec.mode));

/** What the API stores under this type is of this shape: its schema holds. */
export const asContainer = (object: KubeObject): WekaContainer => object as WekaContainer;

/** Made by a sibling before any cluster: what builds drivers and what serves them. Not a part of what the demo orders. */
export const isPreparation = ({ spec }: WekaContainer): boolean => isDriversBuilder(spec.mode) || isDistMode(spec.mode);

export const RUNNING = 'Running';
const NEW = 'New';
const JOINING = 'Joining the cluster';
const ADDING = 'Adding drives';

/** `status.status`; but Running only for a container that has joined, where its mode joins, and has all its drives. */
export function stateOf({ spec, status }: WekaContainer): string {
  const text = status?.status || NEW;
  if (text !== RUNNING) return text;
  if (shouldJoinCluster(spec.mode) && status?.containerID === undefined) return JOINING;
  const missing = isDrive(spec.mode) && (status?.addedDrives?.length ?? 0) !== (spec.numDrives ?? 0);
  return missing ? ADDING : RUNNING;
}

export const isSettled = (container: WekaContainer): boolean => stateOf(container) === RUNNING;

/** From creation to shortly before Running. A state that is not listed comes behind these. */
export const STATE_ORDER: readonly string[] = [
  NEW,
  'Init',
  'PodNotRunning',
  'WaitForDrivers',
  'Starting',
  'PodRunning',
  JOINING,
  'DrivesAdding',
  ADDING,
];
