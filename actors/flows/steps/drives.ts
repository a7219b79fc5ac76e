/** Steps 58 and 62: the drives of a drive container, its own or virtual ones, listed and added in its cluster. Source: spec 06, 2 and 3.6; F21, F30. */

import { addDrive, fetchKernelDrives, listContainerDrives } from '../../../io/commands.ts';
import { deviceInUse } from '../../../io/weka-errors.ts';
import { parseFindDrives } from '../../../io/weka-parsers/agent-answers.ts';
import {
  bySerial,
  type KernelDrive,
  parseContainerDrives,
  parseKernelDrives,
} from '../../../io/weka-parsers/drives.ts';
import { sameJson } from '../../../messages/merge-patch.ts';
import { doneWith, type EventNote, failed, normal, type Verdict, wait } from '../../../messages/verdict.ts';
import type { AddedDrive } from '../../../messages/weka-container.ts';
import { usesDriveSharing } from '../../../messages/weka-modes.ts';
import { askAgent, exec, type PodTarget, type Script } from '../../calls.ts';
import { ownPod, type Pass } from '../pass.ts';
import { execText, stderrOf } from '../said.ts';
import { type Ask, ask } from '../step.ts';

const FIND_DRIVES = { method: 'POST', path: '/findDrives', body: '{}', timeoutMs: 10_000 } as const;
/** A drive that was added comes to life within seconds. */
const SETTLING_MS = 5_000;

const expectedKeys = ({ spec, status }: Pass): readonly string[] =>
  usesDriveSharing(spec)
    ? (status.allocations?.virtualDrives ?? []).map(({ virtualUUID }) => virtualUUID)
    : (status.allocations?.drives ?? []);
const addedKeys = ({ spec, status }: Pass): readonly string[] => {
  const sharing = usesDriveSharing(spec);
  return (status.addedDrives ?? [])
    .map(({ uuid, serial_number }) => (sharing ? uuid : serial_number))
    .filter((key) => key !== '');
};
/** Without allocations: none, whatever was added before (F21). Source: spec 06, 2.1. */
export const hasDrivesToAdd = (pass: Pass): boolean =>
  pass.status.allocations !== undefined && (pass.status.addedDrives?.length ?? 0) < expectedKeys(pass).length;

/** An empty added set is not misaligned. */
export function misaligned(pass: Pass): boolean {
  const added = addedKeys(pass);
  return (
    pass.status.allocations !== undefined &&
    added.length > 0 &&
    !sameJson(added.toSorted(), expectedKeys(pass).toSorted())
  );
}
function allActive(pass: Pass): boolean {
  const { status } = pass;
  const added = status.addedDrives ?? [];
  const active = status.stats?.drives?.counters?.active;
  return (
    status.allocations !== undefined &&
    active === added.length &&
    active === expectedKeys(pass).length &&
    added.every((drive) => drive.status === 'ACTIVE')
  );
}
/**
 * The reference lists the drives in each pass for as long as the node agent has no counters. Here the drives' own status
 * counts where there are no stats yet: the same list, fewer commands.
 */
export function needsDriveList(pass: Pass): boolean {
  if (misaligned(pass)) return true;
  const { status } = pass;
  const added = status.addedDrives ?? [];
  const settled = added.length === expectedKeys(pass).length && added.every((drive) => drive.status === 'ACTIVE');
  return status.stats?.drives?.counters === undefined ? !settled : !allActive(pass);
}

/** Step 58. */
export function updateAddedDrives(pass: Pass): Verdict | Ask {
  const target = ownPod(pass);
  const id = pass.status.containerID;
  if (target === undefined || id === undefined) return failed('container is not part of a cluster');
  return ask('drives', list(pass, target, id));
}
function* list(pass: Pass, target: PodTarget, id: number): Script<Verdict> {
  const { status } = pass;
  const command = listContainerDrives(id);
  const outcome = yield* exec(target, command);
  if (outcome.kind !== 'ok') return failed(`${execText(command, outcome)}, ${stderrOf(outcome)}`);
  const drives = parseContainerDrives(outcome.stdout);
  if (drives.kind === 'bad') return failed(`error listing container drives: ${drives.why}`);
  const addedDrives: readonly AddedDrive[] = drives.value;
  const settling =
    addedDrives.length < expectedKeys(pass).length || addedDrives.some((drive) => drive.status !== 'ACTIVE');
  const again = settling ? { lookAgainMs: SETTLING_MS } : {};
  return doneWith(sameJson(status.addedDrives ?? [], addedDrives) ? again : { status: { addedDrives }, ...again });
}

