/**
 * Steps 60 and 61: blocked drives leave their container: first its allocations, then weka, then the proxy.
 * Source: spec 06, 2.7, 2.8, 3.7; spec 05, 12.3; F16.
 */
import { deactivateDrive, getClusterDrive, removeDrive } from '../../../io/commands.ts';
import { driveNotFound } from '../../../io/weka-errors.ts';
import { parseClusterDrive } from '../../../io/weka-parsers/drives.ts';
import { mergeDiff } from '../../../messages/merge-patch.ts';
import {
  doneWith,
  type EventNote,
  failed,
  normal,
  restartAt,
  type Verdict,
  WAIT_MS,
  warningEachMinute,
} from '../../../messages/verdict.ts';
import type { AddedDrive, Allocations, WekaContainer } from '../../../messages/weka-container.ts';
import { exec, type PodTarget, type Script } from '../../calls.ts';
import { type Blocked, deallocate } from '../../rules/allocation/deallocate.ts';
import { type BlockedList, blockedPhysicalUuids, blockedSerials } from '../../rules/blocked-lists.ts';
import { ownPod, type Pass } from '../pass.ts';
import { execText, stderrOf } from '../said.ts';
import { type Ask, ask } from '../step.ts';
import { noProxy, proxyOf } from './proxy.ts';
import { contents, removeFromProxy, sharesDrives } from './virtual-drives.ts';

/** What was removed is soon off the list; what is on its way out takes a while. */
const GOING_MS = 5_000;
const AGAIN_MS = 10_000;

const listOf = (pass: Pass, read: (node: NonNullable<Pass['node']>) => BlockedList): BlockedList =>
  pass.node === undefined ? { kind: 'known', ids: [] } : read(pass.node);
const addedDrives = ({ status }: Pass): readonly AddedDrive[] => status.addedDrives ?? [];
const addedBySerial = (pass: Pass, serials: readonly string[]): readonly AddedDrive[] =>
  addedDrives(pass).filter(({ serial_number: serial }) => serial !== '' && serials.includes(serial));

/**
 * Undefined: nothing is to be given up. Its own drives also if weka never had them: where weka is READY, step 58 of this
 * pass has listed what it has.
 */
function withoutSerials(pass: Pass, serials: readonly string[]): Allocations | undefined {
  const listed = !sharesDrives(pass) && pass.status.internalStatus === 'READY';
  if (!listed && addedBySerial(pass, serials).length === 0) return undefined;
  return without(pass, { serials });
}
const without = ({ status }: Pass, blocked: Partial<Blocked>): Allocations | undefined =>
  status.allocations === undefined ? undefined : deallocate(status.allocations, blocked);

export function hasBlockedDrives(pass: Pass): boolean {
  const blocked = listOf(pass, blockedSerials);
  if (blocked.kind === 'failed') return true;
  return addedBySerial(pass, blocked.ids).length > 0 || withoutSerials(pass, blocked.ids) !== undefined;
}
/** Step 60. Comes back to itself once the API knows what was given up. */
export function removeBlocked(pass: Pass): Verdict | Ask {
  const blocked = listOf(pass, blockedSerials);
  if (blocked.kind === 'failed') return failed(blocked.reason);
  const left = withoutSerials(pass, blocked.ids);
  if (left !== undefined) return giveUp(pass, left, 'RemoveDrives');
  const target = ownPod(pass);
  if (target === undefined) return failed('Pod is not found');
  return ask('drives', removeEach(pass, target, addedBySerial(pass, blocked.ids), proxyOf(pass)));
}
const giveUp = ({ status }: Pass, left: Allocations, step: string): Verdict =>
  restartAt(step, 'blocked drives are given up', {
    status: { allocations: mergeDiff(status.allocations ?? {}, left) ?? {} },
    lookAgainMs: WAIT_MS,
  });

