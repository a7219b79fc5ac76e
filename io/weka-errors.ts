/**
 * The one table of error texts that mean something: the weka CLI has no codes. Matchers take a command's stderr, in which
 * a trailing newline and NUL byte are usual. Source: spec 07, 5.
 */
import type { ExecOutcome } from '../messages/outcome.ts';

const contains =
  (fragment: string) =>
  (stderr: string): boolean =>
    stderr.includes(fragment);

/** E17: success. */
export const alreadyInS3 = contains('already part of the S3 cluster');
/** A1: not a member, or no such host: success. */
export const notInS3 = (stderr: string, containerId: number): boolean =>
  stderr.includes('is not part of the S3 cluster') ||
  stderr.includes(`error: Unrecognized host ID HostId<${containerId}>`) ||
  wholeId(stderr, 'error: Unrecognized host ID ', containerId);
/** A1: there is no S3 cluster at all; the deletion takes it as success. */
export const s3NotConfigured = contains('S3 cluster is not configured');

export type NfsAddEnd = 'constraint' | 'alreadyThere' | 'other';
/** E19. The constraint is looked for first (spec 07, 5, last line): it must never be taken for success. */
export function nfsAddEnd(stderr: string, networkInterface: string): NfsAddEnd {
  if (stderr.includes("host can't be added more than once to the same interface group")) return 'constraint';
  return stderr.includes(`port ${networkInterface} is already part of group`) ? 'alreadyThere' : 'other';
}
/** E20: success. */
export const nfsPortAbsent = contains('is not part of group');

/** A4, A7: the host is gone: success. */
export const hostNotFound = (stderr: string, containerId: number): boolean =>
  stderr.includes(`Host HostId<${containerId}> not found`);
/** E13: success. */
export const deviceInUse = contains('Device is already in use');
/** E16: success. */
export const driveNotFound = (stderr: string, uuid: string): boolean =>
  stderr.includes(`The given drive "${uuid}" does not exist`);

/** E29: there is no wekafs driver. */
export const noWekafsDriver = contains('No such file or directory');
/** D5: they must be built again. */
export const driversMissing = (stderr: string): boolean =>
  stderr.includes('Failed to download the drivers') || stderr.includes('Version missing');

/** E25 to E27: nothing is left to be stopped: success. */
export const containerNotFound = (outcome: ExecOutcome): boolean => {
  switch (outcome.kind) {
    case 'podGone':
    case 'transport':
      return outcome.cause.includes('container not found');
    default:
      return false;
  }
};

/** The number ends there: host 1 is not meant by a text about host 15. */
function wholeId(stderr: string, before: string, id: number): boolean {
  return new RegExp(`${before}${id}(?![0-9])`).test(stderr);
}