/** Step 62. */
export function ensureDrives(pass: Pass): Verdict | Ask {
  const { status } = pass;
  const target = ownPod(pass);
  if (status.containerID === undefined || target === undefined) return wait(10_000, 'container ID is not set');
  const add = usesDriveSharing(pass.spec) ? addVirtual : addMissing;
  return ask('drives', add(pass, target, status.containerID));
}
/** The proxy has them already (steps 56 and 57). */
function* addVirtual(pass: Pass, target: PodTarget, id: number): Script<Verdict> {
  const added = new Set(addedKeys(pass));
  const events: EventNote[] = [];
  const errors: string[] = [];
  for (const { virtualUUID, type } of pass.status.allocations?.virtualDrives ?? []) {
    if (added.has(virtualUUID)) continue;
    const add = addDrive(id, virtualUUID, type === 'QLC' ? 'iubig' : 'iu4k');
    if (add.kind === 'invalid') {
      errors.push(add.why);
      continue;
    }
    const { command } = add;
    const outcome = yield* exec(target, command);
    if (outcome.kind === 'ok' || deviceInUse(stderrOf(outcome)))
      events.push(normal('VirtualDriveAdded', `Virtual drive ${virtualUUID} added to cluster`));
    else errors.push(`error adding virtual drive ${virtualUUID}: ${execText(command, outcome)}, ${stderrOf(outcome)}`);
  }
  return ended(pass, events, errors);
}
function ended(pass: Pass, events: readonly EventNote[], errors: readonly string[]): Verdict {
  return errors.length > 0
    ? failed(`errors while adding drives: [${errors.join(' ')}]`, { events })
    : running(pass, events);
}
function* addMissing(pass: Pass, target: PodTarget, id: number): Script<Verdict> {
  const added = new Set(addedKeys(pass));
  const missing = expectedKeys(pass).filter((serial) => !added.has(serial));
  if (missing.length === 0) return running(pass, []);
  const known = yield* hostDrives(pass, target, missing);
  if (typeof known === 'string') return failed(`error getting kernel drives: ${known}`);
  const events: EventNote[] = [];
  const errors: string[] = [];
  for (const serial of missing) {
    const drive = known.get(serial);
    const obstacle = whyNot(serial, drive);
    if (drive === undefined || obstacle !== undefined) {
      errors.push(obstacle ?? '');
      continue;
    }
    const add = addDrive(id, drive.block_device);
    if (add.kind === 'invalid') {
      errors.push(`error adding drive ${serial}: ${add.why}`);
      continue;
    }
    const { command } = add;
    const outcome = yield* exec(target, command);
    if (outcome.kind === 'ok' || deviceInUse(stderrOf(outcome)))
      events.push(normal('DriveAdded', `Drive ${serial} added`));
    else errors.push(`error adding drive ${serial}: ${execText(command, outcome)}, ${stderrOf(outcome)}`);
  }
  return ended(pass, events, errors);
}
const running = ({ status }: Pass, events: readonly EventNote[]): Verdict =>
  doneWith({
    events,
    lookAgainMs: SETTLING_MS,
    ...(status.status === 'Running' ? {} : { status: { status: 'Running' } }),
  });

function whyNot(serial: string, drive: KernelDrive | undefined): string | undefined {
  if (drive === undefined) return `drive ${serial} not found in kernel`;
  if (drive.partition === '') return `drive ${serial} is not partitioned`;
  return drive.is_signed ? `drive ${serial} has Weka signature on it, forbidding usage` : undefined;
}

/** By serial; the pod's own list where the node agent has none or lacks one (F30). A text when neither can be read. */
function* hostDrives(
  pass: Pass,
  target: PodTarget,
  needed: readonly string[],
): Script<ReadonlyMap<string, KernelDrive> | string> {
  const fromAgent = yield* agentDrives(pass);
  if (fromAgent !== undefined && needed.every((serial) => fromAgent.has(serial))) return fromAgent;
  const command = fetchKernelDrives();
  const outcome = yield* exec(target, command);
  const fromPod = outcome.kind === 'ok' ? parseKernelDrives(outcome.stdout) : undefined;
  if (fromPod?.kind === 'ok') return new Map([...bySerial(fromPod.value), ...(fromAgent ?? [])]);
  if (fromAgent !== undefined) return fromAgent;
  return outcome.kind === 'ok'
    ? fromPod?.kind === 'bad'
      ? fromPod.why
      : ''
    : `${execText(command, outcome)}, ${stderrOf(outcome)}`;
}
/** What the node's agent says of its drives, by serial; undefined where it says nothing. */
export function* agentDrives({ nodeName }: Pass): Script<ReadonlyMap<string, KernelDrive> | undefined> {
  if (nodeName === undefined) return undefined;
  const answer = yield* askAgent(nodeName, FIND_DRIVES, 'activation');
  if (answer.kind !== 'ok') return undefined;
  const drives = parseFindDrives(answer.body);
  return drives.kind === 'ok' ? bySerial(drives.value) : undefined;
}
