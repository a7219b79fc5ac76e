/** The table of error texts, row by row, in weka's own words. Source: spec 07, 5 and 21.3. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as errors from '../../io/weka-errors.ts';

test('S3: member already, not a member, unknown host, no cluster', () => {
  const member =
    'error: Trying to set an invalid S3 configuration: Specified host HostId<7> is already part of the S3 cluster\n';
  assert.ok(errors.alreadyInS3(member));
  assert.not.ok(errors.notInS3(member, 7));
  assert.ok(errors.notInS3('error: host HostId<7> is not part of the S3 cluster', 7));
  assert.ok(errors.notInS3('error: Unrecognized host ID HostId<7>\n', 7));
  assert.ok(errors.notInS3('error: Unrecognized host ID 7\n\0', 7));
  for (const other of ['error: Unrecognized host ID 75', 'error: Unrecognized host ID HostId<75>'])
    assert.not.ok(errors.notInS3(other, 7), other);
  assert.ok(errors.s3NotConfigured('error: S3 cluster is not configured\n'));
});

test('NFS: the constraint is never taken for "already there"', () => {
  const constraint =
    "error: A host can't be added more than once to the same interface group. The host 13 is already part of group MgmtInterfaceGroup, but with port eth1.";
  assert.is(errors.nfsAddEnd(constraint, 'eth1'), 'constraint');
  assert.is(errors.nfsAddEnd(`${constraint} port eth1 is already part of group`, 'eth1'), 'constraint');
  const there = 'error: The host 13 with port eth1 is already part of group MgmtInterfaceGroup.';
  assert.equal([errors.nfsAddEnd(there, 'eth1'), errors.nfsAddEnd(there, 'eth2')], ['alreadyThere', 'other']);
  assert.ok(errors.nfsPortAbsent('error: port eth1 is not part of group MgmtInterfaceGroup'));
});

test('hosts and drives are told apart by their whole id', () => {
  const gone = 'error: Host HostId<15> not found\n\0';
  assert.equal([errors.hostNotFound(gone, 15), errors.hostNotFound(gone, 1)], [true, false]);
  const drive = 'error: The given drive "u-15" does not exist.\n';
  assert.equal([errors.driveNotFound(drive, 'u-15'), errors.driveNotFound(drive, 'u-1')], [true, false]);
  assert.ok(errors.deviceInUse('error: Device is already in use\n'));
});

test('drivers, and the upgrade without one', () => {
  assert.ok(errors.noWekafsDriver('bash: /proc/wekafs/interface: No such file or directory'));
  assert.ok(errors.driversMissing('Failed to download the drivers'));
  assert.ok(errors.driversMissing('error: Version missing'));
  assert.not.ok(errors.driversMissing('error: connection refused'));
});

test('a container that is not found has stopped; an exit or a time-out says nothing', () => {
  const cause = 'container not found ("weka-container")';
  assert.ok(errors.containerNotFound({ kind: 'podGone', cause }));
  assert.ok(errors.containerNotFound({ kind: 'transport', cause }));
  assert.not.ok(errors.containerNotFound({ kind: 'podGone', cause: 'pods "p" not found' }));
  assert.not.ok(errors.containerNotFound({ kind: 'exit', code: 1, stdout: '', stderr: cause }));
  assert.not.ok(errors.containerNotFound({ kind: 'timeout', afterMs: 1 }));
});

test.run();
