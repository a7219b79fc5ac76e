/**
 * Runs test/controlplane/*.live.ts against a real Kubernetes control plane, which it builds first where Go is, or against the
 * test cluster that KUBECONFIG names. Without both it says so and is no failure.
 *   node test/controlplane/run.ts [part of a path]...
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { controlPlaneBinary } from './binary.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** A fleet that comes and goes, with leaders killed meanwhile. */
const FILE_MS_MAX = 15 * 60_000;

if (process.env.KUBECONFIG !== undefined) {
  say(`on the cluster of ${process.env.KUBECONFIG}; it must be one for tests`);
  process.exitCode = runSuites();
} else {
  const binary = await controlPlaneBinary(say);
  if (binary.kind === 'missing') say(`no test of the control plane: ${binary.why}\n0 passed, 0 failed`);
  else process.exitCode = runSuites();
}

function runSuites(): number {
  const runner = join(import.meta.dirname, '../run.ts');
  const pattern = 'test/controlplane/*.live.ts';
  const argv = [runner, '--pattern', pattern, '--file-timeout', String(FILE_MS_MAX), ...process.argv.slice(2)];
  return spawnSync(process.execPath, argv, { stdio: 'inherit' }).status ?? 1;
}
