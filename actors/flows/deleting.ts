/** The deleting flow: out of the Weka cluster first, then away. Order is the safety property. Source: spec 03, 3.1. */
import { CONDITIONS } from '../../messages/condition.ts';
import {
  isBackend,
  isClient,
  isDrive,
  isNfs,
  isProtocol,
  isS3,
  isWekaContainer,
  shouldJoinCluster,
} from '../../messages/weka-modes.ts';
import {
  hasCondition,
  mode,
  nodeIsReady,
  nodeLoaded,
  not,
  type Pass,
  podAbsent,
  podPresent,
  shouldDeactivate,
} from './pass.ts';
import type { Step } from './step.ts';
import { ownDirectory } from './steps/clean-up.ts';
import { followsLifecycle, labelsItsNode, manageCsiLabels } from './steps/csi-labels.ts';
import { countsMounts, waitForMountsOrDrain } from './steps/drain.ts';
import { finalize } from './steps/finalize.ts';
import { probeLateJoin } from './steps/late-join.ts';
import { deactivate, deactivateStopped, removeDrives, removeHost } from './steps/leave-cluster.ts';
import { reconcileLocalStatus } from './steps/local-status.ts';
import { markLeaving } from './steps/mark-leaving.ts';
import { hasStats, metricsEnabled, onPolling, setStatusMetrics } from './steps/metrics.ts';
import { leaveNfs } from './steps/nfs.ts';
import { ensurePod } from './steps/pod.ts';
import { ensureProxy } from './steps/proxy.ts';
import { deregister, deregisters, onChange, onceDone, register, registers } from './steps/register.ts';
import { resignDrives } from './steps/resign-drives.ts';
import { leaveS3 } from './steps/s3.ts';
import { gracefulUnlessNeverSeen, stopPod } from './steps/stop-pod.ts';
import { isBeingTraced, reportUsage } from './steps/usage.ts';
import { leavesVirtualDrives, proxyIsNeeded, removeVirtualDrives, uuidsOf } from './steps/virtual-drives.ts';

const by = (type: string) => ({ type, reason: 'Deletion', message: 'Completed successfully' });
const notDeactivated = (pass: Pass): boolean => !hasCondition(pass, CONDITIONS.deactivated);
const skipsDeactivate = ({ spec }: Pass): boolean => spec.overrides?.skipDeactivate === true;
export const resigns = ({ spec }: Pass): boolean => spec.overrides?.skipDrivesForceResign !== true;

