/** Who else writes a container, as managedFields tell: what counts as a second writer, what never does, and for how long. Source: spec 08, 8.8. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { noLog } from '../../io/log.ts';
import { projectContainer } from '../../io/projections.ts';
import { CONTESTED_MS, createSecondWriters, REFERENCE_MANAGER } from '../../io/second-writer.ts';
import type { KubeObject } from '../../messages/kube.ts';
import type { WekaContainer, WekaContainerStatus } from '../../messages/weka-container.ts';
import { containerOf } from '../support/containers.ts';
import { simClock } from '../support/sim-clock.ts';

const OURS = 'wekacontainer-controller';
const UID = 'uid-drive';
type Fields = Readonly<Record<string, object>>;
/** Of each manager: which fields of the status are its own. */
type Owners = Readonly<Record<string, Fields>>;

function bench() {
  const clock = simClock();
  const held = new Map<string, WekaContainer>();
  const writers = createSecondWriters({ held: (uid) => held.get(uid), clock, log: noLog });
  const project = writers.watching(projectContainer);
  let version = 0;
  const seen = (status: Partial<WekaContainerStatus> | null, owners: Owners, at = ++version): void => {
    const container = containerOf('drive', { status, metadata: { resourceVersion: String(at) } });
    const managedFields = Object.entries(owners).map(([manager, fields]) => ({
      manager,
      operation: 'Update',
      apiVersion: 'weka.weka.io/v1alpha1',
      time: '2026-01-01T00:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:status': fields },
      subresource: 'status',
    }));
    const raw = { ...container, metadata: { ...container.metadata, managedFields } } as KubeObject; // As a server sends it.
    const read = project(raw);
    if (Number(held.get(UID)?.metadata.resourceVersion ?? 0) < at) held.set(UID, read);
  };
  const contested = (): string | undefined => writers.contestOf(UID)?.what;
  return { clock, writers, project, seen, contested };
}
const [STATUS, CONDITIONS, APPLIED] = [{ 'f:status': {} }, { 'f:conditions': {} }, { 'f:lastAppliedSpec': {} }];
const condition = (message: string) =>
  [{ type: 'X', status: 'False', reason: 'Error', message, lastTransitionTime: '2026-01-01T00:00:00Z' }] as const;

test('a status or a condition that the reference has changed while this process watched', () => {
  const one = bench();
  one.seen({ status: 'Running' }, { [OURS]: STATUS });
  assert.is(one.contested(), undefined);
  one.seen({ status: 'Error' }, { [REFERENCE_MANAGER]: STATUS });
  assert.is(one.contested(), 'status');
  const other = bench();
  other.seen({ status: 'Running', conditions: condition('a') }, { [OURS]: { ...STATUS, ...CONDITIONS } });
  other.seen({ status: 'Running', conditions: condition('b') }, { [OURS]: STATUS, [REFERENCE_MANAGER]: CONDITIONS });
  assert.is(other.contested(), 'conditions');
  assert.is(other.writers.count(), 1);
  other.writers.forget(UID);
  assert.is(other.writers.count(), 0);
});

test('what the reference left is no sign, nor that its cluster controller renews the same entry', () => {
  const { seen, contested } = bench();
  const left = { ...STATUS, ...CONDITIONS };
  seen({ status: 'Running', conditions: condition('a') }, { [REFERENCE_MANAGER]: left });
  seen(
    { status: 'Running', conditions: condition('a'), lastAppliedSpec: 'x' },
    { [REFERENCE_MANAGER]: { ...left, ...APPLIED } },
  );
  // Ours takes the field over; theirs keeps the rest.
  seen(
    { status: 'Error', conditions: condition('a'), lastAppliedSpec: 'x' },
    { [REFERENCE_MANAGER]: { ...CONDITIONS, ...APPLIED }, [OURS]: STATUS },
  );
  seen(
    { status: 'Error', conditions: condition('a'), lastAppliedSpec: 'y' },
    { [REFERENCE_MANAGER]: { ...CONDITIONS, ...APPLIED }, [OURS]: STATUS },
  );
  assert.is(contested(), undefined);
});

test('the first status is filled with defaults in the name of whoever writes any part of it', () => {
  const { seen, contested } = bench();
  seen(null, {});
  seen({ status: 'Init', lastAppliedSpec: 'x' }, { [REFERENCE_MANAGER]: { ...STATUS, ...APPLIED } });
  assert.is(contested(), undefined);
});

test('people and this controller are no second writer', () => {
  const { seen, contested } = bench();
  seen({ status: 'Running' }, { [OURS]: STATUS });
  seen({ status: 'Error' }, { 'kubectl-edit': STATUS });
  seen({ status: 'Running' }, { [OURS]: STATUS });
  assert.is(contested(), undefined);
});

test('an answer that comes late shows a state of theirs which has been overwritten since', () => {
  const { seen, contested } = bench();
  seen({ status: 'Running' }, { [REFERENCE_MANAGER]: STATUS }, 5);
  seen({ status: 'Stopped' }, { [OURS]: STATUS }, 6);
  seen({ status: 'Running' }, { [REFERENCE_MANAGER]: STATUS }, 5);
  assert.is(contested(), undefined);
});

test('it ends five minutes after their last write; figures of theirs are one, lastAppliedSpec is none', () => {
  const { clock, seen, contested } = bench();
  const theirs = { [REFERENCE_MANAGER]: STATUS };
  seen({ status: 'Running' }, { [OURS]: STATUS });
  seen({ status: 'Error' }, theirs);
  clock.advance(CONTESTED_MS - 1);
  assert.is(contested(), 'status');
  seen({ status: 'Error', stats: { cpuUtilization: '1.00' } }, theirs);
  clock.advance(CONTESTED_MS - 1);
  assert.is(contested(), 'status');
  seen({ status: 'Error', stats: { cpuUtilization: '1.00' }, lastAppliedSpec: 'x' }, theirs);
  clock.advance(1);
  assert.is(contested(), undefined);
});

test('managedFields that cannot be read are nobody’s', () => {
  const { project, seen, contested } = bench();
  seen({ status: 'Running' }, {});
  const { metadata, ...rest } = containerOf('drive', {
    status: { status: 'Error' },
    metadata: { resourceVersion: '9' },
  });
  for (const managedFields of [undefined, 7, [null, 7, {}, { manager: REFERENCE_MANAGER, fieldsV1: 'x' }]])
    assert.not(
      'managedFields' in project({ ...rest, metadata: { ...metadata, managedFields } } as KubeObject).metadata,
    ); // As a server may send it.
  assert.is(contested(), undefined);
});

test.run();
