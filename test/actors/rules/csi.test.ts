/** Whose driver a client serves, and whether it may take new workload. Spec 08, 2.3 and 2.4. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { csiSays, driverOf } from '../../../actors/rules/csi.ts';
import { rfc3339 } from '../../../io/clock.ts';
import type { KubeObject } from '../../../messages/kube.ts';
import type { WekaContainerStatus } from '../../../messages/weka-container.ts';
import { clientOf, clusterWith, ofClient } from '../../support/csi.ts';
import { fakeView } from '../../support/fake-view.ts';
import { SETTINGS } from '../../support/pass.ts';
import { SIM_START_WALL_MS as NOW } from '../../support/sim-clock.ts';

const driver = (...objects: readonly KubeObject[]) => driverOf(ofClient(), fakeView(...objects));

test('spec 08 §11 #14: the group of the target cluster counts, whatever the client’s says', () => {
  const client = clientOf({ targetCluster: { name: 'c', namespace: 'weka' }, csiConfig: { csiGroup: 'foo' } });
  assert.equal(driver(client, clusterWith('csi')), { kind: 'driver', driver: 'csi.weka.io' });
  assert.equal(driver(client, clusterWith()), { kind: 'driver', driver: 'c.weka.weka.io' });
});

test('spec 08 §11 #15: without a target cluster the group is the client’s, or csi', () => {
  assert.equal(driver(clientOf({})), { kind: 'driver', driver: 'csi.weka.io' });
  assert.equal(driver(clientOf({ csiConfig: { csiGroup: 'foo' } })), { kind: 'driver', driver: 'foo.weka.io' });
});

test('what cannot be found is said to be unknown, never guessed', () => {
  assert.equal(driver(), { kind: 'unknown', why: 'weka client not found' });
  const { kind } = driver(clientOf({ targetCluster: { name: 'c', namespace: 'weka' } }));
  assert.is(kind, 'unknown');
});

const says = (status: Partial<WekaContainerStatus>, onlyRunning = true) =>
  csiSays(ofClient({ status }), { ...SETTINGS, csiPreventNewWorkloadOnClientContainerNotRunning: onlyRunning }, NOW);
const stats = (active: number, desired: number, ageMs = 0) => ({
  processes: { active, desired },
  lastUpdate: rfc3339(NOW - ageMs),
});

test('spec 01 §23 #36, 08 §11 #5, #6: all processes, and at least one', () => {
  assert.is(says({ stats: stats(2, 2) }), 'yes');
  assert.is(says({ stats: stats(1, 2) }), 'no');
  assert.is(says({ stats: stats(0, 0) }), 'no');
});

test('spec 01 §23 #36, 08 §11 #8: figures of 4 min 59 s ago count, those of 5 minutes ago do not', () => {
  assert.is(says({ stats: stats(2, 2, 299_000) }, false), 'yes');
  assert.is(says({ stats: stats(2, 2, 300_000) }, false), 'stale');
});

test('a time that cannot be read is none', () => {
  assert.is(says({ stats: { ...stats(2, 2), lastUpdate: 'yesterday' } }), 'stale');
});

test('only Running counts, unless the switch is off', () => {
  assert.is(says({ status: 'Error', stats: stats(2, 2) }), 'no');
  assert.is(says({ status: 'Error', stats: stats(2, 2) }, false), 'yes');
});

test.run();
