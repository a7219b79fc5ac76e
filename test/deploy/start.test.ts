/** The process with a bad environment: it ends at once, with 1, and says why. Nothing is watched. Source: spec 08, 6.4. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const main = resolve(import.meta.dirname, '../../main.ts');
const REQUIRED: Readonly<Record<string, string>> = {
  VERSION: '1.2.3',
  OPERATOR_METRICS_BIND_ADDRESS: '0',
  HEALTH_PROBE_BIND_ADDRESS: '0',
  DEBUG_BIND_ADDRESS: '0',
  WEKA_OPERATOR_MAINTENANCE_SA_NAME: 'weka-operator-maintenance',
  WEKA_OCP_PULL_SECRET: '',
  // Past the configuration, it ends here: no cluster is touched.
  KUBECONFIG: '/nowhere/kubeconfig',
};
/** Undefined takes a variable away. Nothing of this process's environment is inherited. */
function start(env: Readonly<Record<string, string | undefined>>): {
  readonly code: number | null;
  readonly said: string;
} {
  const set = Object.fromEntries(Object.entries({ ...REQUIRED, ...env }).filter(([, value]) => value !== undefined));
  const { status, stdout, stderr } = spawnSync(process.execPath, [main], {
    env: set,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: status, said: `${stdout}${stderr}` };
}
/** What it says with a good environment; a start takes a second, so it is done once. */
const started = start({ LOG_LEVEL: '' }).said;
const STARTED = /^cannot start: .*\/nowhere\/kubeconfig/m;

test('spec 08 §11 #32: an empty flag or a bad duration ends the process and is named; an empty LOG_LEVEL is the default', () => {
  const bad = start({ ENABLE_LEADER_ELECTION: '', RECONCILE_TIMEOUT: 'abc' });
  assert.is(bad.code, 1);
  assert.match(bad.said, /^ENABLE_LEADER_ELECTION: "" is neither true nor false/m);
  assert.match(bad.said, /^RECONCILE_TIMEOUT: "abc" is not a duration/m);
  assert.not.match(bad.said, STARTED);
  assert.match(started, STARTED);
  assert.not.match(started, /LOG_LEVEL/);
});

test('spec 08 §11 #33: VERSION and WEKA_OCP_PULL_SECRET must be set; the second may be empty', () => {
  const bad = start({ VERSION: undefined, WEKA_OCP_PULL_SECRET: undefined });
  assert.is(bad.code, 1);
  assert.equal(bad.said.trim().split('\n').sort(), [
    'VERSION: is required, and may be empty',
    'WEKA_OCP_PULL_SECRET: is required, and may be empty',
  ]);
  assert.is(REQUIRED.WEKA_OCP_PULL_SECRET, '');
  assert.match(started, STARTED);
});

test.run();
