/**
 * Prints deploy/EVENTS.md: every event reason and every condition, and what it says to people. `node deploy/events.ts` writes
 * it anew; test/docs.test.ts compares the tables with the code. Used by nothing at run time. Source: spec 01, 9 and 10.
 */
import { writeFileSync } from 'node:fs';
import { CONDITIONS, type ConditionType } from '../messages/condition.ts';

export const EVENTS_PAGE = new URL('./EVENTS.md', import.meta.url);

/** By reason. On a WekaContainer unless it says otherwise. */
export const EVENTS: Readonly<Record<string, string>> = {
  ActiveMounts: 'Mounts hold it: it is not stopped under them.',
  AllocateContainerDrivesError: 'Drives that its spec asks for in addition could not be chosen.',
  AllocationsLost: 'A member of a cluster has lost `status.allocations`. Nothing is chosen anew: someone has to look.',
  CleanupJobFailed: 'The Job that empties its persistent directory failed; it is made again.',
  ClusterIdMismatch: 'Its process or its host belongs to another cluster or container. Nothing is done to it.',
  ContainerQuarantined: 'Its actor keeps crashing. The next try is in some minutes, or when the object changes.',
  CsiLabelsError: 'The labels of its node for the CSI driver could not be kept, and why. Nothing else waits for them.',
  DeletionBlocked: 'It cannot leave: the stage, the cause, and the override that passes it over. Once for each cause.',
  DriveAdded: 'A drive was added to the cluster.',
  DriveDeactivated: 'A blocked drive was deactivated in the cluster.',
  DriveRemovalSkipped: 'A drive that the cluster lists is unknown to the proxy of its node: it is not removed.',
  DriveRemoved: 'A blocked drive was removed from the cluster.',
  DriversLoadFailed: 'The kernel drivers could not be loaded on its node.',
  DriversRebuild: 'The drivers it built are no longer to be had where they were uploaded: it builds them again.',
  DrivesAddingError: 'Drives could not be added to the cluster for a while.',
  DrivesMarkedForRemoval: 'Drives of it have failed: they are blocked on its node, and will be removed.',
  DrivesResignFailed: 'Its drives could not be erased; it is tried again.',
  EnvoyContainerWithoutS3Neighbor: 'No s3 container has been beside it for a while: it goes.',
  EnvoyProcessNotFound: 'It says Error and its envoy process is gone: it is made anew.',
  ForceDrainRefused: 'Its mounts are not cut off by force: another client on its node would lose its own.',
  InsufficientDriveCapacity: 'The drives of its node do not have the capacity it asks for.',
  InsufficientDrives: 'Its node has too few free drives.',
  InsufficientNICs: 'Its node has too few free network interfaces.',
  InvalidDriveSharingConfig: 'The fields of its spec on shared drives contradict each other.',
  MalformedContainer: 'It cannot be read; nothing is done to it.',
  MalformedJob: 'On a Job: it cannot be read.',
  MalformedNode: 'On a Node: it cannot be read.',
  MalformedPod: 'On a Pod: it cannot be read.',
  MalformedWekaClient: 'On a WekaClient: it cannot be read.',
  MalformedWekaCluster: 'On a WekaCluster: it cannot be read.',
  NodeNotFound: 'It leaves, and its node is gone: nothing is mounted there.',
  NodeNotReady: 'Its node is not ready.',
  NodeSelectorMismatch: 'Its node has not, or no longer, the labels it asks for: it leaves.',
  NodeUnschedulable: 'Its node is cordoned.',
  OperationResultError: 'The result of its work says that it failed, or cannot be read; then it is fetched again.',
  PausedAndDeleted: 'It was deleted while paused: it stays until its state is changed.',
  PodNameConflict: 'A pod of its name belongs to somebody else.',
  PortAllocationFailed: 'Its cluster has no port range, or no room in it.',
  ProxyDrift:
    'A drive proxy differs from the one that would be made now; only `COLLECT_LEFTOVERS` tells. Nothing is done about it.',
  ReconcileManagementIPsError: 'Its management addresses could not be read for a while.',
  ReconcileWekaLocalStatusError: 'Its process could not be asked for its status for a while.',
  ResourceOwnedTwice: 'A drive or a port is held by two containers.',
  ResourcesAllocated: 'Drives and ports were chosen for it.',
  SecondWriter:
    'Another controller reconciles it too: nothing is done to it until that has not written to it for five minutes. Each minute.',
  StatusWriteRefused: 'The API server refuses its status; the text is the server’s.',
  TelemetryContainerWithoutComputeNeighbor: 'No compute container has been beside it for a while: it goes.',
  TolerationMismatch: 'Its node has a taint that it does not tolerate: it leaves.',
  UnschedulablePod: 'No node had room for its pod for a while: the pod is made anew.',
  VirtualDriveAdded: 'A share of a drive was added to the cluster.',
  VirtualDrivesNotRemoved: 'Its shares of drives stay on the proxy of its node, and why.',
  WekaLocalStatus: 'Its process runs and is not ready: its status and last failure.',
  'ensurePod-fmError': 'Its pod could not be created for a while.',
};

