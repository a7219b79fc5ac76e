/** The paused flow: the pod must not run, the data stays. Source: spec 02, 7. */
import { isEnvoy, isTelemetry } from '../../messages/weka-modes.ts';
import { markedForDeletion, mode, not } from './pass.ts';
import type { Step } from './step.ts';
import { deleteEnvoyIfNoS3Neighbor, deleteTelemetryIfNoComputeNeighbor } from './steps/companions.ts';
import { followsLifecycle, manageCsiLabels } from './steps/csi-labels.ts';
import { metricsEnabled } from './steps/metrics.ts';
import { handleStatePaused } from './steps/pause.ts';
import { onChangeWithoutPod, registers, registerWithoutPod } from './steps/register.ts';

// biome-ignore format: one row, one line.
export const pausedFlow: readonly Step[] = [
  // P1 and P3, figures: the reference loads no pod here, and without one there are none.
  { number: 'P2', name: 'RegisterContainerOnMetrics', when: [metricsEnabled, registers], run: registerWithoutPod, onFailure: 'continue', throttle: onChangeWithoutPod },
  { number: 'P3v', name: 'GiveUpCsiTopologyLabels', when: [followsLifecycle], run: manageCsiLabels, onFailure: 'continue' },
  { number: 'P4', name: 'deleteEnvoyIfNoS3Neighbor', when: [mode(isEnvoy), not(markedForDeletion)], run: deleteEnvoyIfNoS3Neighbor, onFailure: 'stop' },
  { number: 'P5', name: 'deleteTelemetryIfNoComputeNeighbor', when: [mode(isTelemetry), not(markedForDeletion)], run: deleteTelemetryIfNoComputeNeighbor, onFailure: 'stop' },
  { number: 'P6', name: 'handleStatePaused', when: [], run: handleStatePaused, onFailure: 'stop' },
];
