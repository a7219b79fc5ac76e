/** The paused flow: the pod must not run, the data stays. Its rows come with a later issue. Source: spec 02, 7. */
import type { PendingStep, Row } from './step.ts';

const pending = (number: string, name: string, issue: string): PendingStep => ({ number, name, pending: issue });

export const pausedFlow: readonly Row[] = [
  pending('P1', 'SetStatusMetrics', 'leaving'),
  pending('P2', 'RegisterContainerOnMetrics', 'leaving'),
  pending('P3', 'ReportOtelMetrics', 'leaving'),
  pending('P4', 'deleteEnvoyIfNoS3Neighbor', 'leaving'),
  pending('P5', 'deleteTelemetryIfNoComputeNeighbor', 'leaving'),
  pending('P6', 'handleStatePaused', 'leaving'),
];