export function hasBlockedPhysicalDrives(pass: Pass): boolean {
  const blocked = listOf(pass, blockedPhysicalUuids);
  if (blocked.kind === 'failed') return true;
  if (blocked.ids.length === 0) return false;
  return addedDrives(pass).length > 0 || without(pass, { physicalUuids: blocked.ids }) !== undefined;
}
/** Step 61. */
export function removeByPhysicalUuids(pass: Pass): Verdict | Ask {
  const blocked = listOf(pass, blockedPhysicalUuids);
  if (blocked.kind === 'failed') return failed(blocked.reason);
  const left = without(pass, { physicalUuids: blocked.ids });
  if (left !== undefined) return giveUp(pass, left, 'RemoveDrivesByPhysicalUuids');
  const target = ownPod(pass);
  if (target === undefined) return failed('Pod is not found');
  const proxy = proxyOf(pass);
  if (proxy === undefined) return failed(noProxy(pass));
  return ask('drives', removeOfPhysical(pass, target, proxy, new Set(blocked.ids)));
}
function* removeOfPhysical(
  pass: Pass,
  target: PodTarget,
  proxy: WekaContainer,
  blocked: ReadonlySet<string>,
): Script<Verdict> {
  const all = yield* contents(pass, proxy);
  if (typeof all === 'string') return failed(`error listing virtual drives: ${all}`);
  const physicalOf = new Map(all.map(({ uuid, physicalUuid }) => [uuid, physicalUuid]));
  const unknown = addedDrives(pass).filter(({ uuid }) => !physicalOf.has(uuid));
  const skipped = unknown.map(({ uuid }) =>
    warningEachMinute('DriveRemovalSkipped', `Added drive virtual UUID ${uuid} has no matching physical UUID`),
  );
  const drives = addedDrives(pass).filter(({ uuid }) => blocked.has(physicalOf.get(uuid) ?? ''));
  const verdict = drives.length === 0 ? doneWith({}) : yield* removeEach(pass, target, drives, proxy);
  return { ...verdict, events: [...skipped, ...(verdict.events ?? [])] };
}

function* removeEach(
  pass: Pass,
  target: PodTarget,
  drives: readonly AddedDrive[],
  proxy: WekaContainer | undefined,
): Script<Verdict> {
  const events: EventNote[] = [];
  const errors: string[] = [];
  for (const drive of drives) {
    const error = yield* removeOne(pass, target, drive, proxy, events);
    if (error !== undefined) errors.push(error);
  }
  return errors.length > 0
    ? failed(`errors while removing drives: [${errors.join(' ')}]`, { events, lookAgainMs: AGAIN_MS })
    : doneWith({ events, lookAgainMs: GOING_MS });
}
/** Undefined: it is out of weka, and off the proxy. */
function* removeOne(
  pass: Pass,
  target: PodTarget,
  { uuid, serial_number: serial }: AddedDrive,
  proxy: WekaContainer | undefined,
  events: EventNote[],
): Script<string | undefined> {
  const [look, deactivate, remove] = [getClusterDrive(uuid), deactivateDrive(uuid), removeDrive(uuid)];
  if (look.kind === 'invalid' || deactivate.kind === 'invalid' || remove.kind === 'invalid')
    return `error reading drive ${serial}: its uuid '${uuid}' must not be used in a command`;
  const read = look.command;
  const outcome = yield* exec(target, read);
  if (outcome.kind !== 'ok') return `error reading drive ${serial}: ${execText(read, outcome)}, ${stderrOf(outcome)}`;
  const parsed = parseClusterDrive(outcome.stdout);
  if (parsed.kind === 'bad') return `error reading drive ${serial}: ${parsed.why}`;
  // Gone already. Should the proxy still have it, it is found there as left over (step 57).
  if (parsed.value === undefined) return undefined;
  const { status, uuid: found } = parsed.value;
  if (found !== uuid) return `error reading drive ${serial}: the answer is about drive '${found}'`;
  if (status !== 'ACTIVE' && status !== 'INACTIVE')
    return `drive has status '${status}', wait for it to become 'INACTIVE'`;
  if (status === 'ACTIVE') {
    const { command } = deactivate;
    const deactivated = yield* exec(target, command);
    if (deactivated.kind !== 'ok')
      return `error deactivating drive ${serial}: ${execText(command, deactivated)}, ${stderrOf(deactivated)}`;
    events.push(normal('DriveDeactivated', `Drive ${serial} deactivated`));
  }
  const { command } = remove;
  const removed = yield* exec(target, command);
  if (removed.kind !== 'ok' && !driveNotFound(stderrOf(removed), uuid))
    return `error removing drive ${serial}: ${execText(command, removed)}, ${stderrOf(removed)}`;
  events.push(normal('DriveRemoved', `Drive ${serial} removed`));
  if (!sharesDrives(pass)) return undefined;
  return proxy === undefined ? noProxy(pass) : yield* removeFromProxy(pass, proxy, uuid);
}
