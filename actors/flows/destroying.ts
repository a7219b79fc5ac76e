/** The destroying flow: the whole cluster or client goes, nothing is deactivated. Source: spec 03, 3.2. */
import { CONDITIONS, DESTROYING_RESIGNED } from '../../messages/condition.ts';
import { isBackend, isClient, isDrive, isWekaContainer, shouldJoinCluster } from '../../messages/weka-modes.ts';
import { resigns } from './deleting.ts';
import { mode, podAbsent, podPresent } from './pass.ts';
import type { Step } from './step.ts';
import { ownDirectory } from './steps/clean-up.ts';
import { followsLifecycle, manageCsiLabels } from './steps/csi-labels.ts';
import { countsMounts, waitForMountsOrDrain } from './steps/drain.ts';
import { finalize } from './steps/finalize.ts';
import { probeLateJoin } from './steps/late-join.ts';
import { markLeaving } from './steps/mark-leaving.ts';
import { hasStats, metricsEnabled, onPolling, setStatusMetrics } from './steps/metrics.ts';
import { ensureProxy } from './steps/proxy.ts';
import { deregister, deregisters, onChange, onceDone, register, registers } from './steps/register.ts';
import { resignDrives } from './steps/resign-drives.ts';
import { gracefulUnlessNeverSeen, stopPod } from './steps/stop-pod.ts';
import { isBeingTraced, reportUsage } from './steps/usage.ts';
import { leavesVirtualDrives, proxyIsNeeded, removeVirtualDrives, uuidsOf } from './steps/virtual-drives.ts';

// biome-ignore format: one row, one line where it fits.
export const destroyingFlow: readonly Step[] = [
  // X3 and X4 are an input of the labels' part of X17 alone (F25).
  // Before its mounts are asked for: whoever leaves takes nothing new, whatever they are (V9).
  { number: 'X4v', name: 'GiveUpCsiTopologyLabels', when: [followsLifecycle], run: manageCsiLabels, onFailure: 'continue' },
  { number: 'X5', name: 'handleStateDestroying', when: [], run: markLeaving('Destroying'), onFailure: 'stop' },
  { number: 'X6', name: 'SetStatusMetrics', when: [metricsEnabled, podPresent, hasStats], run: setStatusMetrics, onFailure: 'continue', throttle: onPolling },
  { number: 'X7', name: 'RegisterContainerOnMetrics', when: [metricsEnabled, registers, podPresent], run: register, onFailure: 'continue', throttle: onChange },
  { number: 'X8', name: 'ReportOtelMetrics', when: [podPresent, isBeingTraced], run: reportUsage, onFailure: 'continue', throttle: onPolling },
  { number: 'X9', name: 'reconcileClusterStatusOnDeletion', when: [mode(shouldJoinCluster), ({ status }) => status.containerID === undefined], run: probeLateJoin(), onFailure: 'continue' },
  { number: 'X10', name: 'stopBackend', when: [mode(isBackend), podPresent], run: stopPod(() => 'forced'), onFailure: 'stop' },
  { number: 'X11', name: 'waitForMountsOrDrain', when: [countsMounts], run: waitForMountsOrDrain, onFailure: 'stop' },
  { number: 'X12', name: 'stopClient', when: [mode(isClient), podPresent], run: stopPod(() => 'forced'), onFailure: 'stop' },
  { number: 'X13', name: 'stopGracefully', when: [mode(isWekaContainer)], run: stopPod(gracefulUnlessNeverSeen), onFailure: 'stop' },
  { number: 'X13d', name: 'DeregisterContainerOnMetrics', when: [metricsEnabled, deregisters, podAbsent], run: deregister, onFailure: 'continue', throttle: onceDone },
  { number: 'X14', name: 'ensureProxyContainer', when: [proxyIsNeeded], run: ensureProxy, onFailure: 'stop' },
  { number: 'X15', name: 'RemoveVirtualDrives', when: [leavesVirtualDrives], run: removeVirtualDrives, onFailure: 'stop',
    throttle: { everyMs: () => Number.POSITIVE_INFINITY, preset: false, stamp: 'success', key: uuidsOf } },
  { number: 'X16', name: 'ResignDrives', when: [mode(isDrive), resigns], run: resignDrives, onFailure: 'stop', afterWrite: true, condition: { type: CONDITIONS.drivesResigned, ...DESTROYING_RESIGNED } },
  { number: 'X17', name: 'HandleDeletion', when: [], run: finalize(ownDirectory), onFailure: 'stop', afterWrite: true },
];
