/**
 * Runs test/controlplane/*.live.ts against a real Kubernetes control plane, which it builds first where Go is, or against the
 * test cluster that KUBECONFIG names. What cannot be tested for want of either is said in a line, and is no failure.
 *   node test/controlplane/run.ts [--seed N] [part of a path]...
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { controlPlaneBinary } from './binary.ts';
import { chosen, OWN, pathOf, SHARED } from './suites.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** A fleet that comes and goes, with leaders killed meanwhile. */
const FILE_MS_MAX = 15 * 60_000;

const { values, positionals: asked } = parseArgs({ options: { seed: { type: 'string' } }, allowPositionals: true });
const given = process.env.KUBECONFIG;
if (given !== undefined) say(`on the cluster of ${given}; it must be one for tests`);
const suites = given === undefined ? [] : [...chosen(SHARED, asked)];
const own = chosen(given === undefined ? [...SHARED, ...OWN] : OWN, asked);
if (own.length > 0) {
  const binary = await controlPlaneBinary(say);
  if (binary.kind === 'ready') suites.push(...own);
  else say(`not tested without a control plane of their own: ${own.join(', ')}. ${binary.why}`);
}
if (suites.length > 0) process.exitCode = runSuites(suites.map(pathOf));
else say('0 passed, 0 failed');

function runSuites(paths: readonly string[]): number {
  const runner = join(import.meta.dirname, '../run.ts');
  const pattern = 'test/controlplane/*.live.ts';
  const order = values.seed === undefined ? [] : ['--seed', values.seed];
  const argv = [runner, '--pattern', pattern, '--file-timeout', String(FILE_MS_MAX), ...order, ...paths];
  return spawnSync(process.execPath, argv, { stdio: 'inherit' }).status ?? 1;
}