/** By type: what True says. False carries the error of the step that waits or fails. */
export const CONDITION_TEXTS: Readonly<Record<ConditionType, string>> = {
  ContainerImageUpdated: 'Its pod was replaced for a new image.',
  MigratedOutFromPVC: 'Its data has moved from a claim to its node.',
  ContainerAffinitySet: 'It is bound to a node.',
  ContainerResourcesAllocated: 'Drives and ports are chosen.',
  ContainerResourcesWritten: 'Its pod knows what was chosen.',
  CondResultsReceived: 'A helper’s result is here.',
  CondResultsProcessed: 'A helper’s result was used.',
  JoinedCluster: 'It is a member of its cluster.',
  VirtualDrivesAdded: 'Its virtual drives are in the cluster.',
  JoinedS3Cluster: 'It serves S3.',
  NfsInterfaceGroupsConfigured: 'Its ports are in the NFS interface groups.',
  RemovedFromS3Cluster: 'It no longer serves S3.',
  RemovedFromNFS: 'It no longer serves NFS.',
  ContainerDeactivated: 'The cluster no longer stores data on it.',
  ContainerDriveRemoved: 'Its drives are out of the cluster.',
  ContainerRemoved: 'It is no longer a member.',
  ContainerDrivesResigned: 'Its drives are erased.',
  StemRescue: 'It was stuck before joining and was restarted, once.',
  CsiLabelsApplied: 'It has labelled its node for the CSI driver that the message names.',
  DeletionBlocked: 'It cannot leave, and why.',
  Quarantined: 'Its actor keeps crashing, and when it is tried again.',
};

const INTRODUCTION = `# Events and conditions

What the controller says on objects. Reasons and types are those of the existing operator where it has them; texts that change
stand in the message. Most warnings come at most once a minute. A condition that is False carries the error of the step that
waits or fails; one whose step is not built yet is not written.

The page is printed from \`deploy/events.ts\`; do not edit it, run \`node deploy/events.ts\`.
`;

/** The page as it should be. */
export function eventsPage(): string {
  const table = (head: string, rows: readonly (readonly [string, string])[]): string =>
    `| ${head} | Says |\n|---|---|\n${rows.map(([name, text]) => `| \`${name}\` | ${text} |`).join('\n')}\n`;
  const conditions = Object.values(CONDITIONS).map((type) => [type, CONDITION_TEXTS[type]] as const);
  return [
    INTRODUCTION,
    `## Events\n\n${table('Reason', Object.entries(EVENTS))}`,
    `## Conditions of a WekaContainer\n\n${table('Type', conditions)}`,
  ].join('\n');
}

if (import.meta.main) writeFileSync(EVENTS_PAGE, eventsPage());
