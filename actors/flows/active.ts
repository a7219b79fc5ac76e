/** The active flow, in the order of spec 02, 5. Order is the contract. */
import { CONDITIONS, SUCCESS, SUCCESS_TEXTS } from '../../messages/condition.ts';
import type { ContainerMode } from '../../messages/weka-container.ts';
import {
  hasJoinIps,
  isAdhocOp,
  isAllocatable,
  isBackend,
  isClient,
  isCompute,
  isDiscovery,
  isDrive,
  isEnvoy,
  isNfs,
  isOneOff,
  isS3,
  isTelemetry,
  isWekaContainer,
  mustHaveNodeAffinity,
  requiresDrivers,
  shouldJoinCluster,
} from '../../messages/weka-modes.ts';
import {
  hasNodeName,
  imageNotAligned,
  markedForDeletion,
  mode,
  nodeUnschedulable,
  not,
  type Pass,
  podAbsent,
  podPresent,
  podTerminating,
} from './pass.ts';
import type { Step } from './step.ts';
import { allocateDrives, allocateResources, lacksDrives, whatIsLacking } from './steps/allocate.ts';
import {
  hasBlockedDrives,
  hasBlockedPhysicalDrives,
  removeBlocked,
  removeByPhysicalUuids,
} from './steps/blocked-drives.ts';
import { ensureBootConfigMap } from './steps/boot-config.ts';
import { checkUploaded, ownTimer, updateBuilderStatus } from './steps/builder.ts';
import {
  boundInVain,
  clearStatusOnNodeNotFound,
  deletePodIfUnschedulable,
  unschedulableForLong,
} from './steps/clear-status.ts';
import { deleteEnvoyIfNoS3Neighbor, deleteTelemetryIfNoComputeNeighbor } from './steps/companions.ts';
import { cleanStaleLabels, cleansLabels, labelsItsNode, manageCsiLabels, remembersDriver } from './steps/csi-labels.ts';
import { ensureDrivers } from './steps/drivers.ts';
import { ensureDrives, hasDrivesToAdd, needsDriveList, updateAddedDrives } from './steps/drives.ts';
import { deleteEnvoyIfProcessNotExists, mayLackProcess } from './steps/envoy-process.ts';
import { hasDeprecatedPorts, migrateEnsurePorts } from './steps/exposed-ports.ts';
import { hasFailedDrives, markFailed } from './steps/failed-drives.ts';
import { isMember, podUid, reconcileClusterStatus, verifyIdentity } from './steps/identity.ts';
import { changesImage, handleImageUpdate } from './steps/image-update.ts';
import { onceSettled, reconcileLocalStatus } from './steps/local-status.ts';
import { IPS_EVERY_MS, noManagementIps, podIsYoung, reconcileManagementIps } from './steps/management-ips.ts';
import { hasStats, metricsEnabled, onPolling, setStatusMetrics } from './steps/metrics.ts';
import { migratePvc, migratesPvc } from './steps/migrate-pvc.ts';
import { ensureNfsPorts } from './steps/nfs.ts';
import { allocateNicsOfNode, lacksNics } from './steps/nics.ts';
import { enforceNodeAffinity, setNodeAffinityStatus } from './steps/node-binding.ts';
import { ensureFinalizer, ensureStateDeleting, initState } from './steps/object.ts';
import { cleanUpFinished, fetchResult, processResult, resultsProcessed } from './steps/one-off.ts';
import {
  ensurePod,
  mayBeBuiltForAnother,
  neverUsed,
  rebuildForItsNode,
  updatePodMetadata,
  updatePodTolerations,
} from './steps/pod.ts';
import {
  applyCurrentImage,
  checkPodUnhealthy,
  ensurePodNotRunningState,
  handleNodeNotReady,
  podRunning,
  reportNodeUnschedulable,
  restartsUnready,
  setPodRunningStatus,
  waitForPodRunning,
} from './steps/pod-health.ts';
import { dropStopAttempt, handlePodTermination, hasStopAttempt, saysTerminating } from './steps/pod-termination.ts';
import { ensureProxy, hasDrifted, oncePerDrift, tellDrift } from './steps/proxy.ts';
import { onChange, register, registers } from './steps/register.ts';
import { joinS3 } from './steps/s3.ts';
import {
  bearsNotTaints,
  deleteIfNodeSelectorMismatch,
  deleteIfNoNode,
  deleteIfTolerationsMismatch,
  lostItsNode,
  outsideSelector,
} from './steps/self-eviction.ts';
import { inStem, setJoinIpsIfStuckInStem } from './steps/stem-rescue.ts';
import { isBeingTraced, reportUsage } from './steps/usage.ts';
import { addVirtualDrives, sharesDrives } from './steps/virtual-drives.ts';
import {
  checkUnhealthyPodResources,
  mayBeOutdated,
  podAndContent,
  verifyOfPod,
  writeResourcesStep,
} from './steps/write-resources.ts';

