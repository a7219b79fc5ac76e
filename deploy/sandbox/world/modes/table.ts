/** Which script starts a process of which mode. A mode is added by one file and one row. Source: spec 04, 11 and 12.3. */
import type { Process, StartUp } from '../pod-process.ts';
import { adhocOp } from './adhoc-op.ts';
import { backend } from './backend.ts';
import { companion } from './companion.ts';
import { discovery } from './discovery.ts';
import { driversBuilder, driversDist, driversLoader } from './drivers.ts';
import { adhocWithContainer } from './feature-flags.ts';
import { smbw } from './smbw.ts';
import { ssdProxy } from './ssd-proxy.ts';

const STARTS: Readonly<Record<string, (process: Process) => StartUp>> = {
  drive: backend,
  compute: backend,
  s3: backend,
  nfs: backend,
  'data-services': backend,
  client: backend,
  smbw,
  envoy: companion,
  telemetry: companion,
  discovery,
  ssdproxy: ssdProxy,
  'drivers-loader': driversLoader,
  'drivers-builder': driversBuilder,
  'drivers-dist': driversDist,
  dist: driversDist,
  'adhoc-op': adhocOp,
  'adhoc-op-with-container': adhocWithContainer,
};

/** A mode without a script fails at once, as an unknown one does in the real boot script. */
export const startUp = (process: Process): StartUp => (STARTS[process.mode] ?? unknownMode)(process);

// biome-ignore lint/correctness/useYield: it has nothing to wait for, and must have the type of the others.
function* unknownMode(): StartUp {
  return 'failed';
}
