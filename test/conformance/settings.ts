/** The configuration of a golden case: the program's own reading of the case's variables. Source: READMEs of the golden folders. */
import { type Config, readConfig } from '../../config.ts';
import type { Golden } from './kind.ts';

/** What is set in every case: required variables, and the version of the controller. */
const ALWAYS: Readonly<Record<string, string>> = {
  VERSION: 'v1.10.0',
  WEKA_OCP_PULL_SECRET: '',
  WEKA_OPERATOR_MAINTENANCE_SA_NAME: 'weka-operator-maintenance',
  OPERATOR_METRICS_BIND_ADDRESS: ':8080',
  HEALTH_PROBE_BIND_ADDRESS: ':8081',
  POD_NAMESPACE: 'weka-operator-system',
};

/** Throws for a bad or unknown variable: a case that sets it would not be tested. */
export function settingsOf({ config }: Golden): Config {
  const read = readConfig({ ...ALWAYS, ...config });
  if (read.kind === 'bad') throw new Error(read.problems.join('; '));
  if (read.warnings.length > 0) throw new Error(read.warnings.join('; '));
  return read.config;
}
