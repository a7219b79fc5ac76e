/** Tolerations of a pod and what they leave untolerated. Source: spec 04, 5.4 and 17; spec 02, 6.8. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { podTolerations, schedulable, tolerates, untoleratedTaint } from '../../../actors/rules/tolerations.ts';
import type { ContainerMode } from '../../../messages/weka-container.ts';
import { container, SETTINGS } from './given.ts';

const own = { key: 'own', operator: 'Exists', effect: 'NoExecute' };
const listed = (mode: ContainerMode, settings = {}) =>
  podTolerations(container(mode, { tolerations: [own] }).spec, { ...SETTINGS, ...settings }).map(
    ({ key, effect }) => `${key ?? '*'}:${effect}`,
  );
const HEALTHY = ['disk-pressure', 'cpu-pressure', 'memory-pressure'].flatMap((name) => [
  `node.kubernetes.io/${name}:NoSchedule`,
  `node.kubernetes.io/${name}:NoExecute`,
]);
const UNHEALTHY = ['not-ready', 'unreachable', 'network-unavailable', 'unschedulable'].map(
  (name) => `node.kubernetes.io/${name}:NoExecute`,
);
const ANY = ['*:NoSchedule', '*:PreferNoSchedule'];
const FIRST = 'weka.io/shutdown-node:NoExecute';
const OWN = 'own:NoExecute';

test('spec 04 §17 #29: eleven built-in tolerations, two more for clients, then the own ones', () => {
  assert.equal(listed('client'), [FIRST, ...UNHEALTHY, ...HEALTHY, ...ANY, OWN]);
  assert.equal(listed('client', { skipUnhealthyToleration: true }), [FIRST, ...HEALTHY, ...ANY, OWN]);
  assert.equal(listed('drive'), [FIRST, ...UNHEALTHY, ...HEALTHY, OWN]);
});

test('spec 01 §23 #26: a discovery pod bears NoSchedule and PreferNoSchedule of any key, unless its setting is on', () => {
  assert.equal(
    listed('discovery').filter((one) => one.startsWith('*')),
    ANY,
  );
  assert.equal(
    listed('discovery', { skipAuxNoScheduleToleration: true }).filter((one) => one.startsWith('*')),
    [],
  );
});

test('each skip switches off its own group of modes', () => {
  for (const mode of ['adhoc-op', 'adhoc-op-with-container', 'drivers-loader', 'discovery'] as const) {
    assert.ok(listed(mode, { skipClientNoScheduleToleration: true }).includes('*:NoSchedule'), mode);
    assert.not.ok(listed(mode, { skipAuxNoScheduleToleration: true }).includes('*:NoSchedule'), mode);
  }
  assert.ok(listed('client', { skipAuxNoScheduleToleration: true }).includes('*:NoSchedule'));
  assert.not.ok(listed('client', { skipClientNoScheduleToleration: true }).includes('*:NoSchedule'));
});

test('a toleration without key or effect matches all; without operator it compares values', () => {
  const taint = { key: 'k', value: 'v', effect: 'NoExecute' };
  assert.ok(tolerates({ operator: 'Exists' }, taint));
  assert.ok(tolerates({ key: 'k', value: 'v' }, taint));
  assert.ok(tolerates({ key: 'k' }, { key: 'k', effect: 'NoSchedule' }));
  assert.not.ok(tolerates({ key: 'k' }, taint));
  assert.not.ok(tolerates({ key: 'k', operator: 'Exists', effect: 'NoSchedule' }, taint));
  assert.not.ok(tolerates({ key: 'other', operator: 'Exists' }, taint));
  assert.not.ok(tolerates({ key: 'k', operator: 'Gt', value: 'v' }, taint));
});

test('one taint that is not borne is a mismatch, also one that only prefers', () => {
  const settings = {
    ...SETTINGS,
    tolerationsMismatchEnableIgnoredTaints: true,
    tolerationsMismatchIgnoredTaints: ['ign'],
  };
  const left = (mode: ContainerMode, ...keys: readonly string[]) =>
    untoleratedTaint(
      container(mode).spec,
      keys.map((key) => ({ key, effect: 'PreferNoSchedule' })),
      settings,
    )?.key;
  assert.is(left('compute', 'ign', 'x', 'y'), 'x');
  assert.is(left('compute', 'ign'), undefined);
  assert.is(left('client', 'x'), undefined);
  const unused = { ...settings, tolerationsMismatchEnableIgnoredTaints: false };
  assert.is(untoleratedTaint(container('compute').spec, [{ key: 'ign', effect: 'NoExecute' }], unused)?.key, 'ign');
});

test('for the scheduler a preference is no obstacle, and the ignored list means nothing', () => {
  const takes = (effect: string) => schedulable(container('compute').spec, [{ key: 'x', effect }], SETTINGS);
  assert.equal([takes('PreferNoSchedule'), takes('NoSchedule'), takes('NoExecute')], [true, false, false]);
});

test.run();
