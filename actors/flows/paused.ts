/** The paused flow: the pod must not run, the data stays. Source: spec 02, 7. */
import type { PendingStep, Row } from './step.ts';
import { handleStatePaused } from './steps/pause.ts';

const pending = (number: string, name: string, issue: string): PendingStep => ({ number, name, pending: issue });

export const pausedFlow: readonly Row[] = [
  // P1 to P3, figures and registration: the reference loads no pod here, and without one it has nothing to tell.
  pending('P4', 'deleteEnvoyIfNoS3Neighbor', 'life in the cluster'),
  pending('P5', 'deleteTelemetryIfNoComputeNeighbor', 'life in the cluster'),
  { number: 'P6', name: 'handleStatePaused', when: [], run: handleStatePaused, onFailure: 'stop' },
];