// biome-ignore format: one row, one line where it fits.
export const deletingFlow: readonly Step[] = [
  // D1 and D2: every step sees node and pod as they are (pass.ts). D3 and D4 are an input of D8 alone (F25).
  // Before its mounts are asked for: whoever leaves takes nothing new, whatever they are (V9).
  { number: 'D4v', name: 'GiveUpCsiTopologyLabels', when: [followsLifecycle], run: manageCsiLabels, onFailure: 'continue' },
  { number: 'D5', name: 'handleStateDeleting', when: [], run: markLeaving('Deleting'), onFailure: 'stop' },
  { number: 'D6', name: 'ensurePodForDeactivation', when: [podAbsent, nodeLoaded, shouldDeactivate, notDeactivated, not(mode(isProtocol))], run: ensurePod, onFailure: 'continue' },
  { number: 'D7', name: 'ReconcileWekaLocalStatusOnDeletion', when: [mode(isWekaContainer), shouldDeactivate, podPresent, nodeLoaded, notDeactivated], run: reconcileLocalStatus, onFailure: 'continue' },
  { number: 'D8', name: 'ManageCsiTopologyLabels', when: [labelsItsNode, not(followsLifecycle)], run: manageCsiLabels, onFailure: 'continue' },
  { number: 'D9', name: 'SetStatusMetrics', when: [metricsEnabled, podPresent, hasStats], run: setStatusMetrics, onFailure: 'continue', throttle: onPolling },
  // Mounts are counted for those the agent knows. D12 comes once the pod is gone: before, the two would alternate (I7).
  { number: 'D10', name: 'RegisterContainerOnMetrics', when: [metricsEnabled, registers, podPresent], run: register, onFailure: 'continue', throttle: onChange },
  { number: 'D11', name: 'ReportOtelMetrics', when: [podPresent, isBeingTraced], run: reportUsage, onFailure: 'continue', throttle: onPolling },
  { number: 'D13', name: 'RemoveFromS3Cluster', when: [shouldDeactivate, mode(isS3)], run: leaveS3, onFailure: 'stop', condition: by(CONDITIONS.removedFromS3Cluster) },
  { number: 'D14', name: 'RemoveFromNfs', when: [shouldDeactivate, mode(isNfs)], run: leaveNfs, onFailure: 'stop', condition: by(CONDITIONS.removedFromNfs) },
  { number: 'D15', name: 'DeactivateWekaContainer', when: [shouldDeactivate, not(mode(isProtocol))], run: deactivate, onFailure: 'stop', condition: by(CONDITIONS.deactivated) },
  { number: 'D15p', name: 'DeactivateProtocolContainer', when: [shouldDeactivate, mode(isProtocol)], run: deactivateStopped, onFailure: 'stop', afterWrite: true, condition: by(CONDITIONS.deactivated) },
  { number: 'D16', name: 'RemoveDeactivatedContainersDrives', when: [shouldDeactivate, mode(isDrive)], run: removeDrives, onFailure: 'stop', afterWrite: true, condition: by(CONDITIONS.drivesRemoved) },
  { number: 'D17', name: 'reconcileClusterStatusOnDeletion', when: [mode(shouldJoinCluster), ({ status }) => status.containerID === undefined], run: probeLateJoin('ensurePodForDeactivation'), onFailure: 'continue' },
  { number: 'D18', name: 'stopBackend', when: [(pass) => shouldDeactivate(pass) || skipsDeactivate(pass), mode(isBackend), nodeIsReady], run: stopPod(() => 'forced'), onFailure: 'stop', afterWrite: true },
  { number: 'D19', name: 'waitForMountsOrDrain', when: [countsMounts], run: waitForMountsOrDrain, onFailure: 'stop' },
  { number: 'D20', name: 'stopClient', when: [mode(isClient), podPresent, nodeIsReady], run: stopPod(() => 'forced'), onFailure: 'stop', afterWrite: true },
  { number: 'D21', name: 'stopGracefully', when: [mode(isWekaContainer), nodeIsReady], run: stopPod(gracefulUnlessNeverSeen), onFailure: 'stop', afterWrite: true },
  { number: 'D12', name: 'DeregisterContainerOnMetrics', when: [metricsEnabled, deregisters, podAbsent], run: deregister, onFailure: 'continue', throttle: onceDone },
  { number: 'D22', name: 'RemoveDeactivatedContainers', when: [shouldDeactivate], run: removeHost, onFailure: 'stop', afterWrite: true, condition: by(CONDITIONS.removed) },
  { number: 'D23', name: 'ensureProxyContainer', when: [proxyIsNeeded], run: ensureProxy, onFailure: 'stop' },
  { number: 'D24', name: 'RemoveVirtualDrives', when: [leavesVirtualDrives], run: removeVirtualDrives, onFailure: 'stop',
    throttle: { everyMs: () => Number.POSITIVE_INFINITY, preset: false, stamp: 'success', key: uuidsOf } },
  { number: 'D25', name: 'ResignDrives', when: [mode(isDrive), resigns], run: resignDrives, onFailure: 'stop', afterWrite: true, condition: by(CONDITIONS.drivesResigned) },
  { number: 'D26', name: 'HandleDeletion', when: [], run: finalize(ownDirectory), onFailure: 'stop', afterWrite: true },
];