const MINUTE_MS = 60_000;
/** Not mode `dist`, which the class of that name takes in. */
const isBuilder = (of: ContainerMode): boolean => of === 'drivers-builder';
const allocatableOrClient = ({ spec }: Pass): boolean => isAllocatable(spec.mode) || isClient(spec.mode);
const isDriveOrCompute = (of: ContainerMode): boolean => isDrive(of) || isCompute(of);
const joinsByAddress = ({ spec }: Pass): boolean => hasJoinIps(spec);
const backendOrClient = ({ spec }: Pass): boolean => isBackend(spec.mode) || isClient(spec.mode);
const statusIs =
  (text: string) =>
  ({ status }: Pass): boolean =>
    status.status === text;

// biome-ignore format: one row, one line where it fits.
export const activeFlow: readonly Step[] = [
  { number: '1', name: 'migrateEnsurePorts', when: [hasDeprecatedPorts], run: migrateEnsurePorts, onFailure: 'stop' },
  { number: '2', name: 'ensureStateDeleting', when: [markedForDeletion], run: ensureStateDeleting, onFailure: 'stop' },
  // 3 GetNode and 6 refreshPod: every step sees node and pod as they are (pass.ts). 4 GetWekaClient and 5 FetchTargetCluster:
  // they are an input of step 10 alone (F25).
  { number: '7', name: 'SetStatusMetrics', when: [metricsEnabled, podPresent, hasStats], run: setStatusMetrics, onFailure: 'continue', throttle: onPolling },
  { number: '8', name: 'RegisterContainerOnMetrics', when: [metricsEnabled, registers], run: register, onFailure: 'continue', throttle: onChange },
  { number: '9', name: 'ReportOtelMetrics', when: [podPresent, isBeingTraced], run: reportUsage, onFailure: 'continue', throttle: onPolling },
  { number: '10', name: 'ManageCsiTopologyLabels', when: [labelsItsNode, not(remembersDriver)], run: manageCsiLabels, onFailure: 'continue' },
  { number: '10c', name: 'CleanStaleCsiLabels', when: [cleansLabels], run: cleanStaleLabels, onFailure: 'continue', afterWrite: true },
  { number: '10v', name: 'ManageRememberedCsiLabels', when: [labelsItsNode, remembersDriver], run: manageCsiLabels, onFailure: 'continue', afterWrite: true },
  { number: '11', name: 'initState', when: [], run: initState, onFailure: 'stop' },
  { number: '12', name: 'deleteIfNoNode', when: [lostItsNode], run: deleteIfNoNode, onFailure: 'stop' },
  { number: '13', name: 'deleteIfTolerationsMismatch', when: [bearsNotTaints], run: deleteIfTolerationsMismatch, onFailure: 'stop' },
  { number: '14', name: 'deleteIfNodeSelectorMismatch', when: [outsideSelector], run: deleteIfNodeSelectorMismatch, onFailure: 'stop' },
  { number: '15', name: 'ensureFinalizer', when: [], run: ensureFinalizer, onFailure: 'stop' },
  { number: '16', name: 'ensureBootConfigMapInTargetNamespace', when: [], run: ensureBootConfigMap, onFailure: 'stop' },
  { number: '17', name: 'updatePodMetadataOnChange', when: [podPresent], run: updatePodMetadata, onFailure: 'stop' },
  { number: '18', name: 'updatePodTolerationsOnChange', when: [podPresent], run: updatePodTolerations, onFailure: 'stop' },
  { number: '19', name: 'dropStopAttemptRecord', when: [podPresent, mode(isDriveOrCompute), not(podTerminating), hasStopAttempt], run: dropStopAttempt, onFailure: 'stop' },
  { number: '20', name: 'handlePodTermination', when: [podPresent, podTerminating], run: handlePodTermination, onFailure: 'stop' },
  { number: '21', name: 'deleteEnvoyIfNoS3Neighbor', when: [mode(isEnvoy)], run: deleteEnvoyIfNoS3Neighbor, onFailure: 'stop' },
  { number: '22', name: 'deleteTelemetryIfNoComputeNeighbor', when: [mode(isTelemetry)], run: deleteTelemetryIfNoComputeNeighbor, onFailure: 'stop' },
  { number: '23', name: 'clearStatusOnNodeNotFound', when: [boundInVain], run: clearStatusOnNodeNotFound, onFailure: 'stop' },
  { number: '24', name: 'uploadedDriversPeriodicCheck', when: [mode(isBuilder), resultsProcessed], run: checkUploaded, onFailure: 'stop', throttle: ownTimer },
  { number: '25', name: 'cleanupFinishedOneOff', when: [mode(isOneOff), resultsProcessed], run: cleanUpFinished, onFailure: 'stop', afterWrite: true },
  { number: '26', name: 'handleImageUpdate', when: [changesImage], run: handleImageUpdate, onFailure: 'stop',
    condition: { type: CONDITIONS.imageUpdated, reason: 'ImageUpdate', message: SUCCESS.message, always: true } },
  { number: '27', name: 'EnsureDrivers', when: [mode(requiresDrivers), not(markedForDeletion), hasNodeName], run: ensureDrivers, onFailure: 'stop' },
  { number: '28', name: 'AllocateNICs', when: [backendOrClient, not(markedForDeletion), lacksNics], run: allocateNicsOfNode, onFailure: 'stop' },
  { number: '29', name: 'MigratePVC', when: [migratesPvc], run: migratePvc, onFailure: 'stop', condition: { type: CONDITIONS.migratedOutFromPvc, ...SUCCESS } },
  { number: '30', name: 'ReportNodeUnschedulable', when: [nodeUnschedulable], run: reportNodeUnschedulable, onFailure: 'continue' },
  { number: '31', name: 'ensurePod', when: [podAbsent], run: ensurePod, onFailure: 'stop', hook: { kind: 'errorStatus', name: 'ensurePod-fm' } },
  { number: '32', name: 'deletePodIfUnschedulable', when: [unschedulableForLong], run: deletePodIfUnschedulable, onFailure: 'stop', afterWrite: true },
  { number: '33', name: 'checkPodUnhealty', when: [not(statusIs('Unhealthy')), restartsUnready], run: checkPodUnhealthy, onFailure: 'stop' },
  { number: '34', name: 'ensurePodNotRunningState', when: [not(podRunning)], run: ensurePodNotRunningState, onFailure: 'stop' },
  { number: '35', name: 'enforceNodeAffinity', when: [mode(mustHaveNodeAffinity)], run: enforceNodeAffinity, onFailure: 'stop',
    condition: { type: CONDITIONS.affinitySet, ...SUCCESS } },
  { number: '36', name: 'setNodeAffinityStatus', when: [({ status }) => !status.nodeAffinity], run: setNodeAffinityStatus, onFailure: 'stop' },
  { number: '36v', name: 'rebuildForItsNode', when: [podPresent, not(podTerminating), mayBeBuiltForAnother, neverUsed], run: rebuildForItsNode, onFailure: 'stop',
    throttle: { everyMs: () => Number.POSITIVE_INFINITY, preset: false, stamp: 'success', key: podUid } },
  { number: '37', name: 'ensureProxyContainer', when: [sharesDrives, hasNodeName], run: ensureProxy, onFailure: 'stop' },
  { number: '37v', name: 'ReportProxyDrift', when: [hasDrifted], run: tellDrift, onFailure: 'continue', throttle: oncePerDrift },
  { number: '38', name: 'EnsureDriversOfBound', when: [mode(requiresDrivers), hasNodeName], run: ensureDrivers, onFailure: 'stop' },
  { number: '39', name: 'HandleNodeNotReady', when: [], run: handleNodeNotReady, onFailure: 'stop' },
  { number: '40', name: 'WaitForPodRunning', when: [], run: waitForPodRunning, onFailure: 'stop' },
  { number: '41', name: 'AllocateResources', when: [mode(isAllocatable), ({ status }) => status.allocations === undefined], run: allocateResources, onFailure: 'stop',
    condition: { type: CONDITIONS.resourcesAllocated, ...SUCCESS, always: true } },
  { number: '42', name: 'AllocateDrivesIfNeeded', when: [mode(isDrive), lacksDrives], run: allocateDrives, onFailure: 'continue',
    throttle: { everyMs: () => Number.POSITIVE_INFINITY, preset: false, stamp: 'success', key: whatIsLacking } },
  { number: '43', name: 'WriteResources', when: [allocatableOrClient], run: writeResourcesStep, onFailure: 'stop', afterWrite: true,
    condition: { type: CONDITIONS.resourcesWritten, ...SUCCESS } },
  { number: '43v', name: 'VerifyResourcesOfPod', when: [allocatableOrClient, not(statusIs('Unhealthy')), mayBeOutdated], run: verifyOfPod, onFailure: 'continue',
    throttle: { everyMs: () => Number.POSITIVE_INFINITY, preset: false, stamp: 'success', key: podAndContent } },
  { number: '44', name: 'checkUnhealyPodResources', when: [allocatableOrClient, statusIs('Unhealthy')], run: checkUnhealthyPodResources, onFailure: 'continue', afterWrite: true },
  { number: '45', name: 'updateDriversBuilderStatus', when: [mode(isBuilder), not(resultsProcessed)], run: updateBuilderStatus, onFailure: 'stop' },
  { number: '46', name: 'setPodRunningStatus', when: [({ spec }) => isAdhocOp(spec.mode) || isDiscovery(spec.mode), not(statusIs('PodRunning'))], run: setPodRunningStatus, onFailure: 'stop' },
  { number: '47', name: 'fetchResults', when: [mode(isOneOff)], run: fetchResult, onFailure: 'stop',
    condition: { type: CONDITIONS.resultsReceived, ...SUCCESS } },
  { number: '48', name: 'processResults', when: [mode(isOneOff)], run: processResult, onFailure: 'stop',
    condition: { type: CONDITIONS.resultsProcessed, ...SUCCESS } },
  { number: '49', name: 'ReconcileManagementIPs', when: [backendOrClient, noManagementIps, not(statusIs('Running'))], run: reconcileManagementIps, onFailure: 'stop',
    hook: { kind: 'errorStatus', name: 'ReconcileManagementIPs' } },
  { number: '50', name: 'PeriodicReconcileManagementIPs', when: [backendOrClient, statusIs('Running')], run: reconcileManagementIps, onFailure: 'continue',
    throttle: { everyMs: () => IPS_EVERY_MS, preset: true, stamp: 'start' } },
  // The file outlives its pod: what was read while this one started may be of the one before (F19).
  { number: '50v', name: 'RereadManagementIPs', when: [backendOrClient, statusIs('Running'), podIsYoung], run: reconcileManagementIps, onFailure: 'continue',
    throttle: { everyMs: () => Number.POSITIVE_INFINITY, preset: false, stamp: 'success', key: podUid } },
  { number: '51', name: 'ReconcileWekaLocalStatus', when: [mode(isWekaContainer), podPresent, not(saysTerminating)], run: reconcileLocalStatus, onFailure: 'stop',
    hook: { kind: 'errorStatus', name: 'ReconcileWekaLocalStatus' }, throttle: onceSettled },
  { number: '52', name: 'DeleteEnvoyIfProcessNotExists', when: [mayLackProcess], run: deleteEnvoyIfProcessNotExists, onFailure: 'continue' },
  { number: '53', name: 'applyCurrentImage', when: [imageNotAligned], run: applyCurrentImage, onFailure: 'stop' },
  { number: '54', name: 'setJoinIpsIfStuckInStemMode', when: [mode(shouldJoinCluster), inStem], run: setJoinIpsIfStuckInStem, onFailure: 'stop' },
  { number: '55', name: 'reconcileClusterStatus', when: [mode(shouldJoinCluster)], run: reconcileClusterStatus, onFailure: 'stop',
    condition: { type: CONDITIONS.joinedCluster, reason: 'Success', message: 'Container joined cluster', always: true } },
  { number: '55v', name: 'verifyIdentity', when: [mode(shouldJoinCluster), isMember, podRunning], run: verifyIdentity, onFailure: 'continue',
    throttle: { everyMs: () => Number.POSITIVE_INFINITY, preset: false, stamp: 'success', key: podUid } },
  { number: '56', name: 'AddVirtualDrives', when: [sharesDrives], run: addVirtualDrives(false), onFailure: 'stop', condition: { type: CONDITIONS.virtualDrivesAdded, ...SUCCESS } },
  { number: '57', name: 'AddVirtualDrivesPeriodic', when: [sharesDrives], run: addVirtualDrives(true), onFailure: 'stop', throttle: { everyMs: () => MINUTE_MS, preset: true, stamp: 'success' } },
  { number: '58', name: 'UpdateWekaAddedDrives', when: [mode(isDrive), ({ status }) => status.internalStatus === 'READY', needsDriveList], run: updateAddedDrives, onFailure: 'stop' },
  { number: '59', name: 'MarkDrivesForRemoval', when: [hasFailedDrives], run: markFailed, onFailure: 'stop' },
  { number: '60', name: 'RemoveDrives', when: [mode(isDrive), hasBlockedDrives], run: removeBlocked, onFailure: 'continue', afterWrite: true, throttle: { everyMs: () => MINUTE_MS, preset: false, stamp: 'success' } },
  { number: '61', name: 'RemoveDrivesByPhysicalUuids', when: [sharesDrives, hasBlockedPhysicalDrives], run: removeByPhysicalUuids, onFailure: 'continue', afterWrite: true,
    throttle: { everyMs: () => MINUTE_MS, preset: false, stamp: 'success' } },
  { number: '62', name: 'EnsureDrives', when: [mode(isDrive), hasDrivesToAdd], run: ensureDrives, onFailure: 'stop',
    hook: { kind: 'drivesError', name: 'EnsureDrives' }, throttle: { everyMs: () => MINUTE_MS, preset: false, stamp: 'success' } },
  { number: '63', name: 'JoinS3Cluster', when: [mode(isS3), joinsByAddress], run: joinS3, onFailure: 'stop',
    condition: { type: CONDITIONS.joinedS3Cluster, ...SUCCESS_TEXTS.JoinedS3Cluster } },
  { number: '64', name: 'EnsureNfsInterfaceGroupPorts', when: [mode(isNfs), joinsByAddress], run: ensureNfsPorts, onFailure: 'stop' },
];
