/** A configuration for tests: the required variables, and what a test adds. */
import { type Config, readConfig } from '../../config.ts';

const REQUIRED = {
  VERSION: 'v1.10.0',
  OPERATOR_METRICS_BIND_ADDRESS: '0',
  HEALTH_PROBE_BIND_ADDRESS: '0',
  WEKA_OPERATOR_MAINTENANCE_SA_NAME: 'weka-operator-maintenance',
  WEKA_OCP_PULL_SECRET: '',
  POD_NAMESPACE: 'weka-operator-system',
};
export function testConfig(env: Readonly<Record<string, string>> = {}): Config {
  const read = readConfig({ ...REQUIRED, ...env });
  if (read.kind === 'bad') throw new Error(read.problems.join('\n'));
  return read.config;
}
